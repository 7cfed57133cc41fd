"""What is a strategy with order logic of its own? What it sees at a close, what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from engines.commands import Command
from engines.orders import Refusal

NAN = float("nan")


@dataclass(frozen=True)
class TradeRow:
    """A trade as Pine's `strategy.opentrades.*` and `strategy.closedtrades.*` give it.

    `size` is signed. `profit` of a closed trade is net of fees, of an open one before them;
    `max_runup` and `max_drawdown` are positive, after the entry's fee (K2, H5). Percentages are
    of the entry's value (K6). Exit fields are NaN, −1 or empty while the trade is open.
    """

    entry_id: str
    entry_comment: str
    entry_price: float
    entry_bar_index: int
    size: float
    commission: float
    profit: float
    profit_percent: float
    max_runup: float
    max_runup_percent: float
    max_drawdown: float
    max_drawdown_percent: float
    exit_id: str = ""
    exit_comment: str = ""
    exit_price: float = NAN
    exit_bar_index: int = -1


class Tally(NamedTuple):
    """What has been done so far: entries and orders that filled, equity, its highest at a close."""

    entries: int
    orders: int
    equity: float
    highest: float


class Statement(Protocol):
    """The account in Pine's built-ins beyond `View`, worked out when they are asked for.

    Money is account currency; NaN where Pine gives na.
    """

    @property
    def tally(self) -> Tally:
        """As the market stands."""
        ...

    @property
    def tally_before(self) -> Tally:
        """As the bar before ended, after what filled at its close."""
        ...

    def closed_from(self, first: int) -> Sequence[TradeRow]:
        """The closed trades from number `first` (0 is the oldest) on."""
        ...

    def earns(self, least_percent: float) -> bool:
        """Whether the position's profit before fees is so much of its cost, or more."""
        ...

    def default_entry_qty(self, fill_price: float) -> float:
        """What an entry without a quantity would be for, were it to fill at that price (G1 to G6).

        NaN without a price. What is open on the other side is no part of it.
        """
        ...

    @property
    def rate(self) -> float:
        """Account currency for one of quote currency (G8)."""
        ...

    @property
    def opentrades(self) -> Sequence[TradeRow]: ...
    @property
    def closedtrades(self) -> Sequence[TradeRow]: ...
    @property
    def grossprofit(self) -> float: ...
    @property
    def grossloss(self) -> float: ...
    @property
    def wintrades(self) -> int: ...
    @property
    def losstrades(self) -> int: ...
    @property
    def eventrades(self) -> int: ...
    @property
    def max_drawdown(self) -> float: ...
    @property
    def max_drawdown_percent(self) -> float: ...
    @property
    def max_runup(self) -> float: ...
    @property
    def max_runup_percent(self) -> float: ...
    @property
    def max_contracts_held_long(self) -> float: ...
    @property
    def max_contracts_held_short(self) -> float: ...
    @property
    def margin_liquidation_price(self) -> float: ...
    @property
    def capital_held(self) -> float: ...
    @property
    def position_entry_name(self) -> str: ...


@dataclass(frozen=True)
class View:
    """What a script sees of its account at a close: Pine's built-ins of the same names.

    `entry_bar` is the bar of the oldest open entry, `flat_bar` the bar of the fill that last left
    nothing open, `loss_bar` the same for a last part that closed at a loss; −1 for none.
    In hedge mode `position_size` is `long_size` less `short_size`.
    `price` is where the market stands: the close, or the node of the path that a pass after a
    fill stands at (A5). `waiting` are the ids of entries that have not filled, `statement` holds
    what is rarely asked for.
    """

    bar: int
    position_size: float
    position_avg_price: float
    equity: float
    netprofit: float
    openprofit: float
    opentrades: int
    closedtrades: int
    entry_bar: int = -1
    flat_bar: int = -1
    loss_bar: int = -1
    long_size: float = 0.0
    short_size: float = 0.0
    price: float = NAN
    waiting: tuple[str, ...] = ()
    statement: Statement | None = None


class Script(Protocol):
    """A strategy with order logic of its own."""

    def on_close(self, view: View) -> Iterable[Command]:
        """Commands at the close of bar `view.bar`, in the order of the calls."""
        ...


@runtime_checkable
class Guarding(Protocol):
    """A script that looks at its entries once more where they are met, if it `guards` them."""

    @property
    def guards(self) -> bool:
        """Whether it wants to be asked."""
        ...

    def held_back(self, side: int, open_ms: int, view: View) -> Refusal | None:
        """Why an entry of a side does not fill in the bar that opened then; None if it does."""
        ...


@runtime_checkable
class Recalculated(Protocol):
    """A script with a memory that is run again after fills: what a pass changed is undone (A5)."""

    def save(self) -> object:
        """What it remembers, apart from what Pine calls `varip`."""
        ...

    def roll_back(self, saved: object) -> None:
        """Remember what was saved, and nothing since."""
        ...
