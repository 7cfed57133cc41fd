"""How does freqtrade keep its data? One file a pair, timeframe and kind of candle.

BTC_USDT_USDT-1h-futures.feather, also .json, .json.gz, .parquet; funding_rate files hold the rate
in `open`, at times with some milliseconds of jitter.
"""

from __future__ import annotations

import re
from typing import Final

from actors.market_data.importers.columnar import arrow_table, is_columnar
from actors.market_data.importers.json_rows import ROW_NAMES, is_candle_rows, numbers_of
from actors.market_data.importers.names import timeframe
from actors.market_data.importers.parsed import Hints, Parsed
from actors.market_data.importers.tables import Candidate
from actors.market_data.importers.times import times_from_floats
from engines.bars import PRICE_COLUMNS, Category, Floats, Kind
from engines.intervals import Times

_NAME: Final = re.compile(
    r"^(?P<base>[A-Z0-9]+)_(?P<quote>[A-Z0-9]+)(?:_(?P<settle>[A-Z0-9]+))?"
    r"-(?P<length>\d+[a-zA-Z]+)(?:-(?P<candle>[a-zA-Z_]+))?\.\w+$"
)
_KINDS: Final[dict[str, Kind]] = {"mark": "mark", "index": "index", "premiumIndex": "premium"}
_FUNDING: Final = "funding_rate"


def is_freqtrade(candidate: Candidate) -> bool:
    """A name as freqtrade gives it, on a feather, Parquet or JSON file."""
    if not _NAME.match(candidate.source.name):
        return False
    return is_columnar(candidate) or is_candle_rows(candidate)


def parse_freqtrade(candidate: Candidate) -> tuple[Parsed, ...]:
    """Bars, or funding if the name says so."""
    source = candidate.source
    named = _NAME.match(source.name)
    candle = (named["candle"] if named else None) or ""
    times, columns = _json(candidate) if is_candle_rows(candidate) else _arrow(candidate)
    hints = freqtrade_hints(source.name)
    if candle == _FUNDING:
        market = Hints(hints.symbol, hints.category)
        rate = {"rate": columns["open"]}
        return (Parsed(source.trail, times, rate, market, table="funding"),)
    if hints.kind is not None:
        # Mark and index candles have a volume column that holds nothing.
        del columns["volume"]
    return (Parsed(source.trail, times, columns, hints),)


def freqtrade_hints(name: str) -> Hints:
    """What a freqtrade file name tells; a pair with a settlement currency is a perpetual."""
    named = _NAME.match(name)
    if named is None:
        return Hints()
    category: Category = "spot"
    if named["settle"]:
        category = "inverse" if named["settle"] == named["base"] else "linear"
    return Hints(
        symbol=named["base"] + named["quote"],
        category=category,
        interval=timeframe(named["length"]),
        kind=_KINDS.get(named["candle"] or ""),
    )


def _json(candidate: Candidate) -> tuple[Times, dict[str, Floats]]:
    source = candidate.source
    values = numbers_of(source, source.json, ROW_NAMES)
    names = (*PRICE_COLUMNS, "volume")
    columns = {name: values[:, place] for place, name in enumerate(names, start=1)}
    return times_from_floats(values[:, 0], source.trail), columns


def _arrow(candidate: Candidate) -> tuple[Times, dict[str, Floats]]:
    table = arrow_table(candidate.source)
    places = {name: table.place(name) for name in ("date", *PRICE_COLUMNS, "volume")}
    absent = [name for name, place in places.items() if place is None]
    if absent:
        expected = "columns date, open, high, low, close, volume"
        raise candidate.source.refused(f"columns {', '.join(table.header)}", expected)
    columns = {
        name: table.numbers(place, name)
        for name, place in places.items()
        if place is not None and name != "date"
    }
    return table.times(places["date"] or 0), columns
