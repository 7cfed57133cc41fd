"""How many lots where an entry is sized and checked at once? Exactly (G1 to G6, I1)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from engines.brackets import Level
from engines.broker import Broker
from engines.commands import Properties
from engines.instrument import Instrument
from engines.orders import Refusal
from engines.reference.account import ZERO, Account, Trade
from engines.reference.grid import Ticks, Units, significant
from engines.reference.pending import Pending
from engines.sizes import KellyRule

# An order that spends exactly what there is must not fail by the last bit of a double.
_MARGIN_SLACK: Final = 1 + Fraction(1, 10**9)


def kelly_share(fraction: Fraction, rule: KellyRule, trades: Sequence[Trade]) -> Fraction:
    """A fraction of W − (1 − W) / R: W of the trades won, R is mean win over mean loss.

    Kelly, "A New Interpretation of Information Rate" (1956), for a bet of two outcomes.
    """
    if len(trades) < rule.trades:
        return Fraction(repr(float(rule.start_percent))) / 100
    wins = [one.pnl for one in trades if one.pnl > 0]
    losses = [-one.pnl for one in trades if one.pnl < 0]
    if not wins:
        return ZERO
    won = Fraction(len(wins), len(trades))
    if not losses:
        return fraction * won
    payoff = sum(wins, ZERO) / len(wins) / (sum(losses, ZERO) / len(losses))
    return fraction * (won - (1 - won) / payoff)


class Sizing:
    """Sizes entries as the account is, at a price."""

    def __init__(
        self, account: Account, broker: Broker, said: Properties, instrument: Instrument
    ) -> None:
        self._account, self._broker, self._said = account, broker, said
        self._instrument = instrument
        taker = broker.taker_fee_rate
        self._taker = Fraction(instrument.taker_fee_rate if taker is None else taker)
        self._leverage = Fraction(broker.leverage)

    def units(
        self,
        qty: float | None,
        side: int,
        stop: Level | None,
        price: Ticks,
        against: Units = 0,
        over: float | None = None,
    ) -> Units | Refusal:
        """Lots of an entry at `price`, or why there are none; `against` lots are closed first.

        A risk is measured `over` a move of the price where one is given, else to the stop.
        """
        account = self._account
        equity = account.equity(price)
        if against:
            closed = self._value(price, against) * self._taker
            equity -= closed + Fraction(self._broker.fee_per_contract) * against * account.grid.lot
        free = equity - (self._held(price) if side * account.position > 0 else ZERO)
        free -= account.elsewhere / self._leverage
        units = self._asked(qty, side, stop, over, price, equity, free)
        if isinstance(units, Refusal):
            return units
        return Refusal.NO_EQUITY if equity <= 0 else self._limits(units, price, free)

    def _asked(
        self,
        qty: float | None,
        side: int,
        stop: Level | None,
        over: float | None,
        price: Ticks,
        equity: Fraction,
        free: Fraction,
        share: Fraction | None = None,
    ) -> Units | Refusal:
        """Lots that an order asks an account of `equity` for, or why it cannot ask.

        A safety order asks for a `share` of the first entry's, whatever the bounds.
        """
        if qty is None and over is not None and not over > 0:
            return Refusal.NO_VOLATILITY
        loss = self._loss(side, stop, price) if over is None else self._moved(side, over, price)
        units = self._wanted(qty, loss, price, equity, free, share or Fraction(1))
        if units is None:
            return Refusal.NO_STOP
        if isinstance(units, Refusal) or qty is not None or share is not None:
            return units
        return self._bounded(units, price, equity)

    def fixed(self, share: Fraction = Fraction(1)) -> Units:
        """Lots of a fixed quantity: the first entry's, or a share of it."""
        return self._account.grid.whole(self._amount * share)

    @property
    def _amount(self) -> Fraction:
        """What the default size says, as far as it is the first entry's."""
        return Fraction(repr(self._said.qty_value)) * Fraction(self._said.first_share)

    def units_of_resting(self, order: Pending, stop: Level | None, price: Ticks) -> Units | Refusal:
        """Lots of an entry that rested, at its fill: by its signal's equity, or the fill's (G5)."""
        now = self._account.equity(price)
        free = now - self._carried(order.side, price)
        sizing = now if order.equity is None else order.equity
        over = order.command.sized_over
        units = self._asked(None, order.side, stop, over, price, sizing, free, order.share)
        if isinstance(units, Refusal):
            return units
        # The margin is that of the part that opens: it is checked with the whole order.
        return Refusal.NO_EQUITY if now <= 0 else self._limits(units, price, None)

    def can_carry(self, side: int, price: Ticks, opening: Units) -> bool:
        """I5: whether the equity at the fill is margin enough for what opens."""
        if opening == 0 or not self._broker.check_margin:
            return True
        needed = self._carried(side, price) + self._value(price, opening) / self._leverage
        return needed <= self._account.equity(price) * _MARGIN_SLACK

    def _carried(self, side: int, price: Ticks) -> Fraction:
        """Margin of what is open on a side, at its value, and of other positions (I5)."""
        own = self._value(price, self._account.open_on(side))
        return (own + self._account.elsewhere) / self._leverage

    def _value(self, price: Ticks, units: Units) -> Fraction:
        return self._account.grid.money(price, units)

    def _held(self, price: Ticks) -> Fraction:
        """Margin of what is open: TradingView's of its value (I1), Bybit's of its cost."""
        lots = self._account.lots
        if self._broker.profile == "tradingview":
            value = sum((self._value(price, lot.units) for lot in lots), ZERO)
        else:
            value = sum((self._value(lot.price, lot.units) for lot in lots), ZERO)
        return value / self._leverage

    def _wanted(
        self,
        qty: float | None,
        loss: Fraction | None,
        price: Ticks,
        equity: Fraction,
        free: Fraction,
        share: Fraction,
    ) -> Units | Refusal | None:
        grid, said, digits = self._account.grid, self._said, self._broker.money_digits
        if qty is not None:
            return grid.units(qty)
        if said.qty_type == "fixed":
            return self.fixed(share)
        value, amount = self._value(price, 1 / grid.lot), self._amount * share
        if said.qty_type == "risk_percent":
            if loss is None:
                return None
            risk = significant(equity * amount / 100, digits)
            most = grid.whole(free * self._leverage / value)
            return min(grid.whole(risk / loss), most)
        if said.qty_type == "cash":
            return grid.whole(amount * self._leverage / value)
        if said.kelly is None:
            return self._bought(amount / 100, price, equity)
        edge = kelly_share(Fraction(repr(said.qty_value)), said.kelly, self._account.trades)
        if edge <= 0 and not said.bounds.least_percent:
            return Refusal.NO_EDGE
        part = share * Fraction(said.first_share)
        return self._bought(max(edge, ZERO) * part, price, equity)

    def _bought(self, share: Fraction, price: Ticks, equity: Fraction) -> Units:
        """Lots that a share of the equity buys as margin (G2)."""
        digits, value = self._broker.money_digits, self._value(price, 1 / self._account.grid.lot)
        # G3: fees are inside the budget.
        budget = significant(equity * share * self._leverage, digits)
        budget -= Fraction(self._broker.fee_per_order)
        cost = value * (1 + self._taker) + Fraction(self._broker.fee_per_contract)
        return self._account.grid.whole(budget / cost)

    def _bounded(self, units: Units, price: Ticks, equity: Fraction) -> Units:
        """No smaller and no larger than two shares of the equity; of both the least counts."""
        least, most = (
            Fraction(repr(float(percent))) / 100
            for percent in (self._said.bounds.least_percent, self._said.bounds.most_percent)
        )
        if most:
            units = min(units, self._bought(most, price, equity))
        return max(units, self._bought(least, price, equity)) if least else units

    def _moved(self, side: int, over: float, price: Ticks) -> Fraction:
        """What one unit loses when the price moves against it by so much."""
        grid = self._account.grid
        away = Fraction(over) / grid.tick
        return -grid.earned(side, price, price - side * away, 1 / grid.lot)

    def _loss(self, side: int, stop: Level | None, price: Ticks) -> Fraction | None:
        """What one unit loses from `price` to its stop; None without a stop that is worse."""
        if stop is None:
            return None
        grid, value = self._account.grid, Fraction(stop.value)
        entry = Fraction(price * grid.tick)
        level = {
            "fraction": entry * (1 - side * value),
            "ticks": entry - side * value * grid.tick,
            "distance": entry - side * value,
            "price": value,
        }[stop.form]
        loss = -grid.earned(side, price, level / grid.tick, 1 / grid.lot)
        return loss if loss > 0 else None

    def _limits(self, units: Units, price: Ticks, free: Fraction | None) -> Units | Refusal:
        grid, market = self._account.grid, self._instrument
        if units <= 0:
            return Refusal.QTY_ZERO
        # As doubles: an instrument's limits are met by what a ledger shows.
        if float(units * grid.lot) < float(market.min_qty):
            return Refusal.MIN_QTY
        notional = self._value(price, units)
        # A venue's smallest order is in quote currency.
        if (grid.value * units if grid.inverse else notional) < Fraction(market.min_notional):
            return Refusal.MIN_NOTIONAL
        if free is None or not self._broker.check_margin:
            return units
        if notional / self._leverage > free * _MARGIN_SLACK:
            return Refusal.NO_MARGIN
        return units
