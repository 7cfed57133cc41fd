"""What does a leg hold on an account that it shares? Its own lots, everybody's cash."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from engines.broker import Broker
from engines.commands import CloseRule
from engines.orders import Reason
from engines.reference.account import ZERO, Account, Fill, Lot, Ticket, Trade
from engines.reference.futures import Futures, Held
from engines.reference.grid import Grid, Ticks, Units


@dataclass
class Money:
    """The cash of an account, and its legs in the order of their symbols."""

    cash: Fraction
    legs: list[SharedAccount] = field(default_factory=list)

    @property
    def equity(self) -> Fraction:
        """Cash and every leg's open profit at its last price (K3)."""
        return self.cash + sum((leg.open_profit(leg.mark) for leg in self.legs), ZERO)


class SharedAccount(Account):
    """One leg's lots; `mark` is its last price, `paid` the funding of its open lots by number."""

    def __init__(
        self,
        money: Money,
        grid: Grid,
        broker: Broker,
        close_rule: CloseRule,
        futures: Futures | None,
    ) -> None:
        self.money = money
        self.futures = futures
        self.mark: Ticks = 0
        self.brought = ZERO
        self.paid: dict[int, Fraction] = {}
        super().__init__(grid, broker, close_rule)
        money.legs.append(self)

    def __post_init__(self) -> None:
        """The cash is there already."""

    @property
    def cash(self) -> Fraction:
        """Cash of the whole account."""
        return self.money.cash

    @cash.setter
    def cash(self, amount: Fraction) -> None:
        self.brought += amount - self.money.cash
        self.money.cash = amount

    @property
    def others(self) -> Iterator[SharedAccount]:
        """Other legs that hold something."""
        return (leg for leg in self.money.legs if leg is not self and leg.lots)

    @property
    def worth(self) -> Fraction:
        """Value of the position at the last price, without a sign."""
        units = sum((lot.units for lot in self.lots), 0)
        return Fraction(self.grid.money(self.mark, units))

    @property
    def elsewhere(self) -> Fraction:
        """Value of the other legs' positions."""
        return sum((leg.worth for leg in self.others), ZERO)

    @property
    def held(self) -> Held:
        """The position at its average price, in units of quantity and quote currency."""
        units = sum((Fraction(lot.units) for lot in self.lots), ZERO)
        cost = sum((Fraction(lot.price) * lot.units for lot in self.lots), ZERO)
        grid = self.grid
        return Held(self.lots[0].side, units * grid.lot, cost / units * grid.tick)

    def used(self) -> Fraction:
        """Margin that the position holds back at the last price."""
        if self.futures is None:
            return ZERO
        return self.futures.used(self.held, self.mark * self.grid.tick)

    def maintenance(self) -> Fraction:
        """What maintains the position at the last price."""
        if self.futures is None:
            return ZERO
        return self.futures.maintenance(self.held, self.mark * self.grid.tick)

    def see(self, price: Ticks) -> None:
        """The path went to `price`."""
        self.mark = price
        super().see(price)

    def equity(self, price: Ticks) -> Fraction:
        """Equity of the whole account with this leg at `price`."""
        elsewhere = sum((leg.open_profit(leg.mark) for leg in self.others), ZERO)
        return self.cash + self.open_profit(price) + elsewhere

    def pay_funding(self, bar: int, rate: Fraction, mark: Ticks) -> None:
        """Longs pay `rate` of the value to shorts; below zero shorts pay longs."""
        for lot in self.lots:
            part = lot.side * self.grid.money(mark, lot.units) * rate
            self.paid[lot.number] = self.paid.get(lot.number, ZERO) + part
            self.cash -= part
        side = self.lots[0].side
        shown = self.grid.price(mark)
        reason = int(Reason.FUNDING)
        self.fills.append(Fill(bar, side, shown, 0.0, ZERO, self.cash, "", -1, 0, reason))

    def _take(
        self, lot: Lot, bar: int, price: Ticks, units: Units, ticket: Ticket, fee: Fraction
    ) -> None:
        share = self.paid.get(lot.number, ZERO) * units / lot.units
        super()._take(lot, bar, price, units, ticket, fee)
        if share:
            # It left the cash when it was paid; the trade's profit has it too.
            self.paid[lot.number] -= share
            self.trades[-1] = replace(self.trades[-1], pnl=self.trades[-1].pnl - share)

    def still_open(self, bar: int, price: Ticks) -> list[Trade]:
        """What is left at the end (A8)."""
        rows = super().still_open(bar, price)
        return [replace(one, pnl=one.pnl - self.paid.get(one.number, ZERO)) for one in rows]
