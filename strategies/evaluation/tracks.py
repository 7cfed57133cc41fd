"""What is known so far? Growing columns of one timeline, and coarser bars in the making."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from engines.bars import Floats
from engines.intervals import Interval, floor_open_ms, next_open_ms

_FIRST_CAPACITY: Final = 1024


class Bar(NamedTuple):
    """One closed bar; times are UTC ms, `close_ms` is when it closed."""

    open_ms: int
    close_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    turnover: float


class Column:
    """A column of float64 that grows by appending; `values` has room beyond what is known."""

    def __init__(self, rows: int = 1) -> None:
        self.values = np.full((rows, _FIRST_CAPACITY), np.nan)

    def reserve(self, count: int) -> None:
        """Make room for `count` values; what is there stays."""
        rows, capacity = self.values.shape
        if count > capacity:
            grown = np.full((rows, max(count, 2 * capacity)), np.nan)
            grown[:, :capacity] = self.values
            self.values = grown


class Track:
    """The closed bars of a timeline, as columns."""

    def __init__(self) -> None:
        self.count = 0
        self.bars: list[Bar] = []
        self._columns = {name: Column() for name in Bar._fields}

    def append(self, bar: Bar) -> None:
        """Take the next closed bar."""
        self.bars.append(bar)
        for name, column in self._columns.items():
            column.reserve(self.count + 1)
            column.values[0, self.count] = getattr(bar, name)
        self.count += 1

    def column(self, name: str) -> Floats:
        """One field of the bars, with room behind the last."""
        return np.asarray(self._columns[name].values[0])


class Coarser:
    """Makes coarser bars from finer ones, as `engines.resampling.resample` does."""

    def __init__(self, interval: Interval) -> None:
        self._interval = interval
        self._forming: Bar | None = None
        self._period_ms: int | None = None

    def add(self, bar: Bar) -> list[Bar]:
        """The coarser bars that are known to be complete once `bar` has closed."""
        done: list[Bar] = []
        start_ms, end_ms = self._bounds(bar)
        if self._forming is not None and self._forming.open_ms != start_ms:
            done.append(self._forming)
            self._forming = None
        self._grow(bar, start_ms, end_ms)
        self._period_ms = start_ms
        return done + self.until(bar.close_ms)

    def until(self, now_ms: int) -> list[Bar]:
        """The bar in the making, if its time is over."""
        if self._forming is None or self._forming.close_ms > now_ms:
            return []
        done, self._forming = [self._forming], None
        return done

    def _grow(self, bar: Bar, start_ms: int, end_ms: int) -> None:
        forming = self._forming
        if forming is not None:
            self._forming = forming._replace(
                high=max(forming.high, bar.high),
                low=min(forming.low, bar.low),
                close=bar.close,
                volume=forming.volume + bar.volume,
                turnover=forming.turnover + bar.turnover,
            )
        elif bar.open_ms == start_ms or self._period_ms not in (None, start_ms):
            # A period that was already under way at the first bar is never complete.
            self._forming = bar._replace(open_ms=start_ms, close_ms=end_ms)

    def _bounds(self, bar: Bar) -> tuple[int, int]:
        start = floor_open_ms(np.array([bar.open_ms]), self._interval)
        return int(start[0]), int(next_open_ms(start, self._interval)[0])


class History:
    """A condition bar by bar."""

    def __init__(self) -> None:
        self._held: list[bool] = []

    def append(self, held: bool) -> None:
        """Take the next bar's value."""
        self._held.append(held)

    def back(self, bars: int) -> bool:
        """The value `bars` bars ago; false before the first bar."""
        return bars < len(self._held) and self._held[-1 - bars]

    def last(self, bars: int) -> int:
        """How often it held in the last `bars` bars."""
        return sum(self._held[-bars:])
