"""Strategies that traded on TradingView trade the same here, to the bar, the tick and the lot.

The cases that a graph can say: market orders on conditions, and a bracket at price columns.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engines.bars import Bars
from engines.batch.cpu import run_recorded, window
from engines.batch.ledger import result_of
from engines.commands import Close, CloseAll, Entry
from engines.decisions import DecisionTable, pack_bits
from engines.kernel import layout as at
from engines.kernel.market import market_for
from engines.kernel.rows import neutral_rows
from engines.orders import Reason
from engines.result import Result
from engines.script import View
from engines.spec import Spec
from tests.parity.cases import Recorded, read_case
from tests.parity.scripts import SCRIPTS

pytestmark = pytest.mark.shared
# Trades that hang on two averages being equal to the last bit: TradingView's own sum carries
# noise there, ours is exact.
TIES = {"pyne_futures_qm": [280, 281]}
Signals = dict[str, np.typing.NDArray[np.bool_]]
CASES = (
    "pyne_macd",
    "pyne_rsi",
    "pyne_barupdn",
    "pyne_supertrend",
    "pyne_futures_qm",
    "pyne_bar_magnifier",
    "pyne_slippage_basic",
    "pyne_slippage_direction",
    "pyne_slippage_pyramiding",
)


def signals_of(name: str, bars: Bars) -> Signals:
    """Where the case's script calls market orders, whatever its position."""
    logic = SCRIPTS[name](bars)
    kinds = ("enter_long", "enter_short", "exit_long", "exit_short")
    signals = {kind: np.zeros(len(bars), dtype=bool) for kind in kinds}
    for bar in range(len(bars)):
        for command in logic(View(bar, 0.0, np.nan, 0.0, 0.0, 0.0, 0, 0)):
            if isinstance(command, Entry):
                signals[f"enter_{command.direction}"][bar] = True
            elif isinstance(command, (Close, CloseAll)):
                signals["exit_long"][bar] = signals["exit_short"][bar] = True
    return signals


def table_of(case: Recorded, name: str) -> DecisionTable:
    n_bars = len(case.bars)
    signals = signals_of(name, case.bars)
    nothing = np.zeros(n_bars, dtype=bool)
    params, choices = neutral_rows(1)
    bitmaps = [pack_bits(nothing), *(pack_bits(one) for one in signals.values())]
    choices[0, :4] = [1, 2, 3, 4]
    settings = case.settings
    fixed = settings["default_qty_type"] == "fixed"
    choices[0, at.SIZE_MODE] = at.SIZE_FIXED if fixed else at.SIZE_EQUITY
    params[0, at.SIZE] = settings["default_qty_value"] * (1.0 if fixed else 0.01)
    choices[0, at.PYRAMIDING] = max(case.pyramiding, 1)
    if case.finer is None:
        return DecisionTable(np.array(bitmaps), np.zeros((1, n_bars)), params, choices, False)
    # The magnifier's case: exit(limit=close±1500, stop=close∓1000), issued with the entry.
    close = case.bars.close
    levels = np.array([close + 1500, close - 1500, close - 1000, close + 1000])
    choices[0, at.STOP_KIND] = choices[0, at.TARGET_KIND] = at.PRICE
    choices[0, at.TARGET_COLUMN : at.TARGET_COLUMN + 2] = [0, 1]
    choices[0, at.STOP_COLUMN : at.STOP_COLUMN + 2] = [2, 3]
    choices[0, at.N_TARGETS] = 1
    params[0, at.PORTION] = 1.0
    return DecisionTable(np.array(bitmaps), levels, params, choices, True)


def run(case: Recorded, name: str) -> Result:
    instrument, broker, bars = case.instrument, case.broker, case.bars
    market = market_for(broker, instrument)
    ready = window(bars, market.tick, case.finer)
    recorded = run_recorded(ready, table_of(case, name), market, 0, len(bars))
    spec = Spec(
        "0" * 64, (), "0" * 64, instrument, broker, bars.start_ms, bars.start_ms, bars.end_ms, "-"
    )
    return result_of(spec, recorded, market, bars.open_ms, 0, bars.series.interval)


@pytest.fixture(scope="module", params=CASES)
def compared(request: pytest.FixtureRequest, shared: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """TradingView's closed trades beside ours."""
    case = read_case(shared / "tv_cases" / request.param)
    ours = pl.DataFrame(dict(run(case, request.param).trades))
    ours = ours.filter(pl.col("reason") != int(Reason.OPEN))
    assert len(ours) == len(case.trades)
    keep = np.ones(len(ours), dtype=bool)
    keep[TIES.get(request.param, [])] = False
    return case.trades.filter(keep), ours.filter(keep)


def test_trades_are_the_same_to_bar_tick_and_lot(
    compared: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    theirs, ours = compared
    side = np.where(theirs["side"].to_numpy() == "long", 1, -1)
    np.testing.assert_array_equal(ours["side"], side)
    np.testing.assert_array_equal(ours["entry_ms"], theirs["entry_time"])
    np.testing.assert_array_equal(ours["exit_ms"], theirs["exit_time"])
    np.testing.assert_allclose(ours["entry_price"], theirs["entry_price"], rtol=1e-12)
    np.testing.assert_allclose(ours["exit_price"], theirs["exit_price"], rtol=1e-12)
    np.testing.assert_allclose(ours["qty"], theirs["qty"], rtol=1e-12)


def test_profits_and_excursions_agree_to_the_cent(
    compared: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    theirs, ours = compared
    for name in ("pnl", "mfe", "mae"):
        np.testing.assert_allclose(ours[name], theirs[name], atol=0.0053, rtol=1e-6)
