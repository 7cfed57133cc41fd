"""What trades are in these cells? Rows of an exported list of trades, paired and typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engines.errors import InvalidInput
from strategies.tradingview.header import EXPECTED, Header, header_of, looks_like_header
from strategies.tradingview.moments import moments
from strategies.tradingview.numbers import decimal_mark
from strategies.tradingview.pairing import check_numbers, trade_of
from strategies.tradingview.rows import NUMERIC, Row, Sheet, moment_fields
from strategies.tradingview.trades import ExportedTrade, TradeList

Cells = Sequence[str]
# Some tools write the symbol or a title above the header.
_PREAMBLE_ROWS: Final = 20
# What a column tells of a trade, where that has another name.
_TOLD: Final[dict[str, tuple[str, ...]]] = {
    "time": ("entry_ms", "exit_ms"),
    "price": ("entry_price", "exit_price"),
    "signal": ("entry_signal", "exit_signal"),
    "entry_time": ("entry_ms",),
    "exit_time": ("exit_ms",),
    "type": ("side",),
}


def trades_of(rows: Sequence[Cells], assumed_mark: str = ".") -> TradeList:
    """The trades of an exported list: its cells as text, the header among the first rows.

    Entry and exit may be in two rows, in any order, or in one; numbers may have any decimal and
    thousand marks (`assumed_mark` decides what no cell tells), times any common spelling, headers
    any language of `words`. Raises InvalidInput naming the column, the row (1 is the first below
    the header) and the value that cannot be read.
    """
    start = _header_row(rows)
    header = header_of([cell.strip() for cell in rows[start]])
    body = [[cell.strip() for cell in row] for row in rows[start + 1 :]]
    numbered = [(place, row) for place, row in enumerate(body, 1) if any(row)]
    if not numbered:
        raise InvalidInput("list of trades", "a header without rows", "at least one trade")
    sheet = _sheet(header, numbered, assumed_mark)
    trades = _trades(sheet)
    check_numbers(trades)
    return TradeList(
        trades=tuple(sorted(trades, key=lambda one: one.number)),
        wall_clock=sheet.wall_clock,
        columns=_columns(header),
        currency=header.currency,
        language=header.language,
        newest_first=trades[0].number > trades[-1].number,
    )


def _columns(header: Header) -> frozenset[str]:
    names = [name for place in header.places for name in _TOLD.get(place, (place,))]
    return frozenset(names) & set(ExportedTrade.__dataclass_fields__)


def _header_row(rows: Sequence[Cells]) -> int:
    for place, row in enumerate(rows[:_PREAMBLE_ROWS]):
        if looks_like_header(row):
            return place
    first = next((row for row in rows if any(cell.strip() for cell in row)), ())
    shown = ", ".join(cell.strip() for cell in first if cell.strip())[:120] or "an empty file"
    raise InvalidInput("header row", shown, EXPECTED)


def _sheet(header: Header, numbered: Sequence[tuple[int, Cells]], assumed_mark: str) -> Sheet:
    rows = [Row(place, tuple(cells), header) for place, cells in numbered]
    numeric = [row.text(name) for row in rows for name in NUMERIC if name in header.places]
    mark = decimal_mark(numeric, assumed_mark)
    asked = [(row, name) for row in rows for name in moment_fields(header) if row.text(name)]
    found = moments(
        [row.text(name) for row, name in asked], [row.cell_name(name) for row, name in asked]
    )
    times = {(row.place, name): ms for (row, name), ms in zip(asked, found.ms, strict=True)}
    return Sheet(header, rows, mark, times, found.wall_clock)


def _trades(sheet: Sheet) -> list[ExportedTrade]:
    if sheet.header.one_row:
        return [trade_of(sheet, row, row, place) for place, row in enumerate(sheet.rows, 1)]
    groups: dict[int, list[Row]] = {}
    for row in sheet.rows:
        groups.setdefault(sheet.whole(row, "number"), []).append(row)
    trades = []
    for number, group in groups.items():
        entry, leave = _legs(sheet, number, group)
        trades.append(trade_of(sheet, entry, leave, number))
    return trades


def _legs(sheet: Sheet, number: int, group: list[Row]) -> tuple[Row, Row | None]:
    """The rows of a trade's entry and exit; without an exit the trade is open."""
    entries = [row for row in group if sheet.is_entry(row)]
    exits = [row for row in group if not sheet.is_entry(row)]
    if len(entries) != 1 or len(exits) > 1:
        told = f"{len(entries)} of its entry and {len(exits)} of its exit"
        where = f"rows of trade {number}"
        raise InvalidInput(where, told, "one row of the entry and at most one of the exit")
    return entries[0], exits[0] if exits else None
