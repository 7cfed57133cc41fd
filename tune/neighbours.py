"""How good are the rows beside the best one? A peak alone is luck, a plateau is not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from engines.bars import Floats

# Without a grid: so many rows that are nearest, distances in shares of each parameter's range.
_NEAREST: Final = 12


def beside(params: Mapping[str, Floats], scores: Floats, best: int) -> Floats:
    """Scores of the rows beside row `best` as shares of its own, (n_beside,); NaN left out.

    `params` hold the values (n_rows,) of every parameter, `scores` (n_rows,) more is better. On
    a grid a row is beside it that differs in one parameter by one step; otherwise the nearest
    twelve are. Empty when the best score is not above 0 or nothing varies.
    """
    varied = [values for values in params.values() if np.ptp(values) > 0.0]
    if not varied or not scores[best] > 0.0:
        return np.zeros(0)
    steps = np.array([_steps_from(values, best) for values in varied])
    near = np.abs(steps).sum(axis=0) == 1
    if near.sum() < len(varied):
        away = np.array([(values - values[best]) / np.ptp(values) for values in varied])
        distance = (away**2).sum(axis=0)
        distance[best] = np.inf
        near = np.zeros(len(scores), dtype=bool)
        near[np.argsort(distance, kind="stable")[: min(_NEAREST, len(scores) - 1)]] = True
    found = scores[near & np.isfinite(scores)]
    return np.asarray(found / scores[best])


def _steps_from(values: Floats, best: int) -> np.typing.NDArray[np.int64]:
    place = np.unique(values, return_inverse=True)[1].astype(np.int64)
    return np.asarray(place - place[best])
