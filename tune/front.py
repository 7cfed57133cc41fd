"""Which rows does no other beat in every objective? The Pareto front of a table."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from engines.bars import Floats
from tune.ranking import Wanted

# More rows than this are no choice that anybody makes.
MOST_SHOWN: Final = 50


def front_rows(table: pa.Table, wanted: Wanted) -> list[dict[str, Any]]:
    """Rows of a sweep's table that no other beats in all objectives, the ranking one's best first.

    Of more than fifty, fifty that are evenly spread along the front, its ends among them. Empty
    with one objective, or where no row meets the requirements.
    """
    if not wanted.several:
        return []
    scores = np.column_stack([wanted.scores(table, name) for name in wanted.objectives])
    places = np.flatnonzero(front_of(scores))
    order = places[np.argsort(-scores[places, 0], kind="stable")]
    if len(order) > MOST_SHOWN:
        order = order[np.linspace(0, len(order) - 1, MOST_SHOWN).round().astype(int)]
    rows: list[dict[str, Any]] = table.take(pa.array(order)).to_pylist()
    return rows


def front_of(scores: Floats) -> NDArray[np.bool_]:
    """Rows of (n_rows, n_objectives), more is better, that no other beats or equals in all.

    Of rows that are equal in all objectives the first is on the front. A row with NaN is not.
    """
    known = np.flatnonzero(~np.isnan(scores).any(axis=1))
    left, on_front = known, np.zeros(len(scores), dtype=bool)
    # The best of the first objective is on the front whatever comes after it: taken in this
    # order, a row can be beaten by rows that were taken before it only.
    left = left[np.lexsort((left, *(-scores[left, k] for k in range(scores.shape[1] - 1, -1, -1))))]
    while len(left):
        on_front[left[0]] = True
        rest = left[1:]
        left = rest[(scores[rest] > scores[left[0]]).any(axis=1)]
    return on_front
