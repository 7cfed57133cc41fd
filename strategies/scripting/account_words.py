"""What does Pine say of the account? Its `strategy.*` built-ins, from what the engine shows."""

from __future__ import annotations

import math
from collections.abc import Sequence

from engines.errors import InvalidInput
from engines.script import Statement, TradeRow, View


class AccountWords:
    """Pine's names for the account at a close. Money is account currency, NaN is Pine's na."""

    def __init__(self, view: View, initial_capital: float, account_currency: str) -> None:
        self._view = view
        self.initial_capital = initial_capital
        self.account_currency = account_currency

    @property
    def _said(self) -> Statement:
        if self._view.statement is None:
            raise InvalidInput("view.statement", None, "an engine that keeps one")
        return self._view.statement

    @property
    def position_size(self) -> float:
        """Signed quantity: above zero is long."""
        return self._view.position_size

    @property
    def position_avg_price(self) -> float:
        """Average entry price, NaN when flat (K5)."""
        return self._view.position_avg_price

    @property
    def position_entry_name(self) -> str:
        """Id of the order that opened the position, empty when flat."""
        return self._said.position_entry_name

    @property
    def equity(self) -> float:
        """Initial capital, net profit and open profit (K3)."""
        return self._view.equity

    @property
    def netprofit(self) -> float:
        """Profit of closed trades, and entry fees of open ones (H5)."""
        return self._view.netprofit

    @property
    def netprofit_percent(self) -> float:
        """Net profit in percent of the initial capital."""
        return 100.0 * self.netprofit / self.initial_capital

    @property
    def openprofit(self) -> float:
        """Unrealised profit of the position."""
        return self._view.openprofit

    @property
    def openprofit_percent(self) -> float:
        """Open profit in percent of the realised equity."""
        return 100.0 * self.openprofit / (self.initial_capital + self.netprofit)

    @property
    def grossprofit(self) -> float:
        """Sum of winning trades."""
        return self._said.grossprofit

    @property
    def grossprofit_percent(self) -> float:
        """Gross profit in percent of the initial capital."""
        return 100.0 * self.grossprofit / self.initial_capital

    @property
    def grossloss(self) -> float:
        """Sum of losing trades, as a positive number (K3)."""
        return self._said.grossloss

    @property
    def grossloss_percent(self) -> float:
        """Gross loss in percent of the initial capital."""
        return 100.0 * self.grossloss / self.initial_capital

    @property
    def wintrades(self) -> int:
        """Closed trades with a profit."""
        return self._said.wintrades

    @property
    def losstrades(self) -> int:
        """Closed trades with a loss."""
        return self._said.losstrades

    @property
    def eventrades(self) -> int:
        """Closed trades that came out even."""
        return self._said.eventrades

    @property
    def avg_trade(self) -> float:
        """Mean profit of closed trades, NaN without any."""
        return _mean([row.profit for row in self.closedtrades])

    @property
    def avg_trade_percent(self) -> float:
        """Mean of closed trades' percentages."""
        return _mean([row.profit_percent for row in self.closedtrades])

    @property
    def avg_winning_trade(self) -> float:
        """Mean profit of winning trades."""
        return _mean([row.profit for row in self.closedtrades if row.profit > 0.0])

    @property
    def avg_winning_trade_percent(self) -> float:
        """Mean percentage of winning trades."""
        return _mean([row.profit_percent for row in self.closedtrades if row.profit > 0.0])

    @property
    def avg_losing_trade(self) -> float:
        """Mean loss of losing trades, as a positive number."""
        return _mean([-row.profit for row in self.closedtrades if row.profit < 0.0])

    @property
    def avg_losing_trade_percent(self) -> float:
        """Mean percentage of losing trades, as a positive number."""
        return _mean([-row.profit_percent for row in self.closedtrades if row.profit < 0.0])

    @property
    def max_drawdown(self) -> float:
        """Deepest fall from the highest settled equity, along the path of positions (K4)."""
        return self._said.max_drawdown

    @property
    def max_drawdown_percent(self) -> float:
        """The same in percent of the peak in effect."""
        return self._said.max_drawdown_percent

    @property
    def max_runup(self) -> float:
        """Highest rise from the lowest settled equity (K4)."""
        return self._said.max_runup

    @property
    def max_runup_percent(self) -> float:
        """The same in percent of the trough in effect."""
        return self._said.max_runup_percent

    @property
    def max_contracts_held_long(self) -> float:
        """Largest long position so far."""
        return self._said.max_contracts_held_long

    @property
    def max_contracts_held_short(self) -> float:
        """Largest short position so far, above zero."""
        return self._said.max_contracts_held_short

    @property
    def max_contracts_held_all(self) -> float:
        """Largest position so far."""
        return max(self.max_contracts_held_long, self.max_contracts_held_short)

    @property
    def margin_liquidation_price(self) -> float:
        """Where a margin call comes, NaN when flat or without margin (I7)."""
        return self._said.margin_liquidation_price

    @property
    def capital_held(self) -> float:
        """`strategy.opentrades.capital_held`: value of the open trades at their entries (I7)."""
        return self._said.capital_held

    def default_entry_qty(self, fill_price: float) -> float:
        """Quantity of an entry without `qty`, were it to fill there; NaN without a price."""
        return self._said.default_entry_qty(fill_price)

    def convert_to_account(self, value: float) -> float:
        """Money of the symbol's currency as the account's, at the rate of the bar (G8)."""
        return value * self._said.rate

    def convert_to_symbol(self, value: float) -> float:
        """Money of the account's currency as the symbol's."""
        return value / self._said.rate

    @property
    def opentrades(self) -> Sequence[TradeRow]:
        """Open trades, oldest first; its length is Pine's `strategy.opentrades`."""
        return self._said.opentrades

    @property
    def closedtrades(self) -> Sequence[TradeRow]:
        """Closed trades, in the order of their exits; none is ever dropped (I8)."""
        return self._said.closedtrades


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan
