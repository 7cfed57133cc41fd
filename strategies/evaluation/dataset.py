"""Which bars does a strategy look at? The chart's, finer ones for fills, other markets'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from engines.bars import Bars, dataset_digest
from engines.errors import InvalidInput, MissingData
from engines.intervals import Times, interval_ms
from engines.resampling import resample
from strategies.graph.types import CHART, MarketRef, Timeline


@dataclass(frozen=True, eq=False)
class Dataset:
    """All bars of one run. `others` holds bars of other markets, fine enough to be resampled.

    `finer` are bars of the chart's market inside the chart's bars; fills walk through them.
    """

    bars: Bars
    finer: Bars | None = None
    others: Mapping[MarketRef, Bars] = field(default_factory=dict)
    _cache: dict[Timeline, Bars] = field(default_factory=dict, repr=False)

    @cached_property
    def digest(self) -> str:
        """Name of everything in it."""
        finer = [] if self.finer is None else [self.finer.digest]
        others = [bars.digest for bars in self.others.values()]
        return dataset_digest([self.bars.digest, *finer, *others])

    def until(self, end_ms: int) -> Dataset:
        """What a run that ends then has to know: the chart's bars and the finer ones before it."""
        bars = self.bars.between(self.bars.start_ms, end_ms)
        finer = None if self.finer is None else self.finer.between(self.finer.start_ms, end_ms)
        return Dataset(bars, finer, self.others)

    def on(self, timeline: Timeline) -> Bars:
        """The bars of a timeline. Raises MissingData for a market that is not here."""
        if timeline == CHART:
            return self.bars
        if timeline not in self._cache:
            self._cache[timeline] = self._make(timeline)
        return self._cache[timeline]

    def available(self, timeline: Timeline) -> Times:
        """Which of the timeline's bars had closed when each of the chart's bars closed (N1).

        (n_bars,) int64, −1 before the first.
        """
        closes = self.on(timeline).close_ms
        place = np.searchsorted(closes, self.bars.close_ms, side="right") - 1
        return place.astype(np.int64)

    def _make(self, timeline: Timeline) -> Bars:
        chart = self.bars.series.interval
        interval = timeline.interval or chart
        if interval_ms(interval) < interval_ms(chart):
            expected = f"{chart} (the chart's) or coarser"
            raise InvalidInput("interval of a series", interval, expected)
        if timeline.market is None:
            return resample(self.bars, interval)
        if timeline.market not in self.others:
            name = "/".join(timeline.market)
            raise MissingData(f"The strategy looks at {name}, which is not in the dataset")
        other = self.others[timeline.market]
        coarse = resample(other, interval, keep_partial=True)
        if len(other) == 0 or len(self.bars) == 0:
            return coarse
        # A bar is over when its time is, whether or not its last finer bars exist.
        known_ms = max(other.end_ms, self.bars.end_ms)
        over = int(np.searchsorted(coarse.close_ms, known_ms, side="right"))
        return coarse.rows(0 if coarse.start_ms >= other.start_ms else 1, over)
