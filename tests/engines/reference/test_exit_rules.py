"""`strategy.exit` on the oracle (rules E), worked out by hand."""

from __future__ import annotations

from engines.commands import Command, Entry, Exit
from tests.engines.reference.conftest import Bar, Play
from tests.engines.reference.test_order_rules import CALM, LONG, rows

SHORT_FIRST: Bar = (100.0, 100.1, 97.0, 98.0)


def test_e1_an_exit_called_with_its_entry_rests_from_the_fill_on(play: Play) -> None:
    out = play([CALM, (100.0, 103.0, 99.9, 101.0)], {0: [LONG, Exit("X", "L", profit=20)]})
    assert rows(out) == [(1, 1, 100.0, 102.0)]


def test_e1_an_exit_without_an_entry_does_nothing(play: Play) -> None:
    plan = {0: [Exit("X", "L", stop=99.0)], 1: [LONG]}
    assert rows(play([CALM, CALM, SHORT_FIRST, CALM], plan)) == []


def test_e1_an_exit_for_the_position_does_not_follow_a_reversal(play: Play) -> None:
    plan: dict[int, list[Command]] = {
        0: [LONG],
        1: [Exit("X", stop=90.0, limit=110.0), Entry("S", "short")],
    }
    bars = [CALM, CALM, CALM, (100.0, 111.0, 89.0, 100.0)]
    out = play(bars, plan)
    assert [one.exit_signal for one in out.trades] == ["S"]


def test_e2_parts_are_reserved_once_and_the_rest_goes_to_whoever_asks(play: Play) -> None:
    exits = [
        Exit("A", "L", qty_percent=30, profit=10),
        Exit("B", "L", profit=20),
        Exit("C", "L", profit=15),
    ]
    plan: dict[int, list[Command]] = {0: [LONG, *exits], 1: [*exits], 2: [*exits]}
    bars = [CALM, CALM, (100.0, 101.2, 99.9, 101.0), (101.0, 103.0, 100.9, 102.0)]
    out = play(bars, plan)
    left = [(one.exit_signal, round(one.qty, 9)) for one in out.trades]
    assert left == [("A", 0.3), ("B", 0.7)]


def test_e3_the_second_call_of_an_id_replaces_the_first(play: Play) -> None:
    plan = {0: [LONG, Exit("X", "L", profit=10), Exit("X", "L", profit=20, comment="second")]}
    out = play([CALM, CALM, (100.0, 103.0, 99.9, 101.0)], plan)
    assert [(one.exit_signal, one.exit_price) for one in out.trades] == [("second", 102.0)]


def test_e4_of_ticks_and_a_price_the_one_met_first_holds(play: Play) -> None:
    plan = {0: [LONG, Exit("X", "L", profit=20, limit=101.0, loss=50, stop=99.0)]}
    up = play([CALM, CALM, (100.0, 103.0, 99.9, 101.0)], plan)
    assert rows(up) == [(1, 2, 100.0, 101.0)]
    down = play([CALM, CALM, (100.0, 100.1, 90.0, 91.0)], plan)
    assert rows(down) == [(1, 2, 100.0, 99.0)]


def test_e6_an_exit_without_levels_is_no_exit(play: Play) -> None:
    nothing = float("nan")
    plan = {0: [LONG, Exit("X", "L", stop=nothing, limit=nothing)]}
    assert rows(play([CALM, CALM, (100.0, 130.0, 70.0, 100.0)], plan)) == []


def test_e7_one_exit_leaves_every_entry_of_its_name_as_its_own_row(play: Play) -> None:
    plan = {0: [LONG, Exit("X", "L", stop=95.0)], 1: [LONG]}
    bars = [CALM, CALM, CALM, (100.0, 100.1, 94.0, 95.0)]
    out = play(bars, plan, pyramiding=2)
    assert [one.number for one in out.trades] == [0, 1]


def test_e8_a_trail_begins_at_the_close_that_first_sees_the_position(play: Play) -> None:
    # The bar's high of 105 came before the exit was called; the close of 103 arms it.
    trail = Exit("X", "L", trail_points=20, trail_offset=10)
    bars = [CALM, (100.0, 105.0, 99.9, 103.0), (102.5, 102.6, 101.0, 101.5)]
    out = play(bars, {0: [LONG], 1: [trail]})
    assert rows(out) == [(1, 2, 100.0, 102.0)]


def test_e8_it_does_not_arm_below_its_activation(play: Play) -> None:
    trail = Exit("X", "L", trail_points=20, trail_offset=10)
    bars = [CALM, (100.0, 105.0, 99.9, 101.9), (101.5, 101.6, 100.0, 101.0)]
    assert rows(play(bars, {0: [LONG], 1: [trail]})) == []


def test_e8_its_water_mark_follows_the_path(play: Play) -> None:
    trail = Exit("X", "L", trail_points=10, trail_offset=15)
    bars = [CALM, CALM, (100.5, 104.0, 100.4, 103.0), (103.0, 103.2, 101.0, 102.0)]
    out = play(bars, {0: [LONG, trail]})
    # Water 104.0 in bar 2, which falls to 103.0; then 102.5 is met in bar 3.
    assert rows(out) == [(1, 3, 100.0, 102.5)]


def test_e8_beyond_the_stop_at_the_open_it_fills_there(play: Play) -> None:
    trail = Exit("X", "L", trail_points=10, trail_offset=15)
    bars = [CALM, (100.0, 104.0, 99.9, 103.0), (101.0, 102.0, 100.0, 101.0)]
    assert rows(play(bars, {0: [LONG, trail]})) == [(1, 2, 100.0, 101.0)]


def test_e9_without_an_offset_the_activation_is_the_exit(play: Play) -> None:
    plan = {0: [LONG, Exit("X", "L", trail_points=15, stop=90.0)]}
    assert rows(play([CALM, CALM, (100.0, 103.0, 99.9, 102.0)], plan)) == [(1, 2, 100.0, 101.5)]


def test_e10_a_trail_starts_at_the_fill_of_an_entry_inside_the_bar(play: Play) -> None:
    # High 103 lies before the fill at 99.0; from there the price rises to 101 only.
    plan = {0: [Entry("L", "long", limit=99.0), Exit("X", "L", trail_points=10, trail_offset=10)]}
    bars = [CALM, (102.0, 103.0, 98.5, 101.0), (101.0, 101.1, 99.5, 100.0)]
    assert rows(play(bars, plan)) == [(1, 2, 99.0, 100.1)]


def test_e11_other_trailing_numbers_start_anew(play: Play) -> None:
    first = Exit("X", "L", trail_points=10, trail_offset=10)
    second = Exit("X", "L", trail_points=40, trail_offset=10)
    bars = [CALM, (100.0, 102.0, 99.9, 101.5), (101.5, 101.6, 99.0, 100.0)]
    assert rows(play(bars, {0: [LONG, first]})) == [(1, 2, 100.0, 101.0)]
    assert rows(play(bars, {0: [LONG, first], 1: [second]})) == []


def test_e12_a_limit_earlier_on_the_path_beats_the_trail(play: Play) -> None:
    exit_ = Exit("X", "L", limit=102.0, trail_points=10, trail_offset=10)
    out = play([CALM, CALM, (100.5, 103.0, 100.4, 100.5)], {0: [LONG, exit_]})
    assert rows(out) == [(1, 2, 100.0, 102.0)]


def test_an_exit_is_named_by_the_part_that_filled(play: Play) -> None:
    named = {"comment": "out", "comment_profit": "won", "comment_loss": "lost"}
    plan: dict[int, list[Command]] = {
        0: [LONG, Exit("X", "L", profit=20, loss=20, trail_points=10, trail_offset=5, **named)]  # type: ignore[arg-type]
    }
    ways: list[tuple[Bar, str]] = [
        ((100.0, 100.1, 97.0, 98.0), "lost"),
        ((100.0, 102.5, 99.9, 102.0), "won"),
        # A part without a name of its own takes the exit's.
        ((100.0, 101.2, 99.9, 100.0), "out"),
    ]
    for bar, name in ways:
        assert [one.exit_signal for one in play([CALM, CALM, bar], plan).trades] == [name]
