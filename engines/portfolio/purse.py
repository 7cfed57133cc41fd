"""What do the legs of an account share? Cash, equity, and the margin they leave each other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from engines.commands import CloseRule
from engines.event import Perpetual
from engines.event.account import Account
from engines.kernel.layout import Market
from engines.kernel.money import gross_profit, quantity
from engines.margin import maintenance_margin

# So far above what is needed, the exact sum need not be looked at.
_MARGIN_OF_SAFETY = 1.01


@dataclass
class Purse:
    """The cash of an account, and the legs that draw on it, by symbol."""

    cash: float
    members: list[LegAccount] = field(default_factory=list)

    @property
    def equity(self) -> float:
        """Cash and the open profit of every leg at its last price."""
        return self.cash + math.fsum(one.open_profit for one in self.members if one.lots)

    def carries(self, leverage: float) -> bool:
        """Whether the equity carries all positions; if so, no leg can be called for margin."""
        worth = math.fsum(one.worth for one in self.members if one.lots)
        return worth == 0.0 or worth <= self.equity * leverage

    def others(self, than: LegAccount) -> Iterator[LegAccount]:
        """Other legs that hold something."""
        return (one for one in self.members if one is not than and one.lots)


class LegAccount(Account):
    """The lots of one leg, on cash that it shares.

    `mark` is the leg's last price; `earned` what its own fills and funding brought the cash.
    """

    def __init__(
        self,
        purse: Purse,
        market: Market,
        close_rule: CloseRule,
        perpetual: Perpetual | None,
    ) -> None:
        self._purse = purse
        self.perpetual = perpetual
        self.mark = math.nan
        self.earned = 0.0
        super().__init__(market, close_rule, purse.cash)
        purse.members.append(self)

    @property
    def cash(self) -> float:
        """Cash of the whole account."""
        return self._purse.cash

    @cash.setter
    def cash(self, amount: float) -> None:
        self.earned += amount - self._purse.cash
        self._purse.cash = amount

    def see(self, price: float) -> None:
        """The path went to `price`, which is the leg's last from now on."""
        self.mark = price
        super().see(price)

    def equity(self, price: float) -> float:
        """Equity of the whole account with this leg at `price`."""
        return super().equity(price) + math.fsum(
            one.open_profit for one in self._purse.others(self)
        )

    @property
    def open_profit(self) -> float:
        """Profit of the open lots at the last price, before fees."""
        market, mark = self.market, self.mark
        return math.fsum(
            gross_profit(lot.side, lot.price, mark, quantity(lot.units, market), market)
            for lot in self.lots
        )

    @property
    def worth(self) -> float:
        """Value of the position at the last price, without a sign."""
        return self.value(self.units, self.mark) if self.lots else 0.0

    @property
    def elsewhere(self) -> float:
        """Value of the other legs' positions."""
        return math.fsum(one.worth for one in self._purse.others(self))

    @property
    def held_back(self) -> float:
        """Margin that the other legs' positions hold back at their last prices."""
        return math.fsum(
            float(one.perpetual.used(one, one.mark))
            for one in self._purse.others(self)
            if one.perpetual is not None
        )

    @property
    def backing(self) -> float:
        """Cash; in cross margin with the others' open profit, less what maintains them."""
        if self.perpetual is None or self.perpetual.mode != "cross":
            return self.cash
        return self.cash + math.fsum(
            one.open_profit - one.maintenance for one in self._purse.others(self)
        )

    @property
    def maintenance(self) -> float:
        """Maintenance margin of the position at the last price, cross margin."""
        rules = self.perpetual
        if rules is None or rules.mode == "none" or not self.lots:
            return 0.0
        held = replace(rules.held(self), isolated=False)
        return float(maintenance_margin(rules.contract, held, Fraction(self.mark)))

    def stands(self, price: float) -> bool:
        """Whether the account surely keeps its margin on this leg's way to `price`.

        A bound from below, in doubles: tiers without their deductions, all fees, a little more.
        """
        rules = self.perpetual
        if rules is None or rules.mode != "cross":
            return False
        needed = sum(one.most_maintenance(one.mark) for one in self._purse.others(self))
        needed += max(self.most_maintenance(price), self.most_maintenance(self.mark))
        equity = self.equity(price)
        needed += float(rules.contract.taker_fee_rate) * abs(equity)
        return equity > needed * _MARGIN_OF_SAFETY

    def most_maintenance(self, price: float) -> float:
        """No less than the maintenance margin at `price`."""
        if self.perpetual is None or not self.lots:
            return 0.0
        contract = self.perpetual.contract
        worth = self.worth * (price / self.mark)
        rates = (
            float(tier.maintenance_rate)
            for tier in contract.tiers
            if tier.limit is None or worth <= float(tier.limit)
        )
        highest = float(contract.tiers[-1].maintenance_rate)
        entered = self.value(self.units, self.average_price)
        fee = float(contract.taker_fee_rate) * (worth + entered)
        return worth * next(rates, highest) + fee
