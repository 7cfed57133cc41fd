"""What does the account hold after every fill? Lots, trades and cash, by the kernel's scalars."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from engines.commands import CloseRule
from engines.event.record import Record
from engines.event.wallet import Wallet
from engines.kernel.layout import Account as KernelAccount
from engines.kernel.layout import Market
from engines.kernel.money import equity_at, gross_profit, quantity, share_of
from engines.orders import Reason
from engines.payoff import LINEAR, Payoff


@dataclass
class Lot:
    """What one entry still holds, in lots of the instrument.

    `claim` is what may still be left under its own id: FIFO takes `units` from the oldest lot
    and the claim from the one that was meant (D8). `best` and `worst` are prices of its path (K2).
    """

    number: int
    entry_id: str
    signal: str
    side: int
    entry_units: float
    units: float
    price: float
    fee: float
    bar: int
    best: float
    worst: float
    claim: float
    order_id: str
    funding: float = 0.0
    # Whether its exits hang on the order inside the present bar.
    in_doubt: bool = False


@dataclass(frozen=True)
class Trade:
    """A closed part of an entry (K1), or what is left at the end (`exit_signal` "Open", A8)."""

    number: int
    side: int
    entry_id: str
    entry_signal: str
    exit_signal: str
    entry_bar: int
    exit_bar: int
    entry_price: float
    exit_price: float
    qty: float
    entry_fee: float
    exit_fee: float
    pnl: float
    reason: int
    best: float
    worst: float
    mfe: float
    mae: float
    funding: float = 0.0
    exit_id: str = ""
    ambiguous: bool = False


@dataclass(frozen=True)
class Fill:
    """One row of the ledger: an order's part that closed, or that opened, or funding paid."""

    bar: int
    side: int
    price: float
    qty: float
    fee: float
    cash: float
    signal: str
    trade: int
    order_id: str
    reason: int
    funding: float = 0.0


@dataclass(frozen=True)
class Refused:
    """An order that did not come to anything, and why (`engines.orders.Refusal`)."""

    bar: int
    side: int
    reason: int
    id: str
    detail: str = ""


@dataclass(frozen=True)
class Ticket:
    """The order behind a fill, and what it is called in the list of trades.

    `listed` is the exit price that the list shows, if it is not the fill's (A3).
    """

    bar: int
    price: float
    order_id: str
    entry_id: str
    signal: str
    reason: Reason
    exit_id: str = ""
    listed: float | None = None


@dataclass
class Account:
    """Lots oldest first, trades in the order of their exits, and the chain of cash.

    `entered` numbers the lots of the present position, those that FIFO has emptied included.
    `flat_bar` and `loss_bar` are as `engines.script.View` says.
    `wallet` is there on spot, where coins are bought instead of contracts.
    """

    market: Market
    close_rule: CloseRule
    cash: float
    lots: list[Lot] = field(default_factory=list)
    entered: list[Lot] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    refusals: list[Refused] = field(default_factory=list)
    entries: int = 0
    orders: int = 0
    # Account currency for one of quote currency on the present bar (G8).
    rate: float = 1.0
    currency: str = ""
    payoff: Payoff = LINEAR
    flat_bar: int = -1
    loss_bar: int = -1
    wallet: Wallet | None = None
    hedged: bool = False

    @cached_property
    def _quoted(self) -> Market:
        return self.market

    def convert(self, rate: float) -> None:
        """Another day: quote currency is worth `rate` of the account's (G8)."""
        quoted = self._quoted
        self.market = quoted._replace(contract_value=quoted.contract_value * rate)
        self.rate = rate

    @cached_property
    def record(self) -> Record:
        """How high and deep it has been."""
        return Record(self.market.initial_cash)

    @property
    def side(self) -> int:
        """+1 long, −1 short, 0 flat; in hedge mode the side of the larger position."""
        if self.hedged:
            net = self.position
            return (net > 0.0) - (net < 0.0)
        return self.lots[0].side if self.lots else 0

    @property
    def units(self) -> float:
        """Lots of the instrument that are open, without a sign."""
        return in_turn(lot.units for lot in self.lots)

    def held(self, side: int) -> float:
        """Lots that are open on one side."""
        return in_turn(lot.units for lot in self.lots if lot.side == side)

    def closable(self, side: int, reduce_only: bool = False) -> float:
        """Lots that an order of `side` closes before it opens: none in hedge mode."""
        return self.held(-side) if reduce_only or not self.hedged else 0.0

    @property
    def position(self) -> float:
        """Lots that are open, longs less shorts."""
        return in_turn(lot.side * lot.units for lot in self.lots)

    def equity(self, price: float) -> float:
        """Cash and open profit at `price` (K3)."""
        level = self.payoff.level(price)
        equity = float(equity_at(self.as_kernel(), level, self.market))
        return equity if self.wallet is None else equity + self.wallet.gain(price, self.market)

    def value(self, units: float, price: float) -> float:
        """Value of so many lots at `price`, in the account's currency."""
        worth = self.payoff.worth(price)
        return worth * quantity(units, self.market) * self.market.contract_value

    @property
    def balance(self) -> float:
        """Quote currency of a spot account: what its coins have cost is spent."""
        spent = 0.0 if self.wallet is None else self.wallet.cost
        return self.cash - self.as_kernel().cost - spent

    @property
    def average_price(self) -> float:
        """What the position was entered at on average (K5), NaN when flat or on both sides."""
        units = self.units
        if not units or self.held(self.side) != units:
            return math.nan
        cost = sum(self.payoff.level(lot.price) * lot.units for lot in self.lots)
        return self.payoff.price(cost / units)

    @property
    def elsewhere(self) -> float:
        """Value of positions that the same money carries beside these lots: none."""
        return 0.0

    @property
    def held_back(self) -> float:
        """Margin that those positions hold back."""
        return 0.0

    @property
    def backing(self) -> float:
        """Money that stands behind these lots in cross margin, without their own profit."""
        return self.cash

    def as_kernel(self) -> KernelAccount:
        """The same account as the kernel's scalars take it, prices on the payoff's scale."""
        cost = 0.0
        for lot in self.lots:
            level = self.payoff.level(lot.price)
            paid = level * quantity(lot.units, self.market) * self.market.contract_value
            cost += lot.side * paid if self.hedged else paid
        side, units = float(self.side), self.units
        if self.hedged:
            # Longs less shorts count as one long, of what may be less than nothing.
            side, units = 1.0, self.position
        return KernelAccount(self.cash, side, units, cost, len(self.lots), self.entries, 0, 0)

    def see(self, price: float) -> None:
        """The path went to `price`."""
        if not self.lots:
            return
        for lot in self.lots:
            if lot.side * price > lot.side * lot.best:
                lot.best = price
            elif lot.side * price < lot.side * lot.worst:
                lot.worst = price
        self.record.mark(self.equity(price))

    def leave(
        self,
        ticket: Ticket,
        side: int,
        units: float,
        fee: float,
        chosen: Sequence[Lot],
        opening: float = 0.0,
    ) -> float:
        """Close `units` of a side: the oldest lots first, the chosen ones first under ANY (D8).

        `fee` is that of an order which also opens `opening` lots; returns the fee of those (H3).
        """
        self.record.mark(self.equity(ticket.price))
        total = units + opening
        parts = self._parts(side, units, chosen)
        left = fee
        for number, (lot, part) in enumerate(parts, 1):
            # H3, H4: one fee an order, split by quantity; the last part takes what is left.
            last = opening == 0.0 and number == len(parts)
            share = left if last else fee * (part / total)
            left -= share
            self._close(lot, ticket, part, share)
        self.lots = [lot for lot in self.lots if lot.units > 0.0]
        self._give_up(side, units, chosen)
        self.record.settle(self.cash)
        if parts and not self.lots:
            self.flat_bar = ticket.bar
            self.loss_bar = ticket.bar if self.trades[-1].pnl < 0.0 else self.loss_bar
        return left

    def _parts(self, side: int, units: float, chosen: Sequence[Lot]) -> list[tuple[Lot, float]]:
        queue = [lot for lot in self.lots if lot.side == side]
        if self.close_rule == "ANY":
            queue.sort(key=lambda lot: all(lot is not one for one in chosen))
        if units >= self.held(side):
            return [(lot, lot.units) for lot in queue]
        parts = []
        for lot in queue:
            part = min(units, lot.units)
            if part > 0.0:
                parts.append((lot, part))
                units -= part
        return parts

    def _give_up(self, side: int, units: float, chosen: Sequence[Lot]) -> None:
        mine = [lot for lot in self.entered if lot.side == side]
        for lot in [*chosen, *mine]:
            part = min(units, lot.claim)
            lot.claim -= part
            units -= part
        if all(lot.side != side for lot in self.lots):
            self.entered = [lot for lot in self.entered if lot.side != side]

    def _close(self, lot: Lot, ticket: Ticket, units: float, fee: float) -> None:
        price, extremes = ticket.price, (lot.best, lot.worst)
        if lot.side * price > lot.side * lot.best:
            lot.best = price
        if lot.side * price < lot.side * lot.worst:
            lot.worst = price
        entry_fee = float(share_of(lot.fee, units, lot.units))
        funding = float(share_of(lot.funding, units, lot.units))
        trade = self._row(lot, ticket, units, entry_fee, fee, funding)
        # K2: a slipped price was not on the path of what is left.
        lot.best, lot.worst = extremes
        gross = self.earned_by(lot, price, units)
        lot.fee -= entry_fee
        lot.funding -= funding
        lot.units -= units
        self.cash += gross - fee
        self.trades.append(trade)
        self.record.count(trade.pnl)
        self._note(ticket, -lot.side, units, fee, lot.number)

    def pay_funding(self, bar: int, rate: float, mark: float) -> None:
        """Longs pay `rate` of the value at `mark` to shorts; below zero shorts pay longs."""
        paid = 0.0
        for lot in self.lots:
            worth = self.value(lot.units, mark)
            lot.funding += lot.side * worth * rate
            paid += lot.side * worth * rate
        self.cash -= paid
        reason, side = int(Reason.FUNDING), self.side
        self.fills.append(Fill(bar, side, mark, 0.0, 0.0, self.cash, "", -1, "", reason, paid))

    def enter(self, ticket: Ticket, side: int, units: float, fee: float) -> Lot:
        """Open a lot; its fee is paid at once (H5), on spot out of the coins that are bought."""
        self.cash -= fee
        price = ticket.price
        units = self._received(units, price, fee)
        lot = Lot(
            number=self.entries,
            entry_id=ticket.entry_id,
            signal=ticket.signal,
            side=side,
            entry_units=units,
            units=units,
            price=price,
            fee=fee,
            bar=ticket.bar,
            best=price,
            worst=price,
            claim=units,
            order_id=ticket.order_id,
        )
        self.lots.append(lot)
        self.entered.append(lot)
        self.entries += 1
        self.record.hold(side, self.units)
        self._note(ticket, side, units, fee, lot.number)
        return lot

    def _received(self, units: float, price: float, fee: float) -> float:
        """Lots that a purchase leaves; on spot what was left over of others counts anew."""
        if self.wallet is None:
            return units
        self.cash += self.wallet.gain(price, self.market)
        return self.wallet.receive(units, price, fee, self.market)

    def add_to(self, lot: Lot, ticket: Ticket, units: float, fee: float) -> None:
        """Another part of the order that opened a lot: one entry, at its average price (K1)."""
        self.cash -= fee
        units = self._received(units, ticket.price, fee)
        entered = lot.entry_units + units
        level = self.payoff.level
        cost = level(lot.price) * lot.entry_units + level(ticket.price) * units
        lot.price, lot.entry_units = self.payoff.price(cost / entered), entered
        lot.units += units
        lot.claim += units
        lot.fee += fee
        self.see(ticket.price)
        self._note(ticket, lot.side, units, fee, lot.number)

    def _note(self, ticket: Ticket, side: int, units: float, fee: float, trade: int) -> None:
        qty = quantity(units, self.market)
        self.fills.append(
            Fill(
                ticket.bar,
                side,
                ticket.price,
                qty,
                fee,
                self.cash,
                ticket.signal,
                trade,
                ticket.order_id,
                int(ticket.reason),
            )
        )

    def earned_by(self, lot: Lot, price: float, units: float | None = None) -> float:
        """Profit of a lot, or of `units` of it, at `price`, before fees (C7)."""
        units = lot.units if units is None else units
        qty, level = quantity(units, self.market), self.payoff.level
        return float(gross_profit(lot.side, level(lot.price), level(price), qty, self.market))

    def refuse(self, bar: int, side: int, reason: int, name: str, detail: str = "") -> None:
        """Keep why an order or a signal came to nothing."""
        self.refusals.append(Refused(bar, side, reason, name, detail))

    def still_open(self, bar: int, price: float) -> list[Trade]:
        """What is left at the end (A8)."""
        self.see(price)
        ticket = Ticket(bar, price, "", "", "Open", Reason.OPEN)
        return [self._row(lot, ticket, lot.units, lot.fee, 0.0, lot.funding) for lot in self.lots]

    def _row(
        self,
        lot: Lot,
        ticket: Ticket,
        units: float,
        entry_fee: float,
        exit_fee: float,
        funding: float,
    ) -> Trade:
        price = ticket.price

        def earned(at: float) -> float:
            return self.earned_by(lot, at, units)

        return Trade(
            number=lot.number,
            side=lot.side,
            entry_id=lot.entry_id,
            entry_signal=lot.signal,
            exit_signal=ticket.signal,
            entry_bar=lot.bar,
            exit_bar=ticket.bar,
            entry_price=lot.price,
            exit_price=price if ticket.listed is None else ticket.listed,
            qty=quantity(units, self.market),
            entry_fee=entry_fee,
            exit_fee=exit_fee,
            pnl=earned(price) - entry_fee - exit_fee - funding,
            reason=int(ticket.reason),
            best=lot.best,
            worst=lot.worst,
            # K2, H5: net of the entry's fee; what never was is 0.
            mfe=max(earned(lot.best) - entry_fee, 0.0),
            mae=min(earned(lot.worst) - entry_fee, 0.0),
            funding=funding,
            exit_id=ticket.exit_id,
            ambiguous=lot.in_doubt,
        )


def in_turn(values: Iterable[float]) -> float:
    """Their sum, one after the other as the kernel adds (newer Pythons' `sum` is another)."""
    total = 0.0
    for value in values:
        total += value
    return total
