"""How long will a sweep take, and how much memory? Measured on a few of its rows."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.batch.cpu import window
from engines.kernel.market import market_for
from strategies.backtest import bar_range, sums_of
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.plan import BATCH_ROWS, Plan
from tune.chunk import COLUMN_BYTES
from tune.sweep_spec import SweepSpec

_SAMPLE_ROWS: Final = 64
# A row of the table: statistics of two spans and the parameters, as Parquet stores them.
_DISK_BYTES_PER_ROW: Final = 320
_BITMAPS_PER_ROW: Final = 12


@dataclass(frozen=True)
class Estimate:
    """What a sweep is going to need. `cpu_seconds` is of one core, `seconds` on `cpus` of them."""

    rows: int
    bars: int
    cpu_seconds: float
    seconds: float
    cpus: int
    memory_bytes: int
    disk_bytes: int


def estimate(
    spec: SweepSpec, rows: Mapping[str, Floats], dataset: Dataset, cpus: int, window_number: int = 0
) -> Estimate:
    """Time a sample of the sweep's rows over one window, and scale it.

    The sample is spread over the rows, because long and short parameters trade differently.
    """
    terms = spec.terms(window_number)
    column_seconds, row_seconds = _sampled(spec, rows, dataset, window_number)
    whole = Plan(spec.strategy, dataset, rows, terms.broker.compare_tolerance).columns
    n_windows, n_bars = len(spec.windows), len(dataset.bars)
    cpu_seconds = n_windows * (column_seconds * whole.count() + row_seconds * spec.n_rows)
    shared = min(whole.n_bytes(), COLUMN_BYTES)
    batch = _BITMAPS_PER_ROW * BATCH_ROWS * n_bars // 8
    return Estimate(
        rows=spec.total_rows,
        bars=n_bars,
        cpu_seconds=cpu_seconds,
        seconds=cpu_seconds / cpus,
        cpus=cpus,
        memory_bytes=n_windows * (shared + 10 * 8 * n_bars) + cpus * batch,
        disk_bytes=2 * _DISK_BYTES_PER_ROW * spec.total_rows,
    )


def _sampled(
    spec: SweepSpec, rows: Mapping[str, Floats], dataset: Dataset, window_number: int
) -> tuple[float, float]:
    """CPU seconds of one column and of one row."""
    ids = np.unique(np.linspace(0, spec.n_rows - 1, _SAMPLE_ROWS).astype(int))
    sample = {name: values[ids] for name, values in rows.items()}
    terms, over = spec.terms(window_number), spec.windows[window_number]
    tick = market_for(terms.broker, terms.instrument).tick
    ready = window(dataset.bars, tick, dataset.finer, terms.paid)
    started_s = time.process_time()
    plan = Plan(spec.strategy, dataset, sample, terms.broker.compare_tolerance).prepare()
    column_seconds = (time.process_time() - started_s) / max(plan.columns.count(), 1)
    span = bar_range(dataset.bars, over.start_ms, over.end_ms)
    # The kernel is loaded before the clock runs.
    sums_of(plan, ready, terms, [span], 0, 1)
    started_s = time.process_time()
    sums_of(plan, ready, terms, [span], 0, len(ids))
    return column_seconds, (time.process_time() - started_s) / len(ids)


def estimate_text(needs: Estimate) -> str:
    """What a sweep needs, for people."""
    rows = f"{needs.rows:,} rows of {needs.bars:,} bars"
    time = f"about {duration_text(needs.seconds)} on {needs.cpus} cores"
    memory = f"{needs.memory_bytes / 2**20:,.0f} MB of memory"
    return f"{rows}: {time}, {memory}, {needs.disk_bytes / 2**20:,.1f} MB of disk"


def duration_text(seconds: float) -> str:
    """A duration for people: 0.4 s, 12 s, 3 min, 2.5 h."""
    if seconds < 100.0:
        return f"{seconds:.1f} s" if seconds < 10.0 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000.0 else f"{seconds / 3600:.1f} h"
