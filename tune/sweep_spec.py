"""What is a sweep? Strategy, rows, windows of bars, split and rules, by name."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats, Series
from engines.broker import Broker
from engines.canonical import digest_of
from engines.funding import FundingRates
from engines.instrument import Instrument
from engines.spec import ENGINE_SEMANTICS
from strategies.backtest import Device, Means, Terms, allowed_rows, computing_path, means_of
from strategies.evaluation.alike import signal_names
from strategies.graph.numbers import Number
from strategies.graph.strategy import Strategy
from strategies.variation.family import Family, Limits
from tune.conditions import Condition
from tune.halving import Halving
from tune.search.guidance import Guidance
from tune.space import Mask, Space

# Bumped when a column is added to the table or taken away: parts of other versions are not reused.
TABLE_SCHEMA_VERSION: Final = 2
# Bars × rows of a chunk: a second or so of one core.
_CHUNK_WORK: Final = 1 << 26
_CHUNK_LEAST: Final = 128
_CHUNK_MOST: Final = 8192
# The same of a guided search, whose batches have to reach every core: a tenth of a second or less.
_GUIDED_WORK: Final = 1 << 22
_GUIDED_LEAST: Final = 8
# On a GPU, whose threads are rows, and where rows share tables: as many times the work, the rows.
_TIMES_TOGETHER: Final = 16


@dataclass(frozen=True)
class SweepWindow:
    """One market on one interval: which bars, where the out-of-sample part begins.

    `split_ms` of None means that everything is in-sample. `n_bars` are those of the dataset.
    `funding` is what is paid, None for nothing.
    """

    series: Series
    dataset_digest: str
    n_bars: int
    instrument: Instrument
    anchor_ms: int
    start_ms: int
    split_ms: int | None
    end_ms: int
    funding: FundingRates | None = None

    def shortened(self, share: float) -> SweepWindow:
        """The window whose in-sample part ends after a share of it, with nothing behind it."""
        trained_ms = (self.end_ms if self.split_ms is None else self.split_ms) - self.start_ms
        end_ms = self.start_ms + round(share * trained_ms)
        return replace(self, split_ms=None, end_ms=end_ms)

    def canonical(self) -> dict[str, Any]:
        """The window as JSON values."""
        paid = {} if self.funding is None else {"funding": self.funding.digest}
        return {
            **paid,
            "series": list(self.series),
            "dataset": self.dataset_digest,
            "instrument": self.instrument.canonical(),
            "anchor_ms": self.anchor_ms,
            "start_ms": self.start_ms,
            "split_ms": self.split_ms,
            "end_ms": self.end_ms,
        }


@dataclass(frozen=True)
class Chunk:
    """Thousands of rows over one window: what one task computes."""

    window: int
    first: int
    last: int
    digest: str

    @property
    def n_rows(self) -> int:
        """Rows in it."""
        return self.last - self.first


@dataclass(frozen=True)
class SweepSpec:
    """All that a sweep's table depends on. `fixed` are parameters that are not searched.

    `guidance` says how rows follow from those before; None where the space alone tells them.
    `device` is where the kernel is to run, a wish and part of the name.
    `where` are conditions on parameters beside the strategy's own. With `vary`, rows also change
    the graph, so far and no further. With `halving`, only the best see all of the history.
    """

    strategy: Strategy
    space: Space
    fixed: Mapping[str, Number]
    n_rows: int
    windows: tuple[SweepWindow, ...]
    broker: Broker
    guidance: Guidance | None = None
    device: Device = "cpu"
    where: tuple[Condition, ...] = ()
    vary: Limits | None = None
    halving: Halving | None = None

    def canonical(self) -> dict[str, Any]:
        """The sweep as JSON values."""
        guided = {} if self.guidance is None else {"guidance": self.guidance.canonical()}
        kept = {"where": [one.text for one in self.where]} if self.where else {}
        stopped = {"halving": self.halving.canonical()} if self.halving else {}
        varied = {"vary": self.family.canonical()} if self.family.genes else {}
        return {
            **guided,
            **kept,
            **varied,
            **stopped,
            "kind": "sweep",
            "strategy": self.strategy.digest,
            "space": self.space.canonical(),
            "fixed": {name: float(value) for name, value in sorted(self.fixed.items())},
            "n_rows": self.n_rows,
            "windows": [window.canonical() for window in self.windows],
            "broker": self.broker.canonical(),
            "path": self.path,
            "semantics": ENGINE_SEMANTICS,
            "table": TABLE_SCHEMA_VERSION,
        }

    @cached_property
    def digest(self) -> str:
        """The sweep's name."""
        return digest_of(self.canonical())

    @cached_property
    def family(self) -> Family:
        """The strategy and the graphs that rows may change it to."""
        return Family(self.strategy, self.vary)

    @cached_property
    def alike(self) -> float:
        """How many rows share their signals, on average and at least; 1 where none need to.

        Of the space as a whole, so that it does not hang on how the sweep is cut.
        """
        if self.guidance is not None or self.family.genes:
            return 1.0
        names = signal_names(self.strategy)
        axes = [one for one in self.space.axes if one.name in names]
        return max(self.n_rows / math.prod(one.n_values(self.space.kind) for one in axes), 1.0)

    @cached_property
    def path(self) -> str:
        """What computes its rows."""
        return computing_path(self.strategy, self.broker, self.device, self.alike)

    @property
    def means(self) -> Means:
        """How its chunks are computed."""
        return means_of(self.path)

    @property
    def total_rows(self) -> int:
        """Rows over all windows."""
        return self.n_rows * len(self.windows)

    @property
    def evaluations(self) -> int:
        """What is computed over all windows: a row that goes on is computed again."""
        return self.batches()[-1][1] * len(self.windows)

    def terms(self, window: int) -> Terms:
        """What is traded in a window."""
        over = self.windows[window]
        return Terms(over.instrument, self.broker, over.funding)

    def chunks(self) -> list[Chunk]:
        """The sweep cut into tasks: a function of the sweep alone, never of the machine."""
        return [
            Chunk(number, first, last, self._chunk_name(number, first, last))
            for number, window in enumerate(self.windows)
            for begin, end in self.batches()
            for first, last in pieces(begin, end, self._chunk_rows(window, begin))
        ]

    def batches(self) -> list[tuple[int, int]]:
        """First row and the one after the last of what is known to be run at once."""
        if self.halving is not None:
            return [(one.first, one.last) for one in self.halving.stages(self.n_rows)]
        return pieces(0, self.n_rows, self.guidance.batch if self.guidance else self.n_rows)

    def over(self, chunk: Chunk) -> SweepWindow:
        """A chunk's window; where rows are judged early, its in-sample part up to there."""
        window, share = self.windows[chunk.window], self._share(chunk.first)
        return window if share == 1.0 else window.shortened(share)

    def sees_all(self, chunk: Chunk) -> bool:
        """Whether its rows see all of the history."""
        return self._share(chunk.first) == 1.0

    def _share(self, place: int) -> float:
        stages = self.halving.stages(self.n_rows) if self.halving else []
        return next((one.share for one in stages if one.first <= place < one.last), 1.0)

    def _chunk_rows(self, window: SweepWindow, begin: int) -> int:
        work, least = _CHUNK_WORK, _CHUNK_LEAST
        if self.guidance is not None:
            work, least = _GUIDED_WORK, _GUIDED_LEAST
        times = 1 if self.means == "cpu" else _TIMES_TOGETHER
        n_bars = max(round(self._share(begin) * window.n_bars), 1)
        rows = times * work // n_bars
        return min(max(rows, times * least), times * _CHUNK_MOST)

    def _chunk_name(self, window: int, first: int, last: int) -> str:
        return digest_of({"sweep": self.digest, "window": window, "first": first, "last": last})


def pieces(begin: int, end: int, size: int) -> list[tuple[int, int]]:
    """`[begin, end)` cut into ranges of `size`, the last one shorter."""
    return [(first, min(first + size, end)) for first in range(begin, end, size)]


def whole(fixed: Mapping[str, Number], rows: Mapping[str, Floats]) -> dict[str, Floats]:
    """Fixed parameters as columns as long as those of `rows`."""
    n_rows = len(next(iter(rows.values()))) if rows else 1
    return {name: np.full(n_rows, float(value)) for name, value in fixed.items()}


def allowed_by(
    family: Family, fixed: Mapping[str, Number], where: Sequence[Condition] = ()
) -> Mask:
    """Which rows of the searched parameters keep the strategy's relations and those of `where`.

    Rows that change the graph have to name it in its one way.
    """

    def mask(block: Mapping[str, Floats]) -> NDArray[np.bool_]:
        rows = {**block, **whole(fixed, block)}
        keep = allowed_rows(family.strategy, rows) & family.allows(rows)
        for condition in where:
            keep &= condition.holds(rows)
        return keep

    return mask
