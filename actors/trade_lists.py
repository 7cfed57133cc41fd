"""What trades does this file list? TradingView's export as CSV or as an Excel workbook."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import fastexcel
import polars as pl

from engines.errors import InvalidInput
from strategies.tradingview.header import EXPECTED, looks_like_header
from strategies.tradingview.reading import trades_of
from strategies.tradingview.trades import TradeList

LARGEST_BYTES: Final = 256 << 20
_DELIMITERS: Final = (",", ";", "\t")
_PREAMBLE_ROWS: Final = 20


def load_trade_list(path: Path) -> TradeList:
    """As `read_trade_list`, of a file. Raises InvalidInput for one that cannot be read, too."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise InvalidInput("list of trades", str(path), f"at most {LARGEST_BYTES:,} bytes")
        content = path.read_bytes()
    except OSError as problem:
        expected = f"a file that can be read ({problem.strerror})"
        raise InvalidInput("list of trades", str(path), expected) from problem
    return read_trade_list(content)


def read_trade_list(content: bytes) -> TradeList:
    """The trades of an exported list: CSV in UTF-8 or UTF-16, or XLSX, in any known layout.

    Raises InvalidInput naming the column, the row and the value that cannot be read.
    """
    if not content.strip():
        raise InvalidInput("list of trades", "an empty file", EXPECTED)
    if content[:2] == b"PK":
        return trades_of(_sheet(content))
    rows, delimiter = _delimited(_text(content))
    return trades_of(rows, "." if delimiter == "," else ",")


def _text(content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InvalidInput("list of trades", "no text in UTF-8", f"CSV or XLSX with {EXPECTED}")
    return text


def _delimited(text: str) -> tuple[list[list[str]], str]:
    """Rows of cells, by the delimiter that makes a header of one of the first."""
    readings = [(list(csv.reader(io.StringIO(text), delimiter=one)), one) for one in _DELIMITERS]
    for rows, delimiter in readings:
        if any(looks_like_header(row) for row in rows[:_PREAMBLE_ROWS]):
            return rows, delimiter
    return readings[0]


def _sheet(content: bytes) -> list[list[str]]:
    """Cells of the workbook's sheet that holds a list of trades, as text."""
    try:
        names = fastexcel.read_excel(content).sheet_names
        sheets = [_cells(content, name) for name in names]
    except (fastexcel.FastExcelError, pl.exceptions.PolarsError) as problem:
        told = f"a damaged workbook ({str(problem).splitlines()[0]})"
        raise InvalidInput("list of trades", told, "a complete XLSX or CSV file") from problem
    for rows in sheets:
        if any(looks_like_header(row) for row in rows[:_PREAMBLE_ROWS]):
            return rows
    expected = f"a workbook whose sheet has {EXPECTED}"
    raise InvalidInput("list of trades", f"sheets {', '.join(names) or 'none'}", expected)


def _cells(content: bytes, name: str) -> list[list[str]]:
    frame = pl.read_excel(
        io.BytesIO(content),
        sheet_name=name,
        has_header=False,
        infer_schema_length=0,
        drop_empty_cols=False,
        raise_if_empty=False,
    )
    return [["" if cell is None else str(cell) for cell in row] for row in _rows(frame)]


def _rows(frame: pl.DataFrame) -> Sequence[tuple[object, ...]]:
    return frame.rows()
