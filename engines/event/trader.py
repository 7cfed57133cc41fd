"""What does a strategy want of the venue? Events in, instructions out; no clock and no wire."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol, runtime_checkable

from engines.commands import (
    Cancel,
    CancelAll,
    Close,
    CloseAll,
    Command,
    Entry,
    Exit,
    MoveStops,
    Properties,
    Refuse,
)
from engines.event.account import Account, Lot, Ticket
from engines.event.brackets import BracketDesk
from engines.event.day_orders import DayCount
from engines.event.entry_desk import EntryDesk, Waiting
from engines.event.events import (
    LIQUIDATION,
    Bar,
    Book,
    Event,
    Instruction,
    Mark,
    Opened,
    OrderUpdate,
    Pass,
    Tick,
)
from engines.event.exit_desk import ExitDesk
from engines.event.exits import Leg, LegKey, Part
from engines.event.guard import Guard
from engines.event.ladders import LadderDesk
from engines.event.naming import Namer
from engines.event.statement import Statement
from engines.kernel.layout import Market
from engines.kernel.money import quantity
from engines.orders import Reason, Refusal
from engines.script import Guarding, Recalculated, Script, View

_REASONS: Final[dict[Part, Reason]] = {
    "stop": Reason.STOP_LOSS,
    "limit": Reason.TAKE_PROFIT,
    "trail": Reason.TRAILING_STOP,
}


@runtime_checkable
class Watching(Protocol):
    """A script that decides between closes too."""

    def on_event(self, event: Event, view: View) -> Iterable[Command]:
        """Commands on a trade, a book, a timer or what became of an order; bars are closes."""
        ...


class Trader:
    """Runs a script: its commands become orders, fills become positions, exits follow entries.

    The same object decides in a backtest, on paper and live; who calls `handle` brings the
    events in their order and carries the instructions out.
    """

    def __init__(
        self,
        script: Script,
        market: Market,
        said: Properties,
        run: str,
        account: Account | None = None,
    ) -> None:
        self.script = script
        self.said = said
        self.account = account or Account(market, said.close_rule, market.initial_cash)
        self.namer = Namer(run)
        self.entries = EntryDesk(self.account, said, self.namer)
        self.exits = ExitDesk(
            self.account, said.limit_verification_ticks, self.namer, said.exit_levels
        )
        self.brackets = BracketDesk(self.account, self.namer)
        self.ladders = LadderDesk(self.account, self.entries)
        self.guard = Guard(self.account, said.risk) if said.risk.watches else None
        self.day = None if said.day_orders is None else DayCount(self.account, said.day_orders)
        self._saved: object = None
        self._saved_for = -1
        self._last = 0.0

    def handle(self, event: Event) -> list[Instruction]:
        """What to do about an event."""
        asked: list[Instruction] = []
        match event:
            case Bar():
                asked += self._decide(event)
            case OrderUpdate():
                asked += self._take_note(event)
            case Pass():
                asked += self._run_pass(event)
            case Opened():
                asked += self._begin_bar(event)
            case Mark(price=price) if self.guard is not None:
                asked += self._stop(self.guard.mark(price))
        self._last = _price_of(event, self._last)
        told = not isinstance(event, (Bar, Opened, Mark, Pass))
        if told and isinstance(self.script, Watching):
            view = self.view(self.namer.bar, self._last)
            for command in self.script.on_event(event, view):
                asked += self._obey(command, self._last)
            asked += self._tidy()
        return asked

    @property
    def watches(self) -> bool:
        """Whether the script wants to hear of more than closes."""
        return isinstance(self.script, Watching)

    def _decide(self, bar: Bar) -> Iterator[Instruction]:
        # A1: the script runs once, at the close.
        self.namer.begin(bar.number)
        close, guard = bar.prices.close, self.guard
        ended = "" if guard is None else guard.close_bar(close)
        next_day = bar.day if self.account.market.fill_at_close else bar.next_day
        self._roll_back(bar.number)
        self._saved_for = -1
        view = self.view(bar.number, close)
        yield from self.ladders.close_bar(close)
        for command in self.script.on_close(view):
            if guard is None or not guard.refuses(next_day):
                yield from self._obey(command, close)
        account = self.account
        account.record.end_bar(account.entries, account.orders, view.equity)
        yield from self._stop(ended)
        yield from self.brackets.close_bar(close)
        yield from self._tidy()

    def _run_pass(self, event: Pass) -> Iterator[Instruction]:
        """The script after a fill inside a bar; what it remembers of that is undone (A5)."""
        # Not settled by the rules: sizes and equity are those of the price where the path stands.
        self.namer.next_turn()
        if isinstance(self.script, Recalculated) and self._saved_for != event.number:
            self._saved, self._saved_for = self.script.save(), event.number
        self._roll_back(event.number)
        commands = list(self.script.on_close(self.view(event.number, event.price)))
        guard = self.guard
        if guard is None or not guard.refuses(guard.day):
            for command in commands:
                yield from self._obey(command, event.price)
        yield from self._tidy()

    def _roll_back(self, bar: int) -> None:
        if self._saved_for == bar and isinstance(self.script, Recalculated):
            self.script.roll_back(self._saved)

    def _stop(self, reason: str) -> Iterator[Instruction]:
        """A risk rule ends trading, for today or for good: nothing waits and nothing is held."""
        if not reason:
            return
        yield from self._cancel_all()
        yield from self.exits.close_by_rule(reason)

    def _cancel_all(self) -> Iterator[Instruction]:
        for name in list(self.entries.waiting):
            yield from self.entries.cancel(name)
        yield from self.exits.cancel_all()

    def _obey(self, command: Command, close: float) -> Iterator[Instruction]:
        match command:
            case Entry():
                went = yield from self.entries.enter(command, close)
                if command.otherwise is not None and not went:
                    yield from self.exits.close(command.otherwise)
            case Exit():
                yield from self.exits.exit(command, self.entries.waiting, close)
            case Close() | CloseAll():
                yield from self.exits.close(command)
            case Cancel(id=name):
                yield from self.entries.cancel(name)
                yield from self.exits.cancel(name)
            case CancelAll():
                yield from self._cancel_all()
            case MoveStops(stop=level):
                yield from self.brackets.move_stops(level)
            case Refuse():
                self.account.refuse(self.namer.bar, command.side, int(command.reason), "")

    def held_back(self, side: int, bar: int, open_ms: int, price: float) -> Refusal | None:
        """Why the script does not let an entry fill where it is met."""
        if not isinstance(self.script, Guarding):
            return None
        return self.script.held_back(side, open_ms, self.view(bar, price))

    def _begin_bar(self, event: Opened) -> Iterator[Instruction]:
        if self.day is not None:
            self.day.open_bar(event.open_ms)
        if self.guard is not None:
            yield from self._stop(self.guard.open_bar(event.day, event.price))

    def _take_note(self, update: OrderUpdate) -> Iterator[Instruction]:
        """A fill is booked, then everything that hangs on it is brought into line."""
        whole = update.status == "filled" and update.left_units <= 0.0
        self.account.orders += whole
        counts = whole and bool(update.order_id)
        waiting = self.entries.taken(update.order_id, update.left_units)
        if waiting is None:
            counts = counts and not self.exits.is_forced(update.order_id)
            yield from self._take_note_of_exit(update)
        elif update.status == "filled":
            yield from self._entered(waiting, update)
        else:
            yield from self._refused(waiting, update)
            yield from self.entries.drop_beyond_limit(self.exits.closings.values(), "")
        yield from self._tidy()
        account = self.account
        if whole and update.bar == self.namer.bar:
            equity = account.equity(self._last)
            account.record.fill_at_close(account.entries, account.orders, equity)
        if counts and self.guard is not None:
            yield from self._stop(self.guard.fill())
        if whole and self.day is not None and self.day.over:
            # J2: what rests goes, and what is open at the price of the day's last order.
            yield from self._cancel_all()
            yield from self.exits.close_by_rule("order_limit", Reason.ORDER_LIMIT, slips=True)

    def _take_note_of_exit(self, update: OrderUpdate) -> Iterator[Instruction]:
        leg = self.exits.leg_of(update.order_id)
        rested = self.brackets.part_of(update.order_id)
        filled = update.status == "filled"
        if leg is not None:
            yield from self._leg_left(leg, update)
        elif update.order_id in self.exits.closings:
            self._closed(update)
            yield from self.entries.drop_beyond_limit(self.exits.closings.values(), "")
        elif rested is not None:
            if filled:
                reason = self.brackets.reason_of(*rested)
                self._left(update, [rested[0].lot_number], reason.name.lower(), reason)
            yield from self.brackets.after(*rested, update)
        elif filled and not update.order_id:
            forced = Reason.LIQUIDATION if update.reason == LIQUIDATION else Reason.MARGIN_CALL
            self._left(update, [], update.reason, forced)

    def _note_refusal(self, update: OrderUpdate, name: str) -> None:
        """An exit that the venue does not take is worth a line of its own."""
        # With nothing left to leave it has done its part.
        done = update.reason in ("", Refusal.REDUCE_ONLY.name)
        if update.status == "rejected" and not done:
            self.account.refuse(update.bar, update.side, int(Refusal[update.reason]), name)

    def _leg_left(self, found: tuple[LegKey, Leg], update: OrderUpdate) -> Iterator[Instruction]:
        key, leg = found
        if update.status == "filled":
            part = leg.part_of(update.order_id)
            signal = self.exits.standing[key[:2]].command.signal(part)
            self._left(update, [key[2]], signal, _REASONS[part], key[0])
        self._note_refusal(update, key[0])
        if update.left_units > 0.0:
            self.exits.shrink_leg(leg, update.units)
        else:
            yield from self.exits.end_leg(leg, update.order_id)

    def _closed(self, update: OrderUpdate) -> None:
        closing = self.exits.closings[update.order_id]
        if update.left_units <= 0.0:
            del self.exits.closings[update.order_id]
        if update.status == "filled":
            self._left(update, closing.lots, closing.signal, closing.reason, closing.exit_id)

    def _left(
        self,
        update: OrderUpdate,
        numbers: Sequence[int],
        signal: str,
        reason: Reason,
        exit_id: str = "",
    ) -> None:
        chosen = [lot for number in numbers for lot in self._lots(number)]
        name, listed = update.order_id, update.unslipped
        ticket = Ticket(update.bar, update.price, name, "", signal, reason, exit_id, listed)
        self.account.leave(ticket, -update.side, update.units, update.fee, chosen)

    def _lots(self, number: int) -> list[Lot]:
        return [lot for lot in self.account.entered if lot.number == number]

    def _entered(self, waiting: Waiting, update: OrderUpdate) -> Iterator[Instruction]:
        """One order closes and opens (D1), with one fee, split by quantity (H3)."""
        account, command, units = self.account, waiting.command, update.units
        caught = self.exits.caught(update.caught)
        only_leaves = command.reduce_only or account.wallet is not None
        closing = min(units, account.closable(update.side, only_leaves))
        opening = units - closing if update.opened is None else update.opened
        signal = command.comment or command.id
        reason = Reason.REVERSAL if closing > 0.0 else Reason.ENTRY
        reason = Reason.SAFETY_ORDER if waiting.safety else reason
        name = command.id
        ticket = Ticket(update.bar, update.price, update.order_id, name, signal, reason, name)
        fee = update.fee
        if closing > 0.0 and self.said.margin == "checked" and not waiting.is_market:
            # What a graph's resting entry opens takes its share of the fee first.
            share = fee * (opening / units)
            account.leave(ticket, -update.side, closing, fee - share, ())
            fee = share
        elif closing > 0.0:
            fee = account.leave(ticket, -update.side, closing, fee, (), opening)
        if opening > 0.0:
            lot = self._part_of(update.order_id)
            if lot is None:
                lot = account.enter(ticket, update.side, opening, fee)
            else:
                account.add_to(lot, ticket, opening, fee)
                yield from self.exits.uncover(lot)
                yield from self.brackets.uncover(lot)
            yield from self._tidy()
            yield from self.exits.cover(lot)
            if command.bracket is not None:
                yield from self.brackets.cover(lot, command.bracket)
            yield from self.ladders.after_entry(waiting, lot, update.bar)
        yield from self.entries.after_fill(waiting, units)
        for one in caught:
            if not waiting.is_market:
                yield from self.entries.open_caught(one, update.side)
            elif self.said.gapped_exits == "filled":
                yield from self.exits.close_caught(one, account.lots[-1], waiting.sequence)
        yield from self.entries.drop_beyond_limit(self.exits.closings.values(), waiting.order_id)

    def _part_of(self, order_id: str) -> Lot | None:
        """The lot that an earlier part of the same order opened."""
        mine = (lot for lot in self.account.lots if order_id and lot.order_id == order_id)
        return next(mine, None)

    def _refused(self, waiting: Waiting, update: OrderUpdate) -> Iterator[Instruction]:
        if update.status == "cancelled" and self._part_of(update.order_id) is not None:
            # A part of it has filled: what is gone is the rest.
            return
        # I5, I6: without a reason a simulated venue turns an order away for want of margin.
        reason = int(Refusal[update.reason] if update.reason else Refusal.NO_MARGIN)
        account, name = self.account, waiting.command.id
        account.refuse(update.bar, waiting.side, reason, name, update.detail)
        against = account.side == -waiting.side and not account.hedged
        # What the venue does not take as an order at all was no reversal.
        unaffordable = update.status == "rejected" and reason == Refusal.NO_MARGIN
        if against and unaffordable:
            yield from self.exits.drop_beside(waiting.side, waiting.sequence, waiting.turn)

    def _tidy(self) -> Iterator[Instruction]:
        yield from self.ladders.tidy()
        waiting = self.entries.waiting
        sides = {one.side for one in waiting.values()}
        yield from self.exits.tidy(waiting, sides)
        yield from self.brackets.tidy()

    def view(self, bar: int, close: float) -> View:
        """What a script sees of its account."""
        account, market = self.account, self.account.market
        equity = account.equity(close)
        return View(
            bar=bar,
            position_size=float(quantity(account.position, market)),
            position_avg_price=account.average_price,
            equity=equity,
            netprofit=account.cash - market.initial_cash,
            openprofit=equity - account.cash,
            opentrades=len(account.lots),
            closedtrades=len(account.trades),
            entry_bar=account.lots[0].bar if account.lots else -1,
            flat_bar=account.flat_bar,
            loss_bar=account.loss_bar,
            long_size=float(quantity(account.held(1), market)),
            short_size=float(quantity(account.held(-1), market)),
            price=close,
            waiting=tuple(self.entries.waiting),
            statement=Statement(account, self.said, close),
        )


def _price_of(event: Event, last: float) -> float:
    """The price that an event tells, or the last one known."""
    if isinstance(event, Bar):
        return event.prices.close
    if isinstance(event, Tick):
        return event.price
    if isinstance(event, Book) and event.bids and event.asks:
        return (event.bids[0].price + event.asks[0].price) / 2.0
    return last
