"""What does TradingView's chart export hold? Bars, then the chart's plots, then Volume.

Times are ISO 8601 with the chart's offset, or Unix seconds: a choice in the export dialog. Header
names may repeat (a plot can be called time); plots may have empty cells.
"""

from __future__ import annotations

import re
from typing import Final

from actors.market_data.importers.names import derivative_category, hints_from, timeframe
from actors.market_data.importers.parsed import Hints, Parsed
from actors.market_data.importers.tables import Candidate, Table
from engines.bars import PRICE_COLUMNS
from engines.errors import InvalidInput
from engines.intervals import Interval, parse_interval

_NAME: Final = re.compile(
    r"^(?P<venue>[A-Z0-9]+)_(?P<symbol>[A-Z0-9.]+), (?P<length>[0-9A-Z]+)(?![0-9A-Z])"
)
_NEVER_IN_A_CHART: Final = {"symbol", "ticker", "pair", "turnover", "quote_volume"}


def is_chart(candidate: Candidate) -> bool:
    """A header that begins with time, open, high, low, close, and has no column a chart lacks."""
    foreign = _NEVER_IN_A_CHART & set(candidate.header)
    return candidate.begins_with("time", *PRICE_COLUMNS) and not foreign


def parse_chart(candidate: Candidate) -> tuple[Parsed, ...]:
    """The chart's bars; plots are left aside."""
    table = candidate.table()
    columns = {name: table.numbers(place, name) for place, name in enumerate(PRICE_COLUMNS, 1)}
    volume = _last_place(table, "volume")
    remarks = []
    if volume is not None and not table.is_blank(volume):
        columns["volume"] = table.numbers(volume, "Volume")
    else:
        remarks.append("the export has no volume: it is zero")
    if plots := table.width - 5 - (volume is not None):
        remarks.append(f"{plots} columns of plots were left aside")
    hints = _hints(candidate.source.name)
    times = table.times(0)
    return (Parsed(candidate.source.trail, times, columns, hints, remarks=tuple(remarks)),)


def _last_place(table: Table, name: str) -> int | None:
    places = [place for place, title in enumerate(table.header) if title == name]
    return places[-1] if places else None


def _hints(name: str) -> Hints:
    named = _NAME.match(name)
    if named is None:
        return hints_from(name)
    symbol = named["symbol"]
    is_spot = named["venue"] == "BYBIT" and not symbol.endswith(".P")
    category = "spot" if is_spot else derivative_category(symbol.removesuffix(".P"))
    if named["venue"] != "BYBIT" and not symbol.endswith(".P"):
        category = None
    return Hints(symbol, category, _length(named["length"]))


def _length(text: str) -> Interval | None:
    if text.isdigit():
        try:
            return parse_interval(text)
        except InvalidInput:
            return None
    return timeframe(text)
