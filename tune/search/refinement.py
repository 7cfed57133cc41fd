"""Where is it good all around? A coarse look at everything, then finer ones at the plateaus."""

from __future__ import annotations

import warnings
from typing import Final

import numpy as np

from engines.bars import Floats
from tune.search.terrain import BELOW_ONE, Terrain

# Share of the rows that look everywhere; of the others, share that steps around the best row.
_COARSE: Final = 0.4
_STEPPING: Final = 0.5
# Standard deviation of a step in values of an axis, and how many a range without steps has.
_STEP: Final = 1.5
_VALUES: Final = 50
_PLATEAUS: Final = 5
# Reach of the last look as a share of the first one's.
_FINEST: Final = 0.1


class Refinement:
    """Sobol points first; then points around those whose neighbours are good as well.

    A point stands for a plateau by the median of its own score and those of its nearest, two for
    each axis: a peak that stands alone does not draw the search. The boxes around the plateaus
    shrink from the distance between coarse points to a tenth of it. Every second point is a step
    or two away from the best one on the plateaus instead.
    """

    def __init__(self, terrain: Terrain, seed: int) -> None:
        from scipy.stats.qmc import Sobol

        self._terrain = terrain
        self._rng = np.random.Generator(np.random.PCG64(seed))
        self._sobol = Sobol(terrain.n_axes, scramble=True, rng=self._rng)
        self._coarse = max(round(_COARSE * terrain.n_rows), 1)
        self._reach = 0.5 * self._coarse ** (-1.0 / terrain.n_axes)
        self._step = np.array([_STEP / (n or _VALUES) for n in terrain.listed()])
        self._points = np.zeros((0, terrain.n_axes))
        self._scores = np.zeros(0)

    def tell(self, points: Floats, scores: Floats) -> None:
        """Take note; only the first objective counts."""
        self._points = np.concatenate([self._points, points])
        self._scores = np.concatenate([self._scores, scores[:, 0]])

    def ask(self, n_points: int) -> Floats:
        """Points (n_points, n_axes): everywhere, or in the boxes around the plateaus."""
        told = len(self._points)
        if told < self._coarse:
            return self._spread(n_points)
        centres = self._points[self.plateaus()]
        left = 1.0 - (told - self._coarse) / max(self._terrain.n_rows - self._coarse, 1)
        reach = self._reach * max(left, _FINEST)
        around = centres[self._rng.integers(len(centres), size=n_points)]
        moved = around + reach * self._rng.uniform(-1.0, 1.0, around.shape)
        stepped = self._best_of(centres) + self._step * self._rng.standard_normal(around.shape)
        drawn = np.where(self._rng.random((n_points, 1)) < _STEPPING, stepped, moved)
        return np.asarray(np.clip(drawn, 0.0, BELOW_ONE))

    def plateaus(self) -> list[int]:
        """Told points that are best all around, at most five, each beyond the others' reach."""
        from scipy.spatial import KDTree

        nearest = min(2 * self._terrain.n_axes + 1, len(self._points))
        _, beside = KDTree(self._points).query(self._points, k=nearest)
        level = np.median(self._scores[beside.reshape(len(self._points), -1)], axis=1)
        chosen: list[int] = []
        for place in np.argsort(-level, kind="stable").tolist():
            apart = np.abs(self._points[chosen] - self._points[place]).max(axis=1)
            if np.all(apart > self._reach):
                chosen.append(place)
            if len(chosen) == _PLATEAUS:
                break
        return chosen

    def _best_of(self, centres: Floats) -> Floats:
        """The best point that was told within reach of the plateaus."""
        apart = np.abs(self._points[:, None] - centres[None]).max(axis=2)
        near = (apart <= self._reach).any(axis=1)
        return np.asarray(self._points[np.argmax(np.where(near, self._scores, -np.inf))])

    def _spread(self, n_points: int) -> Floats:
        with warnings.catch_warnings():
            # Balance over powers of two is not needed: rows that are not allowed leave holes.
            warnings.simplefilter("ignore", UserWarning)
            return np.asarray(self._sobol.random(n_points))
