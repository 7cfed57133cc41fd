"""What if one row fails? Its chunk is halved until it stands alone, and the others are kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from engines.bars import Floats
from engines.batch import gpu
from strategies.backtest import Means, Terms
from strategies.evaluation.dataset import Dataset
from strategies.graph.strategy import Strategy
from strategies.variation.family import Family
from tune.chunk import Prepared, prepare
from tune.graphs import failed_graphs, graphs_table
from tune.sweep_spec import SweepWindow

FAILED: Final = b"failed_rows"
# Where more rows of a chunk fail, it is not they that are wrong.
MOST_FAILED: Final = 16

Compute = Callable[[Mapping[str, Floats], int], pa.Table]


@dataclass(frozen=True)
class FailedRow:
    """A row that could not be computed, and why."""

    row: int
    reason: str


def prepared_window(
    strategy: Strategy,
    dataset: Dataset,
    rows: Mapping[str, Floats],
    terms: Terms,
    until_ms: int | None = None,
) -> Prepared:
    """As `prepare`; where a row's columns cannot be made, without columns of all rows.

    Nothing from `until_ms` on is in it.
    """
    dataset = dataset if until_ms is None else dataset.until(until_ms)
    try:
        return prepare(strategy, dataset, rows, terms)
    except Exception:  # noqa: BLE001 (the rim of a task: each chunk finds the row that is wrong)
        return prepare(strategy, dataset, rows, terms, column_bytes=-1)


def timed_part(
    prepared: Prepared,
    family: Family,
    rows: Mapping[str, Floats],
    terms: Terms,
    over: SweepWindow,
    first: int,
    means: Means = "cpu",
) -> tuple[pa.Table, float]:
    """A chunk's table, in which rows that fail have no statistics, and the seconds it took.

    Raises InvalidInput where a GPU is asked for and absent: that is no row's failure.
    """
    if means == "gpu":
        gpu.check_available()
    started_s = time.perf_counter()

    def compute(some: Mapping[str, Floats], at: int) -> pa.Table:
        return graphs_table(prepared, family, some, terms, over, at, means)

    def failed(some: Mapping[str, Floats], at: int) -> pa.Table:
        return failed_graphs(family, some, terms, over, at)

    table = isolated(compute, failed, rows, first)
    return table, time.perf_counter() - started_s


def isolated(compute: Compute, failed: Compute, rows: Mapping[str, Floats], first: int) -> pa.Table:
    """The table of `compute`; of rows that make it fail alone, that of `failed`, named in it.

    Raises what the first of them raised when they are more than MOST_FAILED.
    """
    wrong: list[tuple[FailedRow, Exception]] = []

    def part(some: Mapping[str, Floats], at: int) -> pa.Table:
        n_rows = len(next(iter(some.values())))
        try:
            return compute(some, at)
        except Exception as error:  # noqa: BLE001 (the rim of a task, whatever a row does)
            if n_rows > 1:
                middle = n_rows // 2
                halves = [
                    part({name: values[piece] for name, values in some.items()}, start)
                    for piece, start in (
                        (slice(0, middle), at),
                        (slice(middle, n_rows), at + middle),
                    )
                ]
                return pa.concat_tables(halves).combine_chunks()
            wrong.append((FailedRow(at, f"{type(error).__name__}: {error}"), error))
            if len(wrong) > MOST_FAILED:
                raise wrong[0][1] from None
            return failed(some, at)

    return _marked(part(rows, first), [row for row, _ in wrong])


def failed_rows(metadata: Mapping[bytes, bytes] | None) -> list[FailedRow]:
    """The rows that a table's metadata names as failed."""
    told: list[list[Any]] = json.loads((metadata or {}).get(FAILED, b"[]"))
    return [FailedRow(int(row), str(reason)) for row, reason in told]


def with_failed(schema: pa.Schema, rows: list[FailedRow]) -> pa.Schema:
    """The schema with these rows named as failed."""
    kept = {name: value for name, value in (schema.metadata or {}).items() if name != FAILED}
    named = {FAILED: json.dumps([[one.row, one.reason] for one in rows]).encode()} if rows else {}
    return schema.with_metadata({**kept, **named})


def _marked(table: pa.Table, rows: list[FailedRow]) -> pa.Table:
    return table.replace_schema_metadata(with_failed(table.schema, rows).metadata)
