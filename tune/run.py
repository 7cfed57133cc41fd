"""What is known of a sweep while it runs? Its parts, its best rows, what it has cost so far."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from engines.bars import Floats
from tune.attempts import Attempts
from tune.budget import NO_LIMIT, Budget
from tune.parts import Parts
from tune.ranking import Best
from tune.search.asking import Asking
from tune.survivors import Survivors
from tune.sweep_spec import Chunk, SweepSpec


class Windows:
    """Who holds the bars: a Ray reference to each window's dataset, for as long as it is used."""

    def __init__(self, take: Callable[[int], Any], release: Callable[[int], None]) -> None:
        self.take = take
        self.release = release


@dataclass
class Run:
    """One sweep among those that run. Rows (n_rows,) each are the values of every parameter.

    `asking` chooses the rows of a guided search, or those that go on; `more` tells that chunks
    will come after those that are known.
    """

    spec: SweepSpec
    rows: Mapping[str, Floats]
    parts: Parts
    best: Best
    windows: Windows
    priority: float = 1.0
    budget: Budget = NO_LIMIT
    done_rows: int = 0
    begun_rows: int = 0
    work_s: float = 0.0
    reloads: int = 0
    prepared: dict[tuple[int, int], Any] = field(default_factory=dict)
    error: Exception | None = None
    asking: Asking | Survivors | None = None
    more: bool = False
    stop: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.attempts = Attempts(self.parts.folder)
        self._started_s = time.monotonic()

    @property
    def name(self) -> str:
        """The sweep's digest."""
        return self.spec.digest

    def take(self, chunk: Chunk, table: pa.Table) -> None:
        """Count a chunk's rows."""
        self.done_rows += chunk.n_rows
        if self.asking is not None:
            self.asking.found(chunk, table)
        if self.spec.sees_all(chunk):
            self.best.add(table)

    def keep(self, chunk: Chunk, table: pa.Table, seconds: float) -> None:
        """Write a chunk's part and count it. Raises DiskFull."""
        if self.asking is not None:
            table = self.asking.kept(chunk, table)
        self.parts.keep(chunk, table)
        self.attempts.note("kept", chunk, seconds)
        self.work_s += seconds
        self.take(chunk, table)

    def forget(self, window: int) -> None:
        """Let go of what was made ready of a window."""
        for seen in [one for one in self.prepared if one[0] == window]:
            del self.prepared[seen]

    def refusal(self, chunk: Chunk) -> str | None:
        """Why the budget does not allow one more chunk; None if it does."""
        spent_s = time.monotonic() - self._started_s
        return self.budget.spent(spent_s, self.work_s, self.begun_rows + chunk.n_rows)

    def end(self, error: Exception | None = None) -> None:
        """It is over; the first error counts."""
        self.error = self.error or error
        self.ended.set()
