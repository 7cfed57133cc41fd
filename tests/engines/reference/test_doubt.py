"""Which exits of scripts hang on the order inside a bar, worked out by hand on both engines."""

from __future__ import annotations

from typing import Any

import pytest

from engines.commands import Command, Entry, Exit
from tests.engines.reference.conftest import Bar, Play
from tests.engines.reference.test_order_rules import LONG

FLAT: Bar = (100.0, 100.0, 100.0, 100.0)
# Down to 97.9 first: the high is farther from the open.
WIDE: Bar = (100.0, 103.0, 97.9, 101.0)


def doubt(outcome: Any) -> list[float]:
    found = outcome.doubts
    return [found.exits, found.worse, found.better]


@pytest.mark.parametrize(
    ("exits", "expected"),
    [
        # Stopped at 98; the other order sells at 103.
        ([Exit("X", "L", profit=30, loss=20)], [1, 0.0, 5.0]),
        # Two legs of one entry are one doubt: half of it would have gone at 103.
        (
            [
                Exit("A", "L", qty_percent=50, profit=30, loss=20),
                Exit("B", "L", profit=50, loss=20),
            ],
            [1, 0.0, 2.5],
        ),
        # Armed at 102 by the high, met a point below it; low first, nothing leaves.
        ([Exit("X", "L", trail_points=20, trail_offset=10)], [0, 0.0, 0.0]),
        # The stop at 99 that the low meets, or one at 102 that follows the high.
        ([Exit("X", "L", loss=10, trail_points=20, trail_offset=10)], [1, 0.0, 3.0]),
        # A stop alone, or a target alone, is met whatever comes first.
        ([Exit("X", "L", loss=20)], [0, 0.0, 0.0]),
        ([Exit("X", "L", profit=30)], [0, 0.0, 0.0]),
    ],
)
def test_an_entry_is_walked_in_both_orders(
    play: Play, exits: list[Command], expected: list[float]
) -> None:
    out = play([FLAT, FLAT, WIDE, FLAT], {0: [LONG, *exits]})
    assert doubt(out) == pytest.approx(expected)
    assert {one.ambiguous for one in out.trades} <= {expected[0] == 1}


def test_an_extreme_at_the_open_came_first(play: Play) -> None:
    plan = {0: [LONG, Exit("X", "L", profit=30, loss=20)]}
    assert doubt(play([FLAT, FLAT, (100.0, 103.0, 100.0, 101.0), FLAT], plan))[0] == 0
    # The stop was jumped over.
    assert doubt(play([FLAT, FLAT, (98.0, 103.0, 97.9, 101.0), FLAT], plan))[0] == 0


def test_each_entry_of_a_position_counts_for_itself(play: Play) -> None:
    entries: list[Command] = [Entry("A", "long", qty=1), Entry("B", "long", qty=2)]
    both: list[Command] = [*entries, Exit("X", profit=30, loss=20)]
    out = play([FLAT, FLAT, WIDE, FLAT], {0: both}, pyramiding=2)
    assert doubt(out) == pytest.approx([2, 0.0, 15.0])


def test_fees_and_slippage_are_in_what_the_other_order_brings(play: Play) -> None:
    broker = {"taker_fee_rate": 0.001, "maker_fee_rate": 0.0005, "slippage_ticks": 1.0}
    plan = {0: [LONG, Exit("X", "L", limit=103.0, stop=98.0)]}
    out = play([FLAT, FLAT, WIDE, FLAT], plan, broker)
    better = 103.0 - 97.9 - 103.0 * 0.0005 + 97.9 * 0.001
    assert doubt(out) == pytest.approx([1, 0.0, better])
