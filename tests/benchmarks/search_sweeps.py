"""What does a search cost a sweep? Ten thousand rows that it asks for, and the same rows given.

`python -m tests.benchmarks.search_sweeps [ROWS]` records the figures. Both are whole sweeps on Ray,
by turns: planned, run in chunks, kept as parts, joined.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from cluster.ray_runtime import ray_session
from engines.bars import Floats
from serve.commands.planning import meaning
from serve.commands.requests import SweepRequest, request_from
from strategies.evaluation.dataset import Dataset
from tests.benchmarks.figures import Figure
from tests.benchmarks.ray_overhead import CORES, cpu_s
from tests.benchmarks.run import record
from tests.benchmarks.workloads import BROKER, UNROUNDED, bars_of, closes
from tune.dispatch import Dispatch
from tune.parts import Parts
from tune.progress import Ticket
from tune.ranking import Best, Wanted
from tune.run import Run, Windows
from tune.search.asking import Asking
from tune.search.guidance import LIBRARY_OF, Guidance, batch_for
from tune.sweep import run_sweep
from tune.sweep_spec import SweepSpec, SweepWindow

METHODS: Final = ("random", "sobol", "cmaes", "refine", "genetic")
_ROWS: Final = 10_000
_BARS: Final = 20_000
_STRATEGY: Final = "rsi_reversion"
_SHARPE: Final = Wanted(("sharpe",))


class Spent(NamedTuple):
    """Seconds of a sweep: of all cores, and on the clock."""

    cpu_s: float
    wall_s: float


def planned(method: str, n_rows: int, dataset: Dataset) -> tuple[SweepSpec, dict[str, Floats]]:
    """A sweep of a library strategy over its own ranges, with as many rows as the space gives."""
    fields = {"strategy": _STRATEGY, "search": method, "rows": n_rows, "seed": 1}
    meant = meaning(request_from(SweepRequest, {**fields, **_UNVARIED.get(method, {})}))
    rows, bars = dict(meant.rows), dataset.bars
    n_rows = len(next(iter(rows.values())))
    guided = method in LIBRARY_OF
    guidance = Guidance(method, _SHARPE.objectives, batch_for(n_rows)) if guided else None
    window = SweepWindow(
        bars.series, dataset.digest, len(bars), UNROUNDED.instrument,
        bars.start_ms, bars.start_ms, None, bars.end_ms,
    )  # fmt: skip
    spec = SweepSpec(meant.strategy, meant.space, meant.fixed, n_rows, (window,), BROKER, guidance)
    return spec, rows


# What the others search as well: parameters, not graphs.
_UNVARIED: Final[dict[str, dict[str, Any]]] = {
    "genetic": {"vary": {"swaps": 0, "filters": 0, "drops": 0}}
}


def swept(spec: SweepSpec, rows: dict[str, Floats], held: Any, folder: Path) -> Run:
    """The sweep run to its end."""
    parts = Parts(folder, spec)
    parts.begin({})
    windows = Windows(lambda _: held, lambda _: None)
    run = Run(spec, rows, parts, Best(_SHARPE), windows)
    if spec.guidance is not None:
        run.asking = Asking(spec, spec.guidance, rows)
        run.rows = run.asking.rows
    dispatch = Dispatch(lambda: 2 * CORES)
    try:
        run_sweep(run, dispatch, Ticket())
    finally:
        dispatch.close()
    return run


def beyond(method: str, n_rows: int, folder: Path) -> tuple[Spent, Spent]:
    """What a search's sweep takes, and what a sweep of the same rows does that were given."""
    import ray

    dataset = Dataset(bars_of(closes(_BARS)))
    held = ray.put(dataset)
    before_s, started_s = cpu_s(), time.perf_counter()
    spec, rows = planned(method, n_rows, dataset)
    run = swept(spec, rows, held, folder / "asked")
    asked = Spent(cpu_s() - before_s, time.perf_counter() - started_s)
    before_s, started_s = cpu_s(), time.perf_counter()
    swept(replace(spec, guidance=None), dict(run.rows), held, folder / "given")
    return asked, Spent(cpu_s() - before_s, time.perf_counter() - started_s)


def search_sweep_figures(n_rows: int = _ROWS) -> Iterator[Figure]:
    """CPU seconds that each search takes beyond the evaluations of its rows."""
    with ray_session(cpus=CORES), tempfile.TemporaryDirectory() as folder:
        # Workers and their kernels are there before anything counts.
        beyond("random", 500, Path(folder) / "warm")
        for method in METHODS:
            asked, given = beyond(method, n_rows, Path(folder) / method)
            more = float(f"{asked.cpu_s - given.cpu_s:.3g}")
            told = (
                f"{asked.cpu_s:.1f} CPU s against {given.cpu_s:.1f}, {asked.wall_s:.0f} s of clock "
                f"against {given.wall_s:.0f}"
            )
            says = (
                f"A whole sweep of {n_rows:,} rows of {_STRATEGY} over {_BARS:,} bars by {method}, "
                "beyond one of the same rows given"
            )
            yield Figure(
                f"search_sweep_{method}", more, "CPU s", more, more,
                "the same rows, known from the start", "this version", told, says,
            )  # fmt: skip


def main() -> None:
    """Measure, and record the figures beside the others."""
    n_rows = int(sys.argv[1]) if len(sys.argv) > 1 else _ROWS
    sys.stdout.write(record(list(search_sweep_figures(n_rows))))


if __name__ == "__main__":
    main()
