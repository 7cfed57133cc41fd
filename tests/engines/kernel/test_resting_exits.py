"""Stops, targets, trailing and break-even inside the bar, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engines.kernel import layout as at
from engines.orders import Reason
from engines.result import Result

Play = Callable[..., Result]
Bar = tuple[float, float, float, float]
CALM: Bar = (100.0, 100.4, 99.6, 100.0)
STOP = {at.STOP_KIND: at.FRACTION}
TARGET = {at.N_TARGETS: 1, at.TARGET_KIND: at.FRACTION}
BOTH = {**STOP, **TARGET}
FIVE = {at.STOP: 0.05, at.TARGET: 0.05, at.PORTION: 1.0}


def exits(result: Result) -> list[tuple[int, float, Reason]]:
    trades = result.trades
    return [
        (int(bar), round(float(price), 9), Reason(reason))
        for bar, price, reason in zip(
            trades["exit_bar"], trades["exit_price"], trades["reason"], strict=True
        )
    ]


def test_a_stop_fills_at_its_level_rounded_to_the_worse(play: Play) -> None:
    bars = [CALM, (100.3, 100.4, 99.9, 100.0), (100.0, 100.1, 94.0, 95.0)]
    result = play(bars, enter_long=[0], choices=STOP, params=FIVE)
    assert exits(result) == [(2, 95.2, Reason.STOP_LOSS)]


def test_a_target_fills_at_its_level_rounded_to_the_better(play: Play) -> None:
    bars = [CALM, (100.3, 100.4, 99.9, 100.0), (100.0, 106.0, 99.9, 105.0)]
    result = play(bars, enter_long=[0], choices=TARGET, params=FIVE)
    assert exits(result) == [(2, 105.4, Reason.TAKE_PROFIT)]


def test_a_stop_fills_at_the_open_after_a_gap(play: Play) -> None:
    bars = [CALM, CALM, (90.0, 92.0, 89.0, 91.0)]
    result = play(bars, enter_long=[0], choices=BOTH, params=FIVE)
    assert exits(result) == [(2, 90.0, Reason.STOP_LOSS)]


def test_a_target_fills_at_the_better_open_after_a_gap(play: Play) -> None:
    bars = [CALM, CALM, (108.0, 109.0, 107.0, 108.0)]
    result = play(bars, enter_long=[0], choices=BOTH, params=FIVE)
    assert exits(result) == [(2, 108.0, Reason.TAKE_PROFIT)]


def test_slippage_moves_stops_but_never_targets(play: Play) -> None:
    bars = [CALM, CALM, (100.0, 106.0, 99.9, 100.0), CALM, CALM, (100.0, 100.1, 94.0, 94.0)]
    result = play(bars, enter_long=[0, 3], choices=BOTH, params=FIVE, broker={"slippage_ticks": 2})
    # Entries fill at 100.2: target ceil(105.21) = 105.3, stop floor(95.19) = 95.1, less 0.2.
    assert exits(result) == [(2, 105.3, Reason.TAKE_PROFIT), (5, 94.9, Reason.STOP_LOSS)]


@pytest.mark.parametrize(
    ("bar", "reason"),
    [
        pytest.param((100.0, 106.0, 93.0, 100.0), Reason.TAKE_PROFIT, id="high is nearer"),
        pytest.param((100.0, 107.0, 94.0, 100.0), Reason.STOP_LOSS, id="low is nearer"),
        pytest.param((100.0, 106.0, 94.0, 100.0), Reason.STOP_LOSS, id="a tie goes low first"),
    ],
)
def test_the_path_goes_to_the_nearer_extreme_first(play: Play, bar: Bar, reason: Reason) -> None:
    result = play([CALM, CALM, bar], enter_long=[0], choices=BOTH, params=FIVE)
    assert exits(result)[0][2] == reason


def test_finer_bars_decide_what_came_first(play: Play) -> None:
    hour = (100.0, 106.0, 93.0, 100.0)
    quarters = [
        *[CALM] * 8,
        (100.0, 100.0, 97.0, 97.0),
        (97.0, 97.5, 93.0, 96.0),
        (96.0, 106.0, 96.0, 104.0),
        (104.0, 104.0, 99.0, 100.0),
    ]
    result = play([CALM, CALM, hour], finer=quarters, enter_long=[0], choices=BOTH, params=FIVE)
    assert exits(result) == [(2, 95.0, Reason.STOP_LOSS)]


def test_a_bar_whose_finer_bars_are_incomplete_follows_its_own_path(play: Play) -> None:
    hour = (100.0, 106.0, 93.0, 100.0)
    quarters = [*[CALM] * 8, (100.0, 100.0, 97.0, 97.0), (97.0, 97.5, 93.0, 96.0), CALM, CALM]
    result = play([CALM, CALM, hour], finer=quarters, enter_long=[0], choices=BOTH, params=FIVE)
    assert exits(result) == [(2, 105.0, Reason.TAKE_PROFIT)]


def test_exits_are_live_on_the_bar_of_the_entry(play: Play) -> None:
    bars = [CALM, (100.0, 100.4, 94.0, 95.0), CALM]
    result = play(bars, enter_long=[0], choices=BOTH, params=FIVE)
    assert exits(result) == [(1, 95.0, Reason.STOP_LOSS)]


def test_exits_issued_in_position_wait_for_the_next_bar(play: Play) -> None:
    bars = [CALM, (100.0, 100.4, 94.0, 96.0), (96.0, 97.0, 95.5, 96.0), (94.0, 96.0, 93.0, 95.0)]
    result = play(
        bars, enter_long=[0], choices=BOTH, params=FIVE, broker={"exits_from": "next_bar"}
    )
    assert exits(result) == [(3, 94.0, Reason.STOP_LOSS)]


def test_short_exits_mirror_long_ones(play: Play) -> None:
    bars = [CALM, CALM, (100.0, 106.0, 99.0, 105.0)]
    result = play(bars, enter_short=[0], choices=BOTH, params=FIVE)
    assert exits(result) == [(2, 105.0, Reason.STOP_LOSS)]
    assert result.trades["pnl"].tolist() == [-5.0]


def test_levels_in_ticks(play: Play) -> None:
    choices = {at.STOP_KIND: at.TICKS, at.N_TARGETS: 1, at.TARGET_KIND: at.TICKS}
    params = {at.STOP: 30.0, at.TARGET: 40.0, at.PORTION: 1.0}
    bars = [CALM, CALM, (100.0, 104.5, 99.0, 103.0)]
    assert exits(play(bars, enter_long=[0], choices=choices, params=params)) == [
        (2, 104.0, Reason.TAKE_PROFIT)
    ]


def test_levels_as_a_multiple_of_a_column_take_the_signals_value(play: Play) -> None:
    choices = {at.STOP_KIND: at.MULTIPLE, at.STOP_COLUMN: 0, at.STOP_COLUMN + 1: 0}
    bars = [CALM, CALM, (100.0, 100.1, 94.0, 95.0)]
    result = play(
        bars, enter_long=[0], choices=choices, params={at.STOP: 2.0}, levels=[[1.5, 9.0, 9.0]]
    )
    assert exits(result) == [(2, 97.0, Reason.STOP_LOSS)]


def test_a_price_column_differs_for_long_and_short(play: Play) -> None:
    choices = {at.STOP_KIND: at.PRICE, at.STOP_COLUMN: 0, at.STOP_COLUMN + 1: 1}
    levels = [[97.0] * 3, [103.0] * 3]
    bars = [CALM, CALM, (100.0, 104.0, 96.0, 100.0)]
    long = play(bars, enter_long=[0], choices=choices, levels=levels)
    short = play(bars, enter_short=[0], choices=choices, levels=levels)
    assert exits(long) == [(2, 97.0, Reason.STOP_LOSS)]
    assert exits(short) == [(2, 103.0, Reason.STOP_LOSS)]


def test_a_following_stop_takes_the_last_closed_value(play: Play) -> None:
    choices = {
        at.STOP_KIND: at.PRICE,
        at.STOP_COLUMN: 0,
        at.STOP_COLUMN + 1: 0,
        at.STOP_FOLLOWS: 1,
    }
    levels = [[95.0, 98.0, 99.0, 99.5]]
    bars = [CALM, CALM, (100.0, 100.4, 98.5, 99.8), (99.8, 100.0, 98.0, 98.5)]
    result = play(bars, enter_long=[0], choices=choices, levels=levels)
    assert exits(result) == [(3, 99.0, Reason.STOP_LOSS)]


def test_targets_close_their_portions_of_the_entry(play: Play) -> None:
    choices = {at.N_TARGETS: 3, **{at.TARGET_KIND + k: at.FRACTION for k in range(3)}}
    params = {at.SIZE: 1.0}
    params |= {at.TARGET + k: 0.01 * (k + 1) for k in range(3)}
    params |= {at.PORTION: 0.333, at.PORTION + 1: 0.333, at.PORTION + 2: 0.334}
    bars = [CALM, CALM, (100.0, 102.5, 99.9, 102.0), (102.0, 103.5, 101.0, 103.0)]
    result = play(bars, enter_long=[0], choices=choices, params=params, lot="0.01")
    assert result.trades["exit_price"].tolist() == pytest.approx([101.0, 102.0, 103.0])
    assert result.trades["qty"].tolist() == pytest.approx([0.33, 0.33, 0.34])
    assert result.trades["number"].tolist() == [0, 0, 0]


def test_a_stop_takes_what_the_targets_left(play: Play) -> None:
    choices = {**BOTH, at.N_TARGETS: 1}
    params = {at.STOP: 0.05, at.TARGET: 0.02, at.PORTION: 0.5}
    bars = [CALM, CALM, (100.0, 102.5, 94.0, 95.0)]
    result = play(bars, enter_long=[0], choices=choices, params=params)
    assert [reason for _, _, reason in exits(result)] == [Reason.TAKE_PROFIT, Reason.STOP_LOSS]
    assert result.trades["qty"].tolist() == [0.5, 0.5]


TRAIL = {at.TRAIL_KIND: at.FRACTION, at.ACTIVATION_KIND: at.FRACTION}
TRAILED = {at.TRAIL_DISTANCE: 0.02, at.TRAIL_ACTIVATION: 0.03}


def test_a_trailing_stop_sleeps_until_its_activation(play: Play) -> None:
    bars = [CALM, CALM, (100.0, 102.9, 97.0, 98.0), (98.0, 99.0, 90.0, 91.0)]
    result = play(bars, enter_long=[0], choices=TRAIL, params=TRAILED)
    assert exits(result)[0][2] == Reason.OPEN


def test_a_trailing_stop_follows_the_highest_price_of_the_path(play: Play) -> None:
    bars = [CALM, CALM, (100.0, 105.0, 99.0, 104.0), (104.0, 104.2, 102.0, 102.5)]
    result = play(bars, enter_long=[0], choices=TRAIL, params=TRAILED)
    # Low first (99 is nearer), then 105: armed, stop floor(102.9) = 102.9.
    assert exits(result) == [(3, 102.9, Reason.TRAILING_STOP)]


def test_a_trailing_stop_can_be_armed_and_hit_in_one_bar(play: Play) -> None:
    bars = [CALM, CALM, (100.0, 105.0, 94.0, 95.0)]
    result = play(bars, enter_long=[0], choices=TRAIL, params=TRAILED)
    assert exits(result) == [(2, 102.9, Reason.TRAILING_STOP)]


def test_the_earlier_of_stop_and_trailing_stop_is_due(play: Play) -> None:
    bars = [CALM, CALM, (100.0, 103.0, 99.9, 103.0), (103.0, 103.0, 90.0, 91.0)]
    tight = play(bars, enter_long=[0], choices={**TRAIL, **STOP}, params={**TRAILED, at.STOP: 0.05})
    loose = play(
        bars,
        enter_long=[0],
        choices={**TRAIL, **STOP},
        params={at.TRAIL_DISTANCE: 0.10, at.TRAIL_ACTIVATION: 0.03, at.STOP: 0.05},
    )
    assert exits(tight)[0][2] == Reason.TRAILING_STOP
    assert exits(loose) == [(3, 95.0, Reason.STOP_LOSS)]


def test_a_script_that_issues_its_trail_in_position_arms_at_the_close(play: Play) -> None:
    """Rule E8: the entry bar's high does not count, only its close does."""
    bars = [CALM, (100.0, 106.0, 99.5, 104.0), (104.0, 104.0, 101.0, 101.5)]
    result = play(
        bars, enter_long=[0], choices=TRAIL, params=TRAILED, broker={"exits_from": "next_bar"}
    )
    # Water mark 104.0 (the close), then the open 104.0; stop floor(101.92) = 101.9.
    assert exits(result) == [(2, 101.9, Reason.TRAILING_STOP)]


def test_break_even_moves_the_stop_once_the_trigger_was_touched(play: Play) -> None:
    choices = {**STOP, at.BREAK_EVEN_KIND: at.FRACTION, at.OFFSET_KIND: at.FRACTION}
    params = {at.STOP: 0.05, at.BREAK_EVEN_TRIGGER: 0.02, at.BREAK_EVEN_OFFSET: 0.001}
    bars = [CALM, CALM, (100.0, 102.1, 99.9, 101.0), (101.0, 101.2, 99.0, 99.5)]
    result = play(bars, enter_long=[0], choices=choices, params=params)
    assert exits(result) == [(3, 100.1, Reason.BREAK_EVEN)]


def test_break_even_can_wait_for_the_first_target(play: Play) -> None:
    choices = {
        **BOTH,
        at.N_TARGETS: 1,
        at.BREAK_EVEN_KIND: at.AFTER_TARGET,
        at.OFFSET_KIND: at.TICKS,
    }
    params = {
        at.STOP: 0.05,
        at.TARGET: 0.02,
        at.PORTION: 0.5,
        at.BREAK_EVEN_TRIGGER: 1.0,
        at.BREAK_EVEN_OFFSET: 2.0,
    }
    bars = [CALM, CALM, (100.0, 102.1, 99.9, 101.0), (101.0, 101.2, 99.0, 99.5)]
    result = play(bars, enter_long=[0], choices=choices, params=params)
    assert exits(result) == [(2, 102.0, Reason.TAKE_PROFIT), (3, 100.2, Reason.BREAK_EVEN)]


def test_each_entry_of_a_pyramid_has_exits_of_its_own(play: Play) -> None:
    bars = [CALM, CALM, (110.0, 110.4, 109.6, 110.0), (110.0, 110.0, 104.0, 105.0)]
    result = play(
        bars, enter_long=[0, 1], choices={**STOP, at.PYRAMIDING: 2}, params={at.STOP: 0.05}
    )
    assert exits(result) == [(3, 104.5, Reason.STOP_LOSS), (3, 105.0, Reason.OPEN)]
    assert result.trades["number"].tolist() == [1, 0]


def test_a_signal_exit_and_a_gapped_stop_close_only_once(play: Play) -> None:
    bars = [CALM, CALM, (90.0, 91.0, 89.0, 90.0), CALM]
    result = play(bars, enter_long=[0], exit_long=[1], choices=STOP, params={at.STOP: 0.05})
    assert exits(result) == [(2, 90.0, Reason.SIGNAL_EXIT)]


def test_makers_pay_the_maker_fee_on_targets_only(play: Play) -> None:
    bars = [CALM, CALM, (100.0, 106.0, 99.9, 105.0)]
    result = play(
        bars,
        enter_long=[0],
        choices=BOTH,
        params=FIVE,
        broker={"taker_fee_rate": 0.001, "maker_fee_rate": 0.0001},
    )
    np.testing.assert_allclose(result.fills["fee"], [0.1, 0.0105], rtol=1e-12)


def test_excursions_count_from_the_entry_to_the_exit_on_the_path(play: Play) -> None:
    bars = [CALM, (100.0, 103.0, 98.0, 101.0), (101.0, 107.0, 97.0, 100.0)]
    result = play(bars, enter_long=[0], choices=TARGET, params=FIVE)
    # Last bar: low is nearer and comes first, then the target at 105.
    assert result.trades["mfe"].tolist() == pytest.approx([5.0])
    assert result.trades["mae"].tolist() == pytest.approx([-3.0])
