"""How does Binance publish its history? The archive of klines and funding (data.binance.vision).

Layout: binance/binance-public-data. Spot times are microseconds from 2025-01-01 on; headers came
later; COIN-M counts contracts as volume and coins as quote volume.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from actors.market_data.importers.names import derivative_category, hints_from, timeframe
from actors.market_data.importers.parsed import Hints, Parsed
from actors.market_data.importers.sources import Source
from actors.market_data.importers.tables import Candidate, Table
from engines.bars import PRICE_COLUMNS, Category, Kind
from engines.intervals import INTERVALS, Interval, interval_ms

_KLINE_HEADER: Final = ("open_time", *PRICE_COLUMNS, "volume", "close_time")
_FUNDING_HEADER: Final = ("calc_time", "funding_interval_hours", "last_funding_rate")
_KLINE_WIDTH: Final = 12
_CLOSE_TIME: Final = 6
_UNIX: Final = re.compile(r"^\d{13}(\d{3})?$")
_MICROSECONDS: Final = re.compile(r"^\d{16}$")
_KLINE_NAME: Final = re.compile(r"^([A-Z0-9_]+)-(\d+(?:s|m|h|d|w|mo))-\d{4}-\d{2}(?:-\d{2})?\.csv$")
_FUNDING_NAME: Final = re.compile(r"^([A-Z0-9_]+)-fundingRate-")
_KIND_FOLDERS: Final[dict[str, Kind]] = {
    "markPriceKlines": "mark",
    "indexPriceKlines": "index",
    "premiumIndexKlines": "premium",
}


def is_klines(candidate: Candidate) -> bool:
    """Twelve columns that begin with open and end with close time, header or none."""
    if candidate.begins_with(*_KLINE_HEADER):
        return True
    cells = candidate.bare_cells()
    return len(cells) == _KLINE_WIDTH and bool(_UNIX.match(cells[0]) and _UNIX.match(cells[6]))


def parse_klines(candidate: Candidate) -> tuple[Parsed, ...]:
    """Bars of spot, USD-M or COIN-M, of last, mark, index or premium prices."""
    table = candidate.table()
    if table.width != _KLINE_WIDTH:
        expected = f"{_KLINE_WIDTH} columns, as Binance's archive has them"
        raise candidate.source.refused(f"{table.width} columns", expected)
    columns = {name: table.numbers(place, name) for place, name in enumerate(PRICE_COLUMNS, 1)}
    times = table.times(0)
    hints = _kline_hints(candidate, _length_of(times, table))
    if hints.kind is not None:
        # Mark, index and premium prices have volume columns that hold nothing.
        return (Parsed(candidate.source.trail, times, columns, hints),)
    columns["volume"], columns["turnover"] = (
        table.numbers(place, name) for place, name in ((5, "volume"), (7, "quote_volume"))
    )
    # COIN-M counts contracts, and coins where the others count money.
    inverse = {"volume": columns["turnover"], "turnover": np.full(len(times), np.nan)}
    return (Parsed(candidate.source.trail, times, columns, hints, inverse_columns=inverse),)


def is_funding(candidate: Candidate) -> bool:
    """The funding archive's header."""
    return candidate.begins_with(*_FUNDING_HEADER)


def parse_funding(candidate: Candidate) -> tuple[Parsed, ...]:
    """Settled funding rates."""
    table = candidate.table()
    named = _FUNDING_NAME.match(candidate.source.name)
    symbol = _bybit_symbol(named[1]) if named else None
    category = _category(candidate, named[1]) if named else None
    columns = {"rate": table.numbers(2, "last_funding_rate")}
    hints = Hints(symbol, category)
    return (Parsed(candidate.source.trail, table.times(0), columns, hints, table="funding"),)


def _kline_hints(candidate: Candidate, length: Interval | None) -> Hints:
    source = candidate.source
    kinds = (kind for folder, kind in _KIND_FOLDERS.items() if f"/{folder}/" in source.trail)
    named = _KLINE_NAME.match(source.name)
    if named is None:
        own = hints_from(source.name)
        return Hints(category=_category(candidate, own.symbol or ""), interval=length).over(own)
    return Hints(
        symbol=_bybit_symbol(named[1]),
        category=_category(candidate, named[1]),
        interval=timeframe(named[2]) or length,
        kind=next(kinds, None),
    )


def _category(candidate: Candidate, symbol: str) -> Category | None:
    source: Source = candidate.source
    if "futures/cm/" in source.trail:
        return "inverse"
    if "futures/um/" in source.trail:
        return "linear"
    cells = candidate.bare_cells()
    if "data/spot/" in source.trail or (cells and _MICROSECONDS.match(cells[0])):
        return "spot"
    by_name = derivative_category(symbol)
    # Files with a header, and funding, come from the futures markets alone.
    if by_name == "inverse" or not cells:
        return by_name
    return None


def _length_of(times: np.typing.NDArray[np.int64], table: Table) -> Interval | None:
    length = int(table.times(_CLOSE_TIME)[0] - times[0]) + 1
    return next((code for code in INTERVALS if code != "M" and interval_ms(code) == length), None)


def _bybit_symbol(name: str) -> str:
    return name.removesuffix("_PERP")
