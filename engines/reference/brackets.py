"""What rests on an entry by its bracket? Levels from its fill, and what moves them (E1 to E10)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from engines.brackets import Anchor, Bracket, Level
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

    `targets` hold price and units by number, from 1, until they fill. `safety` is the stop of the
    position's margin, `moved_in` the bar whose close has moved the own one. `through` are targets
    that the market was through when they came or moved.
    """

    lot: Lot
    bracket: Bracket
    grid: Grid
    live_from: int | None
    stop: Ticks | None = None
    safety: Ticks | None = None
    reason: Reason = Reason.STOP_LOSS
    activation: Ticks | None = None
    water: Ticks | None = None
    trigger: Ticks | None = None
    break_even: Ticks | None = None
    targets: dict[int, tuple[Ticks, Units]] = field(default_factory=dict)
    through: set[int] = field(default_factory=set)
    lifted: bool = False
    moved_in: int = -1

    def __post_init__(self) -> None:
        self._reserve()

    def measure(self, lots: Sequence[Lot], leverage: float, here: Ticks, anew: bool) -> None:
        """Put the levels where the position of these lots wants them; `anew` for a fresh lot.

        Later only those move that are not measured from the lot's own fill, as far as they have
        not fired. The margin's stop lies where the average price has lost its share of it.
        """
        bracket = self.bracket
        bases = {"entry": self.lot.price, "average": average(lots, self.grid)}
        bases["last"] = lots[-1].price

        def base(anchor: Anchor) -> Fraction | None:
            known = anew or anchor != "entry"
            return bases[anchor] * self.grid.tick if known else None

        at = base(bracket.stop_anchor)
        if bracket.stop is not None and at is not None:
            self._own_stop(self._worse(bracket.stop, -1, at))
        at = base(bracket.activation_anchor)
        if bracket.activation is not None and at is not None:
            self.activation = self._better(bracket.activation, at)
        at = base(bracket.break_even_anchor)
        if at is not None:
            self._measure_break_even(at)
        for number, (before, units) in list(self.targets.items()):
            target = bracket.targets[number - 1]
            at = base(target.anchor)
            level = before if at is None else self._better(target.level, at)
            self.targets[number] = level, units
            if anew or level != before:
                self._send(number, here)
        if bracket.safety is not None:
            share = Fraction(bracket.safety) / Fraction(leverage)
            price = bases["average"] * self.grid.tick * (1 - self.lot.side * share)
            self.safety = self.grid.stop(price, self._closing)

    def send_targets(self, here: Ticks) -> None:
        """All targets come to the market, which is at `here`."""
        for number in self.targets:
            self._send(number, here)

    def _send(self, number: int, here: Ticks) -> None:
        self.through.discard(number)
        if self.lot.side * here > self.lot.side * self.targets[number][0]:
            self.through.add(number)

    def takes(self, part: int, touch: Touch) -> bool:
        """Whether a target fills at the better price that was there when it came."""
        side = self.lot.side
        return part in self.through and side * touch.price > side * self.targets[part][0]

    def _reserve(self) -> None:
        """E2: each target reserves its part of the entry; the last takes what rounding left."""
        left, said = self.lot.entry_units, Fraction(0)
        for number, target in enumerate(self.bracket.targets, 1):
            said += Fraction(target.portion)
            part = self.grid.whole(self.lot.entry_units * self.grid.lot * Fraction(target.portion))
            units = left if said >= _WHOLE else min(part, left)
            if units > 0:
                self.targets[number] = self.lot.price, units
                left -= units

    def _measure_break_even(self, base: Fraction) -> None:
        bracket, side = self.bracket, self.lot.side
        trigger = bracket.break_even
        if trigger is None and bracket.after_target:
            trigger = bracket.targets[bracket.after_target - 1].level
        if trigger is None:
            return
        level, mark = self._worse(bracket.offset, 1, base), self._better(trigger, base)
        # Not settled by the rules: an offset beyond its trigger moves nothing.
        self.break_even = level if side * level < side * mark else None
        waits = bracket.break_even is not None and not self.lifted
        self.trigger = mark if waits else None

    def _price(self, level: Level, direction: int, base: Fraction) -> Fraction:
        """Exact price of a level, counted from a base in favour (+1) or against (−1) (E4)."""
        away = direction * self.lot.side
        value = Fraction(level.value)
        if level.form == "fraction":
            return Fraction(base * (1 + away * value))
        if level.form == "ticks":
            return Fraction(base + away * value * self.grid.tick)
        return Fraction(base + away * value) if level.form == "distance" else value

    def _worse(self, level: Level, direction: int, base: Fraction) -> Ticks:
        """C1: a stop is rounded to the worse."""
        return self.grid.stop(self._price(level, direction, base), self._closing)

    def _better(self, level: Level, base: Fraction) -> Ticks:
        """C1: a target, or what arms something, is rounded to the better."""
        return self.grid.limit(self._price(level, 1, base), self._closing)

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

    def move_stop(self, level: Level, bar: int) -> None:
        """Another stop from the next bar on; its distance counts from the fill (E4)."""
        self.moved_in = bar
        self._own_stop(self._worse(level, -1, Fraction(self.lot.price * self.grid.tick)))

    def _own_stop(self, stop: Ticks) -> None:
        """Another stop, unless break-even is better (E6)."""
        kept, side = self.reason is Reason.BREAK_EVEN and self.stop is not None, self.lot.side
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
            self.trigger, self.lifted = None, True
            self.lift()

    def lift(self) -> None:
        """The stop goes to break-even, unless it is better already."""
        side, level = self.lot.side, self.break_even
        if level is not None and (self.stop is None or side * level > side * self.stop):
            self.stop, self.reason = level, Reason.BREAK_EVEN

    @property
    def standing_stop(self) -> Ticks | None:
        """The nearer of the own stop and the margin's."""
        levels = [level for level in (self.stop, self.safety) if level is not None]
        return max(levels, key=lambda level: self.lot.side * level, default=None)

    def due(self) -> tuple[Ticks, Reason] | None:
        """E5: of a stop and a trailing stop, the one that is met first."""
        found = None if self.stop is None else (self.stop, self.reason)
        side = self.lot.side
        for level, reason in (
            (self.safety, Reason.SAFETY_CLOSE),
            (self._trail(), Reason.TRAILING_STOP),
        ):
            if level is not None and (found is None or side * level > side * found[0]):
                found = level, reason
        return found

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
        level = None if due is None else due[0]
        if self.lot.side * (there - here) > 0:
            # Not settled by the rules: on its way in favour a trail only moves, also one that
            # slippage has put beyond the price.
            level = self.standing_stop
        if level is not None:
            touch = touch_of_stop(level, side, here, there)
            if touch is not None:
                yield STOPPED, touch
        for number, (level, _) in self.targets.items():
            touch = touch_of_limit(level, side, here, there)
            if touch is not None:
                yield number, touch


def average(lots: Sequence[Lot], grid: Grid) -> Fraction:
    """Average entry price in ticks (K5): of an inverse contract the harmonic one (C7)."""
    units = sum((lot.units for lot in lots), 0)
    if grid.inverse:
        return Fraction(units) / sum((lot.units / Fraction(lot.price) for lot in lots), Fraction(0))
    return Fraction(sum((lot.units * lot.price for lot in lots), 0)) / units
