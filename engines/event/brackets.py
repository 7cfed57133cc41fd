"""What becomes of brackets? The orders that rest on each entry, and what moves its stop."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from engines.brackets import Bracket, Level
from engines.event.account import Account, Lot
from engines.event.anchors import ACTIVATION, WATCH, Levels, measure, targets_of
from engines.event.events import Amend, Instruction, OrderUpdate, Place, Queue, Rank, Withdraw
from engines.event.levels import price_of, target_units
from engines.event.naming import Namer
from engines.kernel.rounding import round_against
from engines.orders import Reason

STOP: Final = "stop"
TRAIL: Final = "trail"


@dataclass
class Resting:
    """The bracket of one lot: where its levels are, and its orders by part.

    Until `placed` nothing is at the venue. `lifted` tells that break-even has been triggered.
    """

    lot_number: int
    bracket: Bracket
    levels: Levels
    placed: bool = False
    lifted: bool = False
    rests_from: int = -1
    orders: dict[str, str] = field(default_factory=dict)
    units: dict[str, float] = field(default_factory=dict)


@dataclass
class BracketDesk:
    """Rests brackets on lots, and keeps them fitting."""

    account: Account
    namer: Namer
    resting: dict[int, Resting] = field(default_factory=dict)

    def cover(self, lot: Lot, bracket: Bracket) -> Iterator[Instruction]:
        """A fresh lot: its bracket rests from its fill on (E1), or from the next close.

        What others have anchored to the position moves with it.
        """
        one = self.resting[lot.number] = Resting(lot.number, bracket, Levels(lot.side))
        measure(one.levels, bracket, lot, self.account, anew=True)
        if bracket.measures_whole:
            yield from self._anchor(lot)
        if not self.account.market.exits_from_next_bar:
            # E10: the trail of an exit placed with its entry starts at the fill.
            yield from self._place(one, lot, lot.price if bracket.activation is None else None)

    def _anchor(self, fresh: Lot) -> Iterator[Instruction]:
        for lot in self.account.lots:
            one = self.resting.get(lot.number)
            if one is None or lot is fresh:
                continue
            measure(one.levels, one.bracket, lot, self.account, anew=False)
            if one.placed:
                yield from self._fit(one, lot)

    def _fit(self, one: Resting, lot: Lot) -> Iterator[Instruction]:
        """Bring a lot's orders to its levels."""
        levels, orders = one.levels, one.orders
        yield from self._show_stop(one, lot)
        if TRAIL in orders and ACTIVATION in levels.at:
            yield Amend(orders[TRAIL], activation=levels.at[ACTIVATION])
        for part, level in targets_of(levels):
            if part in orders:
                yield Amend(orders[part], limit=level)
        if WATCH in orders:
            yield Withdraw(orders.pop(WATCH))
        yield from self._watch(one, lot)

    def _show_stop(self, one: Resting, lot: Lot) -> Iterator[Instruction]:
        stop, _ = one.levels.due
        if STOP in one.orders:
            yield Amend(one.orders[STOP], stop=stop)
        elif stop is not None:
            yield self._order(one, lot, STOP, lot.units, stop=stop)

    def _watch(self, one: Resting, lot: Lot) -> Iterator[Instruction]:
        """An order that waits for the price of break-even."""
        watch = one.levels.at.get(WATCH)
        if watch is not None and not one.lifted:
            yield self._order(one, lot, WATCH, 0.0, watch=watch)

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
        yield from self._show_stop(one, lot)
        if bracket.trail is not None:
            yield self._trail(one, lot, bracket.trail, reference)
        yield from self._watch(one, lot)
        for number, units in target_units(bracket, lot, self.account.market):
            level = one.levels.at[str(number)]
            yield self._order(one, lot, str(number), units, limit=level)

    def _trail(self, one: Resting, lot: Lot, trail: Level, reference: float | None) -> Place:
        market = self.account.market
        # Without an activation it is armed by whatever price it first looks at.
        activation = one.levels.at.get(ACTIVATION, -lot.side * math.inf)
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
            moved = one.levels.move_stop(float(round_against(raw, side, market.tick)))
            if moved and STOP in one.orders:
                stop, _ = one.levels.due
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
            return Reason(one.levels.due[1])
        return Reason.TRAILING_STOP if part == TRAIL else Reason.TAKE_PROFIT

    def after(self, one: Resting, part: str, update: OrderUpdate) -> Iterator[Instruction]:
        """A part is filled, gone or reached: the stop may move, and the rest is fitted."""
        if update.left_units > 0.0:
            one.units[part] = update.left_units
            return
        del one.orders[part]
        if update.status == "cancelled" and not one.orders:
            # What a liquidation took from the market does not come back by itself.
            self.resting.pop(one.lot_number, None)
            return
        one.lifted = one.lifted or part == WATCH
        reached = part == WATCH and update.status == "reached"
        filled = part == str(one.bracket.after_target) and update.status == "filled"
        if reached or filled:
            yield from self._lift(one)

    def _lift(self, one: Resting) -> Iterator[Instruction]:
        lot = next((lot for lot in self.account.lots if lot.number == one.lot_number), None)
        levels = one.levels
        if lot is None or levels.break_even is None:
            return
        if levels.stop is not None and lot.side * levels.break_even <= lot.side * levels.stop:
            return
        levels.stop, levels.reason = levels.break_even, int(Reason.BREAK_EVEN)
        yield from self._show_stop(one, lot)

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
