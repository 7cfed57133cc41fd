"""What fills on the way? Jumps at opens, and the orders that a path meets, nearest first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from typing import Final, NamedTuple, Protocol

from engines.commands import Order
from engines.orders import Reason, Refusal
from engines.reference.account import Ticket
from engines.reference.brackets import STOPPED, Rest
from engines.reference.day_orders import DayBook
from engines.reference.desk import Closing, Desk
from engines.reference.exits import Leg
from engines.reference.gaps import Caught, caught_by, fill_caught
from engines.reference.grid import Ticks, Units, distance
from engines.reference.guard import Guard
from engines.reference.path import Path
from engines.reference.pending import Pending, Touch

# No lot is as young as this.
_NO_ROUND: Final = 2**62


class Meeting(NamedTuple):
    """An order that the path meets, and in which order of several at one price."""

    touch: Touch
    rank: tuple[int, ...]
    fill: Callable[[int, Touch], None]


class Weighing(Protocol):
    """Who counts the exits that hang on the order inside a bar."""

    def weigh(self, path: Path) -> None: ...
    def forget(self) -> None: ...


class Market:
    """Walks the price along and fills what it meets."""

    def __init__(self, desk: Desk, slippage_ticks: int) -> None:
        self.desk = desk
        self.account = desk.account
        self.bar = -1
        self.guard: Guard | None = None
        # The path that the price goes along, and who looks at it before it does.
        self.path: Path | None = None
        self.weighing: Weighing | None = None
        self.day_book: DayBook | None = None
        # Who is asked for the side and price of an entry that is met.
        self.held_back: Callable[[int, Ticks], Refusal | None] | None = None
        self.orders_filled = 0
        self._slippage = slippage_ticks
        self.called_in = -1
        # The close that a margin call may be put off to, None where it is not known; the corner
        # of the path where the price is, 0 its open; whether a call waits for the close (I4).
        self.close: Ticks | None = None
        self._corner = 0
        self._put_off = False
        self._open: Ticks = 0
        # Whether the price jumps there at this moment (B5).
        self.opens = False
        # Where the present leg of the path ends; None while the price stands.
        self._leg_end: Ticks | None = None
        self._due_at_leg_end = ""
        # Lots from this number on were entered by the present round of market orders (D10).
        self._round_from = _NO_ROUND
        # Side, turn and sequence of a reversal that was refused (D11).
        self._refused: tuple[int, int, int] | None = None

    def open_bar(self, bar: int, day: int, price: Ticks) -> None:
        """A bar begins, and maybe a day of the exchange, before anything fills (J3, J5)."""
        if self.guard is not None:
            reason = self.guard.open_bar(day, price)
            if reason is not None:
                self.force_out(bar, price, reason)

    @property
    def here(self) -> Ticks:
        """Where the price is."""
        return self.desk.here

    @here.setter
    def here(self, price: Ticks) -> None:
        self.desk.here = price

    def jump(self, bar: int, price: Ticks) -> None:
        """The market opens at `price`: market orders fill (A1), and what it jumped over (B3)."""
        self._open, self._corner = price, 0
        self.opens = True
        self.fill_here(bar, price)
        self.opens = False

    def fill_here(self, bar: int, price: Ticks) -> None:
        """Market orders fill where the price stands, and levels that it is beyond."""
        self.bar, self.here = bar, price
        self.desk.send()
        # K2: what leaves at the open has seen that price, without its slippage.
        self.account.see(price)
        self._fill_market_orders(bar, price, only_immediate=False)
        if self.opens and self.weighing is not None and self.path is not None:
            self.weighing.weigh(self.path)
        self._meet_all(bar, price)
        self._stand(bar, price)

    def move(self, bar: int, price: Ticks) -> None:
        """The market goes from here to `price` without a gap (B2)."""
        self._leg_end, self._corner = price, self._corner + 1
        self._meet_all(bar, price)
        self._leg_end = None
        if self._due_at_leg_end:
            self._arrive(price)
            self.force_out(bar, price, self._due_at_leg_end)
            self._due_at_leg_end = ""
        self._stand(bar, price)

    def _stand(self, bar: int, price: Ticks) -> None:
        """The path has a corner here: margin and the day's loss are looked at (I4, J3)."""
        self._arrive(price)
        self._call_margin(bar)
        reason = None if self.guard is None else self.guard.mark(price)
        if reason is not None:
            self.force_out(bar, price, reason)

    def force_out(self, bar: int, price: Ticks, signal: str) -> None:
        """Drop every order and close the position at `price`, without slippage (J2 to J5)."""
        self.desk.clear()
        units = distance(self.account.position, 0)
        if units:
            ticket = Ticket("", signal, self.desk.taker_fee_rate, Reason.RISK_RULE)
            fee = self.account.fee(ticket, price, units)
            self.account.close(bar, price, units, ticket, fee, ())
        self.desk.tidy()

    def _count(self, bar: int, price: Ticks, side: int = 0) -> None:
        """An order has filled at `price`; an entry also says its `side` (J2, A5)."""
        self.orders_filled += 1
        reason = None if self.guard is None else self.guard.fill()
        if reason is None:
            return
        if self._leg_end is not None and side * price > side * self._open:
            # J2: an entry beyond the open, inside a leg, is closed where that leg ends.
            self.desk.clear()
            self._due_at_leg_end = reason
        else:
            self.force_out(bar, price, reason)

    def _end_day(self, bar: int, touch: Touch) -> None:
        """J2 of a graph: the day's last order closes everything at its own price, slipped (C4)."""
        if self.day_book is None or not self.day_book.full:
            return
        self.desk.clear()
        position = self.account.position
        if position:
            side = 1 if position > 0 else -1
            price = self.slipped(touch._replace(slips=True), -side)
            ticket = Ticket("", "order_limit", self.desk.taker_fee_rate, Reason.ORDER_LIMIT)
            fee = self.account.fee(ticket, price, side * position)
            self.account.close(bar, price, side * position, ticket, fee, ())
        self.desk.tidy()

    def end_bar(self, bar: int, close: Ticks) -> None:
        """After the script: what fills at this very close (A2, A3)."""
        self.desk.send()
        if self.weighing is not None:
            self.weighing.forget()
        if self._put_off:
            self._put_off = False
            self._call_margin(bar)
        at_close = self.desk.broker.fill_at == "close"
        before = self.account.entries
        self._fill_market_orders(bar, close, only_immediate=not at_close)
        if at_close:
            # A2: price orders that the close is already through fill there. Not settled by the
            # rules: exits of an entry that filled at this very close wait for the next bar.
            self._meet_all(bar, close, first_fresh_lot=before)
        opening = [one for one in self.desk.pending.values() if not one.command.reduce_only]
        if self.desk.properties.margin == "checked":
            # A graph's entries are asked for their margin at their fill only.
            opening = []
        for order in [one for one in opening if not one.is_market]:
            # I6: what waits at a price is cancelled once the account could not carry it.
            own, against = self._own_units(order, close), self._against(order)
            units = against if isinstance(own, Refusal) else own + against
            # J1: what may only leave opens nothing.
            opens = 0 if self.desk.only_closes(order) else units - self._closing(order, units)
            if not self.affordable(order, close, opens):
                del self.desk.pending[order.command.id]
        self.desk.tidy()

    def _call_margin(self, bar: int) -> None:
        """Sell what the account can no longer carry: at most once a bar (I1 to I4)."""
        account, grid = self.account, self.desk.grid
        held = 0 if account.hedged else distance(account.position, 0)
        margin = self.desk.margin(1 if account.position > 0 else -1)
        if held == 0 or margin == 0 or self.called_in == bar or self._put_off:
            return
        available = self._available(self.here, held, margin)
        if available >= 0:
            return
        cover = grid.whole(-available / margin / account.value(self.here, 1 / grid.lot))
        if cover <= 0 and self._waits(held, margin):
            self._put_off = True
            return
        # I3: a cover of nothing still takes one whole contract.
        units = min(4 * cover if cover > 0 else grid.whole(Fraction(1)), held)
        # Not settled by the rules: no slippage, the price is the one that was checked.
        ticket = Ticket("", "Margin call", self.desk.taker_fee_rate, Reason.MARGIN_CALL)
        fee = account.fee(ticket, self.here, units)
        account.close(bar, self.here, units, ticket, fee, ())
        self.called_in = bar
        self.desk.tidy()

    def _waits(self, held: Units, margin: Fraction) -> bool:
        """I4: a call of one contract at the first extreme waits for a close that misses it too.

        PyneCore measured that it is sold after the script has run there.
        """
        close, first = self.close, self._corner == 1
        if not first or close is None or close == self.here:
            return False
        whole = held >= self.desk.grid.whole(Fraction(1))
        return whole and self._available(close, held, margin) < 0

    def _available(self, price: Ticks, held: Units, margin: Fraction) -> Fraction:
        """I1: equity less the margin of the position's value at a price."""
        return self.account.equity(price) - self.account.value(price, held) * margin

    def _meet_all(self, bar: int, price: Ticks, first_fresh_lot: int | None = None) -> None:
        while True:
            meetings = list(self._meetings(price, first_fresh_lot))
            if not meetings:
                return
            # B6: the nearest to where the price is; at one price as `rank` says.
            first = min(meetings, key=lambda one: (distance(one.touch.at, self.here), one.rank))
            self._come_to(first.touch.at)
            first.fill(bar, first.touch)
            self.desk.tidy()

    def _meetings(self, price: Ticks, first_fresh_lot: int | None) -> Iterator[Meeting]:
        beyond = self.desk.properties.limit_verification_ticks
        for order in list(self.desk.pending.values()):
            touch = order.touch(self.here, price, beyond)
            if touch is not None:
                # B5: entries before exits. B4: of two stops at one price, the one that buys.
                rank = 0, -order.side, order.sequence
                yield Meeting(touch, rank, partial(self._fill_order, order))
        for leg in list(self.desk.legs.values()):
            if first_fresh_lot is not None and leg.lot.number >= first_fresh_lot:
                continue
            touch = None if leg.done else leg.touch(self.here, price, beyond)
            if touch is not None:
                rank = 1, leg.standing.sequence, leg.lot.number
                yield Meeting(touch, rank, partial(self._fill_leg, leg))
        yield from self._resting(price, first_fresh_lot)

    def _resting(self, price: Ticks, first_fresh_lot: int | None) -> Iterator[Meeting]:
        for rest in list(self.desk.rests.values()):
            if first_fresh_lot is not None and (
                # A2: a close that decides moves stops for the next bar.
                rest.lot.number >= first_fresh_lot or rest.moved_in == self.bar
            ):
                continue
            if rest.live_from is not None and rest.live_from <= self.bar:
                for part, touch in rest.touches(self.here, price):
                    # At one price oldest entries first, the stop before targets.
                    rank = 1, 0, rest.lot.number, part
                    yield Meeting(touch, rank, partial(self._fill_rest, rest, part))

    def _fill_rest(self, rest: Rest, part: int, bar: int, touch: Touch) -> None:
        due, lot, takes = rest.due(), rest.lot, rest.takes(part, touch)
        if part == STOPPED and due is not None:
            reason, units = due[1], lot.units
        else:
            reason, units = Reason.TAKE_PROFIT, min(rest.targets.pop(part)[1], lot.units)
        price = self.slipped(touch, -lot.side)
        ticket = Ticket("", reason.name.lower(), self.desk.fee_rate(touch, takes), reason)
        fee = self.account.fee(ticket, price, units)
        self.account.close(bar, price, units, ticket, fee, (lot,))
        self._count(bar, price)
        self._end_day(bar, touch)
        if part != STOPPED and part == rest.bracket.after_target and lot.units > 0:
            rest.lift()

    def _come_to(self, price: Ticks) -> None:
        """The way leads to an order; what rests since the price came here waits for it to move."""
        if price != self.here:
            self._arrive(price)

    def _arrive(self, price: Ticks) -> None:
        self.here = price
        self.account.see(price)
        for order in self.desk.pending.values():
            order.pass_by(price)
        for leg in self.desk.legs.values():
            leg.follow(price)
        for rest in self.desk.rests.values():
            if rest.live_from is not None and rest.live_from <= self.bar:
                rest.follow(price)

    def _fill_market_orders(self, bar: int, price: Ticks, only_immediate: bool) -> None:
        """In the order of the calls; closes that are immediate have no other moment (A3)."""
        desk = self.desk
        self._round_from = self.account.entries
        closings = [one for one in desk.closings if one.immediately or not only_immediate]
        desk.closings = [one for one in desk.closings if one not in closings]
        orders = [] if only_immediate else [one for one in desk.pending.values() if one.is_market]
        touch = Touch(price, price, slips=True)
        queue: list[Closing | Pending] = [*closings, *orders]
        for one in sorted(queue, key=lambda one: one.sequence):
            if isinstance(one, Closing):
                self._fill_closing(one, bar, touch)
            else:
                # An earlier one may have cancelled or reduced it by their group (F1).
                now = desk.pending.get(one.command.id)
                if now is not None and now.sequence == one.sequence:
                    self._fill_market_entry(now, bar, touch)
            desk.tidy()
        self._round_from = _NO_ROUND

    def _fill_market_entry(self, order: Pending, bar: int, touch: Touch) -> None:
        limit = max(1, self.desk.properties.pyramiding)
        is_entry = not isinstance(order.command, Order)
        # D3: of two market entries in one pass, the second may find the limit reached.
        if is_entry and self.desk.entries_of(order.side) >= limit:
            del self.desk.pending[order.command.id]
            return
        self._fill_order(order, bar, touch)

    def _fill_order(self, order: Pending, bar: int, touch: Touch) -> None:
        desk, command, account = self.desk, order.command, self.account
        del desk.pending[command.id]
        price = self.slipped(touch, order.side)
        own = self._own_units(order, price)
        if isinstance(own, Refusal):
            # D11: the whole order goes, what it would have closed included.
            desk.refuse(bar, order.side, own)
            return
        units = own + self._against(order)
        if command.reduce_only:
            units = min(units, account.open_on(-order.side))
        closing = self._closing(order, units)
        if desk.only_closes(order):
            # J1: what it was to leave may have been left before.
            units = closing
        if units <= 0:
            return
        opening = units - closing
        if not self.affordable(order, price, opening):
            if closing > 0:
                self._refused = order.side, order.turn, order.sequence
            return
        caught = caught_by(order, self) if closing > 0 and opening > 0 else []
        rate = desk.fee_rate(touch, order.stop is not None or order.takes(touch))
        reason = Reason.REVERSAL if closing > 0 else Reason.ENTRY
        reason = Reason.SAFETY_ORDER if order.safety else reason
        ticket = Ticket(order.entry_id, command.comment or command.id, rate, reason)
        # H3: a reversal is one order, its fee split by quantity.
        fee = account.fee(ticket, price, units)
        if closing > 0:
            share = fee * closing / units
            account.close(bar, price, closing, ticket, share, (), -order.side)
        if opening > 0:
            share = fee * opening / units
            lot = account.open(bar, order.side, price, opening, ticket, share)
            desk.tidy()
            desk.cover(lot)
            desk.rest(lot, command)
            desk.ladders.after_entry(order, lot, bar)
        desk.after_fill(command.oca_name, command.oca_type, units)
        self._count(bar, price, order.side)
        self._end_day(bar, touch)
        self._fill_caught(caught, order, bar, price)

    def _fill_caught(self, caught: list[Caught], order: Pending, bar: int, price: Ticks) -> None:
        for one in caught:
            # J2: a day that has ended leaves nothing to fill.
            if self.account.position and fill_caught(one, order, bar, price, self):
                self._count(bar, price, 0 if order.is_market else order.side)

    def _own_units(self, order: Pending, price: Ticks) -> Units | Refusal:
        """What the order asks for itself; a budget decides at the price (G5)."""
        desk, units = self.desk, order.units
        if units is None and desk.properties.margin == "checked":
            bracket, against = order.command.bracket, self._against(order)
            stop = None if bracket is None else bracket.stop
            over = order.command.sized_over
            if not order.is_market:
                # Safety orders belong to an entry that was let in: limits do not ask again.
                asks = None if order.safety else self.held_back
                held_back = None if asks is None else asks(order.side, price)
                if held_back is not None:
                    return held_back
                return desk.sizing.units_of_resting(order, stop, price)
            return desk.sizing.units(None, order.side, stop, price, against, over)
        own = desk.units_for(order.budget, price) if units is None else units
        if isinstance(order.command, Order) or order.command.reduce_only:
            return own
        return desk.within_limit(order.side, own) or 0

    def _against(self, order: Pending) -> Units:
        """Of the other side: what there was at its creation (D2), or all there is (D10)."""
        return self.account.closable(order.side) if order.flips else order.against

    def _closing(self, order: Pending, units: Units) -> Units:
        """The part of an order that leaves the opposite position."""
        return min(units, self.account.closable(order.side, order.command.reduce_only))

    def affordable(self, order: Pending, price: Ticks, opening: Units) -> bool:
        """I5: an order that needs more margin than there is equity at its fill is dropped."""
        account, margin = self.account, self.desk.margin(order.side)
        if self.desk.properties.margin == "checked" and not order.is_market:
            if self.desk.sizing.can_carry(order.side, price, opening):
                return True
            self.desk.refuse(self.bar, order.side, Refusal.NO_MARGIN)
            return False
        if margin == 0 or opening == 0:
            return True
        if order.sized_at is not None and account.position == 0:
            # I5: unsettled; PineForge checks an entry from flat at the price that sized it.
            price = order.sized_at
        # Not settled by the rules: in hedge mode both sides hold margin back.
        same = [lot for lot in account.lots if account.hedged or lot.side == order.side]
        held = sum((lot.units for lot in same), 0)
        needed = account.value(price, held + opening) * margin
        if order.is_market and not account.hedged and order.side * account.position < 0:
            # D10: what another market order opened at this moment is not freed by its close.
            fresh = [lot for lot in account.lots if lot.number >= self._round_from]
            units = sum((lot.units for lot in fresh), 0)
            needed += account.value(price, units) * self.desk.margin(-order.side)
        return needed <= account.equity(price)

    def _fill_leg(self, leg: Leg, bar: int, touch: Touch) -> None:
        leg.done = True
        units = min(leg.reserved, leg.lot.claim, self.account.open_on(leg.lot.side))
        if units <= 0:
            return
        command = leg.standing.command
        price = self.slipped(touch, -leg.lot.side)
        rate = self.desk.fee_rate(touch, leg.takes(touch))
        reason = Reason.TAKE_PROFIT if not touch.slips else Reason.STOP_LOSS
        ticket = Ticket(command.id, command.signal(touch.part), rate, reason)
        fee = self.account.fee(ticket, price, units)
        self.account.close(bar, price, units, ticket, fee, (leg.lot,), leg.lot.side)
        self._count(bar, price)
        self._end_day(bar, touch)

    def _fill_closing(self, one: Closing, bar: int, touch: Touch) -> None:
        if self._refused is not None:
            side, turn, sequence = self._refused
            if one.turn == turn and one.sequence > sequence and one.side == -side:
                # D11: a close beside a reversal that was refused does not stand in for it.
                return
        # D9: several closes in one pass add up to the position at most, and never reverse it.
        # Not settled by the rules: the same with orders that fill at the close.
        units = min(one.units, self.account.open_on(one.side))
        if units <= 0:
            return
        price = self.slipped(touch, -one.side)
        # A3: the list shows the close itself, the cash is slipped.
        listed = touch.price if one.immediately and self.desk.lists_raw else None
        ticket = Ticket("", one.signal, self.desk.taker_fee_rate, one.reason, listed)
        fee = self.account.fee(ticket, price, units)
        self.account.close(bar, price, units, ticket, fee, one.lots, one.side)
        self._count(bar, price)
        self._end_day(bar, touch)

    def slipped(self, touch: Touch, side: int) -> Ticks:
        """C4: market and stop orders pay slippage, limits never."""
        return touch.price + side * self._slippage if touch.slips else touch.price
