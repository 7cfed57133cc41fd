"""What does one task compute? The statistics of thousands of rows over one window, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from engines.bars import Floats
from engines.batch.cpu import Window, window
from engines.batch.summary import STATISTICS, statistics
from engines.kernel.layout import N_STATS
from engines.kernel.market import market_for
from strategies.backtest import Means, Terms, bar_range, sums_of
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.plan import Plan
from strategies.graph.strategy import Strategy
from tune.sweep_spec import TABLE_SCHEMA_VERSION, SweepWindow

# Columns of one plan: beyond this each chunk, and within it each part of its rows, makes its own.
COLUMN_BYTES: Final = 256 * 2**20
PARAM: Final = "param_"
TRAIN: Final = "train_"
TEST: Final = "test_"


@dataclass(frozen=True, eq=False)
class Prepared:
    """A window made ready once for all its chunks; workers read it without a copy.

    `plan` holds the columns of all rows, or is None when they are too large to share.
    """

    dataset: Dataset
    ready: Window
    plan: Plan | None


def prepare(
    strategy: Strategy,
    dataset: Dataset,
    rows: Mapping[str, Floats],
    terms: Terms,
    column_bytes: int = COLUMN_BYTES,
) -> Prepared:
    """Put prices on the tick grid, and compute every distinct column of the sweep once."""
    ready = prepare_bare(dataset, terms).ready
    plan = Plan(strategy, dataset, rows, terms.broker.compare_tolerance)
    shared = plan.columns.n_bytes() <= column_bytes
    return Prepared(dataset, ready, plan.prepare() if shared else None)


def prepare_bare(dataset: Dataset, terms: Terms, until_ms: int | None = None) -> Prepared:
    """A window for rows that are not known yet: each chunk computes its own columns.

    Nothing from `until_ms` on is in it.
    """
    dataset = dataset if until_ms is None else dataset.until(until_ms)
    tick = market_for(terms.broker, terms.instrument).tick
    return Prepared(dataset, window(dataset.bars, tick, dataset.finer, terms.paid), None)


def chunk_table(
    prepared: Prepared,
    strategy: Strategy,
    rows: Mapping[str, Floats],
    terms: Terms,
    over: SweepWindow,
    first: int,
    means: Means = "cpu",
) -> pa.Table:
    """Parameters and statistics of `rows`, numbered from `first` on."""
    sums = row_sums(prepared, strategy, rows, terms, spans_of(over), first, means)
    return table_of(sums, rows, terms, over, first)


def row_sums(
    prepared: Prepared,
    strategy: Strategy,
    rows: Mapping[str, Floats],
    terms: Terms,
    spans_ms: Sequence[tuple[int, int]],
    first: int = 0,
    means: Means = "cpu",
) -> list[Floats]:
    """Sums of the rows, numbered from `first` on, over each span: (n_rows, N_STATS) each."""
    parts = []
    spans = [bar_range(prepared.dataset.bars, *span) for span in spans_ms]
    for plan, low, high in plans_of(prepared, strategy, rows, terms, first):
        offset = first if plan is prepared.plan else 0
        part = (low + offset, high + offset)
        parts.append(sums_of(plan, prepared.ready, terms, spans, *part, means=means))
    return [np.concatenate(kind) for kind in zip(*parts, strict=True)]


def failed_table(
    rows: Mapping[str, Floats], terms: Terms, over: SweepWindow, first: int
) -> pa.Table:
    """The table of rows that could not be computed: parameters, and no statistic (NaN)."""
    n_rows = len(next(iter(rows.values())))
    nil = [np.zeros((n_rows, N_STATS)) for _ in spans_of(over)]
    table = table_of(nil, rows, terms, over, first)
    nothing = pa.array(np.full(n_rows, np.nan))
    for place, name in enumerate(table.column_names):
        if name.startswith((TRAIN, TEST)):
            table = table.set_column(place, name, nothing)
    return table


def plans_of(
    prepared: Prepared,
    strategy: Strategy,
    rows: Mapping[str, Floats],
    terms: Terms,
    first: int = 0,
) -> Iterator[tuple[Plan, int, int]]:
    """Plans that cover the rows, with the first and last row each is used for.

    The window's own plan numbers the rows from `first` on, others from 0.
    """
    n_rows = len(next(iter(rows.values())))
    if prepared.plan is not None:
        yield prepared.plan, 0, n_rows
        return
    tolerance = terms.broker.compare_tolerance
    pending = [(0, n_rows)]
    while pending:
        low, high = pending.pop(0)
        part = {name: values[low:high] for name, values in rows.items()}
        plan = Plan(strategy, prepared.dataset, part, tolerance)
        if plan.columns.n_bytes() > COLUMN_BYTES and high - low > 1:
            middle = (low + high) // 2
            pending = [(low, middle), (middle, high), *pending]
            continue
        yield plan.prepare(), 0, high - low


def spans_of(over: SweepWindow) -> list[tuple[int, int]]:
    """The parts of a window that have statistics of their own: in sample, and out of it."""
    if over.split_ms is None:
        return [(over.start_ms, over.end_ms)]
    return [(over.start_ms, over.split_ms), (over.split_ms, over.end_ms)]


def parameters_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a row of the table, by their names."""
    return {
        column.removeprefix(PARAM): value
        for column, value in row.items()
        if column.startswith(PARAM)
    }


def table_of(
    sums: list[Floats], rows: Mapping[str, Floats], terms: Terms, over: SweepWindow, first: int
) -> pa.Table:
    """Parameters and statistics of rows whose sums are known."""
    n_rows = len(sums[0])
    columns: dict[str, pa.Array | Floats] = {
        "row": pa.array(np.arange(first, first + n_rows), pa.int64()),
        "symbol": pa.array([over.series.symbol] * n_rows, pa.string()),
        "interval": pa.array([over.series.interval] * n_rows, pa.string()),
        **{f"{PARAM}{name}": values for name, values in rows.items()},
    }
    for prefix, span, values in zip((TRAIN, TEST), spans_of(over), sums, strict=False):
        named = statistics(
            values, terms.broker.initial_cash, over.series.interval, span[1] - span[0]
        )
        columns |= {f"{prefix}{name}": named[name] for name in STATISTICS}
    table = pa.table(columns)
    return table.replace_schema_metadata({"schema_version": str(TABLE_SCHEMA_VERSION)})
