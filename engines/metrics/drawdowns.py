"""How deep and how long did equity fall? Episodes between two peaks, the last may be open."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from engines.bars import Floats
from engines.intervals import Times

# Share of the peak beyond which TradingView counts a fall by one trade.
_DEEP: Final = 0.05


class Episode(NamedTuple):
    """A fall: numbers of the points of its peak, its trough, and where the peak was seen again.

    `end` is None while it has not been. `depth` is money, `fraction` of the peak.
    """

    start: int
    trough: int
    end: int | None
    depth: float
    fraction: float


def episodes(curve: Floats) -> list[Episode]:
    """Every stretch below the highest value so far, oldest first."""
    peaks = np.maximum.accumulate(curve)
    below = curve < peaks
    edges = np.flatnonzero(np.diff(np.concatenate(([False], below, [False])).astype(np.int8)))
    found = []
    for first, after in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        trough = first + int(np.argmin(curve[first:after]))
        peak = float(peaks[first])
        depth = peak - float(curve[trough])
        end = after if after < len(curve) else None
        found.append(Episode(first - 1, trough, end, depth, depth / peak))
    return found


def rises(curve: Floats) -> list[Episode]:
    """Every stretch above the lowest value so far: run-ups, with the roles turned round."""
    lows = np.minimum.accumulate(curve)
    above = curve > lows
    edges = np.flatnonzero(np.diff(np.concatenate(([False], above, [False])).astype(np.int8)))
    found = []
    for first, after in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        top = first + int(np.argmax(curve[first:after]))
        low = float(lows[first])
        height = float(curve[top]) - low
        end = after if after < len(curve) else None
        found.append(Episode(first - 1, top, end, height, height / low))
    return found


class Phase(NamedTuple):
    """A fall or rise of the equity of closed trades: numbers of its points, and its money."""

    start: int
    end: int
    money: float


def closed_falls(settled: Floats) -> list[Phase]:
    """Falls of equity after each closed trade, (n_closed,), as TradingView counts them (L3).

    From a peak to the first lowest point before an equal or higher one. A fall by a single trade
    counts only beyond 5 % of the peak: TradingView's means are those of falls by two and more
    (predecessor.md 1.1). The initial cash is no point: the curve begins after the first trade.
    """
    found, peak, trough = [], 0, 0
    for at, now in enumerate([*settled.tolist(), np.inf] if len(settled) else []):
        if now >= settled[peak]:
            depth = float(settled[peak] - settled[trough])
            if trough - peak >= 2 or depth > _DEEP * settled[peak]:
                found.append(Phase(peak, trough, depth))
            peak = trough = at
        elif now < settled[trough]:
            trough = at
    return found


def closed_rises(settled: Floats) -> list[Phase]:
    """Rises between the counted falls, and before and after them, by two closed trades at least.

    The last one ends at the last point, or at the peak before a last fall that does not count.
    """
    if not len(settled):
        return []
    found = closed_falls(settled)
    peak = len(settled) - 1 - int(np.argmax(settled[::-1]))
    last = len(settled) - 1 if found and found[-1].start == peak else peak
    starts, ends = [0, *(one.end for one in found)], [*(one.start for one in found), last]
    return [
        Phase(start, end, float(settled[end] - settled[start]))
        for start, end in zip(starts, ends, strict=True)
        if end - start >= 2 and settled[end] > settled[start]
    ]


def lasting_ms(found: list[Episode], times_ms: Times) -> Floats:
    """How long each episode lasted, from its peak to the peak seen again, or to the last point."""
    ends = [len(times_ms) - 1 if one.end is None else one.end for one in found]
    starts = [one.start for one in found]
    return (times_ms[ends] - times_ms[starts]).astype(np.float64) if found else np.zeros(0)
