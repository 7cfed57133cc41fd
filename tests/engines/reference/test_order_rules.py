"""The rule book's orders on the oracle, worked out by hand; the numbers name the rules."""

from __future__ import annotations

from engines.commands import Cancel, CancelAll, Close, CloseAll, Command, Entry, Exit, Order
from engines.reference import Outcome
from engines.script import View
from tests.engines.reference.conftest import Bar, Play

CALM: Bar = (100.0, 100.4, 99.6, 100.0)
LONG, SHORT = Entry("L", "long"), Entry("S", "short")


def rows(outcome: Outcome) -> list[tuple[int, int, float, float]]:
    shown = [(one, round(one.entry_price, 9), round(one.exit_price, 9)) for one in outcome.trades]
    return [(one.side, one.exit_bar, entry, exit_) for one, entry, exit_ in shown]


def fills(outcome: Outcome) -> list[tuple[int, int, float, float]]:
    return [(one.bar, one.side, round(one.price, 9), one.qty) for one in outcome.fills]


def test_a1_market_orders_fill_at_the_next_open(play: Play) -> None:
    out = play([CALM, (101.0, 102.0, 100.0, 101.0), CALM], {0: [LONG]})
    assert fills(out) == [(1, 1, 101.0, 1.0)]


def test_a2_or_at_the_close_of_the_signal(play: Play) -> None:
    bars = [(100.0, 101.0, 99.0, 100.5), CALM]
    assert fills(play(bars, {0: [LONG]}, {"fill_at": "close"})) == [(0, 1, 100.5, 1.0)]


def test_a2_price_orders_through_the_close_fill_there_too(play: Play) -> None:
    bars = [(100.0, 101.0, 99.0, 100.5), CALM]
    plan = {0: [Entry("L", "long", stop=100.2)]}
    assert fills(play(bars, plan, {"fill_at": "close"})) == [(0, 1, 100.5, 1.0)]


def test_a3_an_immediate_close_fills_at_its_own_close(play: Play) -> None:
    bars = [CALM, CALM, (100.0, 104.0, 99.0, 103.0), CALM]
    out = play(bars, {0: [LONG], 2: [Close("L", immediately=True)]})
    assert rows(out) == [(1, 2, 100.0, 103.0)]


def test_a3_an_immediate_close_is_listed_without_its_slippage(play: Play) -> None:
    bars = [CALM, CALM, (100.0, 104.0, 99.0, 103.0), CALM]
    plan = {0: [LONG], 2: [Close("L", immediately=True)]}
    out = play(bars, plan, {"slippage_ticks": 5.0})
    # In at 100.5, out at 102.5: the list says 103.
    assert rows(out) == [(1, 2, 100.5, 103.0)]
    assert out.fills[-1].price == 102.5
    assert float(out.trades[0].pnl) == 2.0
    # At the next open it is an order like any other.
    late = play(bars, {0: [LONG], 2: [Close("L")]}, {"slippage_ticks": 5.0})
    assert rows(late) == [(1, 3, 100.5, 99.5)]


def test_b1_the_nearer_extreme_comes_first(play: Play) -> None:
    bracket = [LONG, Exit("X", "L", profit=20, loss=20)]
    up_first = play([CALM, CALM, (101.0, 102.5, 97.0, 100.0)], {0: bracket})
    assert rows(up_first) == [(1, 2, 100.0, 102.0)]
    down_first = play([CALM, CALM, (99.0, 103.0, 97.5, 100.0)], {0: bracket})
    assert rows(down_first) == [(1, 2, 100.0, 98.0)]


def test_b1_a_tie_goes_low_first_whatever_the_last_bits_say(play: Play) -> None:
    # Both are 11 ticks away; as doubles the high is nearer.
    opened, high, low = 1003 * 0.1, 1014 * 0.1, 992 * 0.1
    assert high - opened < opened - low
    bracket = [LONG, Exit("X", "L", limit=101.2, stop=99.4)]
    out = play([CALM, CALM, (opened, high, low, 100.0)], {0: bracket})
    assert rows(out) == [(1, 2, 100.0, 99.4)]


def test_b3_gaps_fill_at_the_open(play: Play) -> None:
    plan = {0: [Entry("L", "long", stop=101.0), Entry("B", "long", limit=98.0)]}
    assert fills(play([CALM, (103.0, 104.0, 102.0, 103.0)], plan)) == [(1, 1, 103.0, 1.0)]
    assert fills(play([CALM, (96.0, 97.0, 95.0, 96.0)], plan)) == [(1, 1, 96.0, 1.0)]


def test_b4_of_two_stops_at_the_open_the_buyer_comes_first(play: Play) -> None:
    stops = [Entry("S", "short", stop=100.0), Entry("L", "long", stop=100.0)]
    out = play([CALM, (100.0, 100.4, 99.6, 100.0)], {0: stops})
    assert fills(out) == [(1, 1, 100.0, 1.0), (1, -1, 100.0, 1.0)]
    above = play([CALM, (100.2, 100.4, 99.6, 100.0)], {0: stops})
    assert fills(above) == [(1, 1, 100.2, 1.0), (1, -1, 100.0, 1.0)]


def test_c1_levels_go_to_the_worse_for_stops_and_to_the_better_for_limits(play: Play) -> None:
    wide = (100.0, 110.0, 90.0, 100.0)
    for order, price in (
        (Entry("o", "long", stop=101.01), 101.1),
        (Entry("o", "short", stop=98.99), 98.9),
        (Entry("o", "long", limit=98.99), 98.9),
        (Entry("o", "short", limit=101.01), 101.1),
    ):
        assert fills(play([CALM, wide], {0: [order]}))[0][2] == price
    # C2: 1e-4 of a tick is on the grid.
    nearly = Entry("o", "long", stop=101.000009)
    assert fills(play([CALM, wide], {0: [nearly]}))[0][2] == 101.0


def test_c4_slippage_is_paid_by_market_and_stop_orders_only(play: Play) -> None:
    wide = (100.0, 110.0, 90.0, 100.0)
    slips = {"slippage_ticks": 3.0}
    assert fills(play([CALM, wide], {0: [LONG]}, slips))[0][2] == 100.3
    assert fills(play([CALM, wide], {0: [Entry("o", "short", stop=99.0)]}, slips))[0][2] == 98.7
    assert fills(play([CALM, wide], {0: [Entry("o", "long", limit=99.0)]}, slips))[0][2] == 99.0


def test_c5_limits_may_have_to_be_passed_by_some_ticks(play: Play) -> None:
    plan = {0: [Entry("L", "long", limit=99.0)]}
    touched, passed = (100.0, 100.1, 98.9, 99.5), (100.0, 100.1, 98.8, 99.5)
    assert fills(play([CALM, touched], plan, limit_verification_ticks=2)) == []
    assert fills(play([CALM, passed], plan, limit_verification_ticks=2)) == [(1, 1, 99.0, 1.0)]


def test_c6_a_stop_limit_order_waits_for_its_stop_and_then_for_its_limit(play: Play) -> None:
    plan = {0: [Entry("L", "long", stop=102.0, limit=101.0)]}
    only_limit = (100.0, 101.9, 99.0, 100.0)
    assert fills(play([CALM, only_limit], plan)) == []
    both = (101.5, 102.5, 100.5, 101.0)
    assert fills(play([CALM, both], plan)) == [(1, 1, 101.0, 1.0)]
    later = [CALM, (101.8, 102.5, 101.7, 102.2), (102.0, 102.1, 100.9, 101.5)]
    assert fills(play(later, plan)) == [(2, 1, 101.0, 1.0)]


def test_d1_an_opposite_entry_closes_and_reverses_in_one_order(play: Play) -> None:
    out = play([CALM, CALM, CALM, CALM], {0: [LONG], 1: [SHORT]})
    assert fills(out) == [(1, 1, 100.0, 1.0), (2, -1, 100.0, 1.0), (2, -1, 100.0, 1.0)]
    assert out.trades[0].exit_signal == "S"


def test_d2_the_flip_is_fixed_when_the_order_is_created(play: Play) -> None:
    # Created flat, it meets a long position and only closes as much as itself.
    resting = Entry("S", "short", stop=98.0)
    down = (100.0, 100.1, 97.0, 98.0)
    created_flat = play([CALM, CALM, CALM, down], {0: [LONG, resting]})
    assert fills(created_flat) == [(1, 1, 100.0, 1.0), (3, -1, 98.0, 1.0)]
    # Created in the position it carries that with it.
    created_long = play([CALM, CALM, CALM, down], {0: [LONG], 1: [resting]})
    assert [one.qty for one in created_long.fills] == [1.0, 1.0, 1.0]
    assert created_long.open[0].side == -1


def test_d3_pyramiding_is_checked_when_a_price_order_is_placed(play: Play) -> None:
    up = (100.0, 103.0, 99.9, 102.0)
    resting = Entry("A", "long", stop=102.0)
    placed_flat = play([CALM, CALM, up], {0: [LONG, resting]})
    assert [one.bar for one in placed_flat.fills] == [1, 2]
    placed_long = play([CALM, CALM, up], {0: [LONG], 1: [resting]})
    assert [one.bar for one in placed_long.fills] == [1]


def test_d3_of_two_market_entries_in_one_pass_the_second_may_be_too_many(play: Play) -> None:
    plan = {0: [Entry("A", "long"), Entry("B", "long")]}
    assert len(play([CALM, CALM], plan).fills) == 1
    assert len(play([CALM, CALM], plan, pyramiding=2).fills) == 2


def test_d4_an_order_nets_and_ignores_pyramiding(play: Play) -> None:
    buy, sell = Order("a", "long", qty=2), Order("b", "short", qty=3)
    out = play([CALM, CALM, CALM, CALM], {0: [buy], 1: [buy], 2: [sell]})
    assert [one.qty for one in out.fills] == [2.0, 2.0, 2.0, 1.0]
    assert sum(one.qty for one in out.open) == 1.0


def test_d5_the_same_id_again_replaces_the_order(play: Play) -> None:
    plan = {0: [Entry("L", "long", qty=1), Entry("L", "long", qty=2)]}
    assert fills(play([CALM, CALM], plan)) == [(1, 1, 100.0, 2.0)]


def test_d6_cancel_removes_what_waits_and_nothing_else(play: Play) -> None:
    assert fills(play([CALM, CALM], {0: [LONG, Cancel("L")]})) == []
    assert len(fills(play([CALM, CALM], {0: [Cancel("L"), LONG]}))) == 1
    assert fills(play([CALM, CALM], {0: [LONG, CancelAll()]})) == []
    down = (100.0, 100.1, 90.0, 95.0)
    stop = Exit("X", "L", stop=95.0)
    kept = play([CALM, CALM, down], {0: [LONG, stop], 1: [Cancel("L")]})
    assert rows(kept) == [(1, 2, 100.0, 95.0)]
    gone = play([CALM, CALM, down], {0: [LONG, stop], 1: [Cancel("X")]})
    assert rows(gone) == []


def test_d7_a_close_with_nothing_open_does_nothing(play: Play) -> None:
    out = play([CALM, CALM, CALM], {0: [LONG, Close("L")]})
    assert out.trades == []


def test_d8_close_takes_the_oldest_first_or_its_own(play: Play) -> None:
    bars = [CALM, CALM, (101.0, 101.4, 100.6, 101.0), CALM, CALM]
    plan: dict[int, list[Command]] = {
        0: [Entry("A", "long", qty=2)],
        1: [Entry("B", "long", qty=1)],
        2: [Close("B")],
    }
    fifo = play(bars, plan, pyramiding=2)
    assert [(one.entry_id, one.qty) for one in fifo.trades] == [("A", 1.0)]
    own = play(bars, plan, pyramiding=2, close_rule="ANY")
    assert [(one.entry_id, one.qty) for one in own.trades] == [("B", 1.0)]


def test_d9_several_closes_add_up_to_the_position_at_most(play: Play) -> None:
    plan = {0: [LONG], 1: [Close("L", qty_percent=60), Close("L", qty_percent=60), CloseAll()]}
    out = play([CALM, CALM, CALM], plan)
    assert [one.qty for one in out.trades] == [0.6, 0.4]
    assert out.open == []


def test_d12_quantities_are_cut_to_the_step_and_zero_orders_nothing(play: Play) -> None:
    assert fills(play([CALM, CALM], {0: [Entry("L", "long", qty=0.299)]}))[0][3] == 0.29
    for qty in (0.0, float("nan"), -1.0, float("inf"), 0.001):
        assert fills(play([CALM, CALM], {0: [Entry("L", "long", qty=qty)]})) == []


def test_a_level_of_na_is_no_level(play: Play) -> None:
    plan = {0: [Entry("L", "long", stop=float("nan"))]}
    assert fills(play([CALM, CALM], plan)) == [(1, 1, 100.0, 1.0)]


def test_f_a_fill_cancels_or_reduces_its_group(play: Play) -> None:
    def pair(kind: str) -> list[Command]:
        group = {"oca_name": "g", "oca_type": kind}
        up = Order("u", "long", qty=1, stop=101.0, **group)  # type: ignore[arg-type]
        down = Order("d", "short", qty=3, stop=99.0, **group)  # type: ignore[arg-type]
        return [up, down]

    wide = (100.0, 101.5, 98.0, 99.0)
    quantities = {"none": [1.0, 1.0, 2.0], "cancel": [1.0], "reduce": [1.0, 1.0, 1.0]}
    for kind, expected in quantities.items():
        out = play([CALM, wide], {0: pair(kind)})
        assert [one.qty for one in out.fills] == expected, kind


def test_h3_a_reversal_pays_one_flat_fee(play: Play) -> None:
    out = play([CALM, CALM, CALM], {0: [LONG], 1: [SHORT]}, {"fee_per_order": 2.0})
    assert [float(one.fee) for one in out.fills] == [2.0, 1.0, 1.0]


def test_i5_an_entry_that_the_account_cannot_carry_is_dropped(play: Play) -> None:
    cash = {"initial_cash": 1000.0}
    bars = [CALM, CALM]
    assert fills(play(bars, {0: [Entry("L", "long", qty=10)]}, cash)) == [(1, 1, 100.0, 10.0)]
    assert fills(play(bars, {0: [Entry("L", "long", qty=10.01)]}, cash)) == []


def test_j1_a_forbidden_side_only_leaves_the_other(play: Play) -> None:
    plan = {0: [SHORT], 1: [LONG], 2: [SHORT]}
    out = play([CALM] * 4, plan, allow_entry_in="long")
    assert fills(out) == [(2, 1, 100.0, 1.0), (3, -1, 100.0, 1.0)]


def test_k5_the_script_sees_its_position_and_money(play: Play) -> None:
    seen: list[View] = []

    def script(view: View) -> list[Command]:
        seen.append(view)
        return [LONG] if view.bar in (0, 1) else []

    bars = [CALM, CALM, (102.0, 103.0, 101.0, 103.0)]
    play(bars, script, {"fee_per_order": 1.0}, pyramiding=2)
    last = seen[-1]
    assert (last.position_size, last.position_avg_price) == (2.0, 101.0)
    assert (last.openprofit, last.netprofit, last.opentrades) == (4.0, -2.0, 2)
    assert last.equity == 1_000_002.0
