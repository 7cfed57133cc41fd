"""What happens, and what is asked for? Events that come in, instructions that go out.

Bars carry milliseconds, everything finer carries nanoseconds; both are integers (UTC).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Literal, NamedTuple

from engines.brackets import Level

OrderStatus = Literal["filled", "cancelled", "rejected", "reached"]
# Why the venue forced a fill, as the list of trades calls it.
MARGIN_CALL: Final = "Margin call"
LIQUIDATION: Final = "Liquidation"


class Prices(NamedTuple):
    """Open, high, low and close of one bar."""

    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True)
class Bar:
    """A bar, `[open_ms, close_ms)`; `inside` are the finer bars within it, if there are any.

    `marks` is the mark price during each of them, or during the bar; without it the bars' own.
    `day` numbers the exchange's day of its open, `next_day` that of the bar after it; `rate` is
    account currency for one of quote currency (G8).
    """

    number: int
    open_ms: int
    close_ms: int
    prices: Prices
    volume: float = 0.0
    inside: tuple[Prices, ...] = ()
    marks: tuple[Prices, ...] = ()
    day: int = 0
    next_day: int = 0
    rate: float = 1.0


@dataclass(frozen=True)
class Tick:
    """A public trade; `side` is +1 where a buyer took."""

    time_ns: int
    price: float
    qty: float
    side: int


class Depth(NamedTuple):
    """One level of an order book."""

    price: float
    qty: float


@dataclass(frozen=True)
class Book:
    """The order book, best levels first."""

    time_ns: int
    bids: tuple[Depth, ...]
    asks: tuple[Depth, ...]


@dataclass(frozen=True)
class Timer:
    """A moment that somebody asked to be woken at."""

    time_ns: int
    name: str = ""


@dataclass(frozen=True)
class Opened:
    """A bar begins on a day of the exchange, at `price`; nothing has filled there yet (J3)."""

    day: int
    price: float
    open_ms: int


@dataclass(frozen=True)
class Mark:
    """The price has come to a corner of its path."""

    price: float


@dataclass(frozen=True)
class Pass:
    """Something has filled inside bar `number`: the script runs again at `price` (A5)."""

    number: int
    price: float


@dataclass(frozen=True)
class OrderUpdate:
    """What became of an order: a fill of `qty_units` lots at `price`, or its end without one.

    `left_units` is what still rests; `order_id` is empty for a fill the venue forced. `opened` of
    `units` opened a position (None: all that did not close one). `reason` names the refusal of an
    order that was rejected, `detail` says more of it. `reached` is for an order that only watches.
    `unslipped` is the price without slippage of a close that fills at once, for TradingView's list.
    `caught` are exits of the position that this fill turned around which the open was through.
    """

    order_id: str
    status: OrderStatus
    bar: int
    side: int = 0
    price: float = 0.0
    units: float = 0.0
    left_units: float = 0.0
    fee: float = 0.0
    reason: str = ""
    opened: float | None = None
    detail: str = ""
    caught: tuple[str, ...] = ()
    unslipped: float | None = None


class Queue(IntEnum):
    """Which of several orders at one price is first: entries before exits (B5)."""

    ENTRY = 0
    EXIT = 1


class Rank(NamedTuple):
    """Place of an order among others that meet one price, smallest first."""

    queue: Queue
    first: int
    second: int
    third: int = 0


@dataclass(frozen=True)
class Place:
    """Rest an order at the venue. Prices lie on the grid; None where a level is not there.

    `units` are lots; None leaves them to be found at the fill, from `equity` (G5). `against` lots
    come on top: what was open on the other side (D2). `activation` and `offset` make a trailing
    stop that looks from `reference` on (E8). `sequence` numbers the decisions. `at_close` fills a
    market order at the present close, `at_once` where the price stands, without slippage unless
    it `slips`.
    `verified_by` is how many ticks the price must go beyond a limit (C5). A trailing stop stays
    `offset` behind, and `offset_fraction` of its best price.

    Without `units`, `sized_by_stop` is the stop that a risk is measured to, `sized_over` the move
    of the price that it is measured over instead. An order with `watch`
    never fills: it tells when a price in its favour is reached, at the end of a stretch. Before
    bar `rests_from` an order is not there.

    An order that `flips` takes all that is open on the other side at its fill (D10). `most` lots
    are the largest position it may lead to (J1); margin is looked at `sized_at`, if from flat (I5).
    What `only_leaves` never opens, whatever `against` was (J1). A trailing stop that `lets_run` is
    only moved, never met, by a price on its way in favour. A safety order's size is a `share`
    of the first order's, 0 for any other entry.
    """

    order_id: str
    side: int
    sequence: int
    rank: Rank
    units: float | None
    equity: float = 0.0
    against: float = 0.0
    limit: float | None = None
    stop: float | None = None
    activation: float | None = None
    offset: float = 0.0
    reference: float | None = None
    verified_by: int = 0
    reduce_only: bool = False
    at_close: bool = False
    offset_fraction: float = 0.0
    sized_by_stop: Level | None = None
    sized_over: float | None = None
    watch: float | None = None
    rests_from: int = -1
    post_only: bool = False
    at_once: bool = False
    slips: bool = False
    flips: bool = False
    most: float | None = None
    sized_at: float | None = None
    only_leaves: bool = False
    lets_run: bool = False
    share: float = 0.0


@dataclass(frozen=True)
class Amend:
    """Give a resting order other levels or another size; None keeps what it has."""

    order_id: str
    units: float | None = None
    limit: float | None = None
    stop: float | None = None
    activation: float | None = None
    offset: float | None = None
    rests_from: int | None = None
    against: float | None = None
    flips: bool | None = None


@dataclass(frozen=True)
class Withdraw:
    """Take an order back."""

    order_id: str


Event = Bar | Tick | Book | Timer | OrderUpdate | Opened | Mark | Pass
Instruction = Place | Amend | Withdraw


def order_id(run: str, bar: int, leg: str, attempt: int) -> str:
    """The name of an order: 36 characters, the same whenever the same decision is made."""
    decision = f"{run}/{bar}/{leg}/{attempt}".encode()
    return f"bst-{hashlib.sha256(decision).hexdigest()[:32]}"
