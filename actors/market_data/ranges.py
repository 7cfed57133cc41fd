"""Which stretches of time are covered, and which are missing? Half-open ranges of milliseconds."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from engines.bars import Bars, Series
from engines.intervals import Interval, Times, interval_ms, next_open_ms
from strategies.moments import minute_text


class Range(NamedTuple):
    """`[start_ms, end_ms)` in UTC milliseconds."""

    start_ms: int
    end_ms: int

    def __str__(self) -> str:
        return f"{utc_text(self.start_ms)} to {utc_text(self.end_ms)}"


class Gap(NamedTuple):
    """A stretch without bars. `asked`: the venue was asked for all of it and has none."""

    start_ms: int
    end_ms: int
    missing_bars: int
    asked: bool


class Coverage(NamedTuple):
    """What is stored of one series, what is missing between its bars, what was asked for."""

    series: Series
    n_bars: int
    ranges: tuple[Range, ...]
    gaps: tuple[Gap, ...]
    asked: tuple[Range, ...]


def utc_text(time_ms: int) -> str:
    """A moment with its zone: 2024-01-31 23:59Z."""
    return f"{minute_text(time_ms)}Z"


def union(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The same moments in as few ranges as possible, sorted; empty ranges vanish."""
    joined: list[Range] = []
    for start_ms, end_ms in sorted(ranges):
        if start_ms >= end_ms:
            continue
        if joined and start_ms <= joined[-1].end_ms:
            joined[-1] = Range(joined[-1].start_ms, max(joined[-1].end_ms, end_ms))
        else:
            joined.append(Range(start_ms, end_ms))
    return tuple(joined)


def subtract(wanted: Range, covered: Iterable[Range]) -> tuple[Range, ...]:
    """What of `wanted` lies in none of the `covered` ranges."""
    left: list[Range] = []
    begin = wanted.start_ms
    for start_ms, end_ms in union(covered):
        left.append(Range(begin, min(start_ms, wanted.end_ms)))
        begin = max(begin, end_ms)
    left.append(Range(begin, wanted.end_ms))
    return tuple(part for part in left if part.start_ms < part.end_ms)


def stored_ranges(open_ms: Times, interval: Interval) -> tuple[Range, ...]:
    """Unbroken stretches of bars that open at `open_ms` (n_bars,), strictly rising."""
    if len(open_ms) == 0:
        return ()
    close_ms = next_open_ms(open_ms, interval)
    breaks = np.flatnonzero(open_ms[1:] != close_ms[:-1])
    starts = open_ms[np.r_[0, breaks + 1]]
    ends = close_ms[np.r_[breaks, len(open_ms) - 1]]
    return tuple(Range(int(a), int(b)) for a, b in zip(starts, ends, strict=True))


def bars_between(start_ms: int, end_ms: int, interval: Interval) -> int:
    """How many bars of `interval` open in `[start_ms, end_ms)`; both lie on the grid."""
    if interval == "M":
        months = np.array([start_ms, end_ms]).astype("datetime64[ms]").astype("datetime64[M]")
        return int((months[1] - months[0]).astype(np.int64))
    return (end_ms - start_ms) // interval_ms(interval)


def coverage_of(series: Series, open_ms: Times, asked: Iterable[Range] = ()) -> Coverage:
    """Coverage of bars that open at `open_ms` (n_bars,), strictly rising."""
    ranges = stored_ranges(open_ms, series.interval)
    known = union(asked)
    gaps = tuple(
        _gap(Range(before.end_ms, after.start_ms), series.interval, known)
        for before, after in pairwise(ranges)
    )
    return Coverage(series, len(open_ms), ranges, gaps, known)


def gaps_of(bars: Bars) -> tuple[Gap, ...]:
    """Stretches without bars between the first and the last of `bars`."""
    return coverage_of(bars.series, bars.open_ms).gaps


def _gap(hole: Range, interval: Interval, asked: tuple[Range, ...]) -> Gap:
    missing = bars_between(hole.start_ms, hole.end_ms, interval)
    return Gap(*hole, missing, asked=not subtract(hole, asked))
