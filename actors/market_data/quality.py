"""Can stored bars be trusted? Everything is read, and what is odd about it is told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from actors.market_data.errors import DamagedFile
from actors.market_data.ranges import Gap
from actors.market_data.store import Catalog
from engines.bars import Bars, Series
from engines.errors import BadBars, InvalidInput
from engines.intervals import INTERVALS, Interval, interval_ms
from engines.resampling import resample


@dataclass(frozen=True)
class Contradiction:
    """Stored bars that are not what stored finer bars make: how many, and the first of them."""

    finer: Interval
    n_bars: int
    first_ms: int


@dataclass(frozen=True)
class Verified:
    """What is stored of one series. Gaps and bars without volume are told, not held against it."""

    series: Series
    n_bars: int
    gaps: tuple[Gap, ...]
    damaged: tuple[str, ...]
    without_volume: int
    contradictions: tuple[Contradiction, ...]

    @property
    def sound(self) -> bool:
        """Whether every file is what was written, and intervals agree with one another."""
        return not self.damaged and not self.contradictions


def verify(catalog: Catalog, series: Series) -> Verified:
    """Read every month of `series`; damaged ones are collected, not raised."""
    store = catalog.store(series)
    damaged = []
    for month in store.months():
        try:
            store.read_month(month)
        except (DamagedFile, BadBars) as problem:
            damaged.append(str(problem))
    if damaged:
        return Verified(series, 0, (), tuple(damaged), 0, ())
    bars = catalog.read(series)
    return Verified(
        series,
        len(bars),
        catalog.coverage(series).gaps,
        (),
        int(np.count_nonzero(bars.volume == 0.0)),
        tuple(_contradictions(catalog, bars)),
    )


def _contradictions(catalog: Catalog, bars: Bars) -> list[Contradiction]:
    own = bars.series.interval
    stored = set(catalog.series())
    found = []
    for interval in INTERVALS:
        finer = bars.series._replace(interval=interval)
        if interval_ms(interval) >= interval_ms(own) or finer not in stored:
            continue
        try:
            made = resample(catalog.read(finer), own)
        except (DamagedFile, BadBars, InvalidInput):
            # Told where that series is verified itself; or it does not divide this one.
            continue
        wrong = _differing(bars, made)
        if len(wrong):
            found.append(Contradiction(interval, len(wrong), int(wrong[0])))
    return found


def _differing(bars: Bars, made: Bars) -> np.typing.NDArray[np.int64]:
    """Opens of bars whose prices are not those of the finer bars that were made into one."""
    both, own, other = np.intersect1d(
        bars.open_ms, made.open_ms, assume_unique=True, return_indices=True
    )
    # Finer bars may be missing inside a bar: then they reach less far, which is no contradiction.
    outside = (made.high[other] > bars.high[own]) | (made.low[other] < bars.low[own])
    return np.asarray(both[outside])
