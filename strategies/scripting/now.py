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
from engines.event.account import Account
from engines.instrument import Instrument
from engines.script import View
from strategies.evaluation.bar_by_bar import Nodes
from strategies.evaluation.tracks import Bar
from strategies.graph.expressions import Condition, Series
from strategies.graph.types import CHART
from strategies.scripting.account_words import AccountWords
from strategies.scripting.clock import Clock


class Now(AccountWords):
    """The closed bar, the account at its close, and the orders that are called there.

    `now[series]` is a series' value at this close, NaN until it is warmed up; `now[condition]`
    whether it holds; `now[series, 3]` and `now[condition, 3]` three bars ago. Only what the
    strategy set up can be asked for. Its account's names are in `AccountWords`.
    """

    def __init__(
        self, nodes: Nodes, account: Account, bar: Bar, view: View, instrument: Instrument
    ) -> None:
        super().__init__(view, account.market.initial_cash, account.currency or instrument.quote)
        self._nodes = nodes
        self._instrument = instrument
        self._clock = Clock(bar.open_ms, bar.close_ms, instrument.timezone)
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
    def long_size(self) -> float:
        """Quantity of the long side, of which there may be a short one beside in hedge mode."""
        return self._view.long_size

    @property
    def short_size(self) -> float:
        """Quantity of the short side, above zero."""
        return self._view.short_size

    @property
    def time(self) -> int:
        """Open of the bar, UTC milliseconds."""
        return self._clock.time

    @property
    def time_close(self) -> int:
        """Close of the bar, UTC milliseconds."""
        return self._clock.time_close

    @property
    def year(self) -> int:
        """Of the bar's open, by the exchange's clock, as all of these (A6)."""
        return self._clock.local.year

    @property
    def month(self) -> int:
        """1 to 12."""
        return self._clock.local.month

    @property
    def dayofmonth(self) -> int:
        """1 to 31."""
        return self._clock.local.day

    @property
    def dayofweek(self) -> int:
        """1 on Sunday, 7 on Saturday."""
        return self._clock.dayofweek

    @property
    def hour(self) -> int:
        """0 to 23."""
        return self._clock.local.hour

    @property
    def minute(self) -> int:
        """0 to 59."""
        return self._clock.local.minute

    def in_session(self, session: str, timezone: str | None = None) -> bool:
        """Whether the bar opens in a session such as "0930-1600:23456"; see `Clock`."""
        return self._clock.in_session(session, timezone)

    def time_at(self, bar_index: int) -> int:
        """Open of an earlier bar, UTC milliseconds: a trade's `entry_bar_index`, for example."""
        return self._nodes.tracks[CHART].bars[bar_index].open_ms

    @property
    def mintick(self) -> float:
        """`syminfo.mintick`: the price step."""
        return float(self._instrument.tick)

    @property
    def pointvalue(self) -> float:
        """`syminfo.pointvalue`: money for one point of one unit."""
        return float(self._instrument.contract_value)

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
