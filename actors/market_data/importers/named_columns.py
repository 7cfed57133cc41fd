"""Which column is what, when columns have names? Any order, any case, common spellings."""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
import polars as pl

from actors.market_data.importers.names import plain_symbol
from actors.market_data.importers.parsed import Hints, Parsed
from actors.market_data.importers.sources import Source
from engines.bars import PRICE_COLUMNS, Floats
from engines.intervals import Times

_TIME_NAMES: Final = (
    *("open_ms", "time_ms", "open_time", "opentime", "open time", "ts", "timestamp", "unix"),
    *("start", "start_time", "starttime", "start_at", "time", "datetime", "date", "funding_time"),
)
_SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    "open": ("open", "o", "open_price"),
    "high": ("high", "h", "high_price"),
    "low": ("low", "l", "low_price"),
    "close": ("close", "c", "close_price"),
    "volume": ("volume", "vol", "v", "base_volume"),
    "turnover": ("turnover", "quote_volume", "quote_asset_volume", "quote volume"),
}
_RATE_NAMES: Final = ("rate", "funding_rate", "fundingrate", "last_funding_rate")
_SYMBOL_NAMES: Final = ("symbol", "ticker", "pair")


class NamedTable(Protocol):
    """Rows of a file whose columns have names, in lower case."""

    header: tuple[str, ...]
    source: Source

    def place(self, *names: str) -> int | None: ...
    def times(self, column: int) -> Times: ...
    def numbers(self, column: int, name: str) -> Floats: ...
    def known_numbers(self, column: int, name: str) -> Floats: ...
    def texts(self, column: int) -> pl.Series: ...


def are_bars(names: tuple[str, ...]) -> bool:
    """Do columns of these names make bars?"""
    prices = all(set(_SPELLINGS[name]) & set(names) for name in PRICE_COLUMNS)
    return prices and bool(set(_TIME_NAMES) & set(names))


def are_funding(names: tuple[str, ...]) -> bool:
    """Do columns of these names make funding rates?"""
    return bool(set(_TIME_NAMES) & set(names) and set(_RATE_NAMES) & set(names))


def parse_named(table: NamedTable, hints: Hints) -> tuple[Parsed, ...]:
    """Bars or funding of `table`; one for each symbol if a column names several."""
    is_bars = are_bars(table.header)
    times = table.times(_required(table, _TIME_NAMES, "time"))
    columns = _bar_columns(table) if is_bars else _rate_column(table)
    whole = Parsed(
        table.source.trail, times, columns, hints, table="bars" if is_bars else "funding"
    )
    place = table.place(*_SYMBOL_NAMES)
    return (whole,) if place is None else _by_symbol(whole, table.texts(place))


def _bar_columns(table: NamedTable) -> dict[str, Floats]:
    columns = {
        name: table.numbers(_required(table, _SPELLINGS[name], name), name)
        for name in PRICE_COLUMNS
    }
    if (place := table.place(*_SPELLINGS["volume"])) is not None:
        columns["volume"] = table.numbers(place, "volume")
    if (place := table.place(*_SPELLINGS["turnover"])) is not None:
        columns["turnover"] = table.known_numbers(place, "turnover")
    return columns


def _rate_column(table: NamedTable) -> dict[str, Floats]:
    return {"rate": table.numbers(_required(table, _RATE_NAMES, "rate"), "rate")}


def _by_symbol(whole: Parsed, symbols: pl.Series) -> tuple[Parsed, ...]:
    names = symbols.to_numpy()
    return tuple(
        Parsed(
            whole.source,
            whole.time_ms[rows],
            {name: column[rows] for name, column in whole.columns.items()},
            Hints(plain_symbol(symbol) or None).over(whole.hints),
            whole.table,
        )
        for symbol in symbols.unique(maintain_order=True)
        for rows in (np.flatnonzero(names == symbol),)
    )


def _required(table: NamedTable, names: tuple[str, ...], what: str) -> int:
    place = table.place(*names)
    if place is None:
        found = ", ".join(table.header)
        raise table.source.refused(f"columns {found}", f"a column for {what}: {', '.join(names)}")
    return place
