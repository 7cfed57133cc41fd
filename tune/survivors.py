"""Which rows go on to more history, and what does the table say of those that did not?

A row that is stopped keeps the figures that it was judged on, and is ranked behind every row that
saw the whole history.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engines.bars import Floats
from engines.batch.summary import STATISTICS
from tune.chunk import TEST
from tune.halving import Halving
from tune.isolation import FailedRow, failed_rows, with_failed
from tune.ranking import STOPPED, score
from tune.sweep_spec import Chunk, SweepSpec

# Until when the in-sample statistics of a row count, UTC ms.
JUDGED_UNTIL: Final = "judged_until_ms"
# Where they stand: behind row, symbol and interval.
_PLACE: Final = 3


class Survivors:
    """The rows of one sweep, stage by stage; asked as a search is.

    `rows` hold a value for every evaluation: those of all rows, then those of the rows that went
    on. Nothing of it is stored: the parts that exist tell the same.
    """

    def __init__(self, spec: SweepSpec, halving: Halving, rows: Mapping[str, Floats]) -> None:
        self._spec = spec
        self._halving = halving
        self._all = dict(rows)
        self._stages = halving.stages(spec.n_rows)
        n_places = self._stages[-1].last
        later = np.zeros(n_places - spec.n_rows, dtype=np.int64)
        self._numbers = np.concatenate([np.arange(spec.n_rows), later])
        self.rows = {name: values[self._numbers] for name, values in rows.items()}
        self._found = np.full((len(spec.windows), n_places), np.nan)

    def ask(self, first: int, last: int) -> None:
        """Choose the rows of a stage; those of the stage before are all judged."""
        number = next(one.number for one in self._stages if one.first == first)
        if number > 0:
            before = self._stages[number - 1]
            judged = slice(before.first, before.last)
            kept = best_of(self._found[:, judged], last - first)
            self._put(first, last, self._numbers[judged][kept])

    def tell(self, first: int, last: int) -> None:
        """Nothing is learnt but from the chunks."""

    def found(self, chunk: Chunk, table: pa.Table) -> None:
        """Take note of a chunk that is done; its rows are what was run."""
        self._put(chunk.first, chunk.last, table.column("row").to_numpy())
        own = (chunk.window, slice(chunk.first, chunk.last))
        self._found[own] = score(table, self._halving.objective)

    def kept(self, chunk: Chunk, table: pa.Table) -> pa.Table:
        """A chunk's table as its part: rows by their numbers, and until when they were judged."""
        numbers = self._numbers[chunk.first : chunk.last]
        over, stopped = self._spec.over(chunk), not self._spec.sees_all(chunk)
        until_ms = over.end_ms if over.split_ms is None else over.split_ms
        table = table.set_column(0, "row", pa.array(numbers))
        if stopped and self._spec.windows[chunk.window].split_ms is not None:
            nothing = pa.array(np.full(len(numbers), np.nan))
            for name in STATISTICS:
                table = table.append_column(f"{TEST}{name}", nothing)
        for name, value in ((STOPPED, pa.scalar(stopped)), (JUDGED_UNTIL, pa.scalar(until_ms))):
            table = table.add_column(_PLACE, name, pa.repeat(value, len(numbers)))
        failed = [
            FailedRow(int(self._numbers[one.row]), one.reason)
            for one in failed_rows(table.schema.metadata)
        ]
        return table.replace_schema_metadata(with_failed(table.schema, failed).metadata)

    def _put(self, first: int, last: int, numbers: NDArray[np.int64]) -> None:
        self._numbers[first:last] = numbers
        for name, values in self._all.items():
            self.rows[name][first:last] = values[numbers]


def best_of(scores: Floats, n_rows: int) -> NDArray[np.int64]:
    """Places of the best rows by their mean over windows (n_windows, n), in rising order.

    A row without a value in one window is worse than all; of equals the first one is better.
    """
    means = np.where(np.isnan(scores), -np.inf, scores).mean(axis=0)
    return np.sort(np.argsort(-means, kind="stable")[:n_rows])


def merged(first_stage: Iterable[pa.Table], later: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Tables of all rows of one window, each row as its last stage left it.

    `later` are the parts of the stages behind the first, in order; `first_stage` those of the
    first, of which one at a time is held.
    """
    gone_on = list(later)
    last = None if not gone_on else _last_of(pa.concat_tables(gone_on))
    for table in first_stage:
        if last is None:
            yield table
            continue
        rows, moved = table.column("row").to_numpy(), last.column("row").to_numpy()
        inside = np.isin(moved, rows)
        stayed = table.filter(pa.array(~np.isin(rows, moved)))
        both = pa.concat_tables([stayed, last.filter(pa.array(inside))])
        yield both.sort_by("row").combine_chunks()


def _last_of(table: pa.Table) -> pa.Table:
    """The last record of each row."""
    rows = table.column("row").to_numpy()[::-1]
    _, place = np.unique(rows, return_index=True)
    return table.take(pa.array(len(rows) - 1 - place))
