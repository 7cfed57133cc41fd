"""What becomes of exits? Legs on the entries they cover, and market orders that close."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from engines.commands import Close, CloseAll, Exit, ExitLevels, without_na
from engines.event.account import Account, Lot, in_turn
from engines.event.events import Amend, Instruction, Place, Queue, Rank, Withdraw
from engines.event.exits import (
    PARTS,
    Leg,
    LegKey,
    Part,
    Standing,
    levels_of,
    reserved_lots,
    says_something,
    trail_of,
)
from engines.event.naming import Namer
from engines.event.sizing import lots_of
from engines.kernel.money import quantity
from engines.kernel.rounding import whole_units
from engines.orders import Reason


class Closing(NamedTuple):
    """A market order that leaves what was entered as these lots."""

    lots: tuple[int, ...]
    signal: str
    reason: Reason = Reason.SIGNAL_EXIT
    side: int = 0
    sequence: int = 0
    turn: int = 0
    exit_id: str = ""


class Caught(NamedTuple):
    """An exit that an open is through where its position is turned around."""

    id: str
    signal: str
    units: float


@dataclass
class ExitDesk:
    """Takes exits and closes, and keeps the legs that rest and the closes that wait."""

    account: Account
    verified_by: int
    namer: Namer
    levels: ExitLevels = "first"
    standing: dict[tuple[str, str], Standing] = field(default_factory=dict)
    legs: dict[LegKey, Leg] = field(default_factory=dict)
    closings: dict[str, Closing] = field(default_factory=dict)

    def exit(self, called: Exit, waiting: Collection[str], close: float) -> Iterator[Instruction]:
        """Let an exit stand, and rest its legs on the entries that it covers (E1, E3, E7)."""
        command, sequence = without_na(called), self.namer.next_call()
        account, mine = self.account, called.from_entry
        waits = mine in waiting if mine else bool(waiting)
        held = any(lot.entry_id == mine for lot in account.entered) if mine else bool(account.lots)
        if not says_something(command) or not (waits or held):
            return
        key = command.id, mine
        before = self.standing.get(key)
        only_side = 0 if mine or account.hedged else account.side
        order = sequence if before is None else before.sequence
        standing = self.standing[key] = Standing(command, only_side, order)
        anew = before is None or trail_of(before.command) != trail_of(command)
        for lot in account.entered:
            if standing.covers(lot):
                yield from self._rest(standing, lot, close if anew else None)

    def cover(self, lot: Lot) -> Iterator[Instruction]:
        """A fresh entry: exits that were called for it rest from its fill on (E1, E10)."""
        for standing in list(self.standing.values()):
            if standing.covers(lot):
                yield from self._rest(standing, lot, lot.price)

    def _rest(self, standing: Standing, lot: Lot, reference: float | None) -> Iterator[Instruction]:
        command, market = standing.command, self.account.market
        key = command.id, command.from_entry, lot.number
        leg = self.legs.get(key)
        if leg is None:
            others = sum(
                one.reserved
                for one in self.legs.values()
                if one.lot_number == lot.number and not one.done
            )
            leg = self.legs[key] = Leg(lot.number, reserved_lots(command, lot, others, market))
            leg.working = min(leg.reserved, lot.claim)
        if leg.done:
            return
        levels = levels_of(command, lot, market, self.levels)
        for part in PARTS:
            if part == "trail" and reference is not None:
                # E11: other trailing numbers forget how far the stop had come.
                yield from self._withdraw(leg, part)
            yield from self._rest_part(standing, lot, leg, part, levels.get(part), reference)

    def _rest_part(
        self,
        standing: Standing,
        lot: Lot,
        leg: Leg,
        part: Part,
        level: float | None,
        reference: float | None,
    ) -> Iterator[Instruction]:
        if level is None:
            yield from self._withdraw(leg, part)
        elif part not in leg.orders:
            leg.levels[part] = level
            yield self._order(standing, lot, leg, part, reference)
        elif leg.levels[part] != level:
            leg.levels[part] = level
            yield _amended(leg.orders[part], part, level)

    def _order(
        self, standing: Standing, lot: Lot, leg: Leg, part: Part, reference: float | None
    ) -> Place:
        command, level = standing.command, leg.levels[part]
        name = self.namer.name(f"exit:{command.id}:{command.from_entry}:{lot.number}:{part}")
        leg.orders[part] = name
        # E9: the offset is cut to whole ticks.
        offset = int(command.trail_offset or 0) * self.account.market.tick
        return Place(
            name,
            -lot.side,
            standing.sequence,
            Rank(Queue.EXIT, standing.sequence, lot.number, PARTS.index(part)),
            leg.working,
            limit=level if part == "limit" else None,
            stop=level if part == "stop" else None,
            activation=level if part == "trail" else None,
            offset=offset if part == "trail" else 0.0,
            reference=reference if part == "trail" else None,
            verified_by=self.verified_by if part == "limit" else 0,
            reduce_only=True,
        )

    def _withdraw(self, leg: Leg, part: Part) -> Iterator[Instruction]:
        name = leg.orders.pop(part, None)
        if name is not None:
            yield Withdraw(name)

    def drop(self, key: tuple[str, str]) -> Iterator[Instruction]:
        """Forget a standing exit; legs that have fired stay known, they are not re-armed (E2)."""
        self.standing.pop(key, None)
        for name in [name for name in self.legs if name[:2] == key]:
            leg = self.legs[name]
            for part in PARTS:
                yield from self._withdraw(leg, part)
            if not leg.done:
                del self.legs[name]

    def cancel(self, name: str) -> Iterator[Instruction]:
        """Drop the exits of that id (D6)."""
        for key in [key for key in self.standing if key[0] == name]:
            yield from self.drop(key)

    def cancel_all(self) -> Iterator[Instruction]:
        """Drop every exit, and the closes that wait."""
        for key in list(self.standing):
            yield from self.drop(key)
        for name in list(self.closings):
            del self.closings[name]
            yield Withdraw(name)

    def close(self, called: Close | CloseAll) -> Iterator[Instruction]:
        """A market order for what was entered under an id, or for everything (D7 to D9)."""
        sequence = self.namer.next_call()
        lots, signal = list(self.account.entered), called.comment
        command = called if isinstance(called, CloseAll) else without_na(called)
        if isinstance(command, Close):
            lots = [lot for lot in lots if lot.entry_id == command.id]
            signal = signal or f"Close entry(s) order {command.id}"
        for side in (1, -1):
            mine = [lot for lot in lots if lot.side == side]
            yield from self._close(command, mine, side, signal, sequence)

    def _close(
        self, command: Close | CloseAll, lots: list[Lot], side: int, signal: str, sequence: int
    ) -> Iterator[Instruction]:
        units = in_turn(lot.claim for lot in lots)
        if isinstance(command, Close):
            units = min(units, self._part(command, units))
        if units <= 0.0:
            return
        leg = f"close:{command.id}" if isinstance(command, Close) else "close_all"
        name = self.namer.name(leg)
        numbers = tuple(lot.number for lot in lots)
        reason = command.reason if isinstance(command, CloseAll) else Reason.SIGNAL_EXIT
        signal, turn = signal or "Close position order", self.namer.turn
        self.closings[name] = Closing(numbers, signal, reason, side, sequence, turn)
        yield Place(
            name,
            -side,
            sequence,
            Rank(Queue.EXIT, sequence, 0),
            units,
            reduce_only=True,
            at_close=command.immediately,
        )

    def close_by_rule(
        self, signal: str, reason: Reason = Reason.RISK_RULE, slips: bool = False
    ) -> Iterator[Instruction]:
        """Close the position where the price stands, because a risk rule says so (J2 to J5)."""
        account = self.account
        if not account.lots:
            return
        name, sequence = self.namer.name(f"risk:{signal}"), self.namer.next_call()
        self.closings[name] = Closing((), signal, reason, account.side, sequence)
        yield Place(
            name,
            -account.side,
            sequence,
            Rank(Queue.EXIT, sequence, 0),
            account.units,
            reduce_only=True,
            at_once=True,
            slips=slips,
        )

    def caught(self, names: Collection[str]) -> list[Caught]:
        """What exits that a gap is through were for, a leg once."""
        found: dict[LegKey, Caught] = {}
        for name in names:
            of_leg = self.leg_of(name)
            if of_leg is not None and of_leg[1].working > 0.0:
                key, leg = of_leg
                signal = self.standing[key[:2]].command.signal(leg.part_of(name))
                found.setdefault(key, Caught(key[0], signal, leg.working))
        return list(found.values())

    def close_caught(self, one: Caught, lot: Lot, sequence: int) -> Iterator[Instruction]:
        """E13: an exit of the old position leaves the new one, where the price stands."""
        name = self.namer.name(f"caught:{one.id}")
        reason, turn = Reason.STOP_LOSS, self.namer.turn
        self.closings[name] = Closing((), one.signal, reason, lot.side, sequence, turn, one.id)
        rank = Rank(Queue.EXIT, sequence, lot.number)
        yield Place(name, -lot.side, sequence, rank, one.units, reduce_only=True, at_once=True)

    def is_forced(self, order_id: str) -> bool:
        """Whether an order is a close that a risk rule asked for."""
        closing = self.closings.get(order_id)
        return closing is not None and closing.reason == Reason.RISK_RULE

    def drop_beside(self, side: int, sequence: int, turn: int) -> Iterator[Instruction]:
        """D11: closes called after a reversal that was refused do not stand in for it."""
        for name, one in list(self.closings.items()):
            if one.turn == turn and one.sequence > sequence and one.side == -side:
                del self.closings[name]
                yield Withdraw(name)

    def _part(self, command: Close, units: float) -> float:
        market = self.account.market
        if command.qty is not None:
            return lots_of(command.qty, market)
        if command.qty_percent is not None:
            return float(
                whole_units(quantity(units, market) * (command.qty_percent / 100.0), market)
            )
        return units

    def leg_of(self, order_id: str) -> tuple[LegKey, Leg] | None:
        """The leg that an order at the venue belongs to."""
        for key, leg in self.legs.items():
            if order_id in leg.orders.values():
                return key, leg
        return None

    def shrink_leg(self, leg: Leg, units: float) -> None:
        """A part of a leg has filled."""
        leg.reserved -= units
        leg.working -= units

    def uncover(self, lot: Lot) -> Iterator[Instruction]:
        """Take an entry's legs back that have not fired, to rest them anew."""
        for key in [key for key in self.legs if key[2] == lot.number]:
            leg = self.legs[key]
            if not leg.done:
                for part in PARTS:
                    yield from self._withdraw(leg, part)
                del self.legs[key]

    def end_leg(self, leg: Leg, order_id: str) -> Iterator[Instruction]:
        """One order of a leg is gone: the others go too (E5)."""
        leg.done = True
        for part in PARTS:
            if leg.orders.get(part) == order_id:
                del leg.orders[part]
            yield from self._withdraw(leg, part)

    def tidy(self, waiting: Collection[str], sides: Collection[int]) -> Iterator[Instruction]:
        """Drop exits whose entries are gone, and fit the rest to what is left to leave."""
        lots = {lot.number: lot for lot in self.account.entered}
        for gone in [key for key in self.legs if key[2] not in lots]:
            for part in PARTS:
                yield from self._withdraw(self.legs[gone], part)
            del self.legs[gone]
        for key, standing in list(self.standing.items()):
            mine = standing.command.from_entry
            waits = mine in waiting if mine else bool(sides) and standing.only_side == 0
            if not waits and not any(standing.covers(lot) for lot in lots.values()):
                yield from self.drop(key)
        for leg in self.legs.values():
            wanted = min(leg.reserved, lots[leg.lot_number].claim)
            if not leg.done and wanted != leg.working:
                leg.working = wanted
                for name in leg.orders.values():
                    yield Amend(name, units=wanted)


def _amended(name: str, part: Part, level: float) -> Amend:
    if part == "stop":
        return Amend(name, stop=level)
    return Amend(name, limit=level) if part == "limit" else Amend(name, activation=level)
