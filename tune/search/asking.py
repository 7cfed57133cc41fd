"""Which rows does a guided sweep run next? A searcher asked and told, batch by batch.

Nothing of it is stored: seed, rows and statistics of the parts that exist give the same searcher.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from engines.bars import Floats
from tune.ranking import Wanted, score
from tune.search.guidance import Guidance
from tune.search.searcher import searcher_of
from tune.search.terrain import Terrain
from tune.sweep_spec import Chunk, SweepSpec, allowed_by

# How far from everything that is required a row without a value is.
_NO_VALUE: Final = 9.0


class Asking:
    """The rows of one sweep as they become known.

    `rows` (n_rows,) of every parameter are those of the space, as many as will be run: what no
    searcher proposes is taken from them. They are overwritten in place batch by batch.
    """

    def __init__(self, spec: SweepSpec, guidance: Guidance, rows: Mapping[str, Floats]) -> None:
        self.rows = {name: values.copy() for name, values in rows.items()}
        self._wanted = Wanted(guidance.objectives, guidance.require)
        self._terrain = Terrain(
            spec.space, allowed_by(spec.family, spec.fixed, spec.where), dict(rows)
        )
        self._searcher = searcher_of(self._terrain, guidance, spec.space.seed)
        self._start = self._terrain.nearest(np.array(guidance.start))
        shape = (len(spec.windows), spec.n_rows, len(guidance.objectives))
        self._found = np.full(shape, np.nan)
        self._breach = np.zeros(shape[:2])
        self._worst = np.zeros(shape[2])
        self._best = np.zeros(shape[2])

    def ask(self, first: int, last: int) -> None:
        """Fill in the rows `first` to `last`."""
        # The first batch looks at the rows that it is given, at most half of it.
        given = self._start[: (last - first) // 2] if first == 0 else self._start[:0]
        given = given[self._terrain.open(given)] if len(given) else given
        self._terrain.claim(given)
        asked = self._terrain.take(self._searcher, last - first - len(given))
        self._put(first, last, np.concatenate([given, asked]))

    def found(self, chunk: Chunk, table: pa.Table) -> None:
        """Take note of a chunk that is done; its rows are what was run, whoever asked for them."""
        rows = [table.column(f"param_{axis.name}").to_numpy() for axis in self._terrain.axes]
        self._put(chunk.first, chunk.last, np.column_stack(rows))
        own = (chunk.window, slice(chunk.first, chunk.last))
        for place, objective in enumerate(self._wanted.objectives):
            self._found[(*own, place)] = score(table, objective)
        self._breach[own] = self._wanted.breach(table)

    def kept(self, chunk: Chunk, table: pa.Table) -> pa.Table:
        """A chunk's table as its part: as it is."""
        return table

    def tell(self, first: int, last: int) -> None:
        """Tell the searcher of a batch whose chunks are all done."""
        values = self._values(first, last)
        # A row is as good as its mean over the markets, and has to meet what is required on each.
        scores = self._found[:, first:last].mean(axis=0)
        breach = self._breach[:, first:last].mean(axis=0)
        self._searcher.tell(self._terrain.points(values), self._finite(scores, breach))

    def _values(self, first: int, last: int) -> Floats:
        return np.column_stack([self.rows[axis.name][first:last] for axis in self._terrain.axes])

    def _put(self, first: int, last: int, values: Floats) -> None:
        self._terrain.claim(values)
        for k, axis in enumerate(self._terrain.axes):
            self.rows[axis.name][first:last] = values[:, k]

    def _finite(self, scores: Floats, breach: Floats) -> Floats:
        """Scores as numbers: no value is worse than all, infinitely good as good as the best.

        Rows that break a requirement are worse than all that do not, by how far they break it.
        """
        for place, column in enumerate(scores.T):
            known = column[np.isfinite(column)]
            if len(known):
                self._worst[place] = min(self._worst[place], known.min())
                self._best[place] = max(self._best[place], known.max())
        kept = np.where(np.isposinf(scores), self._best, scores)
        breach = np.where(np.isfinite(kept).all(axis=1), breach, _NO_VALUE + breach)[:, None]
        below = self._worst - (10.0 + breach) * (1.0 + np.abs(self._worst))
        return np.where(breach > 0.0, below, kept)


def best_rows(
    table: pa.Table, axes: Sequence[str], wanted: Wanted, most: int
) -> list[tuple[float, ...]]:
    """The values of `axes` in the `most` best rows of a sweep's table, over all its windows.

    Rows that lack a value or break a requirement in one of them do not count.
    """
    number = table.column("row").to_numpy()
    scores = wanted.scores(table)
    _, where, place = np.unique(number, return_index=True, return_inverse=True)
    totals = np.bincount(place, weights=np.where(np.isfinite(scores), scores, -np.inf))
    means = totals / np.bincount(place)
    order = [k for k in np.argsort(-means, kind="stable")[:most] if np.isfinite(means[k])]
    columns = [table.column(f"param_{name}").to_numpy() for name in axes]
    return [tuple(float(column[where[k]]) for column in columns) for k in order]
