"""What is one leg while it runs? A trader at its venue, and the orders that are left for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, runtime_checkable

from engines.broker import Broker
from engines.commands import Command
from engines.errors import InvalidInput
from engines.event import Outcome, Trader, perpetual_for
from engines.event.account import Account
from engines.event.events import Opened, Place
from engines.event.order_rules import order_rules_for
from engines.event.recalculation import way_of
from engines.kernel.market import market_for
from engines.kernel.money import quantity
from engines.legs import Leg, LegView
from engines.orders import Refusal
from engines.payoff import check_profile
from engines.portfolio.purse import LegAccount, Purse
from engines.portfolio.timetable import Moment, Timetable
from engines.portfolio.venue import Gate, LegVenue
from engines.script import Guarding, View


@runtime_checkable
class SeesAccount(Protocol):
    """A script that looks at the lots and trades of its account itself."""

    def attach(self, account: Account) -> None:
        """Take the leg's account, before the first bar."""
        ...


class _Told:
    """A leg's script: its own orders, after those that its conductor left for it."""

    def __init__(self, leg: Leg, account: Account) -> None:
        self._script = leg.script
        self.orders: Sequence[Command] = ()
        script: object = leg.script
        if isinstance(script, SeesAccount):
            script.attach(account)

    def on_close(self, view: View) -> Iterable[Command]:
        yield from self.orders
        self.orders = ()
        if self._script is not None:
            yield from self._script.on_close(view)

    @property
    def guards(self) -> bool:
        """Whether the script looks at its entries again where they are met."""
        script: object = self._script
        return isinstance(script, Guarding) and script.guards

    def held_back(self, side: int, open_ms: int, view: View) -> Refusal | None:
        """Why an entry does not fill; None if it does."""
        script: object = self._script
        return script.held_back(side, open_ms, view) if isinstance(script, Guarding) else None


class RunningLeg:
    """One leg of a run. Its rounds are driven from outside, in step with the others'."""

    def __init__(self, leg: Leg, broker: Broker, purse: Purse, run: str) -> None:
        check_profile(broker.profile, leg.instrument.category, leg.symbol)
        if broker.profile in ("bybit_inverse", "bybit_spot"):
            expected = "bybit_linear or tradingview: legs share one currency and its margin"
            raise InvalidInput("broker.profile", broker.profile, expected)
        for name, expected in (("position_mode", "one_way"), ("mark_price", "last")):
            if getattr(broker, name) != expected:
                raise InvalidInput(f"broker.{name}", getattr(broker, name), f"{expected} for legs")
        if leg.properties.calc_on_order_fills or leg.properties.risk.watches:
            expected = "without calc_on_order_fills and risk rules: legs take turns fill by fill"
            raise InvalidInput(f"properties of {leg.symbol}", "one of them", expected)
        said, market = leg.properties, market_for(broker, leg.instrument)
        perpetual = perpetual_for(leg.instrument, broker, leg.funding, leg.span_ms)
        self.leg = leg
        self.symbol = leg.symbol
        self.account = LegAccount(purse, market, said.close_rule, perpetual)
        self.told = _Told(leg, self.account)
        self.trader = Trader(self.told, market, said, f"{run}/{leg.symbol}", self.account)
        self.venue = LegVenue(
            self.account,
            said,
            self.trader.handle,
            perpetual=perpetual,
            rules=order_rules_for(leg.instrument, broker, said.margin),
            stands=self.account.stands,
        )
        if self.told.guards:
            self.venue.held_back = self.trader.held_back
        self.times = Timetable(leg)
        self.closed_ms = -1
        self.contribution: list[float] = []
        self._initial_cash = market.initial_cash

    def guard(self, gate: Gate) -> None:
        """Let `gate` refuse entries."""
        self.venue.gate = gate

    @property
    def known_ms(self) -> int:
        """Up to when bars had closed when the present round's prices were made."""
        now_ms, moment = self.times.when or (self.closed_ms, Moment.CLOSE)
        return self.times.stretch.open_ms if moment is Moment.WAY else now_ms

    @property
    def side(self) -> int:
        """+1 long, −1 short, 0 flat."""
        return self.account.side

    def begin_open(self) -> None:
        """Funding of this moment; then the market opens."""
        times, venue = self.times, self.venue
        price = times.stretch.prices.open
        if times.begins:
            open_ms = times.bar.open_ms
            venue.begin_bar(Opened(times.bar.day, price, open_ms), times.bar.number)
            venue.settle(open_ms, open_ms + 1, times.bar.prices.open)
        venue.open_at(price)

    def begin_way(self, part: int) -> None:
        """Set out for the path's next corner: the nearer extreme, the other, the close (B1)."""
        way = way_of(self.times.stretch.prices, self.venue.account.market.tick)
        self.venue.go_to(way[part])

    def settle_inside(self) -> None:
        """Funding that fell due inside the bar: its close decides, as for a single leg."""
        bar = self.times.bar
        self.venue.settle(bar.open_ms + 1, bar.close_ms, bar.prices.close)

    def decide(self) -> None:
        """The leg's orders at the close of its bar."""
        self.closed_ms = self.times.bar.close_ms
        self.venue.receive(self.trader.handle(self.times.bar))

    @property
    def brought(self) -> float:
        """What the leg has brought the account so far, open profit included."""
        return self.account.earned + self.account.open_profit

    def mark_close(self) -> None:
        """Note what the leg has brought until its close, and what the account is worth there."""
        account = self.account
        self.contribution.append(self._initial_cash + self.brought)
        equity = account.equity(account.mark)
        account.record.fill_at_close(account.entries, account.orders, equity)

    def take_share(self, share: float) -> None:
        """Let default sizes be this share of what the leg's properties say."""
        said = self.leg.properties.scaled(share)
        self.trader.said = self.trader.entries.said = self.venue.said = said

    def view(self, now_ms: int) -> LegView:
        """The leg as a conductor sees it."""
        size = self.side * float(quantity(self.account.units, self.account.market))
        return LegView(size, self.account.mark, self.closes_at(now_ms))

    def closes_at(self, now_ms: int) -> bool:
        """Whether it decides at this moment."""
        return self.times.when == (now_ms, Moment.DECIDE)

    def entry_id_of(self, order: Place) -> str | None:
        """The id of the waiting entry behind an order at the venue; None for an exit."""
        for name, waiting in self.trader.entries.waiting.items():
            if waiting.order_id == order.order_id:
                return name
        return None

    def outcome(self) -> Outcome:
        """What came of the leg: its `equity` is the initial cash and what the leg brought."""
        account, bar = self.account, self.times.bar
        left = account.still_open(bar.number, bar.prices.close)
        return Outcome(account.fills, account.trades, left, self.contribution, account.refusals)
