"""The recorded cases that a graph can say, as graphs: on the kernel, the event engine, the oracle.

Every closed trade agrees with TradingView's, on all three.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engines.orders import Reason
from strategies.backtest import Terms
from strategies.evaluation.dataset import Dataset
from strategies.graph import (
    Condition,
    FixedQty,
    PercentOfEquity,
    Sizing,
    StopLoss,
    Strategy,
    TakeProfit,
    close,
    macd,
    rsi,
    sma,
    supertrend,
)
from strategies.graph import open as opened
from strategies.running import Engine, run_strategy
from tests.parity.cases import Recorded, read_case

pytestmark = pytest.mark.shared
ENGINES: tuple[Engine, ...] = ("cpu", "event", "reference")
# Trades that hang on two averages being equal to the last bit: TradingView's own sum carries
# noise there, ours is exact.
TIES = {"pyne_futures_qm": [280, 281]}


def signals(name: str) -> tuple[Condition, Condition]:
    """When the case's script enters long and short."""
    if name == "pyne_macd":
        delta = macd(close).histogram
        return delta.crosses_above(0), delta.crosses_below(0)
    if name == "pyne_rsi":
        strength = rsi(close, 14)
        return strength.crosses_above(30), strength.crosses_below(70)
    if name == "pyne_barupdn":
        before = close.shift(1)
        return (close > opened) & (opened > before), (close < opened) & (opened < before)
    if name == "pyne_supertrend":
        direction = supertrend(10, 3.0).direction
        return direction.crosses_below(0), direction.crosses_above(0)
    quick, lazy = (
        (sma(close, 10), sma(close, 30))
        if name == "pyne_futures_qm"
        else (
            sma(close, 3),
            sma(close, 10),
        )
    )
    return quick.crosses_above(lazy), lazy.crosses_above(quick)


CASES = (
    "pyne_macd",
    "pyne_rsi",
    "pyne_barupdn",
    "pyne_supertrend",
    "pyne_futures_qm",
    "pyne_bar_magnifier",
)


def graph_of(case: Recorded, name: str) -> Strategy:
    enter_long, enter_short = signals(name)
    said = case.settings
    size = said["default_qty_value"]
    sizing: Sizing = (
        FixedQty(size) if said["default_qty_type"] == "fixed" else PercentOfEquity(size)
    )
    exits = []
    if name == "pyne_bar_magnifier":
        exits = [
            TakeProfit(price=close + 1500, short_price=close - 1500),
            StopLoss(price=close - 1000, short_price=close + 1000),
        ]
    return Strategy(
        name,
        enter_long=enter_long,
        enter_short=enter_short,
        exits=exits,
        sizing=sizing,
        pyramiding=max(case.pyramiding, 1),
    )


# Its 5,549 trades as a script are the oracle's longest case already.
PAIRS = [
    (name, engine)
    for engine in ENGINES
    for name in CASES
    if (name, engine) != ("pyne_barupdn", "reference")
]


@pytest.fixture(scope="module", params=PAIRS, ids="-".join)
def compared(request: pytest.FixtureRequest, shared: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """TradingView's closed trades beside ours."""
    name, engine = request.param
    case = read_case(shared / "tv_cases" / name)
    terms = Terms(case.instrument, case.broker)
    dataset = Dataset(case.bars, case.finer)
    result = run_strategy(graph_of(case, name), {}, dataset, terms, engine=engine)
    ours = pl.DataFrame(dict(result.trades)).filter(pl.col("reason") != int(Reason.OPEN))
    assert len(ours) == len(case.trades)
    keep = np.ones(len(ours), dtype=bool)
    keep[TIES.get(name, [])] = False
    return case.trades.filter(keep), ours.filter(keep)


def test_every_closed_trade_is_tradingviews(
    compared: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    theirs, ours = compared
    side = np.where(theirs["side"].to_numpy() == "long", 1, -1)
    np.testing.assert_array_equal(ours["side"], side)
    np.testing.assert_array_equal(ours["entry_ms"], theirs["entry_time"])
    np.testing.assert_array_equal(ours["exit_ms"], theirs["exit_time"])
    for name in ("entry_price", "exit_price", "qty"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-12, err_msg=name)
    for name in ("pnl", "mfe", "mae"):
        np.testing.assert_allclose(ours[name], theirs[name], atol=0.0053, rtol=1e-6, err_msg=name)
