"""How does a sweep run? Chunks as Ray tasks, parts kept as they come, nothing computed twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import pyarrow as pa

from engines.bars import Floats
from engines.errors import TesterError
from tune.chunk import chunk_table, prepare
from tune.errors import ChunkFailed, NotFinished
from tune.parts import Parts
from tune.ranking import Best
from tune.sweep_spec import Chunk, SweepSpec

# Enough tasks in flight to keep every core busy while parts are written.
_IN_FLIGHT_PER_CPU: Final = 2
_RETRIES: Final = 3
_POLL_S: Final = 0.2
# How often the bars may be lost with their owner and be put up again.
_RELOADS: Final = 3


class Watcher(Protocol):
    """Who is told how far the sweep is, and may stop it."""

    def report(
        self, done: int, total: int, text: str, best: Mapping[str, Any] | None = None
    ) -> None:
        """Take note; raise to stop the sweep."""
        ...


@dataclass(frozen=True)
class Finished:
    """A sweep that ran to its end. `computed` rows were not there before."""

    table: Path
    best: list[dict[str, Any]]
    rows: int
    computed: int
    seconds: float


@dataclass
class _Run:
    """What the coordinator knows while the sweep runs."""

    spec: SweepSpec
    rows: Mapping[str, Floats]
    parts: Parts
    best: Best
    watcher: Watcher
    done_rows: int = 0
    reloads: int = 0
    prepared: dict[int, Any] = field(default_factory=dict)
    in_flight: dict[Any, Chunk] = field(default_factory=dict)

    def tell(self) -> None:
        self.watcher.report(self.done_rows, self.spec.total_rows, "rows", self.best.top_row())


def run_sweep(
    spec: SweepSpec,
    rows: Mapping[str, Floats],
    dataset_ref: Callable[[int], Any],
    parts: Parts,
    objective: str,
    watcher: Watcher,
    cpus: int,
) -> Finished:
    """Compute the parts that are missing and join all of them into one table.

    Ray is attached already. `rows` (n_rows,) each are the values of every parameter;
    `dataset_ref(window)` gives a Ray reference to a window's dataset, anew when it was lost. What
    the watcher raises stops the sweep: running tasks are cancelled, finished parts stay.
    """
    started_s = time.monotonic()
    chunks = spec.chunks()
    run = _Run(spec, rows, parts, Best(objective), watcher)
    there = parts.finished(chunks)
    for chunk in there:
        _take(run, chunk, parts.read(chunk))
    run.tell()
    missing = [chunk for chunk in chunks if chunk not in set(there)]
    if missing:
        _compute(run, missing, dataset_ref, cpus)
    watcher.report(spec.total_rows, spec.total_rows, "joining parts", run.best.top_row())
    table = parts.join(chunks)
    computed = sum(chunk.n_rows for chunk in missing)
    seconds = time.monotonic() - started_s
    return Finished(table, run.best.rows(), spec.total_rows, computed, seconds)


def finished_sweep(spec: SweepSpec, parts: Parts, objective: str) -> Finished:
    """A sweep that ran before, its rows ranked by `objective`.

    Raises NotFinished if parts of it are missing, ResultBroken for damaged ones.
    """
    chunks = spec.chunks()
    there = parts.finished(chunks)
    if len(there) < len(chunks):
        done = sum(chunk.n_rows for chunk in there)
        raise NotFinished(f"{done:,} of {spec.total_rows:,} rows are done: go on with --resume")
    best = Best(objective)
    for chunk in chunks:
        best.add(parts.read(chunk))
    table = parts.whole if parts.whole.exists() else parts.join(chunks)
    return Finished(table, best.rows(), spec.total_rows, 0, 0.0)


def _compute(
    run: _Run, missing: Sequence[Chunk], dataset_ref: Callable[[int], Any], cpus: int
) -> None:
    import ray

    waiting = list(missing)
    try:
        while waiting or run.in_flight:
            while waiting and len(run.in_flight) < _IN_FLIGHT_PER_CPU * cpus:
                _submit(run, waiting.pop(0), dataset_ref)
            ready, _ = ray.wait(list(run.in_flight), timeout=_POLL_S)
            for ref in ready:
                chunk = run.in_flight.pop(ref)
                table = _fetched(run, chunk, ref)
                if table is None:
                    waiting.insert(0, chunk)
                    continue
                run.parts.keep(chunk, table)
                _take(run, chunk, table)
            run.tell()
    finally:
        for ref in run.in_flight:
            ray.cancel(ref, force=True)


def _fetched(run: _Run, chunk: Chunk, ref: Any) -> pa.Table | None:
    """A chunk's table; None if the bars went away with the process that held them."""
    import ray
    from ray.exceptions import ObjectLostError, OwnerDiedError, RayError

    try:
        return ray.get(ref)
    except (OwnerDiedError, ObjectLostError) as error:
        run.reloads += 1
        if run.reloads > _RELOADS:
            raise _failed(run, chunk, error) from error
        # The next task puts the bars up again.
        run.prepared.clear()
        return None
    except RayError as error:
        cause = getattr(error, "cause", None)
        wrong = cause if isinstance(cause, TesterError) else _failed(run, chunk, error)
        raise wrong from error


def _submit(run: _Run, chunk: Chunk, dataset_ref: Callable[[int], Any]) -> None:
    import ray

    number = chunk.window
    strategy, terms = run.spec.strategy, run.spec.terms(number)
    if number not in run.prepared:
        make_ready = ray.remote(max_retries=_RETRIES)(prepare)
        run.prepared[number] = make_ready.remote(
            strategy, dataset_ref(number), dict(run.rows), terms
        )
    part = {name: values[chunk.first : chunk.last] for name, values in run.rows.items()}
    compute = ray.remote(max_retries=_RETRIES)(chunk_table)
    ref = compute.remote(
        run.prepared[number], strategy, part, terms, run.spec.windows[number], chunk.first
    )
    run.in_flight[ref] = chunk


def _take(run: _Run, chunk: Chunk, table: pa.Table) -> None:
    run.done_rows += chunk.n_rows
    run.best.add(table)


def _failed(run: _Run, chunk: Chunk, error: Exception) -> ChunkFailed:
    window = run.spec.windows[chunk.window]
    rows = f"rows {chunk.first} to {chunk.last - 1} of {window.series}"
    cause = getattr(error, "cause", None) or error
    return ChunkFailed(f"{rows} failed on every try: {cause}")
