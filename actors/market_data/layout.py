"""Where in the catalog does a series lie, and which series is a path?

bars/<category>/<symbol>/<interval>/<kind>/<YYYY-MM>.parquet
funding/<category>/<symbol>/<YYYY-MM>.parquet
instruments/<category>/<symbol>.json
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from engines.bars import CATEGORIES, KINDS, Category, Series
from engines.errors import InvalidInput
from engines.intervals import INTERVALS

BARS: Final = "bars"
FUNDING: Final = "funding"
INSTRUMENTS: Final = "instruments"
_SYMBOL: Final = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,39}")
_SYMBOL_TEXT: Final = "capital letters and digits, for example BTCUSDT"


class Market(NamedTuple):
    """A contract or pair, whatever is stored of it."""

    category: Category
    symbol: str

    def __str__(self) -> str:
        return "/".join(self)


def check_market(category: str, symbol: str) -> Market:
    """`category` and `symbol` as a market. Raises InvalidInput."""
    if category not in CATEGORIES:
        raise InvalidInput("category", category, f"one of {', '.join(CATEGORIES)}")
    if not _SYMBOL.fullmatch(symbol):
        raise InvalidInput("symbol", symbol, _SYMBOL_TEXT)
    return Market(category, symbol)


def check_series(series: Series) -> Series:
    """`series` itself, if it can be stored. Raises InvalidInput naming the bad part."""
    check_market(series.category, series.symbol)
    if series.interval not in INTERVALS:
        raise InvalidInput("interval", series.interval, f"one of {', '.join(INTERVALS)}")
    if series.kind not in KINDS:
        raise InvalidInput("kind", series.kind, f"one of {', '.join(KINDS)}")
    return series


def bars_folder(series: Series) -> str:
    """Folder of the months of `series`. Raises InvalidInput."""
    return f"{BARS}/{check_series(series)}"


def funding_folder(category: str, symbol: str) -> str:
    """Folder of the months of a market's funding. Raises InvalidInput."""
    return f"{FUNDING}/{check_market(category, symbol)}"


def instrument_path(category: str, symbol: str) -> str:
    """File that keeps an instrument's history. Raises InvalidInput."""
    return f"{INSTRUMENTS}/{check_market(category, symbol)}.json"


def series_at(path: str) -> Series | None:
    """The series that the month file at `path` belongs to, None if it belongs to none."""
    parts = path.split("/")
    if len(parts) != 6 or parts[0] != BARS or not parts[5].endswith(".parquet"):
        return None
    try:
        return check_series(Series(*parts[1:5]))  # type: ignore[arg-type]
    except InvalidInput:
        return None


def funding_at(path: str) -> Market | None:
    """The market that the funding file at `path` belongs to, None if it belongs to none."""
    parts = path.split("/")
    if len(parts) != 4 or parts[0] != FUNDING or not parts[3].endswith(".parquet"):
        return None
    try:
        return check_market(parts[1], parts[2])
    except InvalidInput:
        return None
