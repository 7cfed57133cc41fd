"""TradingView's own ratios, worked by hand: realised equity, months, and what lay inside bars."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.bars import Bars, Floats, Series
from engines.metrics.bare_list import material_from_trades
from engines.metrics.drawdowns import Phase, closed_falls, closed_rises
from engines.metrics.material import Material
from engines.metrics.registry import figures
from tests.engines.metrics.second_opinion.sides import phases

DAY_MS = 86_400_000


def settled(*profits: float) -> Floats:
    return 1_000.0 + np.array(list(accumulate(profits)))


def told(found: list[Phase]) -> list[tuple[int, int, float]]:
    return [(one.start, one.end, round(one.money, 9)) for one in found]


def test_a_fall_by_one_trade_counts_only_beyond_five_percent() -> None:
    # 1,000 950 1,000 980 960: the first is exactly 5 %, the second took two trades.
    assert told(closed_falls(settled(0, -50, 50, -20, -20))) == [(2, 4, 40)]
    assert told(closed_falls(settled(0, -50.5, 50.5, -20, -20))) == [(0, 1, 50.5), (2, 4, 40)]


def test_the_initial_cash_is_no_point_of_the_curve() -> None:
    assert closed_falls(settled(-300)) == []
    assert told(closed_falls(settled(-300, -20, -10))) == [(0, 2, 30)]


def test_rises_lie_between_falls_that_count() -> None:
    curve = settled(0, 10, 10, -15, -5, -10, 30, 10, -1)
    assert told(closed_falls(curve)) == [(2, 5, 30)]
    # The last fall, by one trade of 1, does not count: the rise before it ends at its peak.
    assert told(closed_rises(curve)) == [(0, 2, 20), (5, 7, 40)]


def test_an_unfinished_recovery_is_a_rise_to_the_last_point() -> None:
    assert told(closed_rises(settled(0, -100, -100, 150, -20, 10))) == [(2, 5, 140)]


def test_the_deepest_equal_low_is_the_first_and_the_last_equal_high_the_peak() -> None:
    assert told(closed_falls(settled(0, 10, 0, -5, -15, 0, 30, 10))) == [(2, 4, 20)]


@given(st.lists(st.integers(-80, 80), min_size=1, max_size=40))
def test_falls_and_rises_are_those_that_looking_at_every_peak_finds(profits: list[int]) -> None:
    curve = settled(*profits)
    falls, rises = phases(curve.tolist())
    assert [(one.start, one.end) for one in closed_falls(curve)] == falls
    assert [(one.start, one.end) for one in closed_rises(curve)] == rises


def daily(n_days: int, closes: dict[int, float]) -> Bars:
    close = np.full(n_days, 100.0)
    for day, price in closes.items():
        close[day] = price
    open_ = np.concatenate(([100.0], close[:-1]))
    columns = {
        "open_ms": DAY_MS * np.arange(n_days),
        "open": open_,
        "high": np.maximum(open_, close),
        "low": np.minimum(open_, close),
        "close": close,
        "volume": np.ones(n_days),
    }
    return Bars.from_columns(Series("linear", "HAND", "D"), columns)


def trades(*rows: tuple[int, int, int, float, float]) -> dict[str, Any]:
    """Side, entry day, exit day, quantity and profit of each; all at 100 but for the profit."""
    side, entry, leave, qty, pnl = (np.array(column) for column in zip(*rows, strict=True))
    return {
        "side": side,
        "entry_ms": DAY_MS * entry,
        "exit_ms": DAY_MS * leave,
        "entry_price": np.full(len(rows), 100.0),
        "exit_price": 100.0 + side * pnl / qty,
        "qty": qty.astype(float),
        "pnl": pnl.astype(float),
    }


def year(still: bool = False) -> Material:
    """Profits of 50, −30 and 40 in January, March and April 1970; perhaps a long left open."""
    rows = trades((1, 2, 5, 1.0, 50.0), (1, 60, 70, 1.0, -30.0), (-1, 95, 100, 1.0, 40.0))
    bars = daily(120, {119: 125.0})
    left = {
        "side": np.array([1]),
        "entry_ms": DAY_MS * np.array([110]),
        "entry_price": np.array([100.0]),
        "qty": np.array([2.0]),
    }
    return material_from_trades(rows, bars, 1_000.0, still_open=left if still else None)


def test_monthly_sharpe_and_sortino_by_hand() -> None:
    # predecessor.md 1.1: months of realised equity, idle ones too; 2 % a year; population.
    returns = [50 / 1_000, 0.0, -30 / 1_050, 40 / 1_020]
    excess = [one - 0.02 / 12 for one in returns]
    mean = sum(excess) / 4
    spread = (sum((one - mean) ** 2 for one in excess) / 4) ** 0.5
    short = (sum(min(one, 0.0) ** 2 for one in excess) / 4) ** 0.5
    found = figures(year(), ["tradingview_sharpe", "tradingview_sortino"])
    assert found["tradingview_sharpe"] == pytest.approx(mean / spread, rel=1e-11)
    assert found["tradingview_sortino"] == pytest.approx(mean / short, rel=1e-11)


def test_an_open_trade_counts_to_the_last_month() -> None:
    # Two bought at 100 are worth 125 at the end: the last month earned 40 + 50.
    returns = [50 / 1_000, 0.0, -30 / 1_050, 90 / 1_020]
    excess = [one - 0.02 / 12 for one in returns]
    mean = sum(excess) / 4
    spread = (sum((one - mean) ** 2 for one in excess) / 4) ** 0.5
    found = figures(year(still=True))
    assert found["tradingview_sharpe"] == pytest.approx(mean / spread, rel=1e-11)
    assert found["net_profit"] == 60
    assert found["open_profit"] == 50
    assert found["open_profit_fraction"] == pytest.approx(50 / 1_060)
    assert found["open_trades"] == found["long_open_trades"] == 1
    assert found["final_equity"] == 1_110


def test_growth_is_that_of_closed_trades_over_the_range() -> None:
    found = figures(year(still=True), ["closed_cagr", "long_closed_cagr", "cagr"])
    assert found["closed_cagr"] == pytest.approx(1.06 ** (365 / 120) - 1)
    assert found["long_closed_cagr"] == pytest.approx(1.02 ** (365 / 120) - 1)
    assert found["cagr"] == pytest.approx(1.11 ** (365 / 120) - 1)


def test_the_market_is_held_from_the_price_of_the_first_trade() -> None:
    names = ["buy_and_hold_profit", "buy_and_hold_profit_fraction", "outperformance"]
    assert list(figures(year(), names).values()) == [250, 0.25, 60 - 250]


def test_what_lay_inside_bars_counts_together_while_trades_overlap() -> None:
    # Two longs at 100, of 1 and of 3; the bar of day 4 falls to 90: −40 from a peak of 1,000.
    rows = trades((1, 2, 6, 1.0, 0.0), (1, 3, 6, 3.0, 0.0))
    found = figures(material_from_trades(rows, daily(8, {4: 90.0}), 1_000.0))
    assert found["intrabar_drawdown"] == 40
    assert found["intrabar_drawdown_of_peak"] == 0.04
    assert found["max_contracts"] == 4
    assert found["max_margin"] == 400
    # Margin at closes from the bar after the entry: 100, 4 · 90, 4 · 100 of eight bars.
    assert found["average_margin"] == pytest.approx((100 + 360 + 400) / 8)
    assert found["account_size"] == 440


def test_a_reversal_does_not_hold_both_sides() -> None:
    rows = trades((1, 1, 3, 2.0, 10.0), (-1, 3, 5, 3.0, 0.0))
    found = figures(material_from_trades(rows, daily(8, {}), 1_000.0))
    assert found["max_contracts"] == 3
    assert (found["long_max_contracts"], found["short_max_contracts"]) == (2, 3)


def test_returns_of_a_side_are_measured_by_the_whole_accounts_need() -> None:
    # predecessor.md 1.1: long and short recovery use the drawdown of all trades.
    rows = trades((1, 2, 6, 1.0, 20.0), (-1, 6, 7, 1.0, 5.0))
    found = figures(material_from_trades(rows, daily(8, {4: 90.0}), 1_000.0))
    assert found["return_on_drawdown"] == 2.5
    assert found["long_return_on_drawdown"] == 2
    assert found["short_return_on_drawdown"] == 0.5
    assert found["short_return_on_account_size"] == pytest.approx(5 / found["account_size"])


def test_bars_in_trades_count_both_ends() -> None:
    found = figures(year(), ["average_bars", "bars_in_trades"])
    assert found["bars_in_trades"] == found["average_bars"] + 1 == pytest.approx(18 / 3 + 1)
