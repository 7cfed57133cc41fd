"""What can a script order? The commands of TradingView's `strategy.*`, as values.

Prices and quantities are as the script writes them; grids, checks and fills are the engine's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Literal, TypeVar, get_args

from engines.brackets import Bracket, Level
from engines.errors import InvalidInput
from engines.ladders import Ladder
from engines.orders import Reason, Refusal
from engines.risk_rules import NO_RULES, DayOrders, RiskRules
from engines.sizes import NO_BOUNDS, KellyRule, SizeBounds

Direction = Literal["long", "short"]
Oca = Literal["none", "cancel", "reduce"]
QtyType = Literal["fixed", "cash", "percent_of_equity", "risk_percent", "kelly"]
CloseRule = Literal["FIFO", "ANY"]
MarginRule = Literal["called", "checked"]
Allowed = Literal["both", "long", "short"]
MarginPrice = Literal["fill", "signal"]
ExitLevels = Literal["first", "absolute"]
GappedExits = Literal["dropped", "filled"]
ExitPart = Literal["stop", "limit", "trail"]


@dataclass(frozen=True)
class Entry:
    """Enter, reversing an opposite position; market unless `limit` or `stop` is given.

    Both make a stop-limit order: the stop activates the limit (C6). `qty` of None takes the
    script's default. A pending order of the same id is replaced (D5). A `bracket` rests on what
    the entry opens, the orders of a `ladder` beside it until its position ends. `otherwise` is
    ordered in place of an entry that is refused at once.
    `sized_over` is a move of the price, in quote currency, that a risk is measured over instead of
    the way to the bracket's stop; one that is not above zero is refused. None of these is Pine's.

    Under Bybit's profiles a `post_only` order that would take is refused, and a `reduce_only` one
    makes the opposite position smaller (without `qty`: closes it) and never opens one.
    """

    id: str
    direction: Direction
    qty: float | None = None
    limit: float | None = None
    stop: float | None = None
    oca_name: str = ""
    oca_type: Oca = "none"
    comment: str = ""
    bracket: Bracket | None = None
    ladder: Ladder | None = None
    otherwise: CloseAll | None = None
    sized_over: float | None = None
    post_only: bool = False
    reduce_only: bool = False


@dataclass(frozen=True)
class Order(Entry):
    """Buy or sell, whatever is open: never reverses by itself, ignores pyramiding (D4)."""


@dataclass(frozen=True)
class Exit:
    """Leave the trades of `from_entry` (all, if empty) at levels that rest in the market.

    `profit`, `loss`, `trail_points` and `trail_offset` are ticks, from the entry's price (E4);
    `limit`, `stop` and `trail_price` are prices. `qty` or `qty_percent` reserve a part of each
    entry (E2). Without any level nothing happens (E6). `comment_profit`, `comment_loss` and
    `comment_trailing` name the trade instead of `comment` where that part of the exit filled.
    """

    id: str
    from_entry: str = ""
    qty: float | None = None
    qty_percent: float | None = None
    profit: float | None = None
    limit: float | None = None
    loss: float | None = None
    stop: float | None = None
    trail_price: float | None = None
    trail_points: float | None = None
    trail_offset: float | None = None
    comment: str = ""
    comment_profit: str = ""
    comment_loss: str = ""
    comment_trailing: str = ""

    def signal(self, part: ExitPart) -> str:
        """What the list of trades calls the exit when that part of it fills."""
        own = {
            "limit": self.comment_profit,
            "stop": self.comment_loss,
            "trail": self.comment_trailing,
        }[part]
        return own or self.comment or self.id


@dataclass(frozen=True)
class Close:
    """Leave what was entered under `id` by a market order; `immediately` at this very close."""

    id: str
    qty: float | None = None
    qty_percent: float | None = None
    comment: str = ""
    immediately: bool = False


@dataclass(frozen=True)
class CloseAll:
    """Leave the whole position by a market order; `immediately` at this very close.

    `reason` is what the ledger says.
    """

    comment: str = ""
    immediately: bool = False
    reason: Reason = Reason.SIGNAL_EXIT


@dataclass(frozen=True)
class Cancel:
    """Drop the pending entries, orders and exits of that id (D6)."""

    id: str


@dataclass(frozen=True)
class CancelAll:
    """Drop everything that is pending, market orders included."""


@dataclass(frozen=True)
class MoveStops:
    """Give the stops of all open brackets another level, from the next bar on; not Pine's.

    One that was moved to break-even does not go back behind it.
    """

    stop: Level


@dataclass(frozen=True)
class Refuse:
    """Note in the ledger that a signal did not become an order, and why; 0 is no side."""

    side: int
    reason: Refusal


_AS_GOOD_AS_NOTHING: Final = 1e-300

C = TypeVar("C", bound="Entry | Exit | Close")
Command = Entry | Order | Exit | Close | CloseAll | Cancel | CancelAll | MoveStops | Refuse


def without_na(command: C) -> C:
    """The command with numbers that are NaN, Pine's na, left out, as Pine takes them.

    A quantity of na is none: it becomes 0, which orders nothing (D12).
    """
    unknown = [
        one.name
        for one in fields(command)
        if isinstance(value := getattr(command, one.name), float) and math.isnan(value)
    ]
    given: dict[str, Any] = {name: 0.0 if name.startswith("qty") else None for name in unknown}
    return replace(command, **given) if given else command


@dataclass(frozen=True)
class Properties:
    """What a script declares about itself, beside the broker's settings.

    `qty_type` and `qty_value` size orders without a quantity: units, quote currency, percent of
    equity, the percent of equity that is lost at the stop of the entry's bracket, or a fraction of
    the Kelly share of past trades (`kelly`). `first_share` of it is the first entry's, where a
    ladder shares the whole among its orders. `bounds` cut and raise any of them; `day_orders` end
    a day. `pyramiding`
    is how many entries one direction may hold (0 counts as 1, D4). `limit_verification_ticks` is
    how far a price must go beyond a limit to fill it (C5). `allow_entry_in` turns entries of the
    other side into exits (J1); `risk` are the other limits.

    `margin_long` and `margin_short` are percent of a position's value, 0 for no margin at all;
    None takes 100 by the broker's leverage (I1). `margin_price` decides whether a market order
    from flat is checked at its fill or at the price that sized it (I5). `exit_levels` tells which
    of two forms of one level holds: the one met first (Pine 6), or the absolute one (Pine 5, E4).
    `calc_on_order_fills` runs the script again after fills inside a bar (A5). `gapped_exits` are
    the old position's, where a market order turns it around at an open that is through them:
    they are dropped, or filled against the new position at that very price (E13).

    `margin` of `called` is Pine's: asked for at the fill, and called for while it is missing (I1
    to I6). `checked` asks once, where the broker sizes a market order (`size_at`), and calls for
    nothing.
    """

    qty_type: QtyType = "fixed"
    qty_value: float = 1.0
    pyramiding: int = 0
    close_rule: CloseRule = "FIFO"
    limit_verification_ticks: int = 0
    allow_entry_in: Allowed = "both"
    margin: MarginRule = "called"
    risk: RiskRules = NO_RULES
    margin_long: float | None = None
    margin_short: float | None = None
    margin_price: MarginPrice = "fill"
    exit_levels: ExitLevels = "first"
    gapped_exits: GappedExits = "dropped"
    calc_on_order_fills: bool = False
    bounds: SizeBounds = NO_BOUNDS
    kelly: KellyRule | None = None
    day_orders: DayOrders | None = None
    first_share: float = 1.0

    def __post_init__(self) -> None:
        for name, kinds in _CHOICES.items():
            if getattr(self, name) not in kinds:
                raise InvalidInput(name, getattr(self, name), f"one of {', '.join(kinds)}")
        if not 0.0 < self.qty_value < float("inf"):
            raise InvalidInput("qty_value", self.qty_value, "above zero")
        self._check_sizes()
        for name in ("pyramiding", "limit_verification_ticks"):
            if getattr(self, name) < 0:
                raise InvalidInput(name, getattr(self, name), "zero or more")
        for name in ("margin_long", "margin_short"):
            percent = getattr(self, name)
            if percent is not None and not 0.0 <= percent <= 100_000.0:
                raise InvalidInput(name, percent, "percent, zero or more")

    def scaled(self, share: float) -> Properties:
        """The same with this share of the default size; `bounds` stay.

        A size of nothing is refused by the properties themselves: as good as nothing does.
        """
        kelly = self.kelly
        if kelly is not None:
            start = max(kelly.start_percent * share, _AS_GOOD_AS_NOTHING)
            kelly = replace(kelly, start_percent=start)
        value = max(self.qty_value * share, _AS_GOOD_AS_NOTHING)
        return replace(self, qty_value=value, kelly=kelly)

    def _check_sizes(self) -> None:
        if (self.qty_type == "kelly") != (self.kelly is not None):
            raise InvalidInput("kelly", self.kelly, "a rule for qty_type kelly, and only there")
        if self.margin == "called" and (self.kelly is not None or self.bounds != NO_BOUNDS):
            raise InvalidInput("margin", self.margin, "checked, with bounds or the Kelly share")

    def margin_percent(self, side: int) -> float | None:
        """What the script says of the margin of a side, +1 long or −1 short."""
        return self.margin_long if side > 0 else self.margin_short


_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "qty_type": get_args(QtyType),
    "close_rule": get_args(CloseRule),
    "allow_entry_in": get_args(Allowed),
    "margin": get_args(MarginRule),
    "margin_price": get_args(MarginPrice),
    "exit_levels": get_args(ExitLevels),
    "gapped_exits": get_args(GappedExits),
}
