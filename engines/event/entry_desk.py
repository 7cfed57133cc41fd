"""What becomes of entries? Orders that wait, what they may hold, and the groups they are in."""

from __future__ import annotations

import math
from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass, field, replace

from engines.commands import Entry, Order, Properties, without_na
from engines.event.account import Account
from engines.event.events import Amend, Instruction, Place, Queue, Rank, Withdraw
from engines.event.exit_desk import Caught, Closing
from engines.event.naming import Namer
from engines.event.sizing import lots_of, refusal_of, units_asked, units_checked
from engines.kernel.rounding import round_against, round_in_favour
from engines.orders import Refusal


@dataclass
class Waiting:
    """An entry or order at the venue, by the id that the script gave it.

    `equity` is that of its signal's close; `safety` numbers the safety orders of a ladder, from 1.
    """

    command: Entry
    side: int
    order_id: str
    units: float | None
    against: float
    sequence: int = 0
    turn: int = 0
    flips: bool = False
    equity: float = 0.0
    safety: int = 0

    @property
    def is_market(self) -> bool:
        """Whether it waits for the next open only."""
        return self.command.limit is None and self.command.stop is None


@dataclass
class EntryDesk:
    """Takes entries and orders, and keeps those that wait."""

    account: Account
    said: Properties
    namer: Namer
    waiting: dict[str, Waiting] = field(default_factory=dict)

    @property
    def limit(self) -> int:
        """Entries of one direction at most (D4)."""
        return max(1, self.said.pyramiding)

    def entries_of(self, side: int) -> int:
        """Open entries of one direction."""
        return sum(lot.side == side for lot in self.account.lots)

    def enter(self, called: Entry, close: float) -> Generator[Instruction, None, bool]:
        """Place an entry or order as the account is at this close (D2, D3); whether it went."""
        command, sequence = without_na(called), self.namer.next_call()
        side, account = sign(command.direction), self.account
        is_entry = not isinstance(command, Order)
        if is_entry and self.entries_of(side) >= self.limit:
            return self._refuse(command, Refusal.POSITION_LIMIT)
        if command.reduce_only or (side < 0 and account.wallet is not None):
            return (yield from self._reduce(command, side, sequence))
        against = account.closable(side) if is_entry else 0.0
        units: float | None = 0.0
        if is_entry and self._only_closes(side):
            # J1: on a side that may not be entered an entry only leaves the other one.
            if not against:
                return self._refuse(command, Refusal.SIDE_NOT_ALLOWED)
        else:
            units, reason = self._size(command, side, close)
            if reason is not None:
                return self._refuse(command, reason)
        if is_entry and self.most is not None and not self._only_closes(side):
            # J1: an entry is cut to what the largest position leaves room for.
            room = self.most - (account.units if account.side == side else 0.0)
            if room <= 0.0:
                return self._refuse(command, Refusal.POSITION_SIZE)
            units = None if units is None else min(units, room)
        equity = account.equity(close)
        yield from self._place(command, side, sequence, units, against, equity, close)
        return True

    @property
    def most(self) -> float | None:
        """Lots of the largest position that the script allows itself (J1)."""
        qty = self.said.risk.max_position_size
        return None if qty is None else lots_of(qty, self.account.market)

    def _size(self, command: Entry, side: int, close: float) -> tuple[float | None, Refusal | None]:
        """Lots, None where the fill decides, and why there are none."""
        account, market = self.account, self.account.market
        if self.said.margin == "called":
            units = units_asked(command, self.said, account, account.equity(close), close)
            reason = None if units is None else refusal_of(units, close, command, account)
            return units, reason
        if command.limit is not None or command.stop is not None:
            return None, self._resting_refusal(command, side)
        if market.size_at_fill:
            return None, None
        stop = None if command.bracket is None else command.bracket.stop
        over = command.sized_over
        return units_checked(account, self.said, side, command.qty, stop, close, over=over)

    def _resting_refusal(self, command: Entry, side: int) -> Refusal | None:
        """Why an entry that is sized at its fill (G5) may not even rest there."""
        said, market = self.said, self.account.market
        levels = self._levels(command, side)
        if not all(level > 0.0 for level in levels if level is not None):
            return Refusal.BAD_LEVEL
        # D12: nothing is no order; what a budget buys shows at the fill.
        first = said.qty_value * said.first_share
        nothing = said.qty_type == "fixed" and lots_of(first, market) <= 0.0
        return Refusal.QTY_ZERO if nothing else None

    def _levels(self, command: Entry, side: int) -> tuple[float | None, float | None]:
        """Limit and stop on the grid: what buys is the exit of a short, and rounds as one (C1)."""
        tick, away = self.account.market.tick, float(-side)
        limit, stop = command.limit, command.stop
        return (
            None if limit is None else float(round_in_favour(limit, away, tick)),
            None if stop is None else float(round_against(stop, away, tick)),
        )

    def _reduce(
        self, command: Entry, side: int, sequence: int
    ) -> Generator[Instruction, None, bool]:
        """An order that only leaves: as it says, or a sale on spot, where none is short."""
        account, units = self.account, self.account.held(-side)
        whole = not command.reduce_only and not isinstance(command, Order)
        nothing = units <= 0.0
        if command.qty is not None and not whole:
            units = lots_of(command.qty, account.market)
        if nothing or units <= 0.0:
            spot = side < 0 and account.wallet is not None
            return self._refuse(command, Refusal.SPOT_SHORT if spot else Refusal.REDUCE_ONLY)
        yield from self._place(command, side, sequence, units, 0.0, 0.0, reduce_only=True)
        return True

    def _refuse(self, command: Entry, reason: Refusal) -> bool:
        self.account.refuse(self.namer.bar, sign(command.direction), int(reason), command.id)
        return False

    def _only_closes(self, side: int) -> bool:
        allowed = self.said.allow_entry_in
        return allowed != "both" and sign(allowed) != side

    def _place(
        self,
        command: Entry,
        side: int,
        sequence: int,
        units: float | None,
        against: float,
        equity: float,
        close: float = math.nan,
        reduce_only: bool = False,
    ) -> Iterator[Instruction]:
        # D5: the same id again replaces the order, at the end of the queue.
        yield from self.cancel(command.id)
        kind, bracket = type(command).__name__.lower(), command.bracket
        name = self.namer.name(f"{kind}:{command.id}")
        limit, stop = self._levels(command, side)
        waiting = Waiting(
            command, side, name, units, against, sequence, self.namer.turn, equity=equity
        )
        if waiting.is_market and not isinstance(command, Order) and not reduce_only:
            waiting.flips = True
            yield from self._pass_the_reversal_on(waiting)
        self.waiting[command.id] = waiting
        from_flat = waiting.is_market and not self.account.lots
        yield Place(
            name,
            side,
            sequence,
            # B4: of two stops at one price, the one that buys.
            Rank(Queue.ENTRY, -side, sequence),
            units,
            equity=equity,
            against=against,
            limit=limit,
            stop=stop,
            verified_by=self.said.limit_verification_ticks,
            sized_by_stop=None if bracket is None else bracket.stop,
            sized_over=command.sized_over,
            reduce_only=reduce_only,
            post_only=command.post_only,
            flips=waiting.flips,
            most=None if isinstance(command, Order) else self.most,
            sized_at=close if from_flat and self.said.margin_price == "signal" else None,
            only_leaves=not isinstance(command, Order) and self._only_closes(side),
        )

    def rest_safety(
        self, first: Entry, side: int, number: int, price: float, share: float, equity: float
    ) -> Iterator[Instruction]:
        """Rest a safety order of the ladder that `first` began: a limit of a share of its size."""
        sequence, command = self.namer.next_call(), replace(first, limit=price, stop=None)
        label = f"{first.id} safety {number}"
        name = self.namer.name(f"entry:{label}")
        self.waiting[label] = Waiting(
            command,
            side,
            name,
            None,
            0.0,
            sequence,
            self.namer.turn,
            equity=equity,
            safety=number,
        )
        bracket = first.bracket
        yield Place(
            name,
            side,
            sequence,
            Rank(Queue.ENTRY, -side, sequence),
            None,
            equity=equity,
            limit=price,
            sized_by_stop=None if bracket is None else bracket.stop,
            sized_over=first.sized_over,
            share=share,
        )

    def open_caught(self, one: Caught, side: int) -> Iterator[Instruction]:
        """B5: an exit that a gap is through beside a stop entry opens a position of its own."""
        sequence = self.namer.next_call()
        # An exit may leave several entries.
        label = f"{one.id} at a gap {sequence}"
        name = self.namer.name(f"caught:{one.id}")
        command = Order(one.id, "long" if side > 0 else "short", comment=one.signal)
        turn = self.namer.turn
        self.waiting[label] = Waiting(command, side, name, one.units, 0.0, sequence, turn)
        yield Place(
            name, side, sequence, Rank(Queue.ENTRY, -side, sequence), one.units, at_once=True
        )

    def _pass_the_reversal_on(self, last: Waiting) -> Iterator[Instruction]:
        """D3, R*: of several market entries of one side and pass the last one reverses."""
        for other in self.waiting.values():
            same = other.turn == last.turn and other.side == last.side and other.is_market
            if not same or isinstance(other.command, Order):
                continue
            if other.against:
                other.against, last.flips = 0.0, False
            other.flips = False
            yield Amend(other.order_id, flips=False, against=other.against)

    def cancel(self, name: str) -> Iterator[Instruction]:
        """Take back the order of that id, if one waits."""
        gone = self.waiting.pop(name, None)
        if gone is not None:
            yield Withdraw(gone.order_id)

    def taken(self, order_id: str, left_units: float = 0.0) -> Waiting | None:
        """The waiting order that the venue names; with nothing left of it, it waits no more."""
        for name, one in self.waiting.items():
            if one.order_id == order_id:
                return self.waiting[name] if left_units > 0.0 else self.waiting.pop(name)
        return None

    def after_fill(self, filled: Waiting, units: float) -> Iterator[Instruction]:
        """What a fill does to the others of its group (F1)."""
        command = filled.command
        for name, other in list(self.waiting.items()):
            if other.order_id == filled.order_id:
                continue
            if command.oca_name and other.command.oca_name == command.oca_name:
                yield from self._in_group(name, other, command.oca_type, units)

    def drop_beyond_limit(
        self, closings: Collection[Closing], filled: str
    ) -> Iterator[Instruction]:
        """D3: of several market entries of one moment the next may find the limit reached.

        What was called before it and goes the other way fills before it, and may make room.
        """
        for name, other in list(self.waiting.items()):
            # What is left of the same order is no other entry.
            is_entry = not isinstance(other.command, Order) and other.order_id != filled
            waits = any(
                one.side == other.side and one.sequence < other.sequence for one in closings
            ) or any(
                one.is_market and one.side != other.side and one.sequence < other.sequence
                for one in self.waiting.values()
            )
            full = self.entries_of(other.side) >= self.limit
            if other.is_market and is_entry and full and not waits:
                yield from self.cancel(name)

    def _in_group(
        self, name: str, other: Waiting, oca_type: str, units: float
    ) -> Iterator[Instruction]:
        if oca_type == "cancel":
            yield from self.cancel(name)
        elif oca_type == "reduce":
            if other.units is None or other.units <= units:
                yield from self.cancel(name)
            else:
                left = other.units - units
                self.waiting[name] = replace(other, units=left)
                yield Amend(other.order_id, units=left)


def sign(direction: str) -> int:
    """+1 for long, −1 for short."""
    return 1 if direction == "long" else -1
