"""When does a waiting order meet the price? Its levels, and where a path touches them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from engines.commands import Entry, ExitPart
from engines.reference.grid import Ticks, Units


class Touch(NamedTuple):
    """Where on the path an order triggers, and at what price it then fills.

    `slips` tells a market or stop order from a limit (C4); `part` which part of an exit it is.
    """

    at: Ticks
    price: Ticks
    slips: bool
    part: ExitPart = "stop"


def touch_of_stop(level: Ticks, side: int, here: Ticks, there: Ticks) -> Touch | None:
    """A stop that buys (+1) or sells (−1), on the way from `here` to `there` (B2, B3)."""
    if side * here >= side * level:
        return Touch(here, here, slips=True)
    if side * there >= side * level:
        return Touch(level, level, slips=True)
    return None


def touch_of_limit(
    level: Ticks, side: int, here: Ticks, there: Ticks, beyond: int = 0
) -> Touch | None:
    """A limit that buys (+1) or sells (−1); the price goes `beyond` it by so many ticks (C5).

    Where the market is through it already, it fills at the better price there (B3).
    """
    trigger = level - side * beyond
    if side * here <= side * trigger:
        return Touch(here, here, slips=False)
    if side * there <= side * trigger:
        return Touch(trigger, level, slips=False)
    return None


@dataclass
class Pending:
    """An entry or order that waits for the next open, or for its levels.

    `units` is None where a budget, frozen when the order was placed, decides at the fill (G5).
    `against` is what was open on the other side at that moment (D2); a market order that `flips`
    takes what is open there at its fill instead (D10). `sequence` is the order of the calls, `turn`
    numbers the pass that made them. `sized_at` is the price that the margin is checked at, if it
    is not the fill's (I5), `equity` what sizes a graph's entry, None for that of its fill (G5).
    `safety` numbers a ladder's safety orders from 1, each for a `share` of the entry `first_id`.
    `took` tells that the market was through the limit then,
    `refused` that it was not to take.
    """

    command: Entry
    side: int
    units: Units | None
    budget: Fraction
    against: Units
    limit: Ticks | None
    stop: Ticks | None
    sequence: int
    took: bool = False
    flips: bool = False
    turn: int = 0
    sized_at: Ticks | None = None
    equity: Fraction | None = None
    refused: bool = False
    safety: int = 0
    share: Fraction | None = None
    first_id: str = ""

    @property
    def entry_id(self) -> str:
        """What the entry is called that it opens: of a safety order, that of the first."""
        return self.first_id or self.command.id

    def takes(self, touch: Touch) -> bool:
        """Whether a limit fills at the better price that was there when it came."""
        better = self.limit is not None and self.side * touch.price < self.side * self.limit
        return self.took and better

    def move(self, limit: Ticks | None, here: Ticks) -> None:
        """Another limit, sent while the market is at `here`."""
        if limit is not None and limit != self.limit:
            self.took = self.side * here < self.side * limit
        self.limit = limit

    @property
    def is_market(self) -> bool:
        """Whether it fills at the next open."""
        return self.limit is None and self.stop is None

    def touch(self, here: Ticks, there: Ticks, beyond: int) -> Touch | None:
        """Where the way from `here` to `there` triggers it."""
        if self.stop is not None:
            touch = touch_of_stop(self.stop, self.side, here, there)
            if touch is None or self.limit is None:
                return touch
            # C6: the stop only activates the limit, which may be met on the rest of the way.
            found = touch_of_limit(self.limit, self.side, touch.at, there, beyond)
            return found
        if self.limit is not None:
            return touch_of_limit(self.limit, self.side, here, there, beyond)
        return None

    def pass_by(self, here: Ticks) -> None:
        """The path went to `here`: a stop-limit order whose stop was met becomes a limit (C6)."""
        if self.stop is None or self.limit is None:
            return
        if self.side * here >= self.side * self.stop:
            self.stop = None
