"""What do Parquet, Arrow and Feather files hold? Columns with names, and ours with an identity."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from actors.market_data.importers.named_columns import are_bars, are_funding, parse_named
from actors.market_data.importers.names import hints_from
from actors.market_data.importers.parsed import Hints, Parsed
from actors.market_data.importers.sources import Source
from actors.market_data.importers.tables import Candidate
from actors.market_data.importers.times import (
    times_from_floats,
    times_from_integers,
    times_from_text,
)
from actors.market_data.layout import FUNDING, check_market, check_series
from actors.market_data.months import identity_of
from engines.bars import Floats, Series
from engines.errors import InvalidInput
from engines.intervals import Times

_PARQUET: Final = b"PAR1"
_ARROW: Final = b"ARROW1"
_NEEDED: Final = "columns time, open, high, low, close[, volume, turnover], or time, rate"


def is_columnar(candidate: Candidate) -> bool:
    """A Parquet, Arrow IPC or Feather (version 2) file."""
    return candidate.source.content.startswith((_PARQUET, _ARROW))


def parse_columnar(candidate: Candidate) -> tuple[Parsed, ...]:
    """Bars or funding by column names; our own files tell their series too."""
    source = candidate.source
    table = arrow_table(source)
    if not (are_bars(table.header) or are_funding(table.header)):
        raise source.refused(f"columns {', '.join(table.header)}", _NEEDED)
    hints = _identity(identity_of(table.notes)) or hints_from(source.name)
    return parse_named(table, hints)


def arrow_table(source: Source) -> ArrowTable:
    """The decoded file. Raises UnusableFile if it is damaged or has no rows."""
    try:
        if source.content.startswith(_PARQUET):
            table = pq.read_table(io.BytesIO(source.content))
        else:
            table = pa.ipc.open_file(pa.BufferReader(source.content)).read_all()
    except (pa.ArrowException, OSError) as problem:
        text = f"damaged: {str(problem).splitlines()[0]}"
        raise source.refused(text, "a complete Parquet or Arrow file") from problem
    if table.num_rows == 0:
        raise source.refused("columns without rows", "at least one row")
    return ArrowTable(source, table)


class ArrowTable:
    """Columns of a decoded file by number; names in lower case."""

    def __init__(self, source: Source, table: pa.Table) -> None:
        self.source = source
        try:
            self.header = tuple(name.strip().lower() for name in table.column_names)
        except UnicodeDecodeError as problem:
            # Arrow checks the structure of a file, not the text in it.
            raise source.refused(f"damaged: {problem}", "column names as text") from problem
        self.notes: dict[bytes, bytes] | None = table.schema.metadata
        self._table = table

    def place(self, *names: str) -> int | None:
        """Number of the first column called any of `names`, tried in order; None if none is."""
        return next((self.header.index(name) for name in names if name in self.header), None)

    def texts(self, column: int) -> pl.Series:
        """Cells of a column as text."""
        return pl.Series([str(cell) for cell in self._table.column(column).to_pylist()])

    def times(self, column: int) -> Times:
        """UTC milliseconds (n,). Raises UnusableFile naming the row."""
        cells = self._table.column(column)
        if cells.null_count:
            row = int(np.argmax(cells.is_null().to_numpy()))
            raise self.source.refused_cell(row, self.header[column], None, "a time")
        kind = cells.type
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            # Cast through microseconds: Arrow floors what is finer, and dates become midnights.
            moments = cells.cast(pa.timestamp("us", getattr(kind, "tz", None)), safe=False)
            return np.asarray(moments.cast(pa.int64()).to_numpy() // 1_000, dtype=np.int64)
        if pa.types.is_integer(kind):
            return times_from_integers(cells.to_numpy(), self.source.trail)
        if pa.types.is_floating(kind):
            return times_from_floats(cells.to_numpy().astype(np.float64), self.source.trail)
        return times_from_text(self.texts(column), self.source.trail)

    def numbers(self, column: int, name: str) -> Floats:
        """Float64 (n,). Raises UnusableFile naming the row that is null, NaN or text."""
        values = self.known_numbers(column, name)
        bad = np.isnan(values)
        if bad.any():
            row = int(np.argmax(bad))
            raise self.source.refused_cell(
                row, name, self._table.column(column)[row].as_py(), "a number"
            )
        return values

    def known_numbers(self, column: int, name: str) -> Floats:
        """As `numbers`, but NaN where a cell is null or NaN: the value is unknown."""
        cells = self._table.column(column)
        try:
            values = pc.cast(cells, pa.float64())
        except pa.ArrowException as problem:
            raise self.source.refused_cell(0, name, str(problem), "numbers") from problem
        return np.asarray(values.to_numpy(), dtype=np.float64)


def _identity(name: str | None) -> Hints | None:
    parts = (name or "").split("/")
    try:
        if len(parts) == 3 and parts[2] == FUNDING:
            market = check_market(parts[0], parts[1])
            return Hints(market.symbol, market.category)
        if len(parts) == 4:
            series = check_series(Series(*parts))  # type: ignore[arg-type]
            return Hints(series.symbol, series.category, series.interval, series.kind)
    except InvalidInput:
        return None
    return None
