"""How do finer bars make coarser ones, and which finer bars lie inside a bar?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engines.bars import Bars, Floats
from engines.errors import InvalidInput
from engines.intervals import Interval, Times, floor_open_ms, interval_ms


def resample(bars: Bars, interval: Interval, keep_partial: bool = False) -> Bars:
    """Coarser bars of the same series, aligned as Bybit aligns them.

    A coarser bar exists if any of its finer bars does. The first is left out unless the bars begin
    with it, the last unless its end has been reached: both would be other bars with more data.
    A chart wants them nevertheless: `keep_partial` keeps both.
    Raises InvalidInput when `interval` is not a multiple of the bars' own.
    """
    own = bars.series.interval
    if interval == own:
        return bars
    if interval_ms(interval) < interval_ms(own) or not _divides(own, interval):
        raise InvalidInput("interval", interval, f"a multiple of {own}")
    series = bars.series._replace(interval=interval)
    if len(bars) == 0:
        return Bars.empty(series)
    opens = floor_open_ms(bars.open_ms, interval)
    first = np.flatnonzero(np.diff(opens, prepend=opens[0] - 1))
    last = np.append(first[1:], len(opens)) - 1
    coarse = Bars(
        series,
        opens[first],
        bars.open[first],
        np.maximum.reduceat(bars.high, first),
        np.minimum.reduceat(bars.low, first),
        bars.close[last],
        np.add.reduceat(bars.volume, first),
        np.add.reduceat(bars.turnover, first),
        checked=True,
    )
    if keep_partial:
        return coarse
    begun = coarse.start_ms >= bars.start_ms
    finished = coarse.end_ms <= bars.end_ms
    return coarse.rows(0 if begun else 1, len(coarse) if finished else len(coarse) - 1)


def finer_ranges(bars: Bars, finer: Bars) -> tuple[Times, Times]:
    """Where the finer bars of each bar begin and end: two arrays (n_bars,) of row numbers.

    A bar whose finer bars do not reach its high and low (some are missing) has an empty range:
    there the assumed path decides. Raises InvalidInput when finer bars reach outside their bar.
    """
    if interval_ms(finer.series.interval) >= interval_ms(bars.series.interval):
        expected = f"finer than {bars.series.interval}"
        raise InvalidInput("finer interval", finer.series.interval, expected)
    first = np.searchsorted(finer.open_ms, bars.open_ms)
    end = np.searchsorted(finer.open_ms, bars.close_ms)
    filled = np.flatnonzero(end > first)
    if len(filled) > 0:
        high, low = _extremes(finer, first[filled], end[filled])
        _check_inside(bars, finer, filled, high, low)
        partial = filled[(high != bars.high[filled]) | (low != bars.low[filled])]
        end[partial] = first[partial]
    return first.astype(np.int64), end.astype(np.int64)


def _extremes(finer: Bars, first: NDArray[np.intp], end: NDArray[np.intp]) -> tuple[Floats, Floats]:
    # reduceat wants one list of bounds; every second segment lies between two ranges.
    bounds = np.column_stack([first, end]).ravel()
    high = np.maximum.reduceat(np.append(finer.high, -np.inf), bounds)[::2]
    low = np.minimum.reduceat(np.append(finer.low, np.inf), bounds)[::2]
    return high, low


def _check_inside(
    bars: Bars, finer: Bars, filled: NDArray[np.intp], high: Floats, low: Floats
) -> None:
    wrong = (high > bars.high[filled]) | (low < bars.low[filled])
    if wrong.any():
        moment = np.datetime64(int(bars.open_ms[filled[np.argmax(wrong)]]), "ms")
        name = f"{finer.series} inside the bar at {moment}Z"
        raise InvalidInput(name, "prices outside it", "between the bar's low and high")


def _divides(own: Interval, coarse: Interval) -> bool:
    if coarse == "M":
        return own != "W"
    return interval_ms(coarse) % interval_ms(own) == 0
