"""What are the rows and columns of a text file? Delimited text, with its header if it has one."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from actors.market_data.importers.sources import Source
from actors.market_data.importers.times import times_from_text
from engines.bars import Floats
from engines.intervals import Times

_DELIMITERS: Final = (",", ";", "\t")
_NUMBER: Final = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
DELIMITED: Final = "rows of equal length, separated by commas, semicolons or tabs"


@dataclass(frozen=True)
class Sample:
    """The first lines of a text file, enough to recognise its layout.

    `preamble` lines come first (a URL, comments); `header` is in lower case and empty if the first
    row holds numbers; `first` is the first data row.
    """

    delimiter: str
    preamble: tuple[str, ...]
    header: tuple[str, ...]
    first: tuple[str, ...]


def sample_of(source: Source) -> Sample | None:
    """The first lines of `source`, None if it is no delimited text."""
    if source.head is None:
        return None
    lines = [line for line in source.head.splitlines() if line.strip()]
    start = next((n for n, line in enumerate(lines) if not _is_preamble(line)), len(lines))
    if start == len(lines) or lines[start].lstrip()[:1] in ("{", "["):
        return None
    delimiter = max(_DELIMITERS, key=lines[start].count)
    cells = [_cells(line, delimiter) for line in lines[start : start + 2]]
    if len(cells[0]) < 2:
        return None
    if _is_header(cells[0]):
        header, first = cells[0], cells[1] if len(cells) > 1 else ()
    else:
        header, first = (), cells[0]
    names = tuple(name.lower() for name in header)
    return Sample(delimiter, tuple(lines[:start]), names, first)


class Candidate(NamedTuple):
    """A file to be recognised: its content, and its first lines if it is delimited text."""

    source: Source
    sample: Sample | None

    @property
    def header(self) -> tuple[str, ...]:
        """Names of the columns in lower case; empty if there are none."""
        return self.sample.header if self.sample is not None else ()

    def begins_with(self, *names: str) -> bool:
        """Is it a text file whose header begins with `names`?"""
        return self.header[: len(names)] == names

    def bare_cells(self) -> tuple[str, ...]:
        """Cells of the first row of a text file without header, else none."""
        return self.sample.first if self.sample is not None and not self.sample.header else ()

    def table(self) -> Table:
        """All rows. Raises UnusableFile if the rows are not of one length."""
        if self.sample is None:
            raise self.source.refused("no delimited text", DELIMITED)
        return Table(self.source, self.sample)


class Table:
    """All rows of a delimited text file; columns by number. Row 1 is the first data row."""

    def __init__(self, source: Source, sample: Sample) -> None:
        self.source = source
        self.header = sample.header
        self._frame = _read(source, sample)
        if len(self._frame) == 0:
            raise source.refused("a header without rows", "at least one row")

    def __len__(self) -> int:
        return len(self._frame)

    @property
    def width(self) -> int:
        return self._frame.width

    def place(self, *names: str) -> int | None:
        """Number of the first column called any of `names`, tried in order; None if none is."""
        return next((self.header.index(name) for name in names if name in self.header), None)

    def texts(self, column: int) -> pl.Series:
        """Cells of a column, empty where there is none."""
        return self._frame.to_series(column).fill_null("").str.strip_chars()

    def times(self, column: int) -> Times:
        """UTC milliseconds (n,). Raises UnusableFile naming the row."""
        return times_from_text(self.texts(column), self.source.trail)

    def numbers(self, column: int, name: str) -> Floats:
        """Float64 (n,). Raises UnusableFile naming the row: NaN and empty cells are no numbers."""
        return self.numbers_of(self.texts(column), name)

    def numbers_of(self, texts: pl.Series, name: str) -> Floats:
        """Float64 (n,) of a column's texts. Raises UnusableFile naming the row."""
        values = texts.cast(pl.Float64, strict=False).to_numpy()
        bad = np.isnan(values)
        if bad.any():
            row = int(np.argmax(bad))
            raise self.source.refused_cell(row, name, texts[row], "a number")
        return values

    def known_numbers(self, column: int, name: str) -> Floats:
        """As `numbers`, but NaN where a cell is empty or NaN: the value is unknown."""
        texts = self.texts(column)
        blank = _blank(texts)
        known = self.numbers_of(texts.set(blank, "0"), name)
        return np.where(blank.to_numpy(), np.nan, known)

    def is_blank(self, column: int) -> bool:
        """Does no cell of the column hold a number?"""
        return bool(_blank(self.texts(column)).all())


def _blank(texts: pl.Series) -> pl.Series:
    return texts.str.to_lowercase().is_in(["", "nan", "na", "null"])


def _is_preamble(line: str) -> bool:
    return line.lstrip().startswith(("#", "http://", "https://"))


def _is_header(cells: tuple[str, ...]) -> bool:
    # Further right a header may hold numbers: a chart's plot can be called 20.
    return not any(_NUMBER.match(cell) for cell in cells[:3]) and any(cells)


def _cells(line: str, delimiter: str) -> tuple[str, ...]:
    return tuple(cell.strip().strip('"').strip() for cell in line.split(delimiter))


def _read(source: Source, sample: Sample) -> pl.DataFrame:
    text = source.content.removeprefix(b"\xef\xbb\xbf").lstrip()
    for _ in sample.preamble:
        text = text.partition(b"\n")[2].lstrip()
    try:
        frame = pl.read_csv(
            io.BytesIO(text),
            has_header=False,
            skip_rows=0,
            separator=sample.delimiter,
            infer_schema=False,
        )
    except pl.exceptions.PolarsError as problem:
        raise source.refused(str(problem).splitlines()[0], DELIMITED) from problem
    if sample.header:
        frame = frame.slice(1)
    return frame.filter(~pl.all_horizontal(pl.all().is_null()))
