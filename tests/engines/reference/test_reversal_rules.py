"""Orders that turn a position around, and their margin, worked out by hand on both engines."""

from __future__ import annotations

from engines.commands import Close, Command, Entry, Exit
from tests.engines.reference.conftest import Bar, Play
from tests.engines.reference.test_order_rules import CALM, LONG, SHORT, fills, rows

Plan = dict[int, list[Command]]
SMALL = {"initial_cash": 1000.0}
FLAT: Bar = (100.0, 100.0, 100.0, 100.0)
GAP: Bar = (98.0, 98.5, 97.0, 98.0)


def test_d10_opposite_entries_of_one_bar_are_margined_together(play: Play) -> None:
    def pair(qty: float) -> list[tuple[int, float]]:
        plan: Plan = {0: [Entry("A", "long", qty=qty), Entry("B", "short", qty=qty)]}
        return [(one.side, one.qty) for one in play([CALM, CALM], plan, SMALL).fills]

    # 1000 carry 10: two of 4.7 fit together, of 5.5 the second is dropped.
    assert pair(4.7) == [(1, 4.7), (-1, 4.7), (-1, 4.7)]
    assert pair(5.5) == [(1, 5.5)]


def test_d10_the_position_of_an_earlier_bar_frees_its_margin(play: Play) -> None:
    plan: Plan = {0: [Entry("A", "long", qty=9)], 1: [Entry("B", "short", qty=9)]}
    out = play([CALM] * 3, plan, SMALL)
    assert [(one.side, one.qty) for one in out.fills] == [(1, 9.0), (-1, 9.0), (-1, 9.0)]


def test_a_close_and_an_opposite_entry_of_one_bar_turn_it_around_once(play: Play) -> None:
    for order in ([Close("L"), SHORT], [SHORT, Close("L")]):
        out = play([CALM] * 4, {0: [LONG], 1: [*order]})
        assert out.trades[0].exit_bar == 2
        assert [(one.side, one.qty) for one in out.open] == [(-1, 1.0)]


def test_d2_a_resting_stop_keeps_what_it_was_created_with(play: Play) -> None:
    # Created in the long with 1 to turn around; the close takes the long first (D7).
    stop = Entry("S", "short", stop=99.0)
    down: Bar = (98.0, 98.5, 97.0, 98.0)
    out = play([CALM, CALM, down], {0: [LONG], 1: [Close("L"), stop]})
    assert fills(out) == [(1, 1, 100.0, 1.0), (2, -1, 98.0, 1.0), (2, -1, 98.0, 2.0)]


def test_d3_of_two_entries_of_one_side_the_last_carries_the_reversal(play: Play) -> None:
    two: list[Command] = [Entry("A", "long", qty=1), Entry("B", "long", qty=2)]
    out = play([CALM] * 4, {0: [SHORT], 1: two}, pyramiding=2)
    # A nets the short with its own quantity; B brings its two and the one of the short.
    assert [(one.signal, one.qty) for one in out.fills] == [("S", 1.0), ("A", 1.0), ("B", 3.0)]
    assert sum(one.qty for one in out.open) == 3.0


def test_d11_a_close_does_not_stand_in_for_a_reversal_that_is_refused(play: Play) -> None:
    big = Entry("S", "short", qty=500)
    first = play([CALM] * 4, {0: [LONG], 1: [big, Close("L")]}, SMALL)
    assert first.trades == []
    # The close that comes first is done before.
    second = play([CALM] * 4, {0: [LONG], 1: [Close("L"), big]}, SMALL)
    assert rows(second) == [(1, 2, 100.0, 100.0)]
    # And one of another bar has nothing to do with it.
    later = play([CALM] * 5, {0: [LONG], 1: [big], 2: [Close("L")]}, SMALL)
    assert rows(later) == [(1, 3, 100.0, 100.0)]


def test_i1_each_side_has_its_own_margin(play: Play) -> None:
    def may(order: Entry, **margins: float) -> bool:
        return len(play([FLAT, FLAT], {0: [order]}, SMALL, **margins).fills) == 1

    assert may(Entry("L", "long", qty=40), margin_long=25.0)
    assert not may(Entry("L", "long", qty=40.01), margin_long=25.0)
    assert may(Entry("S", "short", qty=20), margin_long=25.0, margin_short=50.0)
    assert not may(Entry("S", "short", qty=20.01), margin_long=25.0, margin_short=50.0)
    assert may(Entry("S", "short", qty=5000), margin_short=0.0)


def test_i2_the_manuals_example_of_a_margin_call(play: Play) -> None:
    # 682438 at 4.4, 25 %: at 3.9 open −341219, equity 658781, margin 665377.05, 6596.05 missing;
    # /0.25 /3.9 → 6765 (whole lots of 0.01: 6765.17), four times that.
    bars: list[Bar] = [(4.4,) * 4, (4.4,) * 4, (4.4, 4.4, 3.9, 3.9)]
    out = play(bars, {0: [Entry("L", "long", qty=682438)]}, margin_long=25.0)
    assert [one.exit_signal for one in out.trades] == ["Margin call"]
    assert rows(out) == [(1, 2, 4.4, 3.9)]
    assert out.trades[0].qty == 27060.68


def test_i5_margin_may_be_looked_at_where_the_order_was_sized(play: Play) -> None:
    jump: Bar = (101.0, 102.0, 100.0, 101.0)
    plan: Plan = {0: [Entry("L", "long", qty=10)]}
    assert fills(play([CALM, jump], plan, SMALL)) == []
    sized = play([CALM, jump], plan, SMALL, margin_price="signal", margin_long=100.0)
    assert sized.fills[0].price == 101.0
    # A reversal is looked at where it fills.
    turn: Plan = {0: [SHORT], 1: [Entry("L", "long", qty=9.99)]}
    assert len(play([CALM, CALM, jump], turn, SMALL, margin_price="signal").fills) == 1


def test_e4_of_two_forms_the_first_met_or_the_absolute_one(play: Play) -> None:
    both = Exit("X", "L", stop=97.0, loss=20, limit=104.0, profit=30)
    down: Bar = (100.0, 100.2, 96.0, 97.0)
    up: Bar = (100.0, 105.0, 99.9, 104.0)
    for bar, first, absolute in ((down, 98.0, 97.0), (up, 103.0, 104.0)):
        plan: Plan = {0: [LONG, both]}
        assert rows(play([CALM, CALM, bar], plan)) == [(1, 2, 100.0, first)]
        old = play([CALM, CALM, bar], plan, exit_levels="absolute")
        assert rows(old) == [(1, 2, 100.0, absolute)]
    ticks = Exit("X", "L", loss=20)
    assert rows(play([CALM, CALM, down], {0: [LONG, ticks]}, exit_levels="absolute")) == [
        (1, 2, 100.0, 98.0)
    ]


def test_d3_the_limit_is_looked_at_in_turn_so_a_reversal_makes_room(play: Play) -> None:
    def sides(short_qty: float) -> list[int]:
        orders = [Entry("A", "long", qty=1), Entry("B", "short", qty=short_qty), LONG]
        return [one.side for one in play([CALM] * 3, {0: orders}, SMALL).fills]

    # Called third, it finds a short again; where the short cannot be paid for, its own kind.
    assert sides(1) == [1, -1, -1, 1, 1]
    assert sides(50) == [1]


def test_b5_a_gapped_exit_beside_a_stop_entry_opens_a_position_of_its_own(play: Play) -> None:
    held: list[Command] = [LONG, Exit("X", "L", stop=99.0, comment_loss="lost")]
    turn: Plan = {0: held, 1: [Entry("S", "short", stop=99.2, qty=2)]}
    out = play([CALM, CALM, GAP, CALM], turn)
    assert [(one.entry_id, one.exit_signal, one.exit_price) for one in out.trades] == [
        ("L", "S", 98.0)
    ]
    # The exit is of one, and its signal is what it would have been called as an exit.
    assert [
        (one.entry_id, one.entry_signal, one.side, one.qty, one.entry_price) for one in out.open
    ] == [
        ("S", "S", -1, 2.0, 98.0),
        ("X", "lost", -1, 1.0, 98.0),
    ]
    # Met on the way, the entry comes first and takes the exit with it.
    slow = play([CALM, CALM, (100.0, 100.2, 98.0, 98.5)], turn)
    assert [one.entry_id for one in slow.open] == ["S"]
    # What it opens needs margin as any order: 300 carry the two at 98, not a third.
    poor = play([CALM, CALM, GAP], turn, {"initial_cash": 293.0})
    assert [one.entry_id for one in poor.open] == ["S"]


def test_b5_a_stop_that_reverses_nothing_takes_the_exit_with_it(play: Play) -> None:
    # D2: created flat it only leaves, and what it leaves nothing of has no exits.
    plan: Plan = {
        0: [LONG, Entry("S", "short", stop=99.2), Exit("X", "L", stop=99.0)],
    }
    out = play([CALM, CALM, GAP], plan)
    assert [(one.exit_signal, one.qty) for one in out.trades] == [("S", 1.0)]
    assert out.open == []


def test_e13_exits_that_a_market_reversal_gaps_over_are_dropped_or_filled(play: Play) -> None:
    plan: Plan = {
        0: [LONG, Exit("X", "L", stop=99.0), Exit("Y", "L", stop=90.0)],
        1: [Entry("S", "short", qty=3)],
    }
    dropped = play([CALM, CALM, GAP], plan, {"slippage_ticks": 5.0})
    assert [(one.side, one.qty) for one in dropped.fills][1:] == [(-1, 1.0), (-1, 3.0)]
    # The standing exit leaves the new position where that was opened: a trade of nothing.
    filled = play([CALM, CALM, GAP], plan, {"slippage_ticks": 5.0}, gapped_exits="filled")
    assert [(one.side, one.price, one.qty, one.signal) for one in filled.fills][1:] == [
        (-1, 97.5, 1.0, "S"),
        (-1, 97.5, 3.0, "S"),
        (1, 97.5, 1.0, "X"),
    ]
    assert [(one.exit_id, one.entry_price, one.exit_price) for one in filled.trades][1:] == [
        ("X", 97.5, 97.5)
    ]
    # One whose level comes later in the bar is gone either way.
    late = play([CALM, CALM, (99.5, 99.6, 98.0, 98.5)], plan, gapped_exits="filled")
    assert sum(one.qty for one in late.open) == 3.0
