"""What does an event strategy see and say at the close of a bar? Pine's words, as they are."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final, overload

from engines.commands import (
    Cancel,
    CancelAll,
    Close,
    CloseAll,
    Command,
    Direction,
    Entry,
    Exit,
    Order,
)
from engines.errors import InvalidInput
from engines.event.account import Account, Lot, Trade
from engines.script import View
from strategies.evaluation.bar_by_bar import Nodes
from strategies.evaluation.tracks import Bar
from strategies.graph.expressions import Condition, Series


class Now:
    """The closed bar, the account at its close, and the orders that are called there.

    `now[series]` is a series' value at this close, NaN until it is warmed up; `now[condition]`
    whether it holds; `now[series, 3]` and `now[condition, 3]` three bars ago. Only what the
    strategy set up can be asked for.
    """

    def __init__(self, nodes: Nodes, account: Account, bar: Bar, view: View) -> None:
        self._nodes = nodes
        self._account = account
        self._view = view
        self.bar = bar
        self.commands: list[Command] = []

    @overload
    def __getitem__(self, asked: Condition | tuple[Condition, int]) -> bool: ...
    @overload
    def __getitem__(self, asked: Series | tuple[Series, int]) -> float: ...
    def __getitem__(self, asked: Any) -> bool | float:
        node, back = asked if isinstance(asked, tuple) else (asked, 0)
        if back < 0:
            raise InvalidInput("bars back", back, "zero or more: what comes is not known")
        try:
            if isinstance(node, Condition):
                return self._nodes.holds(node, back)
            return float(self._nodes.value(node, back))
        except KeyError:
            expected = "a series or condition that is an attribute of the strategy after setup()"
            raise InvalidInput("series", str(node), expected) from None

    @property
    def bar_index(self) -> int:
        """Number of the bar, from 0 at the start of the data."""
        return self._view.bar

    @property
    def open(self) -> float:
        """First price of the closed bar."""
        return self.bar.open

    @property
    def high(self) -> float:
        """Highest price of the closed bar."""
        return self.bar.high

    @property
    def low(self) -> float:
        """Lowest price of the closed bar."""
        return self.bar.low

    @property
    def close(self) -> float:
        """Last price of the closed bar."""
        return self.bar.close

    @property
    def volume(self) -> float:
        """Volume of the closed bar, base currency."""
        return self.bar.volume

    @property
    def position_size(self) -> float:
        """Signed quantity: above zero is long."""
        return self._view.position_size

    @property
    def long_size(self) -> float:
        """Quantity of the long side, of which there may be a short one beside in hedge mode."""
        return self._view.long_size

    @property
    def short_size(self) -> float:
        """Quantity of the short side, above zero."""
        return self._view.short_size

    @property
    def position_avg_price(self) -> float:
        """Average entry price, NaN when flat (K5)."""
        return self._view.position_avg_price

    @property
    def equity(self) -> float:
        """Initial capital, net profit and open profit (K3)."""
        return self._view.equity

    @property
    def initial_capital(self) -> float:
        """What the account began with."""
        return self._account.market.initial_cash

    @property
    def netprofit(self) -> float:
        """Profit of closed trades, and entry fees of open ones (H5)."""
        return self._view.netprofit

    @property
    def openprofit(self) -> float:
        """Unrealised profit of the position."""
        return self._view.openprofit

    @property
    def grossprofit(self) -> float:
        """Sum of winning trades."""
        return sum(trade.pnl for trade in self._account.trades if trade.pnl > 0.0)

    @property
    def grossloss(self) -> float:
        """Sum of losing trades, as a positive number (K3)."""
        return -sum(trade.pnl for trade in self._account.trades if trade.pnl < 0.0)

    @property
    def wintrades(self) -> int:
        """Closed trades with a profit."""
        return sum(trade.pnl > 0.0 for trade in self._account.trades)

    @property
    def losstrades(self) -> int:
        """Closed trades with a loss."""
        return sum(trade.pnl < 0.0 for trade in self._account.trades)

    @property
    def eventrades(self) -> int:
        """Closed trades that came out even."""
        return sum(trade.pnl == 0.0 for trade in self._account.trades)

    @property
    def opentrades(self) -> list[Lot]:
        """Open entries, oldest first; its length is Pine's `strategy.opentrades`."""
        return list(self._account.lots)

    @property
    def closedtrades(self) -> list[Trade]:
        """Closed trades, in the order of their exits."""
        return list(self._account.trades)

    def entry(self, id: str, direction: Direction, **given: Any) -> None:
        """`strategy.entry`: enter, reversing an opposite position; see `engines.commands.Entry`."""
        self.commands.append(_called(Entry, id=id, direction=direction, **given))

    def order(self, id: str, direction: Direction, **given: Any) -> None:
        """`strategy.order`: buy or sell, whatever is open; see `engines.commands.Order`."""
        self.commands.append(_called(Order, id=id, direction=direction, **given))

    def exit(self, id: str, from_entry: str = "", **given: Any) -> None:
        """`strategy.exit`: levels that rest on entries; see `engines.commands.Exit`."""
        self.commands.append(_called(Exit, id=id, from_entry=from_entry, **given))

    def close_entry(self, id: str, **given: Any) -> None:
        """`strategy.close`: leave what was entered under `id`; see `engines.commands.Close`."""
        self.commands.append(_called(Close, id=id, **given))

    def close_all(self, **given: Any) -> None:
        """`strategy.close_all`: leave the position; see `engines.commands.CloseAll`."""
        self.commands.append(_called(CloseAll, **given))

    def cancel(self, id: str) -> None:
        """`strategy.cancel`: drop what is pending under `id`."""
        self.commands.append(Cancel(id))

    def cancel_all(self) -> None:
        """`strategy.cancel_all`: drop everything that is pending."""
        self.commands.append(CancelAll())


_DIRECTIONS: Final = ("long", "short")


def _called(kind: type[Any], **given: Any) -> Any:
    known = [field.name for field in fields(kind)]
    for name in given:
        if name not in known:
            raise InvalidInput(f"argument of {kind.__name__.lower()}", name, ", ".join(known))
    if given.get("direction", "long") not in _DIRECTIONS:
        raise InvalidInput("direction", given["direction"], "long or short")
    return kind(**given)
