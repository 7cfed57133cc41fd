"""What does a cell of the list say? Rows with their header, and errors that name the cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engines.errors import InvalidInput
from strategies.tradingview.header import Header
from strategies.tradingview.numbers import Printed, number
from strategies.tradingview.words import ENTRY, EXIT, LONG, SHORT, plain

NUMERIC: Final = (
    "price", "entry_price", "exit_price", "qty", "value", "pnl", "pnl_percent", "mfe",
    "mfe_percent", "mae", "mae_percent", "cumulative_pnl", "cumulative_percent", "commission",
)  # fmt: skip
_TIMES: Final = ("time", "entry_time", "exit_time")


def moment_fields(header: Header) -> list[str]:
    """The columns that hold times."""
    return [name for name in _TIMES if name in header.places]


@dataclass(frozen=True)
class Row:
    """The cells of a row; `place` is 1 below the header."""

    place: int
    cells: tuple[str, ...]
    header: Header

    def text(self, field: str) -> str:
        """What the cell of a field says, empty if there is none."""
        place = self.header.places.get(field)
        return "" if place is None or place >= len(self.cells) else self.cells[place]

    def cell_name(self, field: str) -> str:
        """How an error names the cell."""
        return f"column {self.header.title(field)!r}, row {self.place}"

    def wrong(self, field: str, expected: str) -> InvalidInput:
        """The error that names the cell."""
        return InvalidInput(self.cell_name(field), self.text(field), expected)


@dataclass(frozen=True)
class Sheet:
    """All rows of a list, how it writes numbers, and its times by row and column."""

    header: Header
    rows: list[Row]
    mark: str
    times: dict[tuple[int, str], int]
    wall_clock: bool

    def number(self, row: Row | None, field: str) -> Printed:
        """A figure, NaN where the list does not tell it. Raises InvalidInput naming the cell."""
        if row is None or field not in self.header.places:
            return Printed(float("nan"), 0)
        return number(row.text(field), self.mark, row.cell_name(field))

    def positive(self, row: Row, field: str) -> Printed:
        """A figure above zero. Raises InvalidInput naming the cell."""
        found = self.number(row, field)
        if not found.value > 0.0:
            raise row.wrong(field, "a number above zero")
        return found

    def whole(self, row: Row, field: str) -> int:
        """A whole number. Raises InvalidInput naming the cell."""
        found = self.number(row, field).value
        if not found.is_integer():
            raise row.wrong(field, "a whole number")
        return int(found)

    def time(self, row: Row, field: str) -> int:
        """A time in milliseconds. Raises InvalidInput for an empty cell."""
        found = self.times.get((row.place, field))
        if found is None:
            raise row.wrong(field, "a time")
        return found

    def is_entry(self, row: Row) -> bool:
        """Is this the row of an entry? Raises InvalidInput where the type does not tell."""
        word = plain(row.text("type"))
        entry, leave = (any(part in word for part in parts) for parts in (ENTRY, EXIT))
        if entry == leave:
            raise row.wrong("type", "a word such as Entry long, Exit long, Entry short, Exit short")
        return entry

    def side(self, row: Row) -> int:
        """+1 long, −1 short. Raises InvalidInput where the type does not tell."""
        word = plain(row.text("type"))
        long, short = (any(part in word for part in parts) for parts in (LONG, SHORT))
        if long == short:
            raise row.wrong("type", "a word that says long or short")
        return 1 if long else -1
