"""What is a value of a strategy? Its unit, and the bars on which it lives."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple, get_args

from engines.bars import CATEGORIES, KINDS, Category, Kind
from engines.errors import InvalidInput
from engines.intervals import Interval

Unit = Literal["price", "percent", "ratio", "volume", "money", "count", "flag", "none"]
UNITS: Final[tuple[Unit, ...]] = get_args(Unit)

_SYMBOL: Final = re.compile(r"[A-Z0-9][A-Z0-9-]{1,31}")


class MarketRef(NamedTuple):
    """Another market than the chart's own. `market_ref` checks the parts."""

    symbol: str
    category: Category = "linear"
    kind: Kind = "last"


class Timeline(NamedTuple):
    """A sequence of bars on which values live; None stands for the chart's own."""

    market: MarketRef | None = None
    interval: Interval | None = None

    def __str__(self) -> str:
        market = "the chart" if self.market is None else "/".join(self.market)
        return f"{market} on {self.interval}" if self.interval else market


CHART: Final = Timeline()


def market_ref(symbol: str, category: str = "linear", kind: str = "last") -> MarketRef:
    """A checked reference to a market. Raises InvalidInput naming the part that is wrong."""
    if not isinstance(symbol, str) or not _SYMBOL.fullmatch(symbol):
        raise InvalidInput("symbol", symbol, "a symbol as the venue writes it, such as BTCUSDT")
    if category not in CATEGORIES:
        raise InvalidInput("category", category, f"one of {', '.join(CATEGORIES)}")
    if kind not in KINDS:
        raise InvalidInput("kind", kind, f"one of {', '.join(KINDS)}")
    return MarketRef(symbol, category, kind)


def same_unit(left: Unit, right: Unit) -> Unit | None:
    """Unit of a sum of the two, None when they cannot be added or compared.

    A number without a unit goes with anything; flags are counts of 0 or 1.
    """
    left, right = _counted(left), _counted(right)
    if left == "none" or left == right:
        return right
    return left if right == "none" else None


def product_unit(left: Unit, right: Unit) -> Unit:
    """Unit of a product: plain numbers, ratios and counts scale, price × volume is money."""
    left, right = _counted(left), _counted(right)
    if {left, right} == {"price", "volume"}:
        return "money"
    for scale, scaled in ((left, right), (right, left)):
        if scale in _SCALES:
            return scaled
    return "none"


def quotient_unit(left: Unit, right: Unit) -> Unit:
    """Unit of a quotient: equal units make a ratio, money / volume a price."""
    left, right = _counted(left), _counted(right)
    if right in _SCALES and left != right:
        return left
    if left == right:
        return "none" if left == "none" else "ratio"
    return _MONEY_PER.get(right, "none") if left == "money" else "none"


def _counted(unit: Unit) -> Unit:
    return "count" if unit == "flag" else unit


_SCALES: Final = ("none", "ratio", "count")
_MONEY_PER: Final[dict[Unit, Unit]] = {"volume": "price", "price": "volume"}
