"""What do limits of trades, orders and losses refuse and close, and when does it end?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engines.kernel import layout as at
from engines.orders import Reason, Refusal
from engines.result import Result
from tests.engines.kernel.conftest import Play

FLAT = (100.0, 100.0, 100.0, 100.0)
DAY_COLUMN, WEEK_COLUMN, CLOCK_COLUMN = 0, 1, 2


def bar_at(price: float) -> tuple[float, float, float, float]:
    return (price, price, price, price)


def limited(
    play: Play,
    bars: list[tuple[float, float, float, float]],
    *,
    a_day: int = 8,
    choices: dict[int, int] | None = None,
    params: dict[int, float] | None = None,
    clock: list[float] | None = None,
    **rest: Any,
) -> Result:
    """Days of `a_day` bars, weeks of two days."""
    days = np.arange(len(bars)) // a_day
    never = [float(len(bars))] * len(bars)
    rules = {at.RULES: 1, at.DAY_COLUMN: DAY_COLUMN, at.WEEK_COLUMN: WEEK_COLUMN}
    if clock is not None:
        rules[at.CLOCK_COLUMN] = CLOCK_COLUMN
    return play(
        bars,
        choices={**rules, **(choices or {})},
        params={at.SIZE: 1.0, **(params or {})},
        levels=[days.tolist(), (days // 2).tolist(), clock or never],
        **rest,
    )


def refusals(result: Result) -> list[tuple[int, str]]:
    rows = zip(result.refusals["bar"], result.refusals["reason"], strict=True)
    return [(int(bar), Refusal(reason).name) for bar, reason in rows]


def fills(result: Result) -> list[tuple[int, str]]:
    rows = zip(result.fills["bar"], result.fills["reason"], strict=True)
    return [(int(bar), Reason(reason).name) for bar, reason in rows]


def test_two_entries_a_day_and_three_a_week(play: Play) -> None:
    turns = range(0, 31, 3)
    choices = {at.MAX_DAY_ENTRIES: 2, at.MAX_WEEK_ENTRIES: 3}
    bars = [FLAT] * 32
    # In at the bar after 0, 3, 6, …; out two bars later.
    result = limited(
        play, bars, choices=choices, enter_long=turns, exit_long=[one + 1 for one in turns]
    )
    # Day 0 is bars 0 to 7: entries at 1 and 4, none at 7. Day 1: one more, then the week is full.
    assert {why for _, why in refusals(result)} == {"TRADE_LIMIT"}
    assert [bar for bar, _ in refusals(result)] == [6, 12, 15, 27, 30]
    entries = [bar for bar, reason in fills(result) if reason == "ENTRY"]
    assert entries[:3] == [1, 4, 10]
    days = np.array(entries) // 8
    assert np.bincount(days).max() == 2
    assert np.bincount(days // 2).max() == 3


def test_the_last_order_of_the_day_closes_at_its_own_price(play: Play) -> None:
    bars = [FLAT] * 4 + [bar_at(101.0)] * 8
    result = limited(
        play, bars, choices={at.MAX_DAY_ORDERS: 3}, enter_long=[0, 3, 5, 8], exit_long=[1]
    )
    assert fills(result) == [
        (1, "ENTRY"),
        (2, "SIGNAL_EXIT"),
        (4, "ENTRY"),
        (4, "ORDER_LIMIT"),
        (9, "ENTRY"),
    ]
    assert result.fills["price"][3] == 101.0
    assert refusals(result) == [(5, "ORDER_LIMIT")]


def test_a_losing_streak_pauses_or_ends_trading(play: Play) -> None:
    bars = [FLAT, FLAT, bar_at(99.0)] * 6
    signals: Any = {"enter_long": [0, 3, 6, 9, 12], "exit_long": [1, 4, 7, 10, 13]}
    paused = limited(play, bars, a_day=99, choices={at.MAX_LOSSES: 2, at.LOSS_PAUSE: 4}, **signals)
    # Losses at bars 2 and 5: paused until 9, when the count begins anew.
    assert refusals(paused) == [(6, "LOSS_STREAK")]
    assert [bar for bar, why in fills(paused) if why == "ENTRY"] == [1, 4, 10, 13]
    ended = limited(play, bars, a_day=99, choices={at.MAX_LOSSES: 2}, **signals)
    assert [bar for bar, why in fills(ended) if why == "ENTRY"] == [1, 4]
    assert {why for _, why in refusals(ended)} == {"LOSS_STREAK"}


def test_a_daily_loss_closes_and_waits_for_the_next_day(play: Play) -> None:
    # 10,000 of cash, 40 pieces: at 97 the day has lost 120, more than 1 %.
    bars = [FLAT, FLAT, bar_at(98.0), bar_at(97.0), bar_at(97.0), FLAT, FLAT, FLAT, FLAT, FLAT]
    result = limited(
        play, bars, params={at.SIZE: 40.0, at.MAX_DAY_LOSS: 0.01}, enter_long=[0, 5, 8]
    )
    assert fills(result) == [(1, "ENTRY"), (4, "DAILY_LOSS"), (9, "ENTRY")]
    assert refusals(result) == [(5, "DAILY_LOSS")]


def test_the_days_loss_counts_from_the_close_before(play: Play) -> None:
    # 60 are lost on each of two days: neither day loses 1 %.
    bars = [FLAT] * 7 + [bar_at(98.5)] + [bar_at(97.0)] * 8
    result = limited(play, bars, params={at.SIZE: 40.0, at.MAX_DAY_LOSS: 0.01}, enter_long=[0])
    assert fills(result) == [(1, "ENTRY")]


def test_a_drawdown_ends_trading(play: Play) -> None:
    # Peak 10,400 at 110; 10 % below is 9,360, which 40 pieces reach at 84.
    bars = [FLAT, FLAT, bar_at(110.0), bar_at(85.0), bar_at(84.0), bar_at(83.0)] + [FLAT] * 9
    result = limited(
        play, bars, a_day=4, params={at.SIZE: 40.0, at.MAX_DRAWDOWN: 0.1}, enter_long=[0, 6, 12]
    )
    assert fills(result) == [(1, "ENTRY"), (5, "MAX_DRAWDOWN")]
    assert refusals(result) == [(6, "DRAWDOWN_LIMIT"), (12, "DRAWDOWN_LIMIT")]


def test_a_side_is_entered_again_after_a_while_or_after_the_other(play: Play) -> None:
    bars = [FLAT] * 16
    signals: Any = {"enter_long": [0, 3, 6, 12], "exit_long": [1, 13], "enter_short": [8]}
    late = limited(play, bars, a_day=99, choices={at.RE_ENTRY_BARS: 4}, exit_short=[10], **signals)
    assert refusals(late) == [(3, "RE_ENTRY")]
    other = limited(
        play, bars, a_day=99, choices={at.OTHER_SIDE_FIRST: 1}, exit_short=[10], **signals
    )
    assert refusals(other) == [(3, "RE_ENTRY"), (6, "RE_ENTRY")]
    assert [bar for bar, why in fills(other) if why == "ENTRY"] == [1, 9, 13]


def test_the_clock_closes_and_takes_no_entry(play: Play) -> None:
    bars = [FLAT] * 10
    clock = [5.0] * 6 + [8.0] * 3 + [10.0]
    result = limited(play, bars, a_day=99, clock=clock, enter_long=[0, 5, 8])
    assert fills(result) == [(1, "ENTRY"), (6, "CLOCK_EXIT")]
    assert refusals(result) == [(5, "POSITION_LIMIT"), (8, "CLOCK")]


@pytest.mark.parametrize(("least", "out"), [(0.0, 3), (0.01, 4), (0.05, None)])
def test_exit_signals_may_ask_for_a_profit(play: Play, least: float, out: int | None) -> None:
    bars = [FLAT, FLAT, FLAT, bar_at(102.0), FLAT, bar_at(101.0), FLAT]
    bars[2] = bar_at(99.0)
    bars[3] = bar_at(102.0)
    result = play(
        bars, enter_long=[0], exit_long=[2, 3], params={at.SIZE: 1.0, at.EXIT_PROFIT: least}
    )
    left = [bar for bar, why in fills(result) if why == "SIGNAL_EXIT"]
    assert left == ([] if out is None else [4])


def test_a_time_exit_may_wait_for_a_profit(play: Play) -> None:
    bars = [FLAT] * 4 + [bar_at(99.0), bar_at(101.0), FLAT, FLAT]
    choices, params = {at.MAX_BARS: 2}, {at.SIZE: 1.0, at.TIME_PROFIT: 0.01}
    result = play(bars, enter_long=[0], choices=choices, params=params)
    assert fills(result) == [(1, "ENTRY"), (6, "TIME_EXIT")]


def test_limits_of_zero_are_none(play: Play) -> None:
    bars = [FLAT, FLAT, bar_at(99.0)] * 4
    signals: Any = {"enter_long": [0, 3, 6], "exit_long": [1, 4, 7]}
    free = play(bars, **signals)
    ruled = limited(play, bars, **signals)
    assert fills(ruled) == fills(free)
    assert refusals(ruled) == []


def test_one_bar_trades_nothing(play: Play) -> None:
    result = limited(play, [FLAT], choices={at.MAX_DAY_ENTRIES: 1}, enter_long=[0])
    assert fills(result) == []
