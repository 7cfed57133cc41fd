"""How long will a sweep take, and how much memory? Measured on a few of its rows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from engines.bars import Floats
from strategies.backtest import Terms, rows_together
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.plan import Plan
from tune.chunk import COLUMN_BYTES, Prepared, prepare, prepare_bare
from tune.graphs import graphs_table
from tune.sweep_spec import SweepSpec

# Where in the rows samples are taken, until they have lasted so long. A sample is a whole batch,
# because neighbours share conditions, as they will in the sweep.
_PLACES: Final = (0.5, 0.1, 0.9, 0.3, 0.7)
_CALIBRATION_S: Final = 2.0
# Chunks whose columns are counted, where they are too large to be made once for all.
_COUNTED_CHUNKS: Final = 8
# A sample's columns are made at once, however large.
_UNLIMITED: Final = 1 << 62
# A row of the table: statistics of two spans and the parameters, as Parquet stores them.
_DISK_BYTES_PER_ROW: Final = 320
_BITMAPS_PER_ROW: Final = 12


@dataclass(frozen=True)
class Estimate:
    """What a sweep is going to need. `cpu_seconds` is of one core, `seconds` on `cpus` of them.

    `bars` are those of the window that was measured, `chunks` the tasks it is cut into.
    """

    rows: int
    bars: int
    chunks: int
    cpu_seconds: float
    seconds: float
    cpus: int
    memory_bytes: int
    disk_bytes: int

    @property
    def cpu_hours(self) -> float:
        """Hours of one core."""
        return self.cpu_seconds / 3600.0


class _Spent(NamedTuple):
    """CPU seconds of a sample: to make it ready, and to compute it."""

    ready_s: float
    rows_s: float
    columns: int
    rows: int


class _Costs(NamedTuple):
    """CPU seconds: to make a window ready, to make a column, to compute a row."""

    window_s: float
    column_s: float
    row_s: float


def estimate(
    spec: SweepSpec, rows: Mapping[str, Floats], dataset: Dataset, cpus: int, window_number: int = 0
) -> Estimate:
    """Time samples of the sweep's rows over one window, and scale them to the bars of all.

    They are spread over the rows, because long and short parameters trade differently.
    """
    costs = _calibrated(spec, rows, dataset, window_number)
    tolerance = spec.terms(window_number).broker.compare_tolerance
    whole = Plan(spec.strategy, dataset, rows, tolerance).columns
    n_windows, n_bars = len(spec.windows), len(dataset.bars)
    scale = sum(one.n_bars for one in spec.windows) / spec.windows[window_number].n_bars
    columns = float(whole.count())
    if whole.n_bytes() > COLUMN_BYTES:
        columns = _columns_of_chunks(spec, rows, dataset, window_number)
    # Rows that are stopped early look at fewer bars.
    looked_at = spec.halving.work(spec.n_rows) if spec.halving else 1.0
    rows_s = costs.row_s * spec.n_rows * looked_at
    cpu_s = scale * (costs.window_s + costs.column_s * columns + rows_s)
    shared = min(whole.n_bytes(), COLUMN_BYTES)
    batch = _BITMAPS_PER_ROW * round(rows_together(spec.means) / spec.alike) * n_bars // 8
    chunks = len(spec.chunks())
    return Estimate(
        rows=spec.total_rows,
        bars=n_bars,
        chunks=chunks,
        cpu_seconds=cpu_s,
        seconds=wall_seconds(cpu_s, chunks, cpus),
        cpus=cpus,
        memory_bytes=n_windows * (shared + 10 * 8 * n_bars) + cpus * batch,
        disk_bytes=2 * _DISK_BYTES_PER_ROW * spec.total_rows,
    )


def wall_seconds(cpu_seconds: float, chunks: int, cores: int) -> float:
    """How long the work lasts on so many cores, a chunk being what one core does."""
    rounds = -(-chunks // cores)
    return cpu_seconds * rounds / max(chunks, 1)


def _calibrated(
    spec: SweepSpec, rows: Mapping[str, Floats], dataset: Dataset, window_number: int
) -> _Costs:
    def sampled(first: int, n_rows: int) -> _Spent:
        terms, over = spec.terms(window_number), spec.windows[window_number]
        some = {name: values[first : first + n_rows] for name, values in rows.items()}
        started_s = time.process_time()
        ready = _ready(spec, dataset, some, terms)
        ready_s = time.process_time()
        graphs_table(ready, spec.family, some, terms, over, 0, spec.means)
        columns = 0 if ready.plan is None else ready.plan.columns.count()
        return _Spent(ready_s - started_s, time.process_time() - ready_s, columns, n_rows)

    # Kernels and the libraries under them are loaded before the clock counts.
    sampled(0, 1)
    one = sampled(0, 1)
    size, spent_s, found = min(rows_together(spec.means), spec.n_rows), 0.0, []
    for place in _PLACES:
        found.append(sampled(int(place * (spec.n_rows - size)), size))
        spent_s += found[-1].ready_s + found[-1].rows_s
        if spent_s > _CALIBRATION_S:
            break
    more = sum(sample.columns - one.columns for sample in found)
    column_s = sum(sample.ready_s - one.ready_s for sample in found) / more if more else 0.0
    row_s = sum(sample.rows_s for sample in found) / (size * len(found))
    return _Costs(max(one.ready_s - column_s * one.columns, 0.0), max(column_s, 0.0), row_s)


def _ready(spec: SweepSpec, dataset: Dataset, some: Mapping[str, Floats], terms: Terms) -> Prepared:
    """A window for a sample; each graph's rows make their own columns."""
    if spec.family.genes:
        return prepare_bare(dataset, terms)
    return prepare(spec.strategy, dataset, some, terms, _UNLIMITED)


def _columns_of_chunks(
    spec: SweepSpec, rows: Mapping[str, Floats], dataset: Dataset, window_number: int
) -> float:
    """Columns that the chunks of a window make, each its own."""
    chunks = [chunk for chunk in spec.chunks() if chunk.window == window_number]
    counted = chunks[:: max(len(chunks) // _COUNTED_CHUNKS, 1)]
    tolerance = spec.terms(window_number).broker.compare_tolerance
    found = 0
    for chunk in counted:
        some = {name: values[chunk.first : chunk.last] for name, values in rows.items()}
        found += Plan(spec.strategy, dataset, some, tolerance).columns.count()
    return found * len(chunks) / len(counted)


def estimate_text(needs: Estimate) -> str:
    """What a sweep needs, for people."""
    rows = f"{needs.rows:,} rows of {needs.bars:,} bars"
    work = f"{duration_text(needs.cpu_seconds)} of one core"
    time = f"about {duration_text(needs.seconds)} on {needs.cpus} cores ({work})"
    memory = f"{needs.memory_bytes / 2**20:,.0f} MB of memory"
    return f"{rows}: {time}, {memory}, {needs.disk_bytes / 2**20:,.1f} MB of disk"


def duration_text(seconds: float) -> str:
    """A duration for people: 0.4 s, 12 s, 3 min, 2.5 h."""
    if seconds < 100.0:
        return f"{seconds:.1f} s" if seconds < 10.0 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000.0 else f"{seconds / 3600:.1f} h"
