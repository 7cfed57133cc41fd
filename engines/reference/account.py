"""What does the account hold? Lots, the trades they became, and the cash after every fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property

from engines.broker import Broker
from engines.commands import CloseRule, Direction
from engines.orders import Reason, Refusal
from engines.reference.grid import Grid, Ticks, Units, significant
from engines.reference.record import Record

ZERO = Fraction(0)


@dataclass
class Lot:
    """What one entry still holds.

    `units` are those of its row in the list of trades; `claim` those that can still be left
    under its own id. FIFO takes units from the oldest lot and the claim from the one that was
    meant (D8). `best` and `worst` are extremes of its path so far (K2).
    """

    number: int
    entry_id: str
    signal: str
    side: int
    entry_units: Units
    units: Units
    price: Ticks
    fee: Fraction
    bar: int
    best: Ticks
    worst: Ticks
    claim: Units
    # Whether its exits hang on the order inside the present bar.
    in_doubt: bool = False

    def see(self, price: Ticks) -> None:
        """The path reached `price` while the lot was open."""
        ahead = self.side * price
        self.best = price if ahead > self.side * self.best else self.best
        self.worst = price if ahead < self.side * self.worst else self.worst


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
    entry_fee: Fraction
    exit_fee: Fraction
    pnl: Fraction
    best: float
    worst: float
    mfe: Fraction
    mae: Fraction
    reason: int
    exit_id: str = ""
    ambiguous: bool = False


@dataclass(frozen=True)
class Fill:
    """One row of the ledger: an order's part that closed, or that opened."""

    bar: int
    side: int
    price: float
    qty: float
    fee: Fraction
    cash: Fraction
    signal: str
    trade: int
    order: int
    reason: int


@dataclass(frozen=True)
class Refused:
    """A signal or an order that came to nothing, and why."""

    bar: int
    side: int
    reason: int


@dataclass(frozen=True)
class Ticket:
    """An order that meets the market: what it is called, what it pays and why it was there.

    `listed` is the exit price that the list of trades shows, if it is not the fill's (A3).
    """

    id: str
    signal: str
    fee_rate: Fraction
    reason: Reason
    listed: Ticks | None = None


@dataclass
class Account:
    """Lots oldest first, trades in the order of their exits, and cash.

    `entered` are the lots of the present position, those that FIFO has emptied included. `rate`
    is account currency for one of quote currency on the present bar (G8).
    """

    grid: Grid
    broker: Broker
    close_rule: CloseRule
    cash: Fraction = field(init=False)
    lots: list[Lot] = field(default_factory=list)
    entered: list[Lot] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    refusals: list[Refused] = field(default_factory=list)
    entries: int = 0
    orders: int = 0
    flat_bar: int = -1
    loss_bar: int = -1
    rate: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        self.cash = Fraction(self.broker.initial_cash)

    @cached_property
    def record(self) -> Record:
        """How high and deep it has been."""
        return Record(Fraction(self.broker.initial_cash))

    def refuse(self, bar: int, side: int, reason: Refusal) -> None:
        """Keep why a signal or an order came to nothing."""
        self.refusals.append(Refused(bar, side, int(reason)))

    def value(self, price: Ticks, units: Units) -> Fraction:
        """Value of `units` at `price` in account currency (G8)."""
        return self.grid.money(price, units) * self.rate

    def earned(self, side: int, entry: Ticks, price: Ticks, units: Units) -> Fraction:
        """Profit before fees of `units` from `entry` to `price`, at the bar's rate (C7, G8)."""
        return self.grid.earned(side, entry, price, units) * self.rate

    @property
    def position(self) -> Units:
        """Signed units: above zero is long."""
        return sum(lot.side * lot.units for lot in self.lots)

    @property
    def hedged(self) -> bool:
        """Whether longs and shorts stand side by side."""
        return self.broker.position_mode == "hedge"

    def open_on(self, side: int) -> Units:
        """Units that are open on one side."""
        return sum(lot.units for lot in self.lots if lot.side == side)

    def closable(self, side: int, reduce_only: bool = False) -> Units:
        """What an order of `side` closes before it opens; in hedge mode only if it says so."""
        return self.open_on(-side) if reduce_only or not self.hedged else 0

    def open_profit(self, price: Ticks) -> Fraction:
        """Profit of the open lots at `price`, before fees."""
        parts = (self.earned(lot.side, lot.price, price, lot.units) for lot in self.lots)
        return sum(parts, ZERO)

    def equity(self, price: Ticks) -> Fraction:
        """Cash and open profit (K3); entry fees have left the cash already (H5)."""
        return self.cash + self.open_profit(price)

    @property
    def elsewhere(self) -> Fraction:
        """Value of positions that the same money carries beside these lots: none."""
        return ZERO

    def see(self, price: Ticks) -> None:
        """The path went to `price`."""
        for lot in self.lots:
            lot.see(price)
        if self.lots:
            self.record.mark(self.equity(price))

    def fee(self, ticket: Ticket, price: Ticks, units: Units) -> Fraction:
        """One commission an order, rounded once (H1 to H4)."""
        if units == 0:
            return ZERO
        self.orders += 1
        # G8: a share of the notional at the rate of its own day; other fees are account currency.
        notional = self.value(price, units)
        fee = ticket.fee_rate * notional
        fee += Fraction(self.broker.fee_per_contract) * units * self.grid.lot
        fee += Fraction(self.broker.fee_per_order)
        return significant(fee, self.broker.money_digits)

    def close(
        self,
        bar: int,
        price: Ticks,
        units: Units,
        ticket: Ticket,
        fee: Fraction,
        chosen: Sequence[Lot],
        side: int = 0,
    ) -> None:
        """Take `units` out of the lots: the oldest first, or the chosen ones first under ANY.

        In hedge mode out of those of a `side`.
        """
        if self.lots:
            self.record.mark(self.equity(price))
        mine = [lot for lot in self.lots if side in (0, lot.side)]
        order = list(mine)
        if self.close_rule == "ANY":
            order = [*chosen, *(lot for lot in mine if lot not in chosen)]
        left = units
        for lot in order:
            part = min(left, lot.units)
            if part > 0:
                self._take(lot, bar, price, part, ticket, fee * part / units)
                left -= part
        self.lots = [lot for lot in self.lots if lot.units > 0]
        if not self.lots:
            self.flat_bar = bar
            self.loss_bar = bar if self.trades[-1].pnl < 0 else self.loss_bar
        self._release(units, chosen, side)
        self.record.settle(self.cash)

    def _release(self, units: Units, chosen: Sequence[Lot], side: int) -> None:
        """Take `units` out of the claims: of the chosen lots first, then of the oldest."""
        mine = [lot for lot in self.entered if side in (0, lot.side)]
        for lot in [*chosen, *mine]:
            part = min(units, lot.claim)
            lot.claim -= part
            units -= part
        if not any(side in (0, lot.side) for lot in self.lots):
            self.entered = [lot for lot in self.entered if side not in (0, lot.side)]

    def _take(
        self, lot: Lot, bar: int, price: Ticks, units: Units, ticket: Ticket, fee: Fraction
    ) -> None:
        entry_fee = lot.fee * units / lot.units
        extremes = lot.best, lot.worst
        lot.see(price)
        trade = self._trade(lot, bar, price, units, ticket, entry_fee, fee)
        # K2: a slipped price was not on the path of what is left.
        lot.best, lot.worst = extremes
        lot.units -= units
        lot.fee -= entry_fee
        # The entry's fee was paid when it was entered.
        self.cash += trade.pnl + entry_fee
        self.trades.append(trade)
        self._note(bar, -lot.side, price, units, fee, ticket, lot.number)

    def open(
        self, bar: int, side: int, price: Ticks, units: Units, ticket: Ticket, fee: Fraction
    ) -> Lot:
        """Add a lot; its fee is paid at once (H5)."""
        self.cash -= fee
        number, signal = self.entries, ticket.signal
        lot = Lot(
            number, ticket.id, signal, side, units, units, price, fee, bar, price, price, units
        )
        self.lots.append(lot)
        self.entered.append(lot)
        self.entries += 1
        self.record.hold(self.position)
        self._note(bar, side, price, units, fee, ticket, number)
        return lot

    def _note(
        self,
        bar: int,
        side: int,
        price: Ticks,
        units: Units,
        fee: Fraction,
        ticket: Ticket,
        trade: int,
    ) -> None:
        qty, shown = float(units * self.grid.lot), self.grid.price(price)
        order, reason = self.orders, int(ticket.reason)
        fill = Fill(bar, side, shown, qty, fee, self.cash, ticket.signal, trade, order, reason)
        self.fills.append(fill)

    def still_open(self, bar: int, price: Ticks) -> list[Trade]:
        """What is left at the end, as rows with the exit signal "Open" (A8)."""
        self.see(price)
        ticket = Ticket("", "Open", ZERO, Reason.OPEN)
        return [self._trade(lot, bar, price, lot.units, ticket, lot.fee, ZERO) for lot in self.lots]

    def _trade(
        self,
        lot: Lot,
        bar: int,
        price: Ticks,
        units: Units,
        ticket: Ticket,
        entry_fee: Fraction,
        exit_fee: Fraction,
    ) -> Trade:
        def earned(at: Ticks) -> Fraction:
            return self.earned(lot.side, lot.price, at, units)

        shown = self.grid.price
        return Trade(
            number=lot.number,
            side=lot.side,
            entry_id=lot.entry_id,
            entry_signal=lot.signal,
            exit_signal=ticket.signal,
            entry_bar=lot.bar,
            exit_bar=bar,
            entry_price=shown(lot.price),
            exit_price=shown(price if ticket.listed is None else ticket.listed),
            qty=float(units * self.grid.lot),
            entry_fee=entry_fee,
            exit_fee=exit_fee,
            pnl=earned(price) - entry_fee - exit_fee,
            best=shown(lot.best),
            worst=shown(lot.worst),
            # K2, H5: net of the entry's fee; what never was is 0.
            mfe=max(earned(lot.best) - entry_fee, ZERO),
            mae=min(earned(lot.worst) - entry_fee, ZERO),
            reason=int(ticket.reason),
            exit_id=ticket.id,
            ambiguous=lot.in_doubt,
        )


def sign(direction: Direction) -> int:
    """+1 for long, −1 for short."""
    return 1 if direction == "long" else -1
