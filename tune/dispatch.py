"""Who gives chunks to Ray? One thread for all sweeps: it fills the cluster and keeps what comes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final, NamedTuple

import pyarrow as pa

from engines.errors import TesterError
from tune.chunk import prepare_bare
from tune.errors import BudgetSpent, ChunkFailed
from tune.isolation import prepared_window, timed_part
from tune.progress import Cancelled
from tune.run import Run
from tune.schedule import MOST_LOSSES, Schedule
from tune.sweep_spec import Chunk

_RETRIES: Final = 3
_POLL_S: Final = 0.2
# Two chunks share a GPU: while one builds its signals on the CPU, the other runs.
_GPU_SHARE: Final = 0.5
# How often the bars may be lost with their owner and be put up again.
_RELOADS: Final = 20


class _Task(NamedTuple):
    run: Run
    chunk: Chunk


class Dispatch:
    """Chunks of several sweeps as Ray tasks, by turns. Ray is attached already.

    A chunk whose worker or node dies is computed again; every attempt is in the sweep's journal,
    so none is repeated by Ray itself. `in_flight` tells how many tasks may be out at once.
    """

    def __init__(self, in_flight: Callable[[], int]) -> None:
        self._slots = in_flight
        self._schedule = Schedule()
        self._runs: dict[str, Run] = {}
        self._tasks: dict[Any, _Task] = {}
        self._lock = threading.Lock()
        self._come = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._pump, name="bst-dispatch", daemon=True)
        self._thread.start()

    def add(self, run: Run, chunks: Sequence[Chunk]) -> None:
        """Begin to run the chunks; `run.ended` is set when all are kept, or `run.error` is.

        While `run.more` holds, its bars stay ready and further chunks may be added.
        """
        with self._lock:
            run.ended.clear()
            if run.name in self._runs:
                self._schedule.extend(run.name, chunks)
            else:
                self._schedule.add(run.name, chunks, run.priority)
                self._runs[run.name] = run
        self._come.set()

    def close(self) -> None:
        """Stop; tasks in flight are cancelled, kept parts stay."""
        self._closed.set()
        self._come.set()
        self._thread.join()

    def _pump(self) -> None:
        try:
            while not self._closed.is_set():
                with self._lock:
                    self._settle()
                    self._fill()
                self._collect()
        except Exception as error:  # noqa: BLE001 (the rim of a thread: who waits is told)
            for run in self._runs.values():
                run.end(error)
        finally:
            with self._lock:
                for run in list(self._runs.values()):
                    self._leave(run, Cancelled("The sweep was stopped"))

    def _settle(self) -> None:
        """Let go of the sweeps that are over or were stopped."""
        for run in list(self._runs.values()):
            # A budget that is spent lets what is in flight come in.
            broken = run.error is not None and not isinstance(run.error, BudgetSpent)
            if run.stop.is_set():
                self._leave(run, Cancelled("The sweep was stopped"))
            elif broken or (self._schedule.idle(run.name) and not (run.more and not run.error)):
                self._leave(run)
            elif self._schedule.idle(run.name):
                run.ended.set()

    def _leave(self, run: Run, error: Exception | None = None) -> None:
        import ray

        for ref in [ref for ref, task in self._tasks.items() if task.run is run]:
            del self._tasks[ref]
            ray.cancel(ref, force=True)
        self._schedule.drop(run.name)
        del self._runs[run.name]
        run.prepared.clear()
        run.end(error)

    def _fill(self) -> None:
        while self._schedule.in_flight < self._slots():
            found = self._schedule.take()
            if found is None:
                return
            name, chunk = found
            run = self._runs[name]
            refusal = run.refusal(chunk)
            if refusal is not None:
                self._schedule.halt(name, chunk)
                run.error = BudgetSpent(f"Stopped, {refusal}; finished parts are kept")
                continue
            try:
                run.attempts.note("began", chunk)
                self._tasks[submitted(run, chunk)] = _Task(run, chunk)
                run.begun_rows += chunk.n_rows
            except (TesterError, OSError) as error:
                self._schedule.halt(name, chunk)
                run.error = error

    def _collect(self) -> None:
        import ray

        if not self._tasks:
            self._come.wait(_POLL_S)
            self._come.clear()
            return
        ready, _ = ray.wait(list(self._tasks), timeout=_POLL_S)
        with self._lock:
            for ref in ready:
                task = self._tasks.pop(ref, None)
                if task is not None:
                    self._receive(task, ref)

    def _receive(self, task: _Task, ref: Any) -> None:
        run, chunk = task
        try:
            found = self._fetched(run, chunk, ref)
            if found is not None:
                run.keep(chunk, *found)
                self._schedule.kept(run.name, chunk, found[1])
                if not run.more and not self._schedule.window_open(run.name, chunk.window):
                    run.forget(chunk.window)
                    run.windows.release(chunk.window)
        except (TesterError, OSError) as error:
            run.error = error

    def _fetched(self, run: Run, chunk: Chunk, ref: Any) -> tuple[pa.Table, float] | None:
        """A chunk's table and seconds; None if it was lost and waits again."""
        import ray
        from ray.exceptions import ObjectLostError, RayError, RayTaskError

        try:
            found: tuple[pa.Table, float] = ray.get(ref)
        except ObjectLostError as error:
            # The bars went away with the process that held them: the next task puts them up again.
            run.reloads += 1
            run.forget(chunk.window)
            run.windows.release(chunk.window)
            self._lose(run, chunk, error, run.reloads <= _RELOADS)
            return None
        except RayTaskError as error:
            cause = error.cause
            raise (
                cause if isinstance(cause, TesterError) else _failed(run, chunk, error)
            ) from error
        except RayError as error:
            self._lose(run, chunk, error)
            return None
        return found

    def _lose(self, run: Run, chunk: Chunk, error: Exception, again: bool = True) -> None:
        run.attempts.note("lost", chunk)
        run.begun_rows -= chunk.n_rows
        if not self._schedule.lost(run.name, chunk) or not again:
            raise _failed(run, chunk, error) from error


@cache
def _task(compute: Callable[..., Any], max_retries: int, gpus: float = 0.0) -> Any:
    """A function as a task, made once.

    Made anew for each chunk it is another kind of task to the cluster each time: uploaded again,
    never given to a worker that has it, and in the way of the jobs and actors that wait.
    """
    import ray

    return ray.remote(max_retries=max_retries, num_gpus=gpus)(compute)


def submitted(run: Run, chunk: Chunk) -> Any:
    """The chunk as a Ray task; one on a GPU asks for a share of it."""
    number = chunk.window
    family, terms = run.spec.family, run.spec.terms(number)
    over, seen = run.spec.over(chunk), (number, run.spec.over(chunk).end_ms)
    if seen not in run.prepared:
        # What an earlier stage saw of this window is done with.
        run.forget(number)
        run.prepared[seen] = _prepared(run, chunk)
    part = {name: values[chunk.first : chunk.last] for name, values in run.rows.items()}
    means = run.spec.means
    # An attempt is this thread's to repeat: so each has its line in the journal.
    compute = _task(timed_part, 0, _GPU_SHARE if means == "gpu" else 0.0)
    return compute.remote(run.prepared[seen], family, part, terms, over, chunk.first, means)


def _prepared(run: Run, chunk: Chunk) -> Any:
    spec, number = run.spec, chunk.window
    bars, terms = run.windows.take(number), spec.terms(number)
    until_ms = None if spec.sees_all(chunk) else spec.over(chunk).end_ms
    # Rows that are known from the start share their columns.
    if spec.guidance is not None or spec.family.genes or chunk.first >= spec.n_rows:
        return _task(prepare_bare, _RETRIES).remote(bars, terms, until_ms)
    make_ready = _task(prepared_window, _RETRIES)
    rows = {name: values[: spec.n_rows] for name, values in run.rows.items()}
    return make_ready.remote(spec.strategy, bars, rows, terms, until_ms)


def _failed(run: Run, chunk: Chunk, error: Exception) -> ChunkFailed:
    window = run.spec.windows[chunk.window]
    rows = f"rows {chunk.first} to {chunk.last - 1} of {window.series}"
    cause = getattr(error, "cause", None) or error
    return ChunkFailed(f"{rows} failed, at most {MOST_LOSSES} tries: {cause}")
