"""What do Pine's built-ins say of the account? Worked out from its lots and trades (I7, K3, K4)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from engines.reference.account import ZERO, Account, Lot, Trade
from engines.reference.desk import Desk
from engines.reference.grid import Ticks
from engines.script import Tally, TradeRow

# What the other engines' doubles may lack of a share of profit that is reached exactly.
_NOISE: Final = Fraction(1, 10**9)


@dataclass(frozen=True)
class Statement:
    """The account where the market stands; `engines.script.Statement` says what each means."""

    account: Account
    desk: Desk
    price: Ticks

    @property
    def closedtrades(self) -> Sequence[TradeRow]:
        """In the order of their exits."""
        return self.closed_from(0)

    def closed_from(self, first: int) -> Sequence[TradeRow]:
        """Those from number `first` on."""
        return [_closed(self.account, trade) for trade in self.account.trades[first:]]

    @property
    def tally(self) -> Tally:
        """As the market stands."""
        account, equity = self.account, self.account.equity(self.price)
        highest = max(account.record.highest, equity)
        return Tally(account.entries, account.orders, float(equity), float(highest))

    @property
    def tally_before(self) -> Tally:
        """As the bar before ended."""
        return self.account.record.tally

    def earns(self, least_percent: float) -> bool:
        """Whether the position's profit before fees is so much of its cost, or more."""
        account = self.account
        least = Fraction(repr(float(least_percent))) / 100
        lots = account.lots
        cost = sum((account.value(lot.price, lot.units) for lot in lots), ZERO)
        return account.open_profit(self.price) >= (least - _NOISE) * cost

    def default_entry_qty(self, fill_price: float) -> float:
        """What an entry without a quantity would be for."""
        if not fill_price > 0.0:
            return math.nan
        return float(self.desk.default_units(fill_price, self.price) * self.account.grid.lot)

    @property
    def rate(self) -> float:
        """Account currency for one of quote currency."""
        return float(self.account.rate)

    @property
    def opentrades(self) -> Sequence[TradeRow]:
        """Oldest first."""
        return [self._open(lot) for lot in self.account.lots]

    def _open(self, lot: Lot) -> TradeRow:
        account, grid = self.account, self.account.grid

        def earned(at: Ticks) -> Fraction:
            return account.earned(lot.side, lot.price, at, lot.units)

        profit = earned(self.price)
        up = max(earned(lot.best) - lot.fee, ZERO)
        down = max(lot.fee - earned(lot.worst), ZERO)
        cost = account.value(lot.price, lot.units)
        return TradeRow(
            entry_id=lot.entry_id,
            entry_comment=_comment(lot.entry_id, lot.signal),
            entry_price=grid.price(lot.price),
            entry_bar_index=lot.bar,
            size=float(lot.side * lot.units * grid.lot),
            commission=float(lot.fee),
            profit=float(profit),
            profit_percent=float(profit / cost * 100),
            max_runup=float(up),
            max_runup_percent=float(up / cost * 100),
            max_drawdown=float(down),
            max_drawdown_percent=float(down / cost * 100),
        )

    @property
    def grossprofit(self) -> float:
        """Sum of winning trades."""
        return float(sum((pnl for pnl in self._results if pnl > 0), ZERO))

    @property
    def grossloss(self) -> float:
        """Sum of losing trades, above zero (K3)."""
        return -float(sum((pnl for pnl in self._results if pnl < 0), ZERO))

    @property
    def wintrades(self) -> int:
        """Trades with a profit above zero (K3)."""
        return _count(pnl > 0 for pnl in self._results)

    @property
    def losstrades(self) -> int:
        """Trades with a loss."""
        return _count(pnl < 0 for pnl in self._results)

    @property
    def eventrades(self) -> int:
        """Trades that brought nothing."""
        return _count(pnl == 0 for pnl in self._results)

    @property
    def _results(self) -> list[Fraction]:
        return [trade.pnl for trade in self.account.trades]

    @property
    def max_drawdown(self) -> float:
        """K4."""
        return float(self.account.record.drawdown)

    @property
    def max_drawdown_percent(self) -> float:
        """Of the peak in effect."""
        return float(self.account.record.drawdown_share * 100)

    @property
    def max_runup(self) -> float:
        """K4."""
        return float(self.account.record.runup)

    @property
    def max_runup_percent(self) -> float:
        """Of the trough in effect."""
        return float(self.account.record.runup_share * 100)

    @property
    def max_contracts_held_long(self) -> float:
        """Largest long position."""
        return float(self.account.record.most_long * self.account.grid.lot)

    @property
    def max_contracts_held_short(self) -> float:
        """Largest short position, above zero."""
        return float(self.account.record.most_short * self.account.grid.lot)

    @property
    def margin_liquidation_price(self) -> float:
        """Where margin needs all equity: a long's floored to a tick, a short's ceiled (I7)."""
        account, grid = self.account, self.account.grid
        position = account.position
        side = 1 if position > 0 else -1
        margin = self.desk.margin(side)
        if position == 0 or margin in (0, side):
            return math.nan
        # cash + value(P) − cost = margin · side · value(P), values signed.
        cost = sum((lot.side * account.value(lot.price, lot.units) for lot in account.lots), ZERO)
        per_tick = account.value(1, position)
        ticks = (cost - account.cash) / (per_tick * (1 - side * margin))
        if not grid.has_tick:
            return grid.price(ticks)
        return grid.price(math.floor(ticks) if side > 0 else math.ceil(ticks))

    @property
    def capital_held(self) -> float:
        """Value of the open trades at their entries (I7)."""
        if self.desk.margin(1) == 0 and self.desk.margin(-1) == 0:
            return math.nan
        lots = self.account.lots
        return float(sum((self.account.value(lot.price, lot.units) for lot in lots), ZERO))

    @property
    def position_entry_name(self) -> str:
        """Id of the order that opened the position."""
        entered = self.account.entered
        return entered[0].entry_id if entered else ""


def _closed(account: Account, trade: Trade) -> TradeRow:
    # K6: the net result as a share of the entry's value.
    cost = Fraction(trade.entry_price) * Fraction(trade.qty) / account.grid.lot / account.grid.tick
    value = float(account.value(cost, 1))
    return TradeRow(
        entry_id=trade.entry_id,
        entry_comment=_comment(trade.entry_id, trade.entry_signal),
        entry_price=trade.entry_price,
        entry_bar_index=trade.entry_bar,
        size=trade.side * trade.qty,
        commission=float(trade.entry_fee + trade.exit_fee),
        profit=float(trade.pnl),
        profit_percent=float(trade.pnl) / value * 100,
        max_runup=float(trade.mfe),
        max_runup_percent=float(trade.mfe) / value * 100,
        max_drawdown=-float(trade.mae),
        max_drawdown_percent=-float(trade.mae) / value * 100,
        exit_id=trade.exit_id,
        exit_comment=_comment(trade.exit_id, trade.exit_signal),
        exit_price=trade.exit_price,
        exit_bar_index=trade.exit_bar,
    )


def _comment(name: str, signal: str) -> str:
    return "" if signal == name else signal


def _count(held: Iterable[bool]) -> int:
    return sum(held)
