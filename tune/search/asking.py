"""Which rows does a guided sweep run next? A searcher asked and told, batch by batch.

Nothing of it is stored: seed, rows and statistics of the parts that exist give the same searcher.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from engines.bars import Floats
from engines.batch.summary import STATISTICS
from tune.chunk import TRAIN
from tune.search.guidance import Guidance
from tune.search.searcher import searcher_of
from tune.search.terrain import Terrain
from tune.sweep_spec import Chunk, SweepSpec, allowed_by


class Asking:
    """The rows of one sweep as they become known.

    `rows` (n_rows,) of every parameter are those of the space, as many as will be run: what no
    searcher proposes is taken from them. They are overwritten in place batch by batch.
    """

    def __init__(self, spec: SweepSpec, guidance: Guidance, rows: Mapping[str, Floats]) -> None:
        self.rows = {name: values.copy() for name, values in rows.items()}
        self._guidance = guidance
        self._terrain = Terrain(spec.space, allowed_by(spec.strategy, spec.fixed), dict(rows))
        self._searcher = searcher_of(self._terrain, guidance, spec.space.seed)
        self._start = self._terrain.nearest(np.array(guidance.start))
        shape = (len(spec.windows), spec.n_rows, len(guidance.objectives))
        self._found = np.full(shape, np.nan)
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
        for place, objective in enumerate(self._guidance.objectives):
            better = STATISTICS[objective].better or 1
            values = better * table.column(f"{TRAIN}{objective}").to_numpy()
            self._found[chunk.window, chunk.first : chunk.last, place] = values

    def tell(self, first: int, last: int) -> None:
        """Tell the searcher of a batch whose chunks are all done."""
        values = self._values(first, last)
        scores = self._finite(scores_over(self._found[:, first:last]))
        self._searcher.tell(self._terrain.points(values), scores)

    def _values(self, first: int, last: int) -> Floats:
        return np.column_stack([self.rows[axis.name][first:last] for axis in self._terrain.axes])

    def _put(self, first: int, last: int, values: Floats) -> None:
        self._terrain.claim(values)
        for k, axis in enumerate(self._terrain.axes):
            self.rows[axis.name][first:last] = values[:, k]

    def _finite(self, scores: Floats) -> Floats:
        """Scores as numbers: nothing is worse than all, infinitely good as good as the best."""
        for place, column in enumerate(scores.T):
            known = column[np.isfinite(column)]
            if len(known):
                self._worst[place] = min(self._worst[place], known.min())
                self._best[place] = max(self._best[place], known.max())
        below = self._worst - 1.0 - np.abs(self._worst)
        return np.where(np.isfinite(scores), scores, np.where(scores > 0.0, self._best, below))


def scores_over(found: Floats) -> Floats:
    """The mean over windows of (n_windows, n_rows, n_objectives); NaN where a window has none."""
    return np.asarray(found.mean(axis=0))


def best_rows(
    table: pa.Table, axes: Sequence[str], objective: str, most: int
) -> list[tuple[float, ...]]:
    """The values of `axes` in the `most` best rows of a sweep's table, over all its windows.

    Rows that lack one of the statistics in a window do not count.
    """
    number = table.column("row").to_numpy()
    better = STATISTICS[objective].better or 1
    scores = better * table.column(f"{TRAIN}{objective}").to_numpy()
    _, where, place = np.unique(number, return_index=True, return_inverse=True)
    totals = np.bincount(place, weights=np.where(np.isfinite(scores), scores, -np.inf))
    means = totals / np.bincount(place)
    order = [k for k in np.argsort(-means, kind="stable")[:most] if np.isfinite(means[k])]
    columns = [table.column(f"param_{name}").to_numpy() for name in axes]
    return [tuple(float(column[where[k]]) for column in columns) for k in order]
