"""Which rows share a value? Distinct combinations of the parameters that a node depends on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats

Rows = Mapping[str, Floats]


@dataclass(frozen=True, eq=False)
class Combinations:
    """The distinct combinations of some parameters over all rows.

    `of_row` (n_rows,) tells each row's combination; `first` (n,) a row that has combination k.
    """

    of_row: NDArray[np.int64]
    first: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first)

    def values(self, rows: Rows, name: str) -> Floats:
        """The parameter's value in each combination, (n,)."""
        return rows[name][self.first]


def combinations(rows: Rows, names: Sequence[str], n_rows: int) -> Combinations:
    """Distinct combinations of the named parameters, in order of first appearance."""
    if not names or n_rows == 1:
        return Combinations(np.zeros(n_rows, dtype=np.int64), np.zeros(1, dtype=np.int64))
    table = np.column_stack([rows[name] for name in names])
    if len(names) == 1:
        _, first, of_row = np.unique(table[:, 0], return_index=True, return_inverse=True)
    else:
        _, first, of_row = np.unique(table, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return Combinations(rank[of_row.reshape(-1)].astype(np.int64), first[order].astype(np.int64))
