"""How does a script trade on trades and books? A trader and a venue, with time between them."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Final

from engines.broker import Broker
from engines.commands import Properties
from engines.errors import InvalidInput
from engines.event.events import Bar, Book, Event, Prices, Tick, Timer
from engines.event.order_rules import order_rules_for
from engines.event.perpetual import Perpetual
from engines.event.simulate import Outcome, account_under
from engines.event.tick_exchange import Models, TickExchange
from engines.event.trader import Trader
from engines.instrument import Instrument
from engines.script import Guarding, Script

_MS_NS: Final = 1_000_000


class TickSession:
    """A trader at a venue of trades and books. Feed it events in the order of the venue's time.

    A `Bar` tells that the bar has closed: its trades came before it. The script hears of it a feed
    latency later. Time never goes back; InvalidInput tells where it did.
    """

    def __init__(
        self,
        script: Script,
        instrument: Instrument,
        broker: Broker,
        properties: Properties | None = None,
        run: str = "",
        models: Models | None = None,
        perpetual: Perpetual | None = None,
    ) -> None:
        said = properties or Properties()
        if isinstance(script, Guarding) and script.guards:
            raise InvalidInput("entries", "resting under limits", "market entries on ticks")
        if said.day_orders is not None:
            expected = "none on ticks: a day begins with a bar"
            raise InvalidInput("day_orders", said.day_orders.most, expected)
        account = account_under(broker, instrument, said)
        self.trader = Trader(script, account.market, said, run, account)
        self.exchange = TickExchange(
            account,
            said,
            self.trader.handle,
            bar=0,
            perpetual=perpetual,
            rules=order_rules_for(instrument, broker, said.margin),
            models=models or Models(),
        )
        self.equity: list[float] = []
        self._news: list[tuple[int, int, Event]] = []
        self._number = 0

    def feed(self, event: Bar | Tick | Book | Timer) -> None:
        """What happened next at the venue."""
        time_ns = event.close_ms * _MS_NS if isinstance(event, Bar) else event.time_ns
        if time_ns < self.exchange.now_ns:
            raise InvalidInput("event time", time_ns, f"{self.exchange.now_ns} ns or later")
        self._until(time_ns)
        match event:
            case Tick():
                self.exchange.on_tick(event)
            case Book():
                self.exchange.on_book(event)
            case Bar():
                self.exchange.bar = event.number + 1
        self._number += 1
        heard_ns = time_ns + self.exchange.models.latency.feed(time_ns)
        if isinstance(event, Bar) or self.trader.watches:
            heappush(self._news, (heard_ns, self._number, event))
        self._until(time_ns)
        if isinstance(event, Bar):
            self.equity.append(self.trader.account.equity(event.prices.close))

    def _until(self, time_ns: int) -> None:
        """News that is heard and orders that arrive until then, in their order."""
        while self._news and self._news[0][0] <= time_ns:
            heard_ns, _, event = heappop(self._news)
            self.exchange.advance(heard_ns)
            self._hear(event, heard_ns)
        self.exchange.advance(time_ns)

    def _hear(self, event: Event, heard_ns: int) -> None:
        exchange = self.exchange
        closes_now = isinstance(event, Bar) and heard_ns == event.close_ms * _MS_NS
        if closes_now:
            # Nothing lies between the close and its decisions, as on bars.
            exchange.bar -= 1
        exchange.submit(self.trader.handle(event), heard_ns)
        if closes_now:
            exchange.close_bar()
            exchange.bar += 1

    def outcome(self, price: float) -> Outcome:
        """What came of it; what is open is marked at `price`."""
        account = self.trader.account
        left = account.still_open(max(self.exchange.bar, 0), price)
        return Outcome(account.fills, account.trades, left, self.equity, account.refusals)


def replay(
    script: Script,
    events: Iterable[Bar | Tick | Book | Timer],
    instrument: Instrument,
    broker: Broker,
    properties: Properties | None = None,
    models: Models | None = None,
) -> Outcome:
    """Run a script over recorded events, oldest first; see `TickSession`."""
    session = TickSession(script, instrument, broker, properties, models=models)
    price = 0.0
    for event in events:
        session.feed(event)
        price = event.price if isinstance(event, Tick) else price
    return session.outcome(price)


def bars_between(events: Iterable[Tick | Book | Timer], interval_ms: int) -> Iterable[Event]:
    """The same events with a bar after the last trade of each interval that has any.

    Bars are numbered from 0; the last one is left out, since its time may not be over.
    """
    number, open_ms = -1, -1
    prices: list[float] = []
    volume = 0.0
    for event in events:
        start_ms = event.time_ns // _MS_NS // interval_ms * interval_ms
        if prices and start_ms > open_ms:
            number += 1
            yield _bar(number, open_ms, interval_ms, prices, volume)
            prices, volume = [], 0.0
        if isinstance(event, Tick):
            open_ms = start_ms
            prices.append(event.price)
            volume += event.qty
        yield event


def _bar(number: int, open_ms: int, interval_ms: int, prices: list[float], volume: float) -> Bar:
    shown = Prices(prices[0], max(prices), min(prices), prices[-1])
    return Bar(number, open_ms, open_ms + interval_ms, shown, volume)
