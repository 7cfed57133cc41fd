"""Which way did the price go inside a bar? The assumed path, or that of finer bars."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from engines.bars import Bars
from engines.reference.grid import Grid, Ticks


class Path(NamedTuple):
    """A bar's way: it jumps to the first price, then goes from one to the next (B1, B2)."""

    open: Ticks
    near: Ticks
    far: Ticks
    close: Ticks


def path_of(bars: Bars, bar: int, grid: Grid) -> Path:
    """The assumed path of one bar: to the extreme nearer to its open first (B1)."""
    open_, high = grid.nearest(float(bars.open[bar])), grid.nearest(float(bars.high[bar]))
    low, close = grid.nearest(float(bars.low[bar])), grid.nearest(float(bars.close[bar]))
    # B1: a tie goes to the low first. One recorded trade tells, number 2565 of
    # pyne_channelbreakout: its drawdown of 0.0004 would be 0.0002 with the high first.
    if high - open_ < open_ - low:
        return Path(open_, high, low, close)
    return Path(open_, low, high, close)


def paths_inside(bars: Bars, finer: Bars | None, bar: int, grid: Grid) -> Iterator[Path]:
    """The paths that make up a bar: those of its finer bars, or its own where it has none (B7)."""
    if finer is not None:
        start_ms, end_ms = int(bars.open_ms[bar]), int(bars.close_ms[bar])
        inside = range(
            int(finer.open_ms.searchsorted(start_ms)), int(finer.open_ms.searchsorted(end_ms))
        )
        if inside:
            yield from (path_of(finer, one, grid) for one in inside)
            return
    yield path_of(bars, bar, grid)
