"""Pine's `strategy.risk.*` on both engines, worked out by hand (rules J1 to J5)."""

from __future__ import annotations

import pytest

from engines.commands import Command, Entry, Exit, Order
from engines.errors import InvalidInput
from engines.risk_rules import LossLimit, RiskRules
from tests.engines.reference.conftest import DAY_MS, MINUTE_MS, Bar, Play
from tests.engines.reference.test_order_rules import CALM, LONG, SHORT, fills, rows

HOUR_MS = 60 * MINUTE_MS
TOO_MANY = "Close Position (Max number of filled orders in one day)"
Plan = dict[int, list[Command]]


def test_j1_entries_are_cut_to_the_largest_position(play: Play) -> None:
    plan: Plan = {
        0: [Entry("A", "long", qty=2)],
        1: [Entry("B", "long", qty=2)],
        2: [Entry("C", "long", qty=2)],
        3: [Order("O", "long", qty=2)],
    }
    rules = RiskRules(max_position_size=3)
    out = play([CALM] * 6, plan, pyramiding=9, risk=rules)
    # B has room for one, C for none; an order is not an entry.
    assert [one.qty for one in out.fills] == [2.0, 1.0, 2.0]


def test_j1_a_reversal_may_be_as_large_on_the_other_side(play: Play) -> None:
    plan: Plan = {0: [Entry("L", "long", qty=2)], 1: [Entry("S", "short", qty=5)]}
    out = play([CALM] * 4, plan, risk=RiskRules(max_position_size=3))
    assert [(one.side, one.qty) for one in out.fills] == [(1, 2.0), (-1, 2.0), (-1, 3.0)]


def test_j2_the_last_order_of_a_day_is_closed_at_its_price(play: Play) -> None:
    plan: Plan = {0: [LONG], 1: [SHORT], 2: [LONG], 3: [LONG]}
    out = play([CALM] * 6, plan, risk=RiskRules(max_intraday_filled_orders=2))
    # A reversal is one order (J1): the second closes at its own fill, and then it is over.
    assert fills(out) == [
        (1, 1, 100.0, 1.0),
        (2, -1, 100.0, 1.0),
        (2, -1, 100.0, 1.0),
        (2, 1, 100.0, 1.0),
    ]
    assert [one.exit_signal for one in out.trades] == ["S", TOO_MANY]


def test_j2_an_entry_inside_the_bar_is_closed_where_its_leg_ends(play: Play) -> None:
    plan: Plan = {0: [Entry("L", "long", stop=101.0), Entry("S", "short", stop=98.0)]}
    out = play([CALM, (100.0, 103.0, 97.0, 99.0)], plan, risk=RiskRules(None, 1))
    # Low first (a tie): the short's leg ends at 97.
    assert rows(out) == [(-1, 1, 98.0, 97.0)]
    below: Plan = {0: [Entry("B", "long", limit=99.0)]}
    out = play([CALM, (100.0, 100.5, 97.0, 99.0)], below, risk=RiskRules(None, 1))
    # Bought below the open: closed at its own price.
    assert rows(out) == [(1, 1, 99.0, 99.0)]


def test_j2_trading_goes_on_with_the_next_day_of_the_exchange(play: Play) -> None:
    # Hours from 1970-01-01 00:00 UTC; New York's day from 17:00 begins at 22:00 UTC.
    plan: Plan = {hour: [Entry(f"L{hour}", "long")] for hour in range(30)}
    said = {"risk": RiskRules(max_intraday_filled_orders=1)}
    utc = play([CALM] * 30, plan, step_ms=HOUR_MS, **said)
    assert [one.entry_bar for one in utc.trades] == [1, 24]
    clock = {"timezone": "America/New_York", "day_start": "17:00"}
    there = play([CALM] * 30, plan, step_ms=HOUR_MS, clock=clock, **said)
    assert [one.entry_bar for one in there.trades] == [1, 22]


def test_j3_a_day_ends_where_its_loss_is_reached(play: Play) -> None:
    down: Bar = (100.0, 100.0, 90.0, 99.0)
    plan: Plan = {0: [LONG], 1: [Entry("again", "long")], 3: [Entry("tomorrow", "long")]}
    rules = RiskRules(max_intraday_loss=LossLimit(5.0, "cash"))
    out = play([CALM, down, CALM, CALM, CALM], plan, risk=rules)
    # At the low, whatever was lost beyond the limit; calls of that day are dropped.
    assert rows(out) == [(1, 1, 100.0, 90.0)]
    assert out.trades[0].exit_signal == "Close Position (Max intraday Loss)"
    assert out.open == []
    days: Plan = {0: [LONG], 1: [Entry("fired day", "long")], 2: [Entry("next day", "long")]}
    out = play([CALM, down, CALM, CALM], days, step_ms=DAY_MS, risk=rules)
    assert [one.entry_id for one in out.open] == ["next day"]


def test_j3_percent_is_of_the_equity_at_the_days_first_price(play: Play) -> None:
    # 1000 at the start; long 1 from 100. Day 2 opens at 150: equity 1050, 5 % are 52.5.
    bars: list[Bar] = [CALM, (100.0, 150.0, 100.0, 150.0), (150.0, 150.0, 98.0, 98.0)]
    rules = RiskRules(max_intraday_loss=LossLimit(5.0))
    cash = {"initial_cash": 1000.0}
    out = play(bars, {0: [LONG]}, cash, step_ms=DAY_MS, risk=rules)
    assert out.trades == []
    lower: list[Bar] = [*bars[:2], (150.0, 150.0, 97.5, 98.0)]
    assert rows(play(lower, {0: [LONG]}, cash, step_ms=DAY_MS, risk=rules)) == [(1, 2, 100.0, 97.5)]


def test_j4_drawdown_ends_trading_on_a_bar_that_books_a_close(play: Play) -> None:
    # Ten from 100, 1000 of capital: 200 down at 80, but only a close is looked at.
    falls: Bar = (100.0, 100.0, 80.0, 80.0)
    low: Bar = (85.0, 86.0, 84.0, 85.0)
    part = Exit("part", "L", qty=1, limit=85.5)
    plan: Plan = {0: [Entry("L", "long", qty=10)], 3: [part], 5: [SHORT]}
    rules = RiskRules(max_drawdown=LossLimit(100.0, "cash"))
    bars = [CALM, CALM, falls, low, low, low, low, low]
    out = play(bars, plan, {"initial_cash": 1000.0}, risk=rules)
    assert [(one.exit_signal, one.exit_bar, one.exit_price) for one in out.trades] == [
        ("part", 4, 85.5),
        ("Close Position (Maximum drawdown)", 4, 85.0),
    ]
    assert out.open == []


def test_j4_a_shallower_drawdown_goes_on(play: Play) -> None:
    plan: Plan = {0: [Entry("L", "long", qty=10)], 1: [Exit("part", "L", qty=1, limit=95.0)]}
    falls: Bar = (100.0, 100.0, 94.0, 96.0)
    said = {"risk": RiskRules(max_drawdown=LossLimit(5.0))}
    out = play([CALM, CALM, falls], plan, {"initial_cash": 1000.0}, **said)
    # 1000 less 964 at the close are 3.6 %.
    assert [one.exit_signal for one in out.trades] == ["part"]


def test_j5_losing_days_end_trading(play: Play) -> None:
    bars: list[Bar] = [
        CALM,
        (100.0, 100.0, 98.0, 98.0),
        (98.0, 98.0, 96.0, 96.0),
        (96.0, 97.0, 95.0, 97.0),
        CALM,
    ]
    rules = RiskRules(max_cons_loss_days=2)
    out = play(bars, {0: [LONG], 3: [SHORT]}, step_ms=DAY_MS, risk=rules)
    # Marked at the opens: 0 (day 1), −2 (day 2), −4 (day 3): the second loss ends it there.
    assert [(one.exit_signal, one.exit_bar, one.exit_price) for one in out.trades] == [
        ("Close Position (Max consecutive loss days)", 3, 96.0)
    ]
    assert out.open == []


def test_limits_must_be_above_zero() -> None:
    with pytest.raises(InvalidInput, match=r"risk max_position_size.*above zero"):
        RiskRules(max_position_size=0)
    with pytest.raises(InvalidInput, match=r"risk loss.*at most 100"):
        LossLimit(120.0)
    with pytest.raises(InvalidInput, match=r"risk loss type.*percent_of_equity"):
        LossLimit(1.0, "percent")  # type: ignore[arg-type]
