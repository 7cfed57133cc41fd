"""Which bars, funding rates and instruments do we have? The Parquet catalog."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from pyarrow import fs

from actors.market_data.files import Files
from actors.market_data.funding_store import FundingStore
from actors.market_data.instrument_store import InstrumentStore
from actors.market_data.layout import BARS, bars_folder, series_at
from actors.market_data.merging import OnConflict, WriteReport
from actors.market_data.month_store import MonthStore
from actors.market_data.months import BAR_ROWS, Rows
from actors.market_data.ranges import Coverage, Range, coverage_of, subtract
from engines.bars import VALUE_COLUMNS, Bars, Series
from engines.errors import InvalidInput, MissingData
from engines.intervals import INTERVALS, Interval, floor_open_ms, interval_ms, next_open_ms
from engines.resampling import resample

_BEGIN: Final = -(1 << 62)
_END: Final = 1 << 62


class Catalog:
    """Market data below `root`: a local folder, a URI (s3://, gs://), or a path on `filesystem`.

    Any number of readers and one writer a series at a time, in threads or processes. `funding`
    and `instruments` hold the other tables.
    """

    def __init__(self, root: Path | str, filesystem: fs.FileSystem | None = None) -> None:
        self.files = Files(root, filesystem)
        self.funding = FundingStore(self.files)
        self.instruments = InstrumentStore(self.files)

    def __repr__(self) -> str:
        return f"Catalog({self.files.root!r})"

    def write(self, bars: Bars, on_conflict: OnConflict = "stop") -> WriteReport:
        """Merge `bars` into their series; equal bars are counted and stored once.

        A bar that differs from the stored one of its moment stops the whole write with
        ConflictingRows, unless told which to keep. Raises SeriesBusy, StorageFull, WriteFailed,
        DamagedFile. Whatever it raises, nothing has changed.
        """
        return self.store(bars.series).write(_rows(bars), on_conflict)

    def check(self, bars: Bars, on_conflict: OnConflict = "stop") -> WriteReport:
        """What `write` would report, without writing. Raises ConflictingRows, DamagedFile."""
        return self.store(bars.series).check(_rows(bars), on_conflict)

    def read(self, series: Series, start_ms: int | None = None, end_ms: int | None = None) -> Bars:
        """Stored bars of `series` that open in `[start_ms, end_ms)`; only those months are opened.

        Raises MissingData if nothing at all is stored of the series, DamagedFile, BadBars.
        """
        _check_range(start_ms, end_ms)
        store = self.store(series)
        rows = store.read(start_ms, end_ms)
        if len(rows.time_ms) == 0 and not store.months():
            raise MissingData(f"no bars of {series} are stored: sync or import them first")
        # Each month was checked when it was read, and months do not overlap.
        return _bars(series, rows, checked=True)

    def series(self) -> list[Series]:
        """Every series that has bars, sorted by name, intervals by length."""
        found = {series_at(path) for path in self.files.below(BARS)}
        return sorted((series for series in found if series is not None), key=_rank)

    def coverage(self, series: Series) -> Coverage:
        """Stretches stored of `series`, gaps between them, stretches asked for. Reads times only.

        A series without bars has an empty coverage. Raises DamagedFile.
        """
        store = self.store(series)
        return coverage_of(series, store.times(), store.asked())

    def missing(self, series: Series, start_ms: int, end_ms: int) -> tuple[Range, ...]:
        """What of `[start_ms, end_ms)` is neither stored nor was ever asked for."""
        _check_range(start_ms, end_ms)
        known = self.coverage(series)
        return subtract(Range(start_ms, end_ms), [*known.ranges, *known.asked])

    def mark_asked(self, series: Series, start_ms: int, end_ms: int) -> None:
        """Record that a venue was asked for `[start_ms, end_ms)`, all closed by then.

        What it did not have then will not be asked for again.
        """
        self.store(series).mark_asked(Range(start_ms, end_ms))

    def digest(self, series: Series, start_ms: int | None = None, end_ms: int | None = None) -> str:
        """SHA-256 that names the bars `read` returns for the same arguments."""
        return self.read(series, start_ms, end_ms).digest

    def resampled(
        self, series: Series, start_ms: int | None = None, end_ms: int | None = None
    ) -> Bars:
        """Bars of `series` in `[start_ms, end_ms)`: stored ones, else made of finer ones.

        The finest stored interval that divides the one asked for is used. Only whole bars are
        made: a first or last one that the finer bars do not reach the borders of is left out.
        Raises MissingData naming what would serve.
        """
        if self.store(series).months():
            return self.read(series, start_ms, end_ms)
        finer = self._finer(series)
        if finer is None:
            raise MissingData(
                f"no bars of {series} are stored, nor finer ones to make them of: "
                f"sync or import {series} or {series._replace(interval='1')}"
            )
        _check_range(start_ms, end_ms)
        begin = _BEGIN if start_ms is None else start_ms
        end = _END if end_ms is None else end_ms
        rows = self._whole_bars(finer, series.interval, begin, end)
        return resample(self.read(finer, *rows), series.interval).between(begin, end)

    def store(self, series: Series) -> MonthStore:
        """The months of `series`. Raises InvalidInput if it cannot be one."""

        def checked(rows: Rows) -> Bars:
            return _bars(series, rows)

        def digest(rows: Rows) -> str:
            (leaf,) = _bars(series, rows).leaves()
            return leaf

        folder = bars_folder(series)
        return MonthStore(self.files, folder, BAR_ROWS, str(series), checked, digest)

    def _whole_bars(
        self, finer: Series, interval: Interval, begin: int, end: int
    ) -> tuple[int, int]:
        """Range of `finer` bars that make every bar of `interval` opening in `[begin, end)`.

        One finer bar more on each side shows that a border bar is whole even if its own first or
        last minutes are missing: the result does not depend on the range asked for.
        """
        times = self.store(finer).times()
        if end < _END:
            end = _bar_end(end - 1, interval)
        first, last = np.searchsorted(times, [begin, end])
        wide_begin = int(times[first - 1]) if first > 0 else begin
        wide_end = int(times[last]) + 1 if last < len(times) else end
        return wide_begin, wide_end

    def _finer(self, series: Series) -> Series | None:
        for interval in INTERVALS:
            finer = series._replace(interval=interval)
            if _divides(interval, series.interval) and self.store(finer).months():
                return finer
        return None


def _check_range(start_ms: int | None, end_ms: int | None) -> None:
    if start_ms is not None and end_ms is not None and end_ms < start_ms:
        raise InvalidInput("end_ms", end_ms, f"not before start_ms, which is {start_ms}")


def _rank(series: Series) -> tuple[str, str, int, str]:
    return series.category, series.symbol, INTERVALS.index(series.interval), series.kind


def _rows(bars: Bars) -> Rows:
    return Rows(bars.open_ms, {name: getattr(bars, name) for name in BAR_ROWS.values})


def _bars(series: Series, rows: Rows, *, checked: bool = False) -> Bars:
    open_, high, low, close, volume, turnover = (rows.values[name] for name in VALUE_COLUMNS)
    return Bars(series, rows.time_ms, open_, high, low, close, volume, turnover, checked=checked)


def _bar_end(time_ms: int, interval: Interval) -> int:
    return int(next_open_ms(floor_open_ms(np.array([time_ms]), interval), interval)[0])


def _divides(finer: Interval, coarser: Interval) -> bool:
    if INTERVALS.index(finer) >= INTERVALS.index(coarser):
        return False
    if coarser == "M":
        return finer != "W"
    return interval_ms(coarser) % interval_ms(finer) == 0
