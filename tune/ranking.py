"""Which rows are best? The top of a table by one statistic, kept while parts come in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from engines.bars import Floats
from engines.batch.summary import STATISTICS
from engines.errors import InvalidInput
from tune.chunk import TRAIN
from tune.conditions import Condition, broken_by

KEPT: Final = 20
# The column that tells which rows were judged on a part of the history only.
STOPPED: Final = "stopped"


@dataclass(frozen=True)
class Wanted:
    """What is looked for in the in-sample part of a table. The first objective ranks its rows.

    A row that breaks one of the conditions on its statistics, `require`, is worse than any other.
    """

    objectives: tuple[str, ...]
    require: tuple[Condition, ...] = ()

    def __post_init__(self) -> None:
        for name in self.objectives:
            if name not in STATISTICS:
                raise InvalidInput("objective", name, f"one of {', '.join(STATISTICS)}")

    @property
    def several(self) -> bool:
        """Whether there is more than one objective."""
        return len(self.objectives) > 1

    def scores(self, table: pa.Table, objective: str | None = None) -> Floats:
        """An objective's values, the first one's by default, (n_rows,): more is better.

        NaN for rows that have none, do not meet the requirements, or were stopped early.
        """
        values = score(table, objective or self.objectives[0])
        return np.where((self.breach(table) > 0.0) | stopped_rows(table), np.nan, values)

    def breach(self, table: pa.Table) -> Floats:
        """How far rows are from meeting the requirements, (n_rows,): 0 where they do."""
        return broken_by(self.require, Train(table), table.num_rows)


class Train(Mapping[str, Floats]):
    """The in-sample statistics of a table by name."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __getitem__(self, name: str) -> Floats:
        return np.asarray(self._table.column(f"{TRAIN}{name}").to_numpy())

    def __iter__(self) -> Iterator[str]:
        return iter(STATISTICS)

    def __len__(self) -> int:
        return len(STATISTICS)


def stopped_rows(table: pa.Table) -> NDArray[np.bool_]:
    """Which rows were judged on a part of the history only, (n_rows,)."""
    if STOPPED not in table.column_names:
        return np.zeros(table.num_rows, dtype=bool)
    return np.asarray(table.column(STOPPED).to_numpy())


def score(table: pa.Table, objective: str) -> Floats:
    """In-sample values of a statistic with the sign by which more is better, (n_rows,)."""
    better = STATISTICS[objective].better or 1
    return np.asarray(better * table.column(f"{TRAIN}{objective}").to_numpy())


class Best:
    """The best rows so far by what is wanted.

    Rows without a value, or that are not wanted, come last; of equal rows the one with the lower
    number comes first, whatever the order in which parts arrive.
    """

    def __init__(self, wanted: Wanted, kept: int = KEPT) -> None:
        self._wanted = wanted
        self._kept = kept
        self._top: pa.Table | None = None

    def add(self, table: pa.Table) -> None:
        """Take the rows of one more part."""
        joined = table if self._top is None else pa.concat_tables([self._top, table])
        scores = self._wanted.scores(joined)
        scores = np.where(np.isnan(scores), -np.inf, scores)
        rows = joined.column("row").to_numpy()
        symbols = pc.rank(joined.column("symbol"), tiebreaker="min").to_numpy()
        order = np.lexsort((rows, symbols, -scores))[: self._kept]
        self._top = joined.take(pa.array(order)).combine_chunks()

    def rows(self) -> list[dict[str, Any]]:
        """The best rows as mappings, best first."""
        return [] if self._top is None else self._top.to_pylist()

    def top_row(self) -> dict[str, Any] | None:
        """The best row so far."""
        rows = None if self._top is None else self._top.slice(0, 1).to_pylist()
        return rows[0] if rows else None
