"""How does Bybit publish its history? Archive files, and dumps of its REST answers.

Layouts: public.bybit.com (kline_for_metatrader4, premium_index, spot_index), V5 REST
/v5/market/kline and its siblings, /v5/market/funding/history.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import polars as pl

from actors.market_data.importers.json_rows import numbers_of
from actors.market_data.importers.names import derivative_category, hints_from, plain_symbol
from actors.market_data.importers.parsed import Hints, Parsed
from actors.market_data.importers.sources import Source
from actors.market_data.importers.tables import Candidate
from actors.market_data.importers.times import times_from_text
from engines.bars import CATEGORIES, PRICE_COLUMNS, Floats, Kind
from engines.errors import InvalidInput
from engines.intervals import Interval, parse_interval

_MT4_TIME: Final = re.compile(r"^\d{4}\.\d{2}\.\d{2} \d{2}:\d{2}$")
_MT4_NAME: Final = re.compile(r"^([A-Z0-9]+)_(\d+)_\d{4}-\d{2}-\d{2}_\d{4}-\d{2}-\d{2}\.csv$")
_MT4_AHEAD_MS: Final = 3 * 3_600_000
_INDEX_HEADER: Final = ("start_at", "symbol", "period", "open", "high", "low", "close")
_REST_NAMES: Final = ("start", "starttime", "start_time", "timestamp", "open_time", "time")
_MILLISECONDS: Final = re.compile(r"^\d{13}$")


def is_metatrader(candidate: Candidate) -> bool:
    """Six columns without header; the first is a dotted date."""
    cells = candidate.bare_cells()
    return len(cells) == 6 and bool(_MT4_TIME.match(cells[0]))


def parse_metatrader(candidate: Candidate) -> tuple[Parsed, ...]:
    """Bars of kline_for_metatrader4: times are UTC+3."""
    table = candidate.table()
    names = (*PRICE_COLUMNS, "volume")
    columns = {name: table.numbers(number, name) for number, name in enumerate(names, start=1)}
    named = _MT4_NAME.match(candidate.source.name)
    hints = hints_from(candidate.source.name)
    if named:
        symbol = named[1]
        hints = Hints(symbol, derivative_category(symbol), _minutes(named[2]))
    times = table.times(0) - _MT4_AHEAD_MS
    remarks = ("times were UTC+3 and are now UTC", "the archive does not say its volume's unit")
    return (Parsed(candidate.source.trail, times, columns, hints, remarks=remarks),)


def is_index(candidate: Candidate) -> bool:
    """The premium and index archive's header."""
    return candidate.begins_with(*_INDEX_HEADER)


def parse_index(candidate: Candidate) -> tuple[Parsed, ...]:
    """Premium or index bars; the file's name tells which, otherwise the size of its numbers."""
    table = candidate.table()
    columns = {name: table.numbers(place, name) for place, name in enumerate(PRICE_COLUMNS, 3)}
    symbol = plain_symbol(table.texts(1)[0].lstrip("."))
    kind: Kind = "premium" if _is_premium(candidate.source, columns["close"]) else "index"
    hints = Hints(symbol, derivative_category(symbol), _minutes(table.texts(2)[0]), kind)
    return (Parsed(candidate.source.trail, table.times(0), columns, hints),)


def is_rest_json(candidate: Candidate) -> bool:
    """A V5 answer, its result, or its bare list of text rows, newest first."""
    return _rest_list(candidate.source) is not None


def parse_rest_json(candidate: Candidate) -> tuple[Parsed, ...]:
    """Bars of a kline answer, or funding of a funding/history answer."""
    source = candidate.source
    result, rows = _rest_list(source) or ({}, [])
    if not rows:
        raise source.refused("an answer without rows", "a result.list with rows")
    if isinstance(rows[0], dict):
        return (_funding(source, rows),)
    hints = _result_hints(result).over(hints_from(source.name))
    return (_klines(source, rows, hints),)


def is_rest_csv(candidate: Candidate) -> bool:
    """The seven kline columns, with the answer's names or bare with a 13-digit time."""
    if candidate.sample is not None and candidate.sample.header:
        header = candidate.sample.header
        rest = (*PRICE_COLUMNS, "volume", "turnover")
        return header[0] in _REST_NAMES and header[1:] == rest
    cells = candidate.bare_cells()
    return len(cells) == 7 and bool(_MILLISECONDS.match(cells[0]))


def parse_rest_csv(candidate: Candidate) -> tuple[Parsed, ...]:
    """Bars of a kline answer written row by row."""
    table = candidate.table()
    names = (*PRICE_COLUMNS, "volume", "turnover")
    columns = {name: table.numbers(place, name) for place, name in enumerate(names, start=1)}
    hints = hints_from(candidate.source.name)
    inverse = _swapped(columns)
    trail = candidate.source.trail
    return (Parsed(trail, table.times(0), columns, hints, inverse_columns=inverse),)


def _rest_list(source: Source) -> tuple[dict[str, Any], list[Any]] | None:
    content = source.json
    result: object = content
    if isinstance(content, dict):
        result = content.get("result", content)
    if isinstance(result, dict):
        rows = result.get("list")
        return (result, rows) if isinstance(rows, list) else None
    bare = isinstance(result, list) and bool(result) and isinstance(result[0], list)
    if bare and all(isinstance(cell, str) for cell in result[0]):  # type: ignore[index]
        return {}, result  # type: ignore[return-value]
    return None


def _result_hints(result: dict[str, Any]) -> Hints:
    category = result.get("category")
    symbol = result.get("symbol")
    return Hints(
        symbol=symbol if isinstance(symbol, str) and symbol else None,
        category=category if category in CATEGORIES else None,
    )


def _klines(source: Source, rows: list[Any], hints: Hints) -> Parsed:
    width = len(rows[0])
    if width not in (5, 7):
        expected = "7 cells (start, prices, volume, turnover), or 5 for mark, index and premium"
        raise source.refused(f"rows of {width} cells", expected)
    names = ("time", *PRICE_COLUMNS, "volume", "turnover")[:width]
    values = numbers_of(source, rows, names)
    times = times_from_text(pl.Series([str(row[0]) for row in rows]), source.trail)
    columns = {name: values[:, place] for place, name in enumerate(names) if place > 0}
    return Parsed(source.trail, times, columns, hints, inverse_columns=_swapped(columns))


def _swapped(columns: dict[str, Floats]) -> dict[str, Floats]:
    # bybit-v5, /v5/market/kline: an inverse contract's volume is in USD, its turnover in coin.
    if "turnover" not in columns:
        return {}
    return {"volume": columns["turnover"], "turnover": columns["volume"]}


def _funding(source: Source, rows: list[Any]) -> Parsed:
    if not all(isinstance(row, dict) and "fundingRate" in row for row in rows):
        raise source.refused(
            "rows that are neither klines nor funding", "an answer of kline or funding/history"
        )
    cells = [[row.get("fundingRateTimestamp"), row["fundingRate"]] for row in rows]
    rate = numbers_of(source, cells, ("fundingRateTimestamp", "fundingRate"))[:, 1]
    times = times_from_text(pl.Series([str(cell[0]) for cell in cells]), source.trail)
    symbol = plain_symbol(str(rows[0].get("symbol", "")))
    hints = Hints(symbol or None, derivative_category(symbol))
    return Parsed(source.trail, times, {"rate": rate}, hints, table="funding")


def _minutes(text: str) -> Interval | None:
    try:
        return parse_interval("D" if text == "1440" else text)
    except InvalidInput:
        return None


def _is_premium(source: Source, close: Floats) -> bool:
    if "premium" in source.name:
        return True
    if "index_price" in source.name:
        return False
    # A premium is a small fraction of the price; no index Bybit ever published was below it.
    return bool(np.median(np.abs(close)) < 0.1)
