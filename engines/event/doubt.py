"""Which exits hang on the order inside a bar? Each entry alone, walked in both orders."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from engines.commands import Command
from engines.doubts import Doubts
from engines.event.account import Account, Lot
from engines.event.events import Prices
from engines.event.exchange import Exchange
from engines.event.recalculation import way_of
from engines.event.sizing import fee_of
from engines.event.trader import Trader
from engines.event.working import Working
from engines.kernel.money import market_price
from engines.risk_rules import NO_RULES
from engines.script import View


class Trial(NamedTuple):
    """What an entry is worth after a bar, what it does not sell valued at the close."""

    worth: float
    sells: bool


class Silent:
    """A script that says nothing."""

    def on_close(self, view: View) -> Iterable[Command]:
        return ()


@dataclass
class Weighing:
    """Looks at each stretch of a session, once its market orders have filled."""

    trader: Trader
    exchange: Exchange
    doubts: Doubts = field(default_factory=Doubts)

    def weigh(self, prices: Prices) -> None:
        """Count the exits of a bar, base or finer, that hang on its order, before it is walked."""
        self.forget()
        if not prices.low < prices.open < prices.high:
            # An extreme at the open came first.
            return
        for lot in self.trader.account.entered:
            if lot.claim > 0.0 and self._may_matter(lot, prices):
                assumed, other = (self._trial(lot, prices, turned) for turned in (False, True))
                if assumed.sells and other.worth != assumed.worth:
                    lot.in_doubt = True
                    self.doubts.count(other.worth - assumed.worth)

    def forget(self) -> None:
        """What is left of the entries goes on without doubt."""
        for lot in self.trader.account.entered:
            lot.in_doubt = False

    def _orders(self, lot: Lot) -> Iterator[Working]:
        """What rests on an entry at the venue: its bracket, and legs of exits."""
        names: list[str] = []
        if lot.number in self.trader.brackets.resting:
            names += self.trader.brackets.resting[lot.number].orders.values()
        for key, leg in self.trader.exits.legs.items():
            if key[2] == lot.number:
                names += leg.orders.values()
        working = self.exchange.working
        yield from (working[name] for name in names if name in working)

    def _may_matter(self, lot: Lot, prices: Prices) -> bool:
        """Whether the bar can meet something in favour and something against: a quick look."""
        side, tick = lot.side, self.trader.account.market.tick
        near, far = (prices.low, prices.high) if side > 0 else (prices.high, prices.low)
        bracket = self.trader.brackets.resting.get(lot.number)
        lifts = bracket is not None and bracket.bracket.after_target > 0
        ahead = behind = False
        for one in self._orders(lot):
            good, bad = _meets(one, side, near, far, tick)
            ahead, behind = ahead or good, behind or bad or (good and lifts)
        return ahead and behind

    def _trial(self, lot: Lot, prices: Prices, turned: bool) -> Trial:
        """Walk one entry through a bar and keep nothing but what it comes to."""
        alone = self._alone(lot)
        venue, account, market = self._venue(alone, lot), alone.account, alone.account.market
        near, far, close = way_of(prices, market.tick)
        venue.jump(prices.open)
        for price in (far, near, close) if turned else (near, far, close):
            venue.move(price)
        units, worth = account.held(lot.side), account.cash
        if units > 0.0:
            price = float(market_price(close, -lot.side, market))
            fee = fee_of(account, units, price, market.taker_fee_rate)
            worth += account.earned_by(account.lots[0], price) - fee
        return Trial(worth, units < lot.claim)

    def _alone(self, lot: Lot) -> Trader:
        """A trader that holds this entry, and nothing else."""
        trader = self.trader
        said = replace(trader.said, risk=NO_RULES, day_orders=None, calc_on_order_fills=False)
        alone = Trader(Silent(), trader.account.market, said, "", _holding(trader.account, lot))
        alone.namer = copy.deepcopy(trader.namer)
        bracket = trader.brackets.resting.get(lot.number)
        if bracket is not None:
            alone.brackets.resting[lot.number] = copy.deepcopy(bracket)
        alone.exits.legs = {
            key: copy.deepcopy(leg)
            for key, leg in trader.exits.legs.items()
            if key[2] == lot.number
        }
        alone.exits.standing = {
            key[:2]: trader.exits.standing[key[:2]]
            for key in alone.exits.legs
            if key[:2] in trader.exits.standing
        }
        return alone

    def _venue(self, alone: Trader, lot: Lot) -> Exchange:
        real = self.exchange
        orders = {one.order.order_id: copy.copy(one) for one in self._orders(lot)}
        venue = Exchange(alone.account, alone.said, alone.handle, orders, rules=real.rules)
        venue.here, venue.moment, venue.bar = real.here, real.moment, real.bar
        # Margin is the whole account's.
        venue.called_in = real.bar
        return venue


def _holding(account: Account, lot: Lot) -> Account:
    """An account of the same kind that holds what one entry may still leave (D8)."""
    twin = copy.copy(account)
    vars(twin).pop("record", None)
    twin.cash, twin.wallet = 0.0, copy.copy(account.wallet)
    twin.lots = [replace(lot, units=lot.claim)]
    twin.entered = list(twin.lots)
    twin.trades, twin.fills, twin.refusals = [], [], []
    return twin


def _meets(one: Working, side: int, near: float, far: float, tick: float) -> tuple[bool, bool]:
    """Whether an order has to do with a bar's extreme in favour, and with the one against."""
    if one.order.watch is not None:
        reached = side * far >= side * one.order.watch
        return reached, reached
    if one.activation is not None:
        mark, moves = one.water, False
        # Once armed it stays so, also where an anchor moves the activation away.
        armed = mark is not None or side * far >= side * one.activation
        if armed and (mark is None or side * far > side * mark):
            mark, moves = far, True
        if mark is None:
            return False, False
        offset = one.order.offset_fraction * mark or one.offset
        return moves, side * near <= side * mark - offset + tick
    if one.limit is not None:
        return side * far >= side * one.limit, False
    return False, one.stop is not None and side * near <= side * one.stop
