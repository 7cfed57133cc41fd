"""Where are the rows of one series? A folder with a Parquet file a month and a map of requests."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from actors.market_data.asked import add_asked, read_asked
from actors.market_data.errors import DamagedFile
from actors.market_data.files import Files
from actors.market_data.locks import sole_writer
from actors.market_data.merging import Merged, OnConflict, WriteReport, check_on_conflict, merge
from actors.market_data.months import (
    Rows,
    RowSchema,
    encode_month,
    month_range,
    read_month,
    split_by_month,
)
from actors.market_data.ranges import Range
from engines.errors import BadBars
from engines.intervals import Times

_MONTH_FILE: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])\.parquet")
_READERS: Final = 4


class MonthStore:
    """Rows of the series `name`, kept in `folder`. Thread-safe; one writer at a time.

    `check` refuses impossible rows (BadBars), `digest` names the content of a month's rows.
    """

    def __init__(
        self,
        files: Files,
        folder: str,
        schema: RowSchema,
        name: str,
        check: Callable[[Rows], object],
        digest: Callable[[Rows], str],
    ) -> None:
        self.folder = folder
        self.name = name
        self._files = files
        self._schema = schema
        self._check = check
        self._digest = digest

    def months(self) -> list[str]:
        """Months that have rows, as YYYY-MM, sorted."""
        names = (path.removeprefix(f"{self.folder}/") for path in self._files.below(self.folder))
        return [name.removesuffix(".parquet") for name in names if _MONTH_FILE.fullmatch(name)]

    def path(self, month: str) -> str:
        """Path of the file of `month`, relative to the catalog."""
        return f"{self.folder}/{month}.parquet"

    def read_month(self, month: str) -> Rows:
        """Rows of one stored month, all of them possible. Raises DamagedFile."""
        rows = read_month(self._files, self.path(month), self._schema, self.name)
        try:
            self._check(rows)
        except BadBars as problem:
            raise DamagedFile(self._files.full(self.path(month)), str(problem)) from problem
        return rows

    def read(self, start_ms: int | None = None, end_ms: int | None = None) -> Rows:
        """Rows in `[start_ms, end_ms)`, sorted; opens only the months needed.

        Raises DamagedFile.
        """
        months = [month for month in self.months() if _overlaps(month, start_ms, end_ms)]
        whole = self._joined(months, self.read_month)
        first = 0 if start_ms is None else int(np.searchsorted(whole.time_ms, start_ms))
        last = None if end_ms is None else int(np.searchsorted(whole.time_ms, end_ms))
        return whole.part(slice(first, last))

    def times(self) -> Times:
        """Times of all rows, (n,) int64 milliseconds, reading nothing else. Raises DamagedFile."""

        def read_times(month: str) -> Rows:
            path = self.path(month)
            return read_month(self._files, path, self._schema, self.name, times_only=True)

        return self._joined(self.months(), read_times).time_ms

    def write(self, rows: Rows, on_conflict: OnConflict = "stop") -> WriteReport:
        """Merge `rows`, sorted by time, into what is stored.

        Raises ConflictingRows (on_conflict stop), SeriesBusy, WriteFailed, DamagedFile; none of
        the months has changed then.
        """
        check_on_conflict(on_conflict)
        with sole_writer(self._files, self.folder):
            merged = self._merged(rows, on_conflict)
            contents = {
                self.path(month): encode_month(
                    self._schema, result.rows, self.name, self._digest(result.rows)
                )
                for month, result in merged.items()
                if result.changed
            }
            self._files.replace(contents)
        return sum((result.report for result in merged.values()), WriteReport())

    def check(self, rows: Rows, on_conflict: OnConflict = "stop") -> WriteReport:
        """What `write` would report; changes nothing. Raises ConflictingRows, DamagedFile."""
        check_on_conflict(on_conflict)
        merged = self._merged(rows, on_conflict).values()
        return sum((result.report for result in merged), WriteReport())

    def asked(self) -> tuple[Range, ...]:
        """Ranges a venue was asked for, sorted and joined. Raises DamagedFile."""
        return read_asked(self._files, self.folder, self.months())

    def mark_asked(self, asked: Range) -> None:
        """Record that a venue was asked for `asked`. Raises SeriesBusy, WriteFailed."""
        if asked.start_ms < asked.end_ms:
            with sole_writer(self._files, self.folder):
                add_asked(self._files, self.folder, self.months(), asked)

    def _merged(self, rows: Rows, on_conflict: OnConflict) -> dict[str, Merged]:
        stored = set(self.months())
        merged = {}
        for month, part in split_by_month(rows.time_ms):
            before = self.read_month(month) if month in stored else self._schema.nothing()
            merged[month] = merge(self._schema, before, rows.part(part), on_conflict, self.name)
        return merged

    def _joined(self, months: list[str], read: Callable[[str], Rows]) -> Rows:
        with ThreadPoolExecutor(max_workers=_READERS) as readers:
            parts = list(readers.map(read, months))
        parts = parts or [self._schema.nothing()]
        return Rows(
            np.concatenate([part.time_ms for part in parts]),
            {key: np.concatenate([part.values[key] for part in parts]) for key in parts[0].values},
        )


def _overlaps(month: str, start_ms: int | None, end_ms: int | None) -> bool:
    begin, end = month_range(month)
    return (start_ms is None or end > start_ms) and (end_ms is None or begin < end_ms)
