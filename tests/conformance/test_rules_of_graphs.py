"""Limits, re-entry, clock, profits and sizes of a graph, worked by hand, on every engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, Literal

import numpy as np
import pytest

from engines.bars import Bars, Series
from engines.broker import Broker, FillAt
from engines.instrument import Instrument
from engines.intervals import Interval
from engines.orders import Reason, Refusal
from engines.result import Result
from strategies.backtest import Terms
from strategies.evaluation.dataset import Dataset
from strategies.graph import (
    BreakEven,
    ClockExit,
    Condition,
    FixedQty,
    Kelly,
    Ladder,
    LimitEntry,
    Limits,
    OnlyInProfit,
    PercentOfEquity,
    ReEntry,
    SafetyClose,
    SizeLimits,
    StopLoss,
    Strategy,
    TakeProfit,
    TimeExit,
    VolatilityTarget,
    close,
    volume,
)
from strategies.running import Engine, run_strategy

HOUR_MS = 3_600_000
INTERVALS: Final[dict[int, Interval]] = {1: "60", 4: "240"}
# A Monday.
MONDAY_MS = 1_704_067_200_000
IN_LONG, OUT_LONG, IN_SHORT, OUT_SHORT = 1.0, 2.0, 3.0, 4.0

GRID = Instrument("linear", "HAND", Decimal("0.5"), Decimal("0.001"))
FREE = Broker(initial_cash=10_000.0, taker_fee_rate=0.0, maker_fee_rate=0.0)


def crossing(code: float) -> Condition:
    """Whether the volume says this."""
    return (volume > code - 0.5) & (volume < code + 0.5)


# The volume of a bar says what happens at its close.
PLAIN = Strategy(
    "by hand",
    enter_long=crossing(IN_LONG),
    exit_long=crossing(OUT_LONG),
    enter_short=crossing(IN_SHORT),
    exit_short=crossing(OUT_SHORT),
    sizing=FixedQty(1),
)


@pytest.fixture(params=["cpu", "event", "reference"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.param  # type: ignore[no-any-return]


def played(
    engine: Engine,
    prices: Sequence[float],
    signals: Mapping[int, float],
    changes: Mapping[str, Any],
    broker: Broker = FREE,
    hours: Literal[1, 4] = 1,
) -> Result:
    """A strategy on bars that stand at one price each."""
    bars = still_bars(prices, signals, hours)
    strategy = PLAIN.edit(**changes)
    return run_strategy(strategy, {}, Dataset(bars), Terms(GRID, broker), engine=engine)


def still_bars(prices: Sequence[float], signals: Mapping[int, float], hours: int = 1) -> Bars:
    """Bars that stand at one price each, and say what is to happen by their volume."""
    still = np.array(prices)
    said = np.array([signals.get(bar, 0.0) for bar in range(len(prices))])
    return Bars(
        Series("linear", "HAND", INTERVALS[hours]),
        MONDAY_MS + hours * HOUR_MS * np.arange(len(prices)),
        still.copy(),
        still.copy(),
        still.copy(),
        still.copy(),
        said,
        np.full(len(prices), np.nan),
    )


def fills(result: Result) -> list[tuple[int, str]]:
    rows = zip(result.fills["bar"], result.fills["reason"], strict=True)
    return [(int(bar), Reason(reason).name) for bar, reason in rows]


def refusals(result: Result) -> list[tuple[int, str]]:
    rows = zip(result.refusals["bar"], result.refusals["reason"], strict=True)
    return [(int(bar), Refusal(reason).name) for bar, reason in rows]


def turns(*bars: int) -> dict[int, float]:
    """Long from the close of each bar to the close after the next."""
    return {one + way: said for one in bars for way, said in ((0, IN_LONG), (1, OUT_LONG))}


def test_two_entries_a_day_and_three_a_week(engine: Engine) -> None:
    # Six bars a day, 42 a week.
    signals = turns(0, 6, 12, 42) | {3: IN_LONG, 18: IN_LONG, 41: IN_LONG}
    limits = Limits(trades_per_day=1, trades_per_week=3)
    result = played(engine, [100.0] * 46, signals, {"limits": limits}, hours=4)
    assert [bar for bar, why in fills(result) if why == "ENTRY"] == [1, 7, 13, 43]
    assert refusals(result) == [(3, "TRADE_LIMIT"), (18, "TRADE_LIMIT"), (41, "TRADE_LIMIT")]


@pytest.mark.parametrize("slip", [0.0, 2.0])
def test_the_last_order_of_the_day_closes_at_its_own_price(engine: Engine, slip: float) -> None:
    # Bars of four hours: bar 6 is the next day's first.
    signals = turns(0) | {2: IN_LONG, 3: IN_LONG, 5: IN_LONG, 6: IN_SHORT}
    prices = [100.0] * 3 + [101.0] * 6
    broker = replace(FREE, slippage_ticks=slip)
    limits = {"limits": Limits(orders_per_day=3)}
    result = played(engine, prices, signals, limits, broker, hours=4)
    assert fills(result) == [
        (1, "ENTRY"),
        (2, "SIGNAL_EXIT"),
        (3, "ENTRY"),
        (3, "ORDER_LIMIT"),
        (7, "ENTRY"),
    ]
    # Bought and sold at the open of bar 3, slipped both times.
    assert result.fills["price"][2:4].tolist() == [101.0 + slip / 2, 101.0 - slip / 2]
    assert refusals(result) == [(3, "ORDER_LIMIT"), (5, "ORDER_LIMIT")]


def test_a_stop_may_be_the_days_last_order(engine: Engine) -> None:
    changes = {
        "exits": [StopLoss(percent=2)],
        "limits": Limits(orders_per_day=2),
        "pyramiding": 2,
        "sizing": FixedQty(1),
    }
    # Two entries are the day's two orders: both are closed at once, no stop is left.
    signals = {0: IN_LONG, 1: IN_LONG, 6: IN_LONG}
    prices = [100.0] * 8 + [97.0] * 2
    result = played(engine, prices, signals, changes, hours=4)
    assert fills(result) == [
        (1, "ENTRY"),
        (2, "ENTRY"),
        (2, "ORDER_LIMIT"),
        (2, "ORDER_LIMIT"),
        (7, "ENTRY"),
        (8, "STOP_LOSS"),
    ]
    assert len(set(result.fills["order"][2:4].tolist())) == 1


def test_a_losing_streak_pauses_trading(engine: Engine) -> None:
    prices = [100.0, 100.0, 99.0] * 6
    limits = Limits(losses_in_a_row=2, loss_pause=4)
    result = played(engine, prices, turns(0, 3, 6, 9, 12), {"limits": limits})
    # Losses at bars 2 and 5: paused until 9, when the count begins anew.
    assert refusals(result) == [(6, "LOSS_STREAK")]
    assert [bar for bar, why in fills(result) if why == "ENTRY"] == [1, 4, 10, 13]


def test_a_daily_loss_closes_and_waits_for_the_next_day(engine: Engine) -> None:
    # 40 pieces: at 97 the day has lost 120, more than 1 % of 10,000. Bars of four hours.
    prices = [100.0, 100.0, 98.0, 97.0, 97.0, 100.0, 100.0, 100.0]
    changes = {"sizing": FixedQty(40), "limits": Limits(daily_loss_percent=1)}
    signals = {0: IN_LONG, 5: IN_LONG, 6: IN_LONG}
    result = played(engine, prices, signals, changes, hours=4)
    assert fills(result) == [(1, "ENTRY"), (4, "DAILY_LOSS"), (7, "ENTRY")]
    assert refusals(result) == [(5, "DAILY_LOSS")]


@pytest.mark.parametrize(("fill_at", "out"), [("next_open", 8), ("close", 9)])
def test_a_days_loss_counts_from_what_the_close_before_left(
    engine: Engine, fill_at: FillAt, out: int
) -> None:
    # Entered at the day's last close or the next day's first open: the fee of 48 is the old day's
    # only if it fills at that close. From 9,952 one percent is lost at 9,852.48, from 10,000 at
    # 9,900.
    broker = replace(FREE, taker_fee_rate=0.012, fill_at=fill_at)
    prices = [100.0] * 7 + [98.5, 98.0, 97.5, 97.5]
    changes = {"sizing": FixedQty(40), "limits": Limits(daily_loss_percent=1)}
    result = played(engine, prices, {5: IN_LONG}, changes, broker, hours=4)
    assert [bar for bar, why in fills(result) if why == "DAILY_LOSS"] == [out]


def test_a_drawdown_ends_trading(engine: Engine) -> None:
    # Peak 10,400 at 110; 10 % below is 9,360, which 40 pieces reach at 84.
    prices = [100.0, 100.0, 110.0, 85.0, 84.0, 83.0, *[100.0] * 9]
    changes = {"sizing": FixedQty(40), "limits": Limits(drawdown_percent=10)}
    result = played(engine, prices, {0: IN_LONG, 6: IN_LONG, 12: IN_LONG}, changes)
    assert fills(result) == [(1, "ENTRY"), (5, "MAX_DRAWDOWN")]
    assert refusals(result) == [(6, "DRAWDOWN_LIMIT"), (12, "DRAWDOWN_LIMIT")]


@pytest.mark.parametrize(
    ("rule", "refused", "entered"),
    [
        (ReEntry(4), [3], [1, 7, 9, 13]),
        (ReEntry(0, other_side_first=True), [3, 6], [1, 9, 13]),
    ],
)
def test_a_side_is_entered_again_later_or_after_the_other(
    engine: Engine, rule: ReEntry, refused: list[int], entered: list[int]
) -> None:
    signals = turns(0, 12) | {3: IN_LONG, 6: IN_LONG, 8: IN_SHORT, 10: OUT_SHORT}
    result = played(engine, [100.0] * 16, signals, {"re_entry": rule})
    assert refusals(result) == [(bar, "RE_ENTRY") for bar in refused]
    kinds = ("ENTRY", "REVERSAL")
    assert sorted({bar for bar, why in fills(result) if why in kinds}) == entered


def test_the_clock_closes_and_takes_no_entry(engine: Engine) -> None:
    # The close of bar 5 is 06:00 UTC, 01:00 in New York; that of bar 29 on Tuesday.
    clock = ClockExit("01:00", days=("mon",), timezone="America/New_York")
    signals = {0: IN_LONG, 5: IN_SHORT, 8: IN_LONG}
    result = played(engine, [100.0] * 40, signals, {"exits": [clock]})
    assert fills(result) == [(1, "ENTRY"), (6, "CLOCK_EXIT"), (9, "ENTRY")]
    assert refusals(result) == [(5, "CLOCK")]


@pytest.mark.parametrize(("least", "out"), [(0.0, [4]), (2.0, [4]), (2.5, [])])
def test_exit_signals_may_ask_for_a_profit(engine: Engine, least: float, out: list[int]) -> None:
    prices = [100.0, 100.0, 99.0, 102.0, 100.0, 100.0]
    signals = {0: IN_LONG, 2: OUT_LONG, 3: OUT_LONG}
    result = played(engine, prices, signals, {"exits": [OnlyInProfit(least)]})
    assert [bar for bar, why in fills(result) if why == "SIGNAL_EXIT"] == out


def test_a_time_exit_may_wait_for_a_profit(engine: Engine) -> None:
    prices = [100.0] * 4 + [99.0, 101.0, 100.0, 100.0]
    result = played(engine, prices, {0: IN_LONG}, {"exits": [TimeExit(2, 1)]})
    assert fills(result) == [(1, "ENTRY"), (6, "TIME_EXIT")]


@pytest.mark.parametrize(("most", "qty"), [(100, 33.333), (20, 20.0)])
def test_a_volatility_target_moves_its_share_of_the_equity(
    engine: Engine, most: float, qty: float
) -> None:
    # 1 % of 10,000 over a move of 3 is 33.333 pieces; 20 % of 10,000 buys 20.
    sizing = VolatilityTarget(1, abs(close - close.shift(1)), most)
    result = played(
        engine,
        [97.0, 100.0, 100.0, 100.0],
        {1: IN_LONG, 2: IN_LONG},
        {
            "sizing": sizing,
            "pyramiding": 2,
        },
    )
    assert result.fills["qty"].tolist() == [qty]
    # The price has not moved: no volatility at all.
    assert refusals(result) == [(2, "NO_VOLATILITY")]


def test_half_the_kelly_share_of_the_closed_trades(engine: Engine) -> None:
    # Three trades win 4, two lose 2: W = 0.6, R = 2, half of 0.6 - 0.4 / 2 is 0.2.
    prices: list[float] = [100.0]
    signals: dict[int, float] = {}
    for profit in (4.0, 4.0, 4.0, -2.0, -2.0):
        signals |= turns(len(prices) - 1)
        prices += [100.0, 100.0 + profit, 100.0]
    signals |= {len(prices) - 1: IN_LONG}
    changes = {"sizing": Kelly(0.5, 5, 1)}
    result = played(engine, [*prices, 100.0], signals, changes)
    # 1 % of 10,000 first; then 20 % of 10,008.
    assert result.fills["qty"][0] == 1.0
    # The sizes of the start differ by a lot or two, and with them R.
    assert result.fills["qty"][-1] == pytest.approx(0.2 * 10_008.0 / 100.0, abs=0.01)


@pytest.mark.parametrize(("least", "outcome"), [(0, "NO_EDGE"), (2, 2.0)])
def test_without_an_edge_only_a_least_size_is_entered(
    engine: Engine, least: float, outcome: str | float
) -> None:
    changes = {"sizing": Kelly(0.5, 1, 5), "size_limits": SizeLimits(least)}
    result = played(engine, [100.0, 100.0, 98.0, 100.0, 100.0], turns(0) | {3: IN_LONG}, changes)
    if outcome == "NO_EDGE":
        assert refusals(result) == [(3, outcome)]
    else:
        assert result.fills["qty"][-1] == pytest.approx(outcome, abs=0.01)


@pytest.mark.parametrize(("wanted", "qty"), [(0.1, 1.0), (5, 5.0), (90, 20.0)])
def test_bounds_raise_and_cut_any_size(engine: Engine, wanted: float, qty: float) -> None:
    changes = {"sizing": PercentOfEquity(wanted), "size_limits": SizeLimits(1, 20)}
    result = played(engine, [100.0] * 3, {0: IN_LONG}, changes)
    assert result.fills["qty"].tolist() == [qty]


@pytest.mark.parametrize(
    ("after", "price", "why"),
    [([102.5, 103.0, 100.0], 103.0, "TAKE_PROFIT"), ([95.0, 94.0, 100.0], 94.0, "STOP_LOSS")],
)
def test_exits_count_from_the_average_or_the_latest_fill(
    engine: Engine, after: list[float], price: float, why: str
) -> None:
    # Bought at 100 and 96, the average is 98. On the grid of 0.5 its target of 5 % lies at 103,
    # the stop of 2 % below the latest fill at 94; that of the first fill alone lay at 98.
    target, stop = TakeProfit(percent=5, anchor="average"), StopLoss(percent=2, anchor="last")
    changes = {"pyramiding": 2, "exits": [target, stop]}
    signals = {0: IN_LONG, 2: IN_LONG}
    result = played(engine, [100.0, 100.0, 99.0, 96.0, *after], signals, changes)
    assert fills(result) == [(1, "ENTRY"), (3, "ENTRY"), (5, why), (5, why)]
    assert result.fills["price"][2:].tolist() == [price, price]


def test_a_safety_close_leaves_all_at_a_loss_of_margin(engine: Engine) -> None:
    # Leverage 5 and 20 % are 4 % of the price: 96 for the first, 0.96 of 98.5 with the second.
    broker = replace(FREE, leverage=5.0)
    prices = [100.0, 100.0, 97.0, 97.0, 95.0, 94.5, 94.0, 94.0]
    changes = {"pyramiding": 2, "exits": [SafetyClose(20), StopLoss(percent=9)]}
    result = played(engine, prices, {0: IN_LONG, 2: IN_LONG}, changes, broker)
    assert fills(result)[2:] == [(5, "SAFETY_CLOSE"), (5, "SAFETY_CLOSE")]
    assert result.fills["price"][2:].tolist() == [94.5, 94.5]


def test_a_safety_close_gives_a_stop_at_break_even_back(engine: Engine) -> None:
    # The first fill's break-even lies at 100. Adding at 110 puts the margin's stop (4 % below the
    # average of 105) at 100.8, before it; adding three at 101 puts it at 98.5, behind it.
    broker = replace(FREE, leverage=5.0)
    prices = [100.0, 100.0, 110.0, 110.0, 101.0, 101.0, 101.0, 101.0, 100.0, 100.0]
    changes = {"pyramiding": 5, "exits": [SafetyClose(20), BreakEven(trigger_percent=1)]}
    signals = {0: IN_LONG, 2: IN_LONG, 4: IN_LONG, 5: IN_LONG, 6: IN_LONG}
    result = played(engine, prices, signals, changes, broker)
    assert fills(result)[5:] == [(8, "BREAK_EVEN")]


def test_an_entry_that_rests_is_held_back_where_it_is_met(engine: Engine) -> None:
    # Both sides may be ordered at one close; the day has one entry. Bars of four hours.
    signals = {0: IN_LONG, 1: IN_SHORT, 6: IN_SHORT}
    prices = [100.0, 100.0, 99.0, 101.0, 101.0, 100.0, 100.0, 101.0]
    entry = LimitEntry(percent=1, bars=0)
    changes = {"entry": entry, "limits": Limits(trades_per_day=1), "pyramiding": 2}
    result = played(engine, prices, signals, changes, hours=4)
    # Bought at 99; the sale ordered before that is met at 101, when the day is full.
    assert fills(result) == [(2, "ENTRY"), (7, "REVERSAL"), (7, "REVERSAL")]
    assert refusals(result) == [(3, "TRADE_LIMIT")]


@pytest.mark.parametrize("entry", [None, LimitEntry(percent=1, bars=0)], ids=["market", "rests"])
def test_safety_orders_count_but_are_not_held_back(
    engine: Engine, entry: LimitEntry | None
) -> None:
    # Bought at 99 at bar 2, on a day of two entries; the safety orders lie at 97 and 95. The last
    # is the third, and one more entry is none of them. Bars of four hours.
    signals = {1 if entry is None else 0: IN_LONG, 5: OUT_LONG, 3: IN_SHORT}
    prices = [100.0, 100.0, 99.0, 97.0, 95.0, 95.0, 95.0, 95.0]
    ladder = Ladder(orders=3, step_percent=2, step_scale=1, volume_scale=1)
    changes = {
        "entry": entry,
        "ladder": ladder,
        "limits": Limits(trades_per_day=2),
        "on_opposite": "close",
    }
    result = played(engine, prices, signals, changes, hours=4)
    bought = [(2, "ENTRY"), (3, "SAFETY_ORDER"), (4, "SAFETY_ORDER")]
    assert fills(result) == [*bought, *[(6, "SIGNAL_EXIT")] * 3]
    assert refusals(result) == [(3, "TRADE_LIMIT")]


def test_a_safety_order_may_be_the_days_last(engine: Engine) -> None:
    prices = [100.0, 100.0, 98.0, 96.0, 96.0]
    ladder = Ladder(orders=3, step_percent=2, step_scale=1, volume_scale=1)
    changes = {"ladder": ladder, "limits": Limits(orders_per_day=2)}
    result = played(engine, prices, {0: IN_LONG}, changes, hours=4)
    assert fills(result) == [(1, "ENTRY"), (2, "SAFETY_ORDER"), *[(2, "ORDER_LIMIT")] * 2]


def test_the_clock_takes_a_ladder_away_with_its_position(engine: Engine) -> None:
    # The close of bar 2 is 03:00; what would have filled at 96 is gone with the position.
    prices = [100.0, 100.0, 98.0, 98.0, 96.0, 96.0]
    ladder = Ladder(orders=3, step_percent=2, step_scale=1, volume_scale=1)
    changes = {"ladder": ladder, "exits": [ClockExit("03:00")]}
    result = played(engine, prices, {0: IN_LONG}, changes)
    assert fills(result) == [(1, "ENTRY"), (2, "SAFETY_ORDER"), *[(3, "CLOCK_EXIT")] * 2]
