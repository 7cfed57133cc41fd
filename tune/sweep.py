"""How does a sweep run? Chunks as Ray tasks, parts kept as they come, nothing computed twice."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from tune.dispatch import Dispatch
from tune.errors import NotFinished
from tune.isolation import FailedRow
from tune.parts import Parts
from tune.ranking import Best, Wanted
from tune.run import Run
from tune.sweep_spec import Chunk, SweepSpec

_POLL_S: Final = 0.1


class Watcher(Protocol):
    """Who is told how far the sweep is, and may stop it."""

    def report(
        self, done: int, total: int, text: str, best: Mapping[str, Any] | None = None
    ) -> None:
        """Take note; raise to stop the sweep."""
        ...


@dataclass(frozen=True)
class Finished:
    """A sweep that ran to its end. `computed` rows were not there before.

    The rows of `failed` could not be computed: they have no statistics.
    """

    table: Path
    best: list[dict[str, Any]]
    rows: int
    computed: int
    seconds: float
    failed: tuple[FailedRow, ...] = ()


def run_sweep(run: Run, dispatch: Dispatch, watcher: Watcher) -> Finished:
    """Compute the parts that are missing and join all of them into one table.

    What the watcher raises stops the sweep: its running tasks are cancelled, finished parts stay.
    Raises DiskFull, ChunkFailed, BudgetSpent, and what a chunk raised that is wrong as a whole.
    """
    started_s = time.monotonic()
    chunks, total = run.spec.chunks(), run.spec.evaluations
    computed = 0
    try:
        for first, last in run.spec.batches():
            run.more = (first, last) != run.spec.batches()[-1]
            batch = [chunk for chunk in chunks if first <= chunk.first < last]
            if run.asking is not None:
                run.asking.ask(first, last)
            computed += _run_batch(run, batch, dispatch, watcher)
            if run.asking is not None and run.more:
                run.asking.tell(first, last)
    except BaseException:
        run.stop.set()
        raise
    finally:
        run.more = False
    watcher.report(total, total, "joining parts", run.best.top_row())
    table = run.parts.join(chunks)
    seconds, failed = time.monotonic() - started_s, tuple(run.parts.failed(chunks))
    rows = run.spec.total_rows
    return Finished(table, run.best.rows(), rows, computed, seconds, failed)


def _run_batch(run: Run, batch: list[Chunk], dispatch: Dispatch, watcher: Watcher) -> int:
    """Compute those of the chunks that have no part; how many rows that were."""
    there = run.parts.finished(batch)
    for chunk in there:
        run.take(chunk, run.parts.read(chunk))
    watcher.report(run.done_rows, run.spec.evaluations, "rows", run.best.top_row())
    kept = set(there)
    missing = [chunk for chunk in batch if chunk not in kept]
    if missing:
        dispatch.add(run, missing)
        _await(run, watcher)
    # A row that goes on is none that was not there before.
    return sum(chunk.n_rows for chunk in missing if chunk.first < run.spec.n_rows)


def _await(run: Run, watcher: Watcher) -> None:
    try:
        while not run.ended.wait(_POLL_S):
            watcher.report(run.done_rows, run.spec.evaluations, "rows", run.best.top_row())
    except BaseException:
        run.stop.set()
        run.ended.wait()
        raise
    if run.error is not None:
        raise run.error


def finished_sweep(spec: SweepSpec, parts: Parts, wanted: Wanted) -> Finished:
    """A sweep that ran before, its rows ranked by what is wanted.

    Raises NotFinished if parts of it are missing, ResultBroken for damaged ones.
    """
    chunks = spec.chunks()
    there = parts.finished(chunks)
    if len(there) < len(chunks):
        done = sum(chunk.n_rows for chunk in there)
        raise NotFinished(f"{done:,} of {spec.evaluations:,} rows are done: go on with --resume")
    best = Best(wanted)
    for chunk in chunks:
        if spec.sees_all(chunk):
            best.add(parts.read(chunk))
    table = parts.whole if parts.whole.exists() else parts.join(chunks)
    failed = tuple(parts.failed(chunks))
    return Finished(table, best.rows(), spec.total_rows, 0, 0.0, failed)
