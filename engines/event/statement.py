"""What do Pine's built-ins say of the account? Read from its lots, trades and record."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engines.commands import Properties
from engines.event.account import Account, Lot, Trade
from engines.event.sizing import lots_of, margin_share, units_bought
from engines.kernel.limits import enough_profit
from engines.kernel.money import quantity
from engines.script import Tally, TradeRow

# A double in ticks is on the grid when it is this close to a whole one.
_ON_GRID = 1e-9


@dataclass(frozen=True)
class Statement:
    """The account where the market stands; `engines.script.Statement` says what each means."""

    account: Account
    said: Properties
    price: float

    @property
    def opentrades(self) -> Sequence[TradeRow]:
        """Oldest first."""
        return [self._open_row(lot) for lot in self.account.lots]

    @property
    def closedtrades(self) -> Sequence[TradeRow]:
        """In the order of their exits."""
        return self.closed_from(0)

    def closed_from(self, first: int) -> Sequence[TradeRow]:
        """Those from number `first` on."""
        return [self._closed_row(trade) for trade in self.account.trades[first:]]

    @property
    def tally(self) -> Tally:
        """As the market stands."""
        account, equity = self.account, self.account.equity(self.price)
        highest = max(account.record.tally.highest, equity)
        return Tally(account.entries, account.orders, equity, highest)

    @property
    def tally_before(self) -> Tally:
        """As the bar before ended."""
        return self.account.record.tally

    def earns(self, least_percent: float) -> bool:
        """Whether the position's profit before fees is so much of its cost, or more."""
        least = least_percent * 0.01
        account, level = self.account, self.account.payoff.level(self.price)
        return bool(enough_profit(account.as_kernel(), level, least, account.market))

    def default_entry_qty(self, fill_price: float) -> float:
        """What an entry without a quantity would be for."""
        account, said = self.account, self.said
        if not fill_price > 0.0:
            return math.nan
        if said.qty_type == "fixed":
            return float(quantity(lots_of(said.qty_value, account.market), account.market))
        units = units_bought(said, account, account.equity(self.price), fill_price)
        return float(quantity(units, account.market))

    @property
    def rate(self) -> float:
        """Account currency for one of quote currency."""
        return self.account.rate

    def _open_row(self, lot: Lot) -> TradeRow:
        account = self.account
        value = account.value(lot.units, lot.price)
        profit = account.earned_by(lot, self.price)
        up = max(account.earned_by(lot, lot.best) - lot.fee, 0.0)
        down = max(lot.fee - account.earned_by(lot, lot.worst), 0.0)
        return TradeRow(
            lot.entry_id,
            lot.signal if lot.signal != lot.entry_id else "",
            lot.price,
            lot.bar,
            lot.side * float(quantity(lot.units, account.market)),
            lot.fee,
            profit,
            100.0 * profit / value,
            up,
            100.0 * up / value,
            down,
            100.0 * down / value,
        )

    def _closed_row(self, trade: Trade) -> TradeRow:
        market = self.account.market
        # K6: of the entry's value.
        units = trade.qty / market.lot_unit
        value = self.account.value(units, trade.entry_price)
        return TradeRow(
            trade.entry_id,
            trade.entry_signal if trade.entry_signal != trade.entry_id else "",
            trade.entry_price,
            trade.entry_bar,
            trade.side * trade.qty,
            trade.entry_fee + trade.exit_fee,
            trade.pnl,
            100.0 * trade.pnl / value,
            trade.mfe,
            100.0 * trade.mfe / value,
            -trade.mae,
            -100.0 * trade.mae / value,
            trade.exit_id,
            trade.exit_signal if trade.exit_signal != trade.exit_id else "",
            trade.exit_price,
            trade.exit_bar,
        )

    @property
    def grossprofit(self) -> float:
        """Sum of winning trades."""
        return math.fsum(one.pnl for one in self.account.trades if one.pnl > 0.0)

    @property
    def grossloss(self) -> float:
        """Sum of losing trades, above zero (K3)."""
        return -math.fsum(one.pnl for one in self.account.trades if one.pnl < 0.0)

    @property
    def wintrades(self) -> int:
        """Trades with a profit (K3)."""
        return sum(one.pnl > 0.0 for one in self.account.trades)

    @property
    def losstrades(self) -> int:
        """Trades with a loss."""
        return sum(one.pnl < 0.0 for one in self.account.trades)

    @property
    def eventrades(self) -> int:
        """Trades that brought nothing."""
        return sum(one.pnl == 0.0 for one in self.account.trades)

    @property
    def max_drawdown(self) -> float:
        """K4."""
        return self.account.record.drawdown

    @property
    def max_drawdown_percent(self) -> float:
        """Of the peak in effect."""
        return 100.0 * self.account.record.drawdown_share

    @property
    def max_runup(self) -> float:
        """K4."""
        return self.account.record.runup

    @property
    def max_runup_percent(self) -> float:
        """Of the trough in effect."""
        return 100.0 * self.account.record.runup_share

    @property
    def max_contracts_held_long(self) -> float:
        """Largest long position."""
        return float(quantity(self.account.record.most_long, self.account.market))

    @property
    def max_contracts_held_short(self) -> float:
        """Largest short position, above zero."""
        return float(quantity(self.account.record.most_short, self.account.market))

    @property
    def margin_liquidation_price(self) -> float:
        """Where all equity is needed as margin, on the grid away from the market (I7)."""
        account, side = self.account, self.account.side
        margin = margin_share(account, self.said, side)
        if side == 0 or margin in (0.0, float(side)):
            return math.nan
        size = account.value(account.units, 1.0)
        entered = sum(account.value(lot.units, lot.price) for lot in account.lots)
        price = (side * entered - account.cash) / (size * (side - margin))
        tick = account.market.tick
        if tick == 0.0:
            return price
        if side > 0:
            return math.floor(price / tick + _ON_GRID) * tick
        return math.ceil(price / tick - _ON_GRID) * tick

    @property
    def capital_held(self) -> float:
        """Value of the open trades at their entries (I7)."""
        account = self.account
        if not any(margin_share(account, self.said, side) for side in (1, -1)):
            return math.nan
        return math.fsum(account.value(lot.units, lot.price) for lot in account.lots)

    @property
    def position_entry_name(self) -> str:
        """Id of the order that opened the position."""
        entered = self.account.entered
        return entered[0].entry_id if entered else ""
