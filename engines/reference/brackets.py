"""What rests on an entry by its bracket? Levels from its fill, and what moves them (E1 to E10)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from engines.brackets import Bracket, Level
from engines.commands import Direction
from engines.orders import Reason
from engines.reference.account import Lot
from engines.reference.grid import Grid, Ticks, Units
from engines.reference.pending import Touch, touch_of_limit, touch_of_stop

# Portions that add up to this close the whole entry, whatever rounding left (E2).
_WHOLE: Final = 1 - Fraction(1, 10**9)
STOPPED: Final = 0


@dataclass
class Rest:
    """A bracket on one lot. `live_from` is the bar from which it is there, None until known.

    `targets` hold price and units by number, from 1, until they fill.
    """

    lot: Lot
    bracket: Bracket
    grid: Grid
    live_from: int | None
    stop: Ticks | None = None
    reason: Reason = Reason.STOP_LOSS
    activation: Ticks | None = None
    water: Ticks | None = None
    trigger: Ticks | None = None
    break_even: Ticks | None = None
    targets: dict[int, tuple[Ticks, Units]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        bracket = self.bracket
        if bracket.stop is not None:
            self.stop = self._worse(bracket.stop, -1)
        if bracket.activation is not None:
            self.activation = self._better(bracket.activation)
        self._reserve()
        self._prepare_break_even()

    def _reserve(self) -> None:
        """E2: each target reserves its part of the entry; the last takes what rounding left."""
        left, said = self.lot.entry_units, Fraction(0)
        for number, target in enumerate(self.bracket.targets, 1):
            said += Fraction(target.portion)
            part = self.grid.whole(self.lot.entry_units * self.grid.lot * Fraction(target.portion))
            units = left if said >= _WHOLE else min(part, left)
            if units > 0:
                self.targets[number] = self._better(target.level), units
                left -= units

    def _prepare_break_even(self) -> None:
        bracket, side = self.bracket, self.lot.side
        trigger = bracket.break_even
        if trigger is None and bracket.after_target:
            trigger = bracket.targets[bracket.after_target - 1].level
        if trigger is None:
            return
        level, mark = self._worse(bracket.offset, 1), self._better(trigger)
        # Not settled by the rules: an offset beyond its trigger moves nothing.
        if side * level < side * mark:
            self.break_even = level
            self.trigger = None if bracket.break_even is None else mark

    def _price(self, level: Level, direction: int) -> Fraction:
        """Exact price of a level, counted from the fill in favour (+1) or against (−1) (E4)."""
        entry, away = self.lot.price * self.grid.tick, direction * self.lot.side
        value = Fraction(level.value)
        if level.form == "fraction":
            return Fraction(entry * (1 + away * value))
        if level.form == "ticks":
            return Fraction(entry + away * value * self.grid.tick)
        return Fraction(entry + away * value) if level.form == "distance" else value

    def _worse(self, level: Level, direction: int) -> Ticks:
        """C1: a stop is rounded to the worse."""
        return self.grid.stop(self._price(level, direction), self._closing)

    def _better(self, level: Level) -> Ticks:
        """C1: a target, or what arms something, is rounded to the better."""
        return self.grid.limit(self._price(level, 1), self._closing)

    @property
    def _closing(self) -> Direction:
        return "short" if self.lot.side > 0 else "long"

    def arm(self, price: Ticks) -> None:
        """E8, E10: the price at which a trail starts to look; without activation it is armed."""
        if self.bracket.trail is None:
            return
        side = self.lot.side
        if self.activation is None or side * price >= side * self.activation:
            self.water = price

    def move_stop(self, level: Level) -> None:
        """Another stop, unless break-even is better (E6)."""
        stop, side = self._worse(level, -1), self.lot.side
        kept = self.reason is Reason.BREAK_EVEN and self.stop is not None
        if not kept or side * stop > side * (self.stop or 0):
            self.stop, self.reason = stop, Reason.STOP_LOSS

    def follow(self, price: Ticks) -> None:
        """The path went to `price`: the trail follows, and break-even may be due."""
        side = self.lot.side
        if self.bracket.trail is not None:
            if self.water is not None:
                self.water = max(self.water, price) if side > 0 else min(self.water, price)
            elif self.activation is not None and side * price >= side * self.activation:
                self.water = price
        if self.trigger is not None and side * price >= side * self.trigger:
            self.trigger = None
            self.lift()

    def lift(self) -> None:
        """The stop goes to break-even, unless it is better already."""
        side, level = self.lot.side, self.break_even
        if level is not None and (self.stop is None or side * level > side * self.stop):
            self.stop, self.reason = level, Reason.BREAK_EVEN

    def due(self) -> tuple[Ticks, Reason] | None:
        """E5: of a stop and a trailing stop, the one that is met first."""
        trail, side = self._trail(), self.lot.side
        if trail is not None and (self.stop is None or side * trail > side * self.stop):
            return trail, Reason.TRAILING_STOP
        return None if self.stop is None else (self.stop, self.reason)

    def _trail(self) -> Ticks | None:
        trail = self.bracket.trail
        if trail is None or self.water is None:
            return None
        best = self.water * self.grid.tick
        away = Fraction(trail.value)
        if trail.form == "fraction":
            away *= best
        elif trail.form == "ticks":
            # E9: whole ticks.
            away = math.floor(away) * self.grid.tick
        return self.grid.stop(Fraction(best - self.lot.side * away), self._closing)

    def touches(self, here: Ticks, there: Ticks) -> Iterator[tuple[int, Touch]]:
        """What the way from `here` to `there` triggers: 0 for the stop, else a target's number."""
        side, due = -self.lot.side, self.due()
        if self.lot.side * (there - here) > 0:
            # Not settled by the rules: on its way in favour a trail only moves, also one that
            # slippage has put beyond the price.
            due = None if self.stop is None else (self.stop, self.reason)
        if due is not None:
            touch = touch_of_stop(due[0], side, here, there)
            if touch is not None:
                yield STOPPED, touch
        for number, (level, _) in self.targets.items():
            touch = touch_of_limit(level, side, here, there)
            if touch is not None:
                yield number, touch
