"""What do trades and books do to orders? A simulated venue with latency, queues and depth."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final

from engines.event.events import Amend, Book, Depth, Instruction, OrderUpdate, Place, Tick
from engines.event.exchange import Exchange
from engines.event.latency import NO_LATENCY, Latency
from engines.event.queueing import QueueModel
from engines.event.working import Touch, Working
from engines.kernel.money import quantity
from engines.orders import Refusal

_MS_NS: Final = 1_000_000


@dataclass(frozen=True)
class Models:
    """What is assumed of a venue; as it stands, orders fill as they do on bars.

    Without a `queue` a resting limit order fills when a trade touches it, whole. With one it fills
    when a trade goes through its price, and at its price when its turn comes. With `in_parts` an
    order fills as far as a trade or the book's levels reach, and no further.
    """

    latency: Latency = NO_LATENCY
    queue: QueueModel | None = None
    in_parts: bool = False


@dataclass
class InQueue:
    """A resting order's place: lots before it, and what traded at its price since the last book."""

    ahead: float
    traded: float = 0.0


@dataclass
class TickExchange(Exchange):
    """Fills on trades (`on_tick`) and books (`on_book`), in the order of the venue's time.

    Instructions reach it a latency after their decision, in the order of the decisions. A market
    order takes the book as it stands; before there is one it waits for the next trade.
    """

    models: Models = field(default_factory=Models)
    book: Book | None = None
    now_ns: int = 0
    underway: list[tuple[int, int, Instruction]] = field(default_factory=list)
    queued: dict[str, InQueue] = field(default_factory=dict)
    taken: dict[float, float] = field(default_factory=dict)
    _sent: int = 0
    _walks: bool = False

    def submit(self, instructions: list[Instruction], decided_ns: int) -> None:
        """Send instructions on their way."""
        arrives_ns = decided_ns + self.models.latency.order(decided_ns)
        for one in instructions:
            if arrives_ns <= self.now_ns and not self.underway:
                self.obey(one)
            else:
                # A wire keeps its order, however the delays change.
                arrives_ns = max([arrives_ns, *(when for when, _, _ in self.underway)])
                self._sent += 1
                heappush(self.underway, (arrives_ns, self._sent, one))

    def advance(self, time_ns: int) -> None:
        """The time at the venue is `time_ns`: what was sent until then has arrived."""
        while self.underway and self.underway[0][0] <= time_ns:
            arrived_ns, _, one = heappop(self.underway)
            self._go_to(arrived_ns)
            self.obey(one)
        self._go_to(time_ns)

    def _go_to(self, time_ns: int) -> None:
        before_ms, now_ms = self.now_ns // _MS_NS, time_ns // _MS_NS
        self.now_ns = max(self.now_ns, time_ns)
        if now_ms > before_ms > 0:
            # Funding on the way there; the last trade's price is the mark.
            self._settle(before_ms + 1, now_ms + 1, self.here)

    def obey(self, one: Instruction) -> None:
        """An instruction has arrived."""
        self.receive([one])
        working = self.working.get(one.order_id)
        moved = isinstance(one, Place) or (isinstance(one, Amend) and one.limit is not None)
        if moved and working is not None:
            # Another price is another queue.
            self._come(working)
        elif working is None or self._resting_price(working) is None:
            self.queued.pop(one.order_id, None)

    def _come(self, working: Working) -> None:
        """A fresh order takes what there is, or joins the queue at its price."""
        if self.book is not None and (working.is_market or self._crosses(working)):
            self._walk(working)
        price = self._resting_price(working)
        if price is None or self.models.queue is None:
            return
        if self.working.get(working.order.order_id) is not None:
            resting = self._resting_units(working.order.side, price) or 0.0
            self.queued[working.order.order_id] = InQueue(self.models.queue.joined(resting))

    def on_tick(self, tick: Tick) -> None:
        """A trade: it reaches resting orders, and the price goes to where it was."""
        units = tick.qty / quantity(1.0, self.account.market)
        for name, place in self.queued.items():
            working, queue = self.working.get(name), self.models.queue
            # A buyer's order is met by sellers.
            met = working is not None and tick.side == -working.order.side
            if met and queue is not None and self._resting_price(working) == tick.price:
                place.ahead = queue.traded(place.ahead, units)
                place.traded += units
        self.jump(tick.price)
        for place in self.queued.values():
            # What a trade did not need of its reach is gone with it.
            place.ahead = max(place.ahead, 0.0)

    def on_book(self, book: Book) -> None:
        """A book: queues move up as others cancel, and orders that it crosses fill."""
        before, self.book = self.book, book
        if self.here == 0.0 and book.bids and book.asks:
            # Before any trade the market is between its best prices.
            self.here = (book.bids[0].price + book.asks[0].price) / 2.0
        self.taken.clear()
        for name, place in list(self.queued.items()):
            working = self.working.get(name)
            if working is None:
                del self.queued[name]
            elif before is not None:
                self._move_up(working, place, before)
            place.traded = 0.0
        for working in list(self.working.values()):
            if self.working.get(working.order.order_id) is not working:
                continue
            if working.is_market:
                self._walk(working)
            elif self._crosses(working):
                # The other side came to it: it made the price.
                self._fill(working, Touch(self.here, working.limit or 0.0, slips=False))

    def _move_up(self, working: Working, place: InQueue, before: Book) -> None:
        price = self._resting_price(working)
        if price is None or self.models.queue is None:
            return
        was = _at(before, working.order.side, price)
        now = self._resting_units(working.order.side, price)
        if was is None or now is None:
            return
        one_lot = quantity(1.0, self.account.market)
        # Trades have moved the queue already: what they took is no cancellation.
        left = max(was / one_lot - place.traded, 0.0)
        place.ahead = self.models.queue.changed(place.ahead, left, now)

    def _touch(self, working: Working, price: float, tick: float) -> Touch | None:
        place = self.queued.get(working.order.order_id)
        limit = self._resting_price(working)
        if place is None or limit is None:
            return super()._touch(working, price, tick)
        side = working.order.side
        through = side * price < side * limit
        if through or (price == limit and place.ahead < 0.0):
            return Touch(self.here, limit, False, limit)
        return None

    def _fill(self, working: Working, touch: Touch, at_most: float = math.inf) -> None:
        name = working.order.order_id
        if touch.slips and self.book is not None and not self._walks:
            self._walk(working)
            return
        place = self.queued.get(name)
        if place is not None and not touch.slips and self.here == working.limit:
            if self.models.in_parts:
                at_most = min(at_most, self._whole_lots(-place.ahead))
            place.ahead = 0.0
        if at_most > 0.0:
            super()._fill(working, touch, at_most)
        if name not in self.working:
            self.queued.pop(name, None)

    def _walk(self, working: Working) -> None:
        """Take from the book: its best price, or level by level as far as it reaches."""
        order, outer, self._walks = working.order, self._walks, True
        for level in self._offers(order.side):
            now = self.working.get(order.order_id)
            limited = working.limit is not None and order.side * level.price > order.side * (
                working.limit
            )
            if now is None or limited:
                break
            reach = math.inf
            if self.models.in_parts:
                eaten = self.taken.get(level.price, 0.0)
                reach = self._whole_lots(level.qty / quantity(1.0, self.account.market) - eaten)
            if reach > 0.0:
                self._take(now, level, reach)
        self._walks = outer
        if working.limit is None and self.working.pop(order.order_id, None) is not None:
            # As on Bybit: a market order takes what there is, and the rest is cancelled.
            reason = Refusal.NO_DEPTH.name
            self._tell(
                OrderUpdate(order.order_id, "cancelled", self.bar, order.side, reason=reason)
            )

    def _take(self, working: Working, level: Depth, reach: float) -> None:
        fills = len(self.account.fills)
        self._fill(working, Touch(self.here, level.price, slips=True), reach)
        one_lot = quantity(1.0, self.account.market)
        units = sum(fill.qty for fill in self.account.fills[fills:]) / one_lot
        self.taken[level.price] = self.taken.get(level.price, 0.0) + units

    def _tell(self, update: OrderUpdate) -> None:
        heard_ns = self.now_ns + self.models.latency.report(self.now_ns)
        self.submit(self.report(update), heard_ns)

    def _offers(self, side: int) -> tuple[Depth, ...]:
        if self.book is None:
            return ()
        return self.book.asks if side > 0 else self.book.bids

    def _crosses(self, working: Working) -> bool:
        offers, limit = self._offers(working.order.side), self._resting_price(working)
        if not offers or limit is None:
            return False
        side = working.order.side
        return side * offers[0].price <= side * limit

    def _resting_price(self, working: Working | None) -> float | None:
        """Price of an order that is a limit and nothing else (yet)."""
        if working is None:
            return None
        return working.limit if working.stop is None and working.activation is None else None

    def _resting_units(self, side: int, price: float) -> float | None:
        found = None if self.book is None else _at(self.book, side, price)
        return None if found is None else found / quantity(1.0, self.account.market)

    def _whole_lots(self, units: float) -> float:
        return float(math.floor(units + 1e-9)) if self.account.market.lot > 0.0 else units


def _at(book: Book, side: int, price: float) -> float | None:
    """What rests at a price of a side; None beyond what the book shows."""
    levels = book.bids if side > 0 else book.asks
    if not levels or side * price < side * levels[-1].price:
        return None
    return next((level.qty for level in levels if level.price == price), 0.0)
