"""`calc_on_order_fills` on both engines, worked out by hand (rule A5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engines.commands import Command, Entry, Exit, Order
from engines.script import View
from tests.engines.reference.conftest import Bar, Play
from tests.engines.reference.test_order_rules import CALM, fills, rows

# Low first: 100, 99, 104, 103.
UP: Bar = (100.0, 104.0, 99.0, 103.0)


class Buying:
    """Buys whenever it runs, up to `until`; counts its runs as `var` and as `varip`."""

    def __init__(self, until: int) -> None:
        self.until = until
        self.runs = {"var": 0, "varip": 0}
        self.seen: list[tuple[int, float, float]] = []

    def on_close(self, view: View) -> Iterator[Command]:
        self.runs = {name: count + 1 for name, count in self.runs.items()}
        self.seen.append((view.bar, view.price, view.position_size))
        if view.bar <= self.until:
            yield Order("buy", "long")

    def save(self) -> object:
        return self.runs["var"]

    def roll_back(self, saved: Any) -> None:
        self.runs["var"] = saved


def test_market_orders_fill_at_open_open_near_and_far(play: Play) -> None:
    script = Buying(until=1)
    out = play([CALM, UP, CALM, CALM], script, calc_on_order_fills=True)
    # The order of the last close, those of three passes, and that of the run at the close.
    assert fills(out) == [
        (1, 1, 100.0, 1.0),
        (1, 1, 100.0, 1.0),
        (1, 1, 99.0, 1.0),
        (1, 1, 104.0, 1.0),
        (2, 1, 100.0, 1.0),
    ]
    assert script.seen[:5] == [
        (0, 100.0, 0.0),
        (1, 100.0, 1.0),
        (1, 99.0, 2.0),
        (1, 104.0, 3.0),
        (1, 103.0, 4.0),
    ]


def test_what_a_pass_remembers_is_rolled_back_unless_it_is_varip(play: Play) -> None:
    script = Buying(until=1)
    play([CALM, UP, CALM, CALM], script, calc_on_order_fills=True)
    # Four bars; three passes in the second and, after its fill, one in the third.
    assert script.runs == {"var": 4, "varip": 8}


def test_without_it_the_script_runs_once_a_bar(play: Play) -> None:
    script = Buying(until=1)
    out = play([CALM, UP, CALM, CALM], script)
    assert script.runs == {"var": 4, "varip": 4}
    assert [one.bar for one in out.fills] == [1, 2]


def test_a_stop_fill_leads_to_the_end_of_its_leg(play: Play) -> None:
    def plan(view: View) -> list[Command]:
        if view.bar == 0:
            return [Entry("L", "long", stop=101.0)]
        return [Order("out", "short")] if view.position_size > 0 else []

    out = play([CALM, UP, CALM], plan, calc_on_order_fills=True)
    # 101 on the way from 99 to 104: the pass stands at 104 and sells there.
    assert rows(out) == [(1, 1, 101.0, 104.0)]


def test_levels_of_a_pass_fill_on_the_rest_of_the_path(play: Play) -> None:
    def plan(view: View) -> list[Command]:
        if view.bar == 0:
            return [Entry("L", "long")]
        return [Exit("X", "L", limit=103.5, stop=99.5)] if view.position_size > 0 else []

    out = play([CALM, UP, CALM], plan, calc_on_order_fills=True)
    # Bought at the open, the stop is met on the first leg.
    assert rows(out) == [(1, 1, 100.0, 99.5)]


def test_a_level_that_the_price_is_beyond_fills_where_the_pass_stands(play: Play) -> None:
    def plan(view: View) -> list[Command]:
        if view.bar == 0:
            return [Entry("L", "long", limit=99.0)]
        return [Exit("X", "L", limit=98.0)] if view.position_size > 0 else []

    out = play([CALM, UP, CALM], plan, calc_on_order_fills=True)
    assert rows(out) == [(1, 1, 99.0, 99.0)]


def test_at_most_four_runs_a_bar(play: Play) -> None:
    """A script that turns around whenever it runs fills for ever, were there no end of nodes."""

    def plan(view: View) -> list[Command]:
        return [Entry(f"E{view.price}", "short" if view.position_size > 0 else "long")]

    out = play([CALM, UP, CALM], plan, calc_on_order_fills=True)
    assert len([one for one in out.trades if one.entry_bar == 1]) == 4
