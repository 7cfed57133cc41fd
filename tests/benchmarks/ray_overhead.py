"""What does Ray cost over the bare engine? The same chunks on the same two cores, by turns."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import psutil

from cluster.ray_runtime import ray_session
from engines.bars import Floats
from strategies.evaluation.dataset import Dataset
from tests.benchmarks.figures import Figure, figure
from tests.benchmarks.workloads import BROKER, UNROUNDED, bars_of, closes, crossing
from tune.chunk import Prepared, chunk_table, prepare
from tune.dispatch import Dispatch
from tune.parts import Parts
from tune.ranking import Best, Wanted
from tune.run import Run, Windows
from tune.space import Space
from tune.sweep_spec import Chunk, SweepSpec, SweepWindow

CORES: Final = 2
CHUNKS: Final = 8
CHUNK_S: Final = 2.0
_ROUNDS: Final = 5
_MIB: Final = 2**20

# The bare engine: as many processes as cores, which share the columns by fork; a round for each
# line that comes, answered with its wall and CPU seconds.
_BARE: Final = """
import multiprocessing, resource, sys, time
from tests.benchmarks.ray_overhead import CORES, computed, sweep_of
from tune.chunk import prepare
sweep = sweep_of(int(sys.argv[1]))
spec, dataset, rows, chunks = sweep
def one(chunk):
    computed(made, sweep, chunk)
def cpu_s():
    told = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in told)
for _ in sys.stdin:
    started_s, before_s = time.perf_counter(), cpu_s()
    made = prepare(spec.strategy, dataset, rows, spec.terms(0))
    with multiprocessing.get_context("fork").Pool(CORES) as pool:
        pool.map(one, chunks, chunksize=1)
        pool.close()
        pool.join()
    print(time.perf_counter() - started_s, cpu_s() - before_s, flush=True)
"""


class Sweep(NamedTuple):
    """What both sides compute: the chunks of one window."""

    spec: SweepSpec
    dataset: Dataset
    rows: dict[str, Floats]
    chunks: list[Chunk]


class Spent(NamedTuple):
    """A round: wall seconds, CPU seconds of everything, and bytes of the object store at most."""

    wall_s: float
    cpu_s: float
    store_bytes: float = 0.0


def sweep_of(chunk_rows: int) -> Sweep:
    """CHUNKS chunks of so many rows each."""
    dataset, n_rows = Dataset(bars_of(closes())), CHUNKS * chunk_rows
    rng = np.random.default_rng(1)
    fast = rng.integers(2, 100, n_rows).astype(float)
    rows = {"fast": fast, "slow": fast + rng.integers(1, 60, n_rows)}
    bars = dataset.bars
    window = SweepWindow(
        bars.series, dataset.digest, len(bars), UNROUNDED.instrument,
        bars.start_ms, bars.start_ms, None, bars.end_ms,
    )  # fmt: skip
    spec = SweepSpec(crossing(), Space(()), {}, n_rows, (window,), BROKER)
    firsts = range(0, n_rows, chunk_rows)
    chunks = [Chunk(0, first, first + chunk_rows, f"{first}") for first in firsts]
    return Sweep(spec, dataset, rows, chunks)


def computed(made: Prepared, sweep: Sweep, chunk: Chunk) -> None:
    """One chunk, by the body that a task runs."""
    part = {name: values[chunk.first : chunk.last] for name, values in sweep.rows.items()}
    spec = sweep.spec
    chunk_table(made, spec.strategy, part, spec.terms(0), spec.windows[0], chunk.first)


def overhead_figures(chunk_s: float = CHUNK_S, rounds: int = _ROUNDS) -> list[Figure]:
    """Percent of time and of CPU that Ray takes more, and the object store over what it shares."""
    sweep = sweep_of(_rows_for(chunk_s))
    shared = prepare(sweep.spec.strategy, sweep.dataset, sweep.rows, sweep.spec.terms(0))
    assert shared.plan is not None
    one_copy = shared.plan.columns.n_bytes() + 8 * 10 * len(sweep.dataset.bars)
    walls, works, stores = [], [], []
    command = [sys.executable, "-c", _BARE, str(sweep.chunks[0].n_rows)]
    bare = subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with ray_session(cpus=CORES), tempfile.TemporaryDirectory() as folder:
        for round_ in range(rounds + 1):
            alone, on_ray = _bare_round(bare), _ray_round(sweep, Path(folder) / str(round_))
            if round_ > 0:
                walls.append(100.0 * (on_ray.wall_s / alone.wall_s - 1.0))
                works.append(100.0 * (on_ray.cpu_s / alone.cpu_s - 1.0))
                stores.append(on_ray.store_bytes / one_copy)
    bare.communicate()
    what = f"{CHUNKS} chunks of {chunk_s:g} s on {CORES} cores"
    peer = ("the batch engine in forked processes", "this version")
    told = f"one copy of bars and columns is {one_copy / _MIB:.0f} MiB"
    return [
        figure("ray_overhead_percent", walls, "%", peer, "", f"Time that Ray adds, {what}"),
        figure("ray_overhead_cpu_percent", works, "%", peer, "", f"CPU that Ray adds, {what}"),
        figure(
            "ray_store_copies", stores, "×", ("one copy", ""), told,
            f"Object store at its fullest over bars and columns, {CHUNKS} tasks that read them",
        ),
    ]  # fmt: skip


def _rows_for(chunk_s: float) -> int:
    sweep = sweep_of(512)
    made = prepare(sweep.spec.strategy, sweep.dataset, sweep.rows, sweep.spec.terms(0))
    computed(made, sweep, sweep.chunks[0])
    started_s = time.process_time()
    computed(made, sweep, sweep.chunks[1])
    return max(int(512 * chunk_s / (time.process_time() - started_s)), 1)


def _bare_round(bare: subprocess.Popen[str]) -> Spent:
    assert bare.stdin is not None
    assert bare.stdout is not None
    bare.stdin.write("go\n")
    bare.stdin.flush()
    return Spent(*map(float, bare.stdout.readline().split()))


def _ray_round(sweep: Sweep, folder: Path) -> Spent:
    import ray

    held = ray.put(sweep.dataset)
    parts = Parts(folder, sweep.spec)
    parts.begin({})
    windows = Windows(lambda _: held, lambda _: None)
    run = Run(sweep.spec, sweep.rows, parts, Best(Wanted(("sharpe",))), windows)
    dispatch = Dispatch(lambda: 2 * CORES)
    before_s = cpu_s()
    with _fullest() as store:
        started_s = time.perf_counter()
        dispatch.add(run, sweep.chunks)
        run.ended.wait()
        wall_s = time.perf_counter() - started_s
    spent = Spent(wall_s, cpu_s() - before_s, max(store))
    dispatch.close()
    if run.error is not None:
        raise run.error
    return spent


def cpu_s() -> float:
    """CPU seconds of this process and of all of Ray's."""
    own = psutil.Process(os.getpid())
    found = 0.0
    for one in (own, *own.children(recursive=True)):
        if "-c" not in one.cmdline()[:2]:
            times = one.cpu_times()
            found += times.user + times.system
    return found


@contextmanager
def _fullest() -> Iterator[list[float]]:
    """Bytes of the object store in use, looked at often."""
    import ray

    whole: float = ray.cluster_resources()["object_store_memory"]  # type: ignore[no-untyped-call]
    seen, ended = [0.0], threading.Event()

    def look() -> None:
        while not ended.wait(0.2):
            free: dict[str, float] = ray.available_resources()  # type: ignore[no-untyped-call]
            seen.append(whole - free.get("object_store_memory", whole))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()
