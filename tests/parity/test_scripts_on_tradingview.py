"""Scripts that traded on TradingView trade the same here, in every closed trade.

On the oracle and on the event engine, which share no formula.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from engines import event, reference
from engines.commands import Properties
from tests.parity.cases import Recorded, read_case
from tests.parity.scripts import SCRIPTS, Steps

pytestmark = pytest.mark.shared
# Trades that hang on two averages being equal to the last bit: TradingView's own sum carries
# noise there, ours is exact.
TIES = {"pyne_futures_qm": [280, 281]}


ENGINES: dict[str, Callable[..., Any]] = {"oracle": reference.simulate, "event": event.simulate}
Outcome = reference.Outcome | event.Outcome


def run(case: Recorded, name: str, engine: str) -> Outcome:
    said = case.settings
    properties = Properties(
        qty_type=said["default_qty_type"],
        qty_value=said["default_qty_value"],
        pyramiding=case.pyramiding,
    )
    script = Steps(SCRIPTS[name](case.bars))
    simulate = ENGINES[engine]
    outcome: Outcome = simulate(
        script, case.bars, case.instrument, case.broker, properties, case.finer
    )
    return outcome


def table_of(case: Recorded, outcome: Outcome) -> pl.DataFrame:
    times = case.bars.open_ms
    rows = [
        {
            "side": "long" if trade.side > 0 else "short",
            "entry_time": int(times[trade.entry_bar]),
            "exit_time": int(times[trade.exit_bar]),
            "entry_signal": trade.entry_signal,
            "exit_signal": trade.exit_signal,
            "entry_price": trade.entry_price,
            "exit_price": trade.exit_price,
            "qty": trade.qty,
            "pnl": float(trade.pnl),
            "mfe": float(trade.mfe),
            "mae": float(trade.mae),
        }
        for trade in outcome.trades
    ]
    return pl.DataFrame(rows)


@pytest.fixture(
    scope="module", params=[(name, engine) for engine in ENGINES for name in SCRIPTS], ids="-".join
)
def compared(request: pytest.FixtureRequest, shared: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """TradingView's closed trades beside ours."""
    name, engine = request.param
    case = read_case(shared / "tv_cases" / name)
    ours = table_of(case, run(case, name, engine))
    assert len(ours) == len(case.trades)
    keep = np.ones(len(ours), dtype=bool)
    keep[TIES.get(name, [])] = False
    return case.trades.filter(keep), ours.filter(keep)


def test_trades_are_the_same(compared: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    theirs, ours = compared
    for name in ("side", "entry_time", "exit_time", "entry_signal", "exit_signal"):
        differ = (theirs[name] != ours[name]).arg_true()
        assert len(differ) == 0, (name, theirs[differ[:3]], ours[differ[:3]])
    for name in ("entry_price", "exit_price", "qty"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-12, err_msg=name)


def test_profits_and_excursions_agree_to_the_cent(
    compared: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    theirs, ours = compared
    for name in ("pnl", "mfe", "mae"):
        np.testing.assert_allclose(ours[name], theirs[name], atol=0.0053, rtol=1e-6, err_msg=name)
