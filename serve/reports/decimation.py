"""Which points of a long run does a page show? Few enough to be fast, every extreme among them."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from engines.bars import Bars, Floats
from engines.intervals import INTERVALS, Interval, Times, floor_open_ms, interval_ms
from engines.resampling import resample

LINE_POINTS: Final = 4_000
CANDLES: Final = 20_000


def decimate(time: Times, values: Floats, most: int = LINE_POINTS) -> tuple[Times, Floats]:
    """At most `most` points of a line (n,) that look like all of it; short lines stay whole.

    First and last point are kept. Between them each stretch of equal length gives its smallest
    and its largest value, in the order they came, at the stretch's first and middle time: so the
    times are as even as they were, and lines over the same times share the times that come out.
    `values` must be finite, `most` at least 4.
    """
    if len(values) <= most:
        return time, values
    inner = len(values) - 2
    size = math.ceil(inner / ((most - 2) // 2))
    n_stretches = math.ceil(inner / size)
    # Repeating the last inner value fills the last stretch without adding an extreme.
    padded = np.pad(values[1:-1], (0, n_stretches * size - inner), mode="edge")
    stretches = padded.reshape(n_stretches, size)
    low, high = stretches.argmin(axis=1), stretches.argmax(axis=1)
    columns = np.stack([np.minimum(low, high), np.maximum(low, high)], axis=1)
    pairs = np.take_along_axis(stretches, columns, axis=1)
    first = 1 + np.arange(n_stretches) * size
    # The middle of a stretch cut short by the end may lie behind it: it then stands at the end.
    middle = np.minimum(first + size // 2, inner)
    places = np.stack([first, middle], axis=1).ravel()
    distinct = np.append(np.diff(places) > 0, True)
    chosen = np.concatenate([[0], places[distinct], [len(values) - 1]])
    kept = np.concatenate([values[:1], pairs.ravel()[distinct], values[-1:]])
    return time[chosen], kept


def fitting_interval(bars: Bars, most: int = CANDLES) -> Interval:
    """The finest interval at which the bars are at most `most` candles, else the coarsest."""
    own = bars.series.interval
    possible = [interval for interval in INTERVALS if interval == own or _holds(own, interval)]
    for interval in possible:
        if len(np.unique(floor_open_ms(bars.open_ms, interval))) <= most:
            return interval
    return possible[-1]


def _holds(own: Interval, coarser: Interval) -> bool:
    if coarser == "M":
        return own != "W"
    return interval_ms(coarser) % interval_ms(own) == 0


def candles(bars: Bars, most: int = CANDLES) -> Bars:
    """The bars as at most `most` candles of a fitting interval, partial ones at the ends kept."""
    return resample(bars, fitting_interval(bars, most), keep_partial=True)


def candle_of(open_ms: Times, time_ms: Times) -> Times:
    """Number of the candle that contains each moment; before the first it is the first."""
    return np.maximum(np.searchsorted(open_ms, time_ms, side="right") - 1, 0).astype(np.int64)
