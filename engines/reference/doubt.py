"""Which exits hang on the order inside a bar? Each entry alone, walked in both orders."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import NamedTuple

from engines.doubts import Doubts
from engines.instrument import Instrument
from engines.orders import Reason
from engines.reference.account import ZERO, Account, Lot, Ticket
from engines.reference.desk import Desk
from engines.reference.market import Market
from engines.reference.path import Path
from engines.reference.pending import Touch


class Trial(NamedTuple):
    """What an entry is worth after a bar, what it does not sell valued at the close."""

    worth: Fraction
    sells: bool


@dataclass
class Weighing:
    """Looks at each path of a market, once its market orders have filled."""

    market: Market
    instrument: Instrument
    doubts: Doubts = field(default_factory=Doubts)

    def weigh(self, path: Path) -> None:
        """Count the exits of a bar, base or finer, that hang on its order, before it is walked."""
        self.forget()
        if path.open in (min(path), max(path)):
            # An extreme at the open came first.
            return
        for lot in self.market.account.entered:
            if lot.claim > 0 and self._rests(lot):
                assumed = self._trial(lot, path)
                other = self._trial(lot, Path(path.open, path.far, path.near, path.close))
                if assumed.sells and other.worth != assumed.worth:
                    lot.in_doubt = True
                    self.doubts.count(float(other.worth - assumed.worth))

    def forget(self) -> None:
        """What is left of the entries goes on without doubt."""
        for lot in self.market.account.entered:
            lot.in_doubt = False

    def _rests(self, lot: Lot) -> bool:
        desk = self.market.desk
        return lot.number in desk.rests or any(leg.lot is lot for leg in desk.legs.values())

    def _trial(self, lot: Lot, path: Path) -> Trial:
        """Walk one entry along a path and keep nothing but what it comes to."""
        market, bar = self._alone(lot), self.market.bar
        account, desk = market.account, market.desk
        market.jump(bar, path.open)
        for price in path[1:]:
            market.move(bar, price)
        units, worth = account.open_on(lot.side), account.cash
        if units:
            # A market order at the close.
            price = market.slipped(Touch(path.close, path.close, slips=True), -lot.side)
            ticket = Ticket("", "", desk.taker_fee_rate, Reason.OPEN)
            fee = account.fee(ticket, price, units)
            worth += account.earned(lot.side, lot.price, price, units) - fee
        return Trial(worth, units < lot.claim)

    def _alone(self, lot: Lot) -> Market:
        """A market in which there is this entry, and nothing else."""
        real = self.market.desk
        account = Account(real.grid, real.broker, real.account.close_rule)
        account.cash, account.rate = ZERO, real.account.rate
        # D8: what the entry may still leave.
        held = replace(lot, units=lot.claim)
        account.lots, account.entered = [held], [held]
        desk = Desk(real.grid, real.broker, real.properties, account, self.instrument)
        for key, leg in real.legs.items():
            if leg.lot is lot:
                desk.legs[key] = replace(leg, lot=held)
                desk.standing[key[:2]] = leg.standing
        rest = real.rests.get(lot.number)
        if rest is not None:
            twin = desk.rests[lot.number] = copy.copy(rest)
            twin.lot, twin.targets = held, dict(rest.targets)
        market = Market(desk, int(real.broker.slippage_ticks))
        # Margin is the whole account's.
        market.called_in = self.market.bar
        return market
