"""How does QuantConnect's LEAN keep crypto? Zipped trade bars, and margin_interest as funding.

minute/<symbol>/<YYYYMMDD>_trade.zip: milliseconds since midnight UTC, open, high, low, close,
volume; hour and daily files: YYYYMMDD HH:MM instead. margin_interest/<symbol>.csv: time, rate.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import numpy as np

from actors.market_data.errors import UnusableFile
from actors.market_data.importers.names import derivative_category, plain_symbol
from actors.market_data.importers.parsed import Hints, Parsed
from actors.market_data.importers.sources import Source
from actors.market_data.importers.tables import Candidate
from engines.bars import PRICE_COLUMNS, Category
from engines.intervals import DAY_MS, Times

_DAY_NAME: Final = re.compile(
    r"^(?P<day>\d{8})_(?:(?P<symbol>[a-z0-9]+)_minute_)?trade(?:_perp)?\.csv$"
)
_LONG_NAME: Final = re.compile(r"^(?P<symbol>[a-z0-9]+?)(?:_trade)?(?:_perp)?\.csv$")
_SPACED_TIME: Final = re.compile(r"^\d{8} \d{2}:\d{2}(:\d{2})?$")


def is_trade_bars(candidate: Candidate) -> bool:
    """Six cells without header: milliseconds since midnight in a day's file, or spaced dates."""
    cells = candidate.bare_cells()
    if len(cells) != 6:
        return False
    if _DAY_NAME.match(candidate.source.name):
        return cells[0].isdigit() and int(cells[0]) < DAY_MS
    return bool(_SPACED_TIME.match(cells[0]))


def parse_trade_bars(candidate: Candidate) -> tuple[Parsed, ...]:
    """Bars of one day, or of all days for hours and days."""
    source = candidate.source
    table = candidate.table()
    names = (*PRICE_COLUMNS, "volume")
    columns = {name: table.numbers(place, name) for place, name in enumerate(names, start=1)}
    day = _DAY_NAME.match(source.name)
    if day is None:
        times = table.times(0)
    else:
        since_midnight = table.numbers(0, "milliseconds since midnight")
        times = _midnight(source, day["day"]) + since_midnight.astype(np.int64)
    return (Parsed(source.trail, times, columns, _hints(source)),)


def is_funding(candidate: Candidate) -> bool:
    """Two cells without header, the first a spaced date."""
    cells = candidate.bare_cells()
    return len(cells) == 2 and bool(_SPACED_TIME.match(cells[0]))


def parse_funding(candidate: Candidate) -> tuple[Parsed, ...]:
    """Funding rates of margin_interest."""
    table = candidate.table()
    symbol = plain_symbol(candidate.source.stem)
    hints = Hints(symbol, derivative_category(symbol))
    columns = {"rate": table.numbers(1, "rate")}
    return (Parsed(candidate.source.trail, table.times(0), columns, hints, table="funding"),)


def _hints(source: Source) -> Hints:
    day = _DAY_NAME.match(source.name)
    named = day or _LONG_NAME.match(source.name)
    text = named["symbol"] if named else None
    if text is None and f"/minute/{source.path.parent.name}/" in source.trail:
        text = source.path.parent.name
    symbol = plain_symbol(text) if text else None
    return Hints(symbol, _category(source, symbol), "1" if day else None)


def _category(source: Source, symbol: str | None) -> Category | None:
    if source.stem.endswith("_perp") or "/cryptofuture/" in source.trail:
        return derivative_category(symbol or "")
    return "spot" if "/crypto/" in source.trail else None


def _midnight(source: Source, day: str) -> Times:
    try:
        moment = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC)
    except ValueError as problem:
        raise UnusableFile(source.trail, day, "a name that begins with YYYYMMDD") from problem
    return np.int64(moment.timestamp()) * np.ones(1, np.int64) * 1_000
