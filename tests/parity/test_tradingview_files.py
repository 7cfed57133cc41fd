"""What we write as TradingView's list of trades is what TradingView wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from actors.trade_lists import read_trade_list
from engines.result import Table
from serve.tradingview_csv import list_of_trades
from strategies.tradingview import TradeList
from tests.parity.cases import Recorded, read_case
from tests.parity.test_scripts_on_tradingview import Outcome, run

pytestmark = pytest.mark.shared
FIGURES = ("pnl", "mfe", "mae", "pnl_pct", "mfe_pct", "mae_pct", "cum_pnl", "cum_pnl_pct")
NAMES = {
    "pnl_pct": "pnl_percent",
    "mfe_pct": "mfe_percent",
    "mae_pct": "mae_percent",
    "cum_pnl": "cumulative_pnl",
    "cum_pnl_pct": "cumulative_percent",
}
CASES = ("pyne_rsi", "pyne_slippage_limit", "pyne_slippage_pyramiding")
HEADS = (
    "Trade #,Type,Date and time,Signal,Price USD,Size (qty),Size (value),Net P&L USD,Net P&L %,"
    "Favorable excursion USD,Favorable excursion %,Adverse excursion USD,Adverse excursion %,"
    "Cumulative P&L USD,Cumulative P&L %"
)


def columns(case: Recorded, outcome: Outcome) -> Table:
    """Trades as a `Result` has them."""
    trades = outcome.trades
    names = ("side", "entry_price", "exit_price", "qty", "pnl", "mfe", "mae", "entry_fee")
    found = {name: np.array([float(getattr(one, name)) for one in trades]) for name in names}
    for name in ("entry_signal", "exit_signal"):
        found[name] = np.array([getattr(one, name) for one in trades])
    for name in ("entry", "exit"):
        bars = [getattr(one, f"{name}_bar") for one in trades]
        found[f"{name}_ms"] = case.bars.open_ms[bars]
    return {**found, "reason": np.array([int(one.reason) for one in trades])}


@pytest.fixture(scope="module", params=CASES)
def written(request: pytest.FixtureRequest, shared: Path) -> tuple[pl.DataFrame, TradeList, str]:
    """TradingView's own rows, ours read back by the importer, and our file."""
    case = read_case(shared / "tv_cases" / request.param)
    table = columns(case, run(case, request.param, "event"))
    value = float(case.instrument.contract_value)
    text = list_of_trades(table, case.broker.initial_cash, "USD", value).text()
    return case.trades, read_trade_list(text.encode()), text


def test_the_columns_are_tradingviews(written: tuple[pl.DataFrame, TradeList, str]) -> None:
    assert written[2].splitlines()[0] == HEADS


def test_trades_are_read_back_as_tradingview_recorded_them(
    written: tuple[pl.DataFrame, TradeList, str],
) -> None:
    theirs, ours, _ = written
    trades = ours.trades
    assert len(trades) == len(theirs)
    assert [one.number for one in trades] == theirs["n"].to_list()
    assert ["long" if one.side > 0 else "short" for one in trades] == theirs["side"].to_list()
    for ours_name, name in (("entry_ms", "entry_time"), ("exit_ms", "exit_time")):
        assert [getattr(one, ours_name) for one in trades] == theirs[name].to_list()
    for name in ("entry_signal", "exit_signal"):
        assert [getattr(one, name) for one in trades] == theirs[name].to_list()
    for name in ("entry_price", "exit_price", "qty"):
        assert [getattr(one, name) for one in trades] == pytest.approx(theirs[name].to_list())


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_printed_as_tradingview_printed_them(
    written: tuple[pl.DataFrame, TradeList, str], name: str
) -> None:
    theirs, ours, _ = written
    expected = theirs[name].to_numpy().astype(float)
    found = np.array([getattr(one, NAMES.get(name, name)) for one in ours.trades])
    # Halves fall either way by noise of TradingView's own sums: one digit, in few of them.
    np.testing.assert_allclose(found, expected, atol=0.0101, rtol=0)
    assert (np.abs(found - expected) > 1e-9).mean() <= 0.01
