"""What do JSON files of bars hold? Rows as CCXT, freqtrade and Bitfinex write them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from actors.market_data.importers.headerless import OCHL, OHLC, named, price_order
from actors.market_data.importers.names import hints_from
from actors.market_data.importers.parsed import Parsed
from actors.market_data.importers.sources import Source
from actors.market_data.importers.tables import Candidate
from actors.market_data.importers.times import times_from_floats
from engines.bars import Floats

ROW_NAMES: Final = ("time", "price 1", "price 2", "price 3", "price 4", "volume")


def is_candle_rows(candidate: Candidate) -> bool:
    """A list of rows of six numbers."""
    content = candidate.source.json
    return (
        isinstance(content, list)
        and bool(content)
        and isinstance(content[0], list)
        and len(content[0]) == len(ROW_NAMES)
        and not any(isinstance(cell, str) for cell in content[0])
    )


def parse_candle_rows(candidate: Candidate) -> tuple[Parsed, ...]:
    """Bars of [time, prices, volume] rows; the prices tell whether close or high comes second."""
    source = candidate.source
    values = numbers_of(source, source.json, ROW_NAMES)
    prices = [values[:, place] for place in range(1, 5)]
    order = price_order(prices, source.trail)
    columns = {**named(prices, order), "volume": values[:, 5]}
    times = times_from_floats(values[:, 0], source.trail)
    remarks = () if order == OHLC else (_order_text(order == OCHL),)
    return (Parsed(source.trail, times, columns, hints_from(source.name), remarks=remarks),)


def numbers_of(source: Source, rows: list[Any], names: tuple[str, ...]) -> Floats:
    """Rows of JSON numbers or their texts as float64 (n, len(names)).

    Raises UnusableFile naming the row and cell that is none; null and NaN are none.
    """
    for number, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != len(names):
            expected = f"a row of {len(names)} cells, as the first"
            raise source.refused_cell(number, "cells", row, expected)
    try:
        values = np.array(rows, dtype=np.float64)
    except (TypeError, ValueError):
        values = np.array([[_number(cell) for cell in row] for row in rows])
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        number, cell = (int(place) for place in bad[0])
        raise source.refused_cell(number, names[cell], rows[number][cell], "a number")
    return values


def _number(cell: object) -> float:
    try:
        return float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return float("nan")


def _order_text(close_second: bool) -> str:
    order = "open, close, high, low" if close_second else "open, close, low, high"
    return f"prices were in the order {order}"
