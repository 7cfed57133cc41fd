"""What does a strategy want of the venue? Events in, instructions out; no clock and no wire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

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
from engines.event.entry_desk import EntryDesk, Waiting
from engines.event.events import LIQUIDATION, Bar, Event, Instruction, OrderUpdate
from engines.event.exit_desk import ExitDesk
from engines.event.exits import Part
from engines.event.naming import Namer
from engines.kernel.layout import Market
from engines.kernel.money import quantity
from engines.orders import Reason, Refusal
from engines.script import Script, View

_REASONS: Final[dict[Part, Reason]] = {
    "stop": Reason.STOP_LOSS,
    "limit": Reason.TAKE_PROFIT,
    "trail": Reason.TRAILING_STOP,
}


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
        self.exits = ExitDesk(self.account, said.limit_verification_ticks, self.namer)
        self.brackets = BracketDesk(self.account, self.namer)

    def handle(self, event: Event) -> list[Instruction]:
        """What to do about an event."""
        if isinstance(event, Bar):
            return list(self._decide(event))
        if isinstance(event, OrderUpdate):
            return list(self._take_note(event))
        return []

    def _decide(self, bar: Bar) -> Iterator[Instruction]:
        # A1: the script runs once, at the close.
        self.namer.begin(bar.number)
        close = bar.prices.close
        for command in self.script.on_close(self.view(bar.number, close)):
            yield from self._obey(command, close)
        yield from self.brackets.close_bar(close)
        yield from self._tidy()

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
                for name in list(self.entries.waiting):
                    yield from self.entries.cancel(name)
                yield from self.exits.cancel_all()
            case MoveStops(stop=level):
                yield from self.brackets.move_stops(level)
            case Refuse():
                self.account.refuse(self.namer.bar, command.side, int(command.reason), "")

    def _take_note(self, update: OrderUpdate) -> Iterator[Instruction]:
        """A fill is booked, then everything that hangs on it is brought into line."""
        waiting = self.entries.taken(update.order_id)
        leg = self.exits.leg_of(update.order_id)
        rested = self.brackets.part_of(update.order_id)
        filled = update.status == "filled"
        if waiting is not None:
            if filled:
                yield from self._entered(waiting, update)
            else:
                self._refused(waiting, update)
        elif leg is not None:
            if filled:
                reason = _REASONS[leg[1].part_of(update.order_id)]
                self._left(update, [leg[0][2]], self._signal_of(leg[0]), reason)
            self._note_refusal(update, leg[0][0])
            yield from self.exits.end_leg(leg[1], update.order_id)
        elif update.order_id in self.exits.closings:
            closing = self.exits.closings.pop(update.order_id)
            if filled:
                self._left(update, closing.lots, closing.signal, closing.reason)
        elif rested is not None:
            if filled:
                reason = self.brackets.reason_of(*rested)
                self._left(update, [rested[0].lot_number], reason.name.lower(), reason)
            yield from self.brackets.after(*rested, update)
        elif filled:
            forced = Reason.LIQUIDATION if update.reason == LIQUIDATION else Reason.MARGIN_CALL
            self._left(update, [], update.reason, forced)
        yield from self._tidy()

    def _note_refusal(self, update: OrderUpdate, name: str) -> None:
        """An exit that the venue does not take is worth a line of its own."""
        if update.status == "rejected" and update.reason:
            self.account.refuse(update.bar, update.side, int(Refusal[update.reason]), name)

    def _signal_of(self, key: tuple[str, str, int]) -> str:
        return self.exits.standing[key[:2]].command.comment or key[0]

    def _left(
        self, update: OrderUpdate, numbers: Sequence[int], signal: str, reason: Reason
    ) -> None:
        chosen = [lot for number in numbers for lot in self._lots(number)]
        ticket = Ticket(update.bar, update.price, update.order_id, "", signal, reason)
        self.account.leave(ticket, -update.side, update.units, update.fee, chosen)

    def _lots(self, number: int) -> list[Lot]:
        return [lot for lot in self.account.entered if lot.number == number]

    def _entered(self, waiting: Waiting, update: OrderUpdate) -> Iterator[Instruction]:
        """One order closes and opens (D1), with one fee, split by quantity (H3)."""
        account, command, units = self.account, waiting.command, update.units
        only_leaves = command.reduce_only or account.wallet is not None
        closing = min(units, account.closable(update.side, only_leaves))
        opening = units - closing if update.opened is None else update.opened
        signal = command.comment or command.id
        reason = Reason.REVERSAL if closing > 0.0 else Reason.ENTRY
        ticket = Ticket(update.bar, update.price, update.order_id, command.id, signal, reason)
        fee = update.fee
        if closing > 0.0:
            fee = account.leave(ticket, -update.side, closing, fee, (), opening)
        if opening > 0.0:
            lot = account.enter(ticket, update.side, opening, fee)
            yield from self._tidy()
            yield from self.exits.cover(lot)
            if command.bracket is not None:
                yield from self.brackets.cover(lot, command.bracket)
        yield from self.entries.after_fill(waiting, units)

    def _refused(self, waiting: Waiting, update: OrderUpdate) -> None:
        # I5, I6: without a reason a simulated venue turns an order away for want of margin.
        reason = int(Refusal[update.reason] if update.reason else Refusal.NO_MARGIN)
        account, name = self.account, waiting.command.id
        account.refuse(update.bar, waiting.side, reason, name, update.detail)

    def _tidy(self) -> Iterator[Instruction]:
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
        )
