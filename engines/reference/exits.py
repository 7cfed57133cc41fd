"""What does `strategy.exit` leave in the market? One leg for each entry it covers (E1 to E12)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction

from engines.commands import Direction, Exit, ExitLevels
from engines.reference.account import Lot
from engines.reference.grid import Grid, Ticks, Units, distance
from engines.reference.pending import Touch, touch_of_limit, touch_of_stop

Key = tuple[str, str, int]


@dataclass
class Standing:
    """An exit as it was called last, and which entries it covers.

    `only_side` restricts an exit without `from_entry` that was called in a position to entries
    of that side (E1); 0 covers both.
    """

    command: Exit
    only_side: int
    sequence: int

    def covers(self, lot: Lot) -> bool:
        """Whether the exit is meant for that entry."""
        if self.command.from_entry:
            return self.command.from_entry == lot.entry_id
        return self.only_side in (0, lot.side)


@dataclass(frozen=True)
class Levels:
    """Prices of a leg; None where the call gave none. `offset` is in ticks."""

    stop: Ticks | None
    limit: Ticks | None
    activation: Ticks | None
    offset: int


@dataclass
class Leg:
    """One exit on one entry: its part of it (E2), and how far it has trailed (E8)."""

    lot: Lot
    standing: Standing
    levels: Levels
    reserved: Units
    armed: bool = False
    water: Ticks = 0
    done: bool = False
    took: bool = False

    def changes(self, levels: Levels, here: Ticks) -> None:
        """Give it other levels, with the market at `here`."""
        if levels.limit is not None and levels.limit != self.levels.limit:
            self.took = -self.lot.side * here < -self.lot.side * levels.limit
        self.levels = levels

    def takes(self, touch: Touch) -> bool:
        """Whether its limit fills at the better price that was there when it came."""
        limit, side = self.levels.limit, -self.lot.side
        return self.took and limit is not None and side * touch.price < side * limit

    def arm_from(self, price: Ticks) -> None:
        """The price is where the trailing stop starts to look (E8, E10)."""
        self.follow(price)

    def follow(self, price: Ticks) -> None:
        """The path went to `price`: it may arm the trailing stop, or raise its water mark."""
        activation, side = self.levels.activation, self.lot.side
        if activation is None:
            return
        if not self.armed and side * price >= side * activation:
            self.armed, self.water = True, price
        if self.armed and side * price > side * self.water:
            self.water = price

    def touch(self, here: Ticks, there: Ticks, beyond: int) -> Touch | None:
        """The first of its levels on the way from `here` to `there`."""
        side = -self.lot.side
        found: list[Touch | None] = []
        if self.levels.stop is not None:
            found.append(touch_of_stop(self.levels.stop, side, here, there))
        if self.levels.limit is not None:
            limit = touch_of_limit(self.levels.limit, side, here, there, beyond)
            found.append(limit and limit._replace(part="limit"))
        trail = self._trailing(side, here, there)
        found.append(trail and trail._replace(part="trail"))
        touches = [touch for touch in found if touch is not None]
        return min(touches, key=lambda touch: distance(touch.at, here), default=None)

    def _trailing(self, side: int, here: Ticks, there: Ticks) -> Touch | None:
        activation = self.levels.activation
        if activation is None:
            return None
        if self.armed:
            level = self.water + side * self.levels.offset
            return touch_of_stop(level, side, here, there)
        if self.levels.offset == 0:
            # E9: without an offset the activation itself is the exit.
            met = touch_of_limit(activation, side, here, there)
            return None if met is None else met._replace(slips=True)
        return None


def levels_of(command: Exit, lot: Lot, grid: Grid, held: ExitLevels = "first") -> Levels:
    """The prices of a call for one entry. Of two forms the one met first, or the absolute (E4)."""
    if held == "absolute":
        command = only_absolute(command)
    side, entry = lot.side, lot.price
    closing: Direction = "short" if side > 0 else "long"
    stops = [] if command.stop is None else [grid.stop(command.stop, closing)]
    stops += [] if command.loss is None else [_ticks_away(entry, -side, command.loss)]
    limits = [] if command.limit is None else [grid.limit(command.limit, closing)]
    limits += [] if command.profit is None else [_ticks_away(entry, side, command.profit)]
    trails = [] if command.trail_price is None else [grid.limit(command.trail_price, closing)]
    points = command.trail_points
    trails += [] if points is None else [_ticks_away(entry, side, points)]
    return Levels(
        max(stops, key=lambda level: side * level, default=None),
        min(limits, key=lambda level: side * level, default=None),
        min(trails, key=lambda level: side * level, default=None),
        # E9: the offset is cut to whole ticks.
        int(command.trail_offset or 0),
    )


def only_absolute(command: Exit) -> Exit:
    """The call without those distances that have a price beside them, as Pine 5 reads it (E4)."""
    return replace(
        command,
        profit=command.profit if command.limit is None else None,
        loss=command.loss if command.stop is None else None,
        trail_points=command.trail_points if command.trail_price is None else None,
    )


def _ticks_away(entry: Ticks, side: int, ticks: float) -> Ticks:
    away = Fraction(ticks)
    # Whole ticks, to the better: a level lies on the grid (C1).
    return entry + side * math.ceil(away) if side > 0 else entry - math.ceil(away)


def has_levels(command: Exit) -> bool:
    """Whether a call says anything (E6)."""
    given = (
        command.profit,
        command.limit,
        command.loss,
        command.stop,
        command.trail_price,
        command.trail_points,
    )
    return any(value is not None for value in given)


def reserved_units(command: Exit, lot: Lot, others: Units, grid: Grid) -> Units:
    """The part of an entry that a leg takes; `others` is what other legs hold of it (E2)."""
    free = max(lot.claim - others, 0)
    if command.qty is not None:
        return min(grid.units(command.qty), free)
    if command.qty_percent is not None:
        part = lot.entry_units * Fraction(repr(command.qty_percent)) / 100
        return min(grid.whole(part * grid.lot), free)
    return free


def trails_alike(first: Exit, second: Exit) -> bool:
    """Whether two calls trail by the same numbers; otherwise the trail starts anew (E11)."""

    def numbers(command: Exit) -> tuple[float | None, ...]:
        return command.trail_price, command.trail_points, command.trail_offset

    return numbers(first) == numbers(second)
