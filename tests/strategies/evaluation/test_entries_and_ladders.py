"""Entries that rest and ladders of safety orders, worked out by hand, from graph to ledger."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engines.bars import Bars
from engines.bars import Series as BarSeries
from engines.broker import Broker
from engines.errors import InvalidInput
from engines.instrument import Instrument
from engines.orders import Reason, Refusal
from engines.result import Result
from strategies.backtest import Terms, backtest
from strategies.evaluation.dataset import Dataset
from strategies.graph import (
    FixedQty,
    Ladder,
    LadderOrders,
    LimitEntry,
    PercentOfEquity,
    RiskPercent,
    SafetyClose,
    StopEntry,
    StopLoss,
    Strategy,
    TakeProfit,
    hl2,
    param,
    volume,
)
from strategies.scripting.graph_run import backtest_graph
from tests.conformance.ledgers import assert_alike, assert_equal_ledgers

Bar = tuple[float, float, float, float]
CALM: Bar = (100.0, 100.4, 99.6, 100.0)
LONG, SHORT, BOTH, LEAVE = 1.0, 2.0, 3.0, 4.0


def is_code(code: float) -> Any:
    return (volume > code - 0.5) & (volume < code + 0.5)


def case(
    prices: Sequence[Bar],
    codes: dict[int, float],
    broker: dict[str, Any] | None = None,
    **parts: Any,
) -> tuple[Strategy, dict[str, float], Dataset, Terms]:
    """A strategy whose signals are codes in the volume: one unit, no fees, tick 0.1."""
    strategy = Strategy(
        "hand",
        enter_long=is_code(LONG) | is_code(BOTH),
        enter_short=is_code(SHORT) | is_code(BOTH),
        exit_long=is_code(LEAVE),
        exit_short=is_code(LEAVE),
        **{"sizing": FixedQty(1), **parts},
    )
    opens = 1_735_689_600_000 + np.arange(len(prices)) * 3_600_000
    columns = dict(zip(("open", "high", "low", "close"), np.array(prices).T, strict=True))
    volumes = np.zeros(len(prices))
    for bar, code in codes.items():
        volumes[bar] = code
    bars = Bars.from_columns(
        BarSeries("linear", "TEST", "60"), {"open_ms": opens, **columns, "volume": volumes}
    )
    rules = Broker(**{"taker_fee_rate": 0.0, "maker_fee_rate": 0.0, **(broker or {})})
    instrument = Instrument("linear", "TEST", Decimal("0.1"), Decimal("0.001"))
    return strategy, {}, Dataset(bars), Terms(instrument, rules)


def play(
    prices: Sequence[Bar],
    codes: dict[int, float],
    broker: dict[str, Any] | None = None,
    **parts: Any,
) -> Result:
    """What the kernel makes of a case; the event engine and the oracle must say the same."""
    given = case(prices, codes, broker, **parts)
    result, event = backtest(*given), backtest_graph(*given)
    assert_equal_ledgers(event, result)
    assert_alike(event, backtest_graph(*given, engine="reference"))
    return result


def fills(result: Result) -> list[tuple[int, float, float, Reason]]:
    columns = (result.fills[name] for name in ("bar", "side", "price", "qty", "reason"))
    return [
        (int(bar), round(float(price), 9), round(side * float(qty), 9), Reason(reason))
        for bar, side, price, qty, reason in zip(*columns, strict=True)
    ]


def refusals(result: Result) -> list[tuple[int, Refusal]]:
    pairs = zip(result.refusals["bar"], result.refusals["reason"], strict=True)
    return [(int(bar), Refusal(reason)) for bar, reason in pairs]


# --- entries ----------------------------------------------------------------------------------


def test_a_limit_waits_below_the_close_and_pays_the_makers_fee() -> None:
    bars = [CALM, CALM, (100.0, 100.2, 98.0, 99.5)]
    fees = {"taker_fee_rate": 0.01, "maker_fee_rate": 0.001, "slippage_ticks": 3}
    result = play(bars, {0: LONG}, fees, entry=LimitEntry(percent=1))
    assert fills(result) == [(2, 99.0, 1.0, Reason.ENTRY)]
    assert result.fills["fee"].tolist() == [pytest.approx(0.099)]


def test_a_limit_above_the_market_fills_at_the_open_at_once() -> None:
    bars = [CALM, (99.9, 100.4, 99.6, 100.0), CALM]
    result = play(bars, {0: LONG}, entry=LimitEntry(price=hl2 + 5))
    assert fills(result) == [(1, 99.9, 1.0, Reason.ENTRY)]


def test_a_stop_pays_the_takers_fee_and_slippage_and_gaps_to_the_open() -> None:
    fees = {"taker_fee_rate": 0.01, "maker_fee_rate": 0.001, "slippage_ticks": 3}
    bars = [CALM, (100.0, 102.5, 99.9, 102.0), CALM]
    result = play(bars, {0: LONG}, fees, entry=StopEntry(percent=2))
    assert fills(result) == [(1, 102.3, 1.0, Reason.ENTRY)]
    assert result.fills["fee"].tolist() == [pytest.approx(1.023)]
    gapped = play([CALM, (97.0, 97.5, 96.0, 97.0)], {0: SHORT}, entry=StopEntry(ticks=7))
    assert fills(gapped) == [(1, 97.0, -1.0, Reason.ENTRY)]


def test_levels_are_put_on_the_grid_a_limit_to_the_better_a_stop_to_the_worse() -> None:
    bars = [CALM, (100.0, 110.0, 90.0, 100.0)]
    limit = play(bars, {0: LONG}, entry=LimitEntry(percent=0.55))
    assert fills(limit) == [(1, 99.4, 1.0, Reason.ENTRY)]
    stop = play(bars, {0: LONG}, entry=StopEntry(percent=0.55))
    assert fills(stop) == [(1, 100.6, 1.0, Reason.ENTRY)]


def test_an_order_is_given_up_after_its_bars_and_the_ledger_says_so() -> None:
    bars = [CALM, CALM, CALM, (100.0, 100.2, 90.0, 95.0)]
    result = play(bars, {0: LONG}, entry=LimitEntry(percent=5, bars=2))
    assert fills(result) == []
    assert refusals(result) == [(2, Refusal.EXPIRED)]
    kept = play(bars, {0: LONG}, entry=LimitEntry(percent=5, bars=0))
    assert fills(kept) == [(3, 95.0, 1.0, Reason.ENTRY)]


def test_a_new_signal_replaces_the_order_and_a_signal_to_leave_takes_it_away() -> None:
    up: Bar = (100.0, 110.0, 100.0, 110.0)
    fall: Bar = (110.0, 110.0, 90.0, 90.0)
    replaced = play([CALM, up, fall], {0: LONG, 1: LONG}, entry=LimitEntry(percent=5))
    assert fills(replaced) == [(2, 104.5, 1.0, Reason.ENTRY)]
    left = play([CALM, up, fall], {0: LONG, 1: LEAVE}, entry=LimitEntry(percent=5))
    assert fills(left) == []


def test_exits_rest_from_the_fill_on_inside_the_bar() -> None:
    # Down to 98 first (nearer), so the limit at 99 fills and its target is met on the way up.
    bars = [CALM, (100.0, 105.0, 98.0, 101.0)]
    exits = [TakeProfit(percent=2), StopLoss(percent=3)]
    result = play(bars, {0: LONG}, entry=LimitEntry(percent=1), exits=exits)
    assert fills(result) == [
        (1, 99.0, 1.0, Reason.ENTRY),
        (1, 101.0, -1.0, Reason.TAKE_PROFIT),
    ]
    assert result.trades["mfe"].tolist() == [pytest.approx(2.0)]
    assert result.trades["mae"].tolist() == [pytest.approx(-1.0)]


def test_both_sides_may_wait_and_a_flip_keeps_the_quantity_it_was_placed_with() -> None:
    # Up first: 100 to 103 is nearer than 100 to 96.
    bars = [CALM, (100.0, 103.0, 96.0, 97.0), CALM]
    result = play(bars, {0: BOTH}, entry=StopEntry(percent=2))
    # D2: placed while flat, the short only closes what the long has opened.
    assert fills(result) == [
        (1, 102.0, 1.0, Reason.ENTRY),
        (1, 98.0, -1.0, Reason.REVERSAL),
    ]


def test_an_order_against_the_position_carries_what_is_open() -> None:
    bars = [CALM, (100.0, 103.0, 99.5, 103.0), (103.0, 103.0, 99.0, 100.0)]
    result = play(bars, {0: LONG, 1: SHORT}, entry=StopEntry(percent=2))
    assert fills(result)[1:] == [
        (2, 100.9, -1.0, Reason.REVERSAL),
        (2, 100.9, -1.0, Reason.REVERSAL),
    ]


def test_a_stop_limit_waits_at_its_limit_once_the_stop_was_met() -> None:
    bars = [CALM, (103.0, 104.0, 102.5, 103.0), (103.0, 103.0, 101.0, 102.0)]
    result = play(bars, {0: LONG}, entry=StopEntry(percent=1, limit_percent=1))
    # Stop 101, limit floor(102.01): the open at 103 only activates it.
    assert fills(result) == [(2, 102.0, 1.0, Reason.ENTRY)]


def test_a_budget_is_frozen_at_the_signal_and_divided_by_the_fill() -> None:
    bars = [CALM, (100.0, 100.2, 98.0, 99.5)]
    result = play(bars, {0: LONG}, entry=LimitEntry(percent=1), sizing=PercentOfEquity(10))
    assert fills(result) == [(1, 99.0, 10.101, Reason.ENTRY)]


def test_an_order_that_the_account_cannot_carry_is_refused_at_its_fill() -> None:
    bars = [CALM, (100.0, 100.2, 98.0, 99.5)]
    result = play(bars, {0: LONG}, entry=LimitEntry(percent=1), sizing=FixedQty(102))
    assert fills(result) == []
    assert refusals(result) == [(1, Refusal.NO_MARGIN)]


@pytest.mark.parametrize(
    ("entry", "qty", "reason"),
    [
        (LimitEntry(percent=100), 1, Refusal.BAD_LEVEL),
        (LimitEntry(price=hl2[5]), 1, Refusal.BAD_LEVEL),
        (LimitEntry(percent=1), 0.0001, Refusal.QTY_ZERO),
    ],
    ids=["at zero", "unknown", "less than a lot"],
)
def test_what_cannot_be_placed_is_refused(entry: LimitEntry, qty: float, reason: Refusal) -> None:
    result = play([CALM], {0: LONG}, entry=entry, sizing=FixedQty(qty))
    assert (fills(result), refusals(result)) == ([], [(0, reason)])


def test_an_order_that_the_close_is_through_fills_there_under_fill_at_close() -> None:
    result = play([CALM, CALM], {0: LONG}, {"fill_at": "close"}, entry=LimitEntry(ticks=0))
    assert fills(result) == [(0, 100.0, 1.0, Reason.ENTRY)]


# --- ladders ----------------------------------------------------------------------------------

FALL: Bar = (100.0, 100.0, 89.0, 90.0)


def test_safety_orders_rest_below_the_fill_and_share_the_sizing() -> None:
    result = play([CALM, FALL], {0: LONG}, ladder=Ladder(orders=5, range_percent=10))
    assert fills(result) == [
        (1, 100.0, 0.2, Reason.ENTRY),
        (1, 97.5, 0.2, Reason.SAFETY_ORDER),
        (1, 95.0, 0.2, Reason.SAFETY_ORDER),
        (1, 92.5, 0.2, Reason.SAFETY_ORDER),
        (1, 90.0, 0.2, Reason.SAFETY_ORDER),
    ]


@pytest.mark.parametrize(
    ("martingale", "shares"),
    [
        ("multiply_each", (1, 2, 4)),
        ("multiply_total", (1, 2, 6)),
        ("progressive", (1, 2, 3)),
    ],
)
def test_martingales_share_the_whole(martingale: Any, shares: tuple[int, ...]) -> None:
    ladder = Ladder(orders=3, step_percent=2, volume_scale=2, martingale=martingale)
    result = play([CALM, FALL], {0: LONG}, ladder=ladder, sizing=FixedQty(sum(shares)))
    assert [qty for _, _, qty, _ in fills(result)] == list(shares)


def test_steps_may_grow_in_a_range_or_from_a_first_one() -> None:
    stepped = Ladder(orders=3, step_percent=2, step_scale=2)
    assert [row[1] for row in fills(play([CALM, FALL], {0: LONG}, ladder=stepped))] == [
        100.0,
        98.0,
        94.0,
    ]
    # Steps of 1 and 3 in a range of 8 percent.
    ranged = Ladder(orders=3, range_percent=8, step_scale=3)
    assert [row[1] for row in fills(play([CALM, FALL], {0: LONG}, ladder=ranged))] == [
        100.0,
        98.0,
        92.0,
    ]


def test_listed_orders_have_offsets_and_volumes_of_their_own() -> None:
    ladder = LadderOrders(offsets=[1.0, 4.0], volumes=[25, 50], first_volume=25)
    result = play([CALM, FALL], {0: LONG}, ladder=ladder, sizing=FixedQty(4))
    assert [(row[1], row[2]) for row in fills(result)] == [(100.0, 1.0), (99.0, 1.0), (96.0, 2.0)]


def test_a_gap_fills_all_that_it_jumped_over_at_the_open() -> None:
    bars = [CALM, CALM, (94.0, 94.5, 93.9, 94.0)]
    result = play(bars, {0: LONG}, ladder=Ladder(orders=5, range_percent=10))
    assert [(row[0], row[1]) for row in fills(result)] == [(1, 100.0), (2, 94.0), (2, 94.0)]


def test_a_short_ladder_rests_above() -> None:
    bars = [CALM, (100.0, 106.0, 100.0, 105.0)]
    result = play(bars, {0: SHORT}, ladder=Ladder(orders=3, range_percent=10))
    assert [(row[1], row[2]) for row in fills(result)] == [(100.0, -0.333), (105.0, -0.333)]


def test_a_target_from_the_average_moves_with_every_fill_and_closes_all() -> None:
    # 100 and 95 in equal parts: average 97.5, target 97.5 * 1.02 = 99.45, to the better 99.5.
    bars = [CALM, (100.0, 100.0, 94.9, 95.0), (95.0, 99.6, 95.0, 99.0)]
    result = play(
        bars,
        {0: LONG},
        ladder=Ladder(orders=3, range_percent=10),
        sizing=FixedQty(3),
        exits=[TakeProfit(percent=2, anchor="average")],
    )
    assert fills(result)[2:] == [
        (2, 99.5, -1.0, Reason.TAKE_PROFIT),
        (2, 99.5, -1.0, Reason.TAKE_PROFIT),
    ]


def test_targets_of_their_own_close_level_by_level() -> None:
    bars = [CALM, (100.0, 100.0, 94.9, 95.0), (95.0, 97.5, 95.0, 97.0)]
    result = play(
        bars, {0: LONG}, ladder=Ladder(orders=3, range_percent=10), exits=[TakeProfit(percent=2)]
    )
    assert fills(result)[2:] == [(2, 96.9, -0.333, Reason.TAKE_PROFIT)]


@pytest.mark.parametrize(
    ("anchor", "stop"), [("entry", 94.0), ("average", 91.6), ("last", 89.3)], ids=str
)
def test_a_stop_counts_from_entry_average_or_latest_fill(anchor: Any, stop: float) -> None:
    # Fills at 100 and 95: 6 percent below 100, 97.5 and 95, to the worse.
    bars = [CALM, (100.0, 100.0, 94.9, 95.0), (95.0, 95.0, 80.0, 80.0)]
    result = play(
        bars,
        {0: LONG},
        ladder=LadderOrders(offsets=[5], volumes=[1], first_volume=1),
        exits=[StopLoss(percent=6, anchor=anchor)],
    )
    assert fills(result)[2][1] == stop


def test_a_window_places_the_next_order_as_one_fills() -> None:
    # Only one waits: after a bounce the third is there although it was not at first.
    bars = [CALM, (100.0, 100.0, 96.9, 97.0), (97.0, 97.2, 94.5, 95.0)]
    ladder = Ladder(orders=5, range_percent=10, window=1)
    result = play(bars, {0: LONG}, ladder=ladder)
    assert [(row[0], row[1]) for row in fills(result)] == [(1, 100.0), (1, 97.5), (2, 95.0)]


def test_unfilled_orders_trail_a_price_that_goes_away() -> None:
    # Close 103 is more than 2 % beyond 100: the ladder now starts at 103 / 1.02.
    bars = [CALM, (100.0, 103.0, 100.0, 103.0), (103.0, 103.0, 95.0, 96.0)]
    ladder = LadderOrders(offsets=[5], volumes=[1], first_volume=1, trailing_percent=2)
    assert fills(play(bars, {0: LONG}, ladder=ladder))[1][1] == 95.9
    still = LadderOrders(offsets=[5], volumes=[1], first_volume=1)
    assert fills(play(bars, {0: LONG}, ladder=still))[1][1] == 95.0


def test_a_pull_back_moves_what_is_left_by_as_much() -> None:
    # Filled at 98; the close at 100.94 lies 3 % beyond it: the next goes from 95 to 97.85.
    bars = [CALM, (100.0, 100.0, 97.0, 97.5), (97.5, 101.0, 97.5, 100.9), (100.9, 101.0, 90, 95)]
    ladder = LadderOrders(offsets=[2, 5], volumes=[1, 1], first_volume=1, pull_back_percent=2.9)
    result = play(bars, {0: LONG}, ladder=ladder)
    assert [row[1] for row in fills(result)] == [100.0, 98.0, 97.8]


def test_a_ladder_ends_with_its_position() -> None:
    bars = [CALM, (100.0, 102.5, 100.0, 102.0), FALL]
    result = play(
        bars, {0: LONG}, ladder=Ladder(orders=5, range_percent=10), exits=[TakeProfit(percent=2)]
    )
    assert [row[3] for row in fills(result)] == [Reason.ENTRY, Reason.TAKE_PROFIT]


def test_a_ladder_may_begin_with_an_order_that_waits() -> None:
    # The indent of the predecessor: 1 percent, for so many bars.
    bars = [CALM, (100.0, 100.0, 98.9, 99.0), (99.0, 99.0, 94.0, 94.0)]
    result = play(
        bars,
        {0: LONG},
        entry=LimitEntry(percent=1, bars=10),
        ladder=LadderOrders(offsets=[4], volumes=[1], first_volume=1),
    )
    assert [row[1] for row in fills(result)] == [99.0, 95.0]


def test_a_ladder_deeper_than_the_account_is_refused_where_it_ends() -> None:
    # 10,000 at leverage 1: 60 units at 100, then no more than 40 at 95.
    ladder = LadderOrders(offsets=[5, 8], volumes=[40, 60], first_volume=60)
    result = play([CALM, FALL], {0: LONG}, ladder=ladder, sizing=FixedQty(160))
    assert [(row[1], row[2]) for row in fills(result)] == [(100.0, 60.0), (95.0, 40.0)]
    assert refusals(result) == [(1, Refusal.NO_MARGIN)]


def test_a_whole_ladder_of_all_the_equity_fits_into_the_account() -> None:
    ladder = Ladder(orders=5, range_percent=10)
    result = play([CALM, FALL], {0: LONG}, ladder=ladder, sizing=PercentOfEquity(100))
    assert (len(fills(result)), refusals(result)) == (5, [])


def test_steps_below_zero_are_refused() -> None:
    ladder = Ladder(orders=3, step_percent=60)
    result = play([CALM, CALM], {0: LONG}, ladder=ladder)
    assert refusals(result) == [(1, Refusal.BAD_LEVEL)]


def test_a_safety_close_leaves_all_at_a_loss_of_the_margin() -> None:
    # Leverage 5, 30 % of the margin: 6 % below the average of 100 and 95, 91.65, to the worse.
    bars = [CALM, (100.0, 100.0, 94.9, 95.0), (95.0, 95.0, 80.0, 80.0)]
    result = play(
        bars,
        {0: LONG},
        {"leverage": 5.0},
        ladder=LadderOrders(offsets=[5], volumes=[1], first_volume=1),
        sizing=FixedQty(2),
        exits=[SafetyClose(30), StopLoss(percent=50)],
    )
    assert [(row[1], row[3]) for row in fills(result)[2:]] == [(91.6, Reason.SAFETY_CLOSE)] * 2


def test_a_ladder_of_a_swept_size_fits_each_row() -> None:
    orders = param("orders", 3, low=2, high=5)
    result = play([CALM, FALL], {0: LONG}, ladder=Ladder(orders=orders, range_percent=10))
    assert len(fills(result)) == 3


def test_what_a_ladder_cannot_be_combined_with_is_told() -> None:
    ladder = Ladder(orders=3, range_percent=10)
    with pytest.raises(InvalidInput, match="risk_percent with a ladder"):
        play([CALM], {}, ladder=ladder, sizing=RiskPercent(1), exits=[StopLoss(percent=1)])
    with pytest.raises(InvalidInput, match="pyramiding"):
        play([CALM], {}, ladder=ladder, pyramiding=2)
