"""How deep and how long did equity fall? Episodes between two peaks, the last may be open."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engines.bars import Floats
from engines.intervals import Times


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


def lasting_ms(found: list[Episode], times_ms: Times) -> Floats:
    """How long each episode lasted, from its peak to the peak seen again, or to the last point."""
    ends = [len(times_ms) - 1 if one.end is None else one.end for one in found]
    starts = [one.start for one in found]
    return (times_ms[ends] - times_ms[starts]).astype(np.float64) if found else np.zeros(0)
