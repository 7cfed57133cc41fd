"""What becomes of brackets? The orders that rest on each entry, and what moves its stop."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from engines.brackets import Bracket, Level
from engines.event.account import Account, Lot
from engines.event.events import Amend, Instruction, OrderUpdate, Place, Queue, Rank, Withdraw
from engines.event.levels import price_of, target_units
from engines.event.naming import Namer
from engines.kernel.rounding import round_against, round_in_favour
from engines.orders import Reason

STOP, TRAIL, WATCH = "stop", "trail", "watch"
# A target's part is its number, from 1.
_NEVER: Final = 0


@dataclass
class Resting:
    """The bracket of one lot: its stop now and why it is there, and its orders by part.

    `break_even` is where the stop may still be moved to. Until `placed` nothing is at the venue.
    """

    lot_number: int
    bracket: Bracket
    stop: float | None
    break_even: float | None
    placed: bool = False
    rests_from: int = -1
    reason: int = int(Reason.STOP_LOSS)
    orders: dict[str, str] = field(default_factory=dict)
    units: dict[str, float] = field(default_factory=dict)


@dataclass
class BracketDesk:
    """Rests brackets on lots, and keeps them fitting."""

    account: Account
    namer: Namer
    resting: dict[int, Resting] = field(default_factory=dict)

    def cover(self, lot: Lot, bracket: Bracket) -> Iterator[Instruction]:
        """A fresh lot: its bracket rests from its fill on (E1), or from the next close."""
        market, side = self.account.market, float(lot.side)
        stop = break_even = None
        if bracket.stop is not None:
            raw = price_of(bracket.stop, lot.price, -side, market)
            stop = float(round_against(raw, side, market.tick))
        if bracket.break_even is not None or bracket.after_target != _NEVER:
            break_even = self._break_even(lot, bracket)
        one = self.resting[lot.number] = Resting(lot.number, bracket, stop, break_even)
        if not market.exits_from_next_bar:
            # E10: the trail of an exit placed with its entry starts at the fill.
            yield from self._place(one, lot, lot.price if bracket.activation is None else None)

    def _break_even(self, lot: Lot, bracket: Bracket) -> float | None:
        """Where break-even puts the stop; None if that does not lie behind what triggers it."""
        market, side = self.account.market, float(lot.side)
        raw = price_of(bracket.offset, lot.price, side, market)
        level = float(round_against(raw, side, market.tick))
        trigger = self._trigger(lot, bracket)
        return level if side * level < side * trigger else None

    def _trigger(self, lot: Lot, bracket: Bracket) -> float:
        said = bracket.break_even
        if said is None:
            said = bracket.targets[bracket.after_target - 1].level
        return self._in_favour(said, lot)

    def _in_favour(self, level: Level, lot: Lot) -> float:
        market, side = self.account.market, float(lot.side)
        return float(round_in_favour(price_of(level, lot.price, side, market), side, market.tick))

    def close_bar(self, close: float) -> Iterator[Instruction]:
        """At a close: brackets that waited for the first one are placed (E8)."""
        for lot in self.account.lots:
            one = self.resting.get(lot.number)
            if one is not None and not one.placed:
                yield from self._place(one, lot, close)

    def _place(self, one: Resting, lot: Lot, reference: float | None) -> Iterator[Instruction]:
        one.placed, bracket = True, one.bracket
        if self.account.market.exits_from_next_bar:
            one.rests_from = self.namer.bar + 1
        if one.stop is not None:
            yield self._order(one, lot, STOP, lot.units, stop=one.stop)
        if bracket.trail is not None:
            yield self._trail(one, lot, bracket.trail, reference)
        if one.break_even is not None and bracket.break_even is not None:
            watch = self._in_favour(bracket.break_even, lot)
            yield self._order(one, lot, WATCH, 0.0, watch=watch)
        for number, units in target_units(bracket, lot, self.account.market):
            level = self._in_favour(bracket.targets[number - 1].level, lot)
            yield self._order(one, lot, str(number), units, limit=level)

    def _trail(self, one: Resting, lot: Lot, trail: Level, reference: float | None) -> Place:
        market, said = self.account.market, one.bracket.activation
        # Without an activation it is armed by whatever price it first looks at.
        activation = -lot.side * math.inf if said is None else self._in_favour(said, lot)
        if trail.form == "fraction":
            away = {"offset_fraction": trail.value}
        else:
            # E9: an offset in ticks is cut to whole ticks.
            ticks = trail.form == "ticks"
            away = {"offset": math.floor(trail.value) * market.tick if ticks else trail.value}
        return self._order(
            one,
            lot,
            TRAIL,
            lot.units,
            activation=activation,
            reference=reference,
            # Not settled by the rules: slippage may put a fresh trail beyond the price.
            lets_run=True,
            **away,
        )

    def _order(
        self, one: Resting, lot: Lot, part: str, units: float, **said: float | None
    ) -> Place:
        name = self.namer.name(f"bracket:{lot.number}:{part}")
        one.orders[part], one.units[part] = name, units
        # A stop and a trail of one lot share a place: of two that are due, the nearer (E5).
        place = int(part) if part.isdigit() else 0
        return Place(
            name,
            -lot.side,
            self.namer.next_call(),
            Rank(Queue.EXIT, 0, lot.number, place),
            units,
            reduce_only=True,
            rests_from=one.rests_from,
            **said,  # type: ignore[arg-type]
        )

    def uncover(self, lot: Lot) -> Iterator[Instruction]:
        """Take a lot's bracket back, to rest it anew."""
        one = self.resting.pop(lot.number, None)
        if one is not None:
            yield from (Withdraw(name) for name in one.orders.values())

    def move_stops(self, level: Level) -> Iterator[Instruction]:
        """Another level for all stops; one at break-even does not go back behind it (E6)."""
        market = self.account.market
        for lot in self.account.lots:
            one, side = self.resting.get(lot.number), float(lot.side)
            if one is None:
                continue
            raw = price_of(level, lot.price, -side, market)
            stop = float(round_against(raw, side, market.tick))
            moved = one.reason == Reason.BREAK_EVEN and one.stop is not None
            if not moved or side * stop > side * (one.stop or 0.0):
                one.stop, one.reason = stop, int(Reason.STOP_LOSS)
                if STOP in one.orders:
                    yield Amend(one.orders[STOP], stop=stop, rests_from=self.namer.bar + 1)

    def part_of(self, order_id: str) -> tuple[Resting, str] | None:
        """The bracket that an order at the venue belongs to, and which part it is."""
        for one in self.resting.values():
            for part, name in one.orders.items():
                if name == order_id:
                    return one, part
        return None

    def reason_of(self, one: Resting, part: str) -> Reason:
        """What the ledger says of a part's fill."""
        if part == STOP:
            return Reason(one.reason)
        return Reason.TRAILING_STOP if part == TRAIL else Reason.TAKE_PROFIT

    def after(self, one: Resting, part: str, update: OrderUpdate) -> Iterator[Instruction]:
        """A part is filled, gone or reached: the stop may move, and the rest is fitted."""
        if update.left_units > 0.0:
            one.units[part] = update.left_units
            return
        del one.orders[part]
        reached = part == WATCH and update.status == "reached"
        filled = part == str(one.bracket.after_target) and update.status == "filled"
        if reached or filled:
            yield from self._lift(one)

    def _lift(self, one: Resting) -> Iterator[Instruction]:
        lot = next((lot for lot in self.account.lots if lot.number == one.lot_number), None)
        if lot is None or one.break_even is None:
            return
        if one.stop is not None and lot.side * one.break_even <= lot.side * one.stop:
            return
        one.stop, one.reason = one.break_even, int(Reason.BREAK_EVEN)
        if STOP in one.orders:
            yield Amend(one.orders[STOP], stop=one.stop)
        else:
            yield self._order(one, lot, STOP, lot.units, stop=one.stop)

    def tidy(self) -> Iterator[Instruction]:
        """Withdraw what rests on lots that are gone, and fit the rest to what is left of them."""
        lots = {lot.number: lot for lot in self.account.lots}
        for number, one in list(self.resting.items()):
            lot = lots.get(number)
            if lot is None:
                yield from (Withdraw(name) for name in one.orders.values())
                del self.resting[number]
                continue
            for part, name in one.orders.items():
                wanted = lot.units if part in (STOP, TRAIL) else min(one.units[part], lot.units)
                if wanted != one.units[part]:
                    one.units[part] = wanted
                    yield Amend(name, units=wanted)
