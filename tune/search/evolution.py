"""Where does a cloud of rows move that keeps to its better half? CMA-ES, for thousands of rows."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

import numpy as np

from engines.bars import Floats
from tune.search.terrain import BELOW_ONE, Terrain

if TYPE_CHECKING:
    from cmaes import CMA

_SIGMA: Final = 0.25
# Below this share of new points in a batch the cloud has collapsed on rows that were tried.
_NEW_LEAST: Final = 0.34


class Evolution:
    """CMA-ES whose generation is a batch, begun anew elsewhere when its cloud has collapsed.

    Hansen (2016), arXiv:1604.00772. The first cloud lies in the middle and reaches to the rims; the
    next ones begin at points drawn at random.
    """

    def __init__(self, terrain: Terrain, batch: int, seed: int) -> None:
        self._terrain = terrain
        self._size = max(batch, 4)
        self._rng = np.random.Generator(np.random.PCG64(seed))
        self._cloud = self._begun(np.full(terrain.n_axes, 0.5))
        self._drawn: set[bytes] = set()

    def ask(self, n_points: int) -> Floats:
        """Points (n_points, n_axes) of the cloud."""
        points = np.array([self._cloud.ask() for _ in range(n_points)])
        points = self._terrain.points(self._terrain.values(np.clip(points, 0.0, BELOW_ONE)))
        self._drawn.update(point.tobytes() for point in points)
        return points

    def tell(self, points: Floats, scores: Floats) -> None:
        """Move the cloud; a batch that is too small for a generation is passed over."""
        if len(points) < self._size:
            return
        own = sum(point.tobytes() in self._drawn for point in points)
        self._drawn.clear()
        best = np.argsort(-scores[:, 0], kind="stable")[: self._size]
        self._cloud.tell([(points[place], -float(scores[place, 0])) for place in best.tolist()])
        if own < _NEW_LEAST * len(points) or self._cloud.should_stop():
            self._cloud = self._begun(self._rng.random(self._terrain.n_axes))

    def _begun(self, mean: Floats) -> CMA:
        with warnings.catch_warnings():
            # Its own offer of a helper library that is not installed.
            warnings.simplefilter("ignore")
            from cmaes import CMA

        n_axes = self._terrain.n_axes
        return CMA(
            mean=mean,
            sigma=_SIGMA,
            bounds=np.array([[0.0, 1.0]] * n_axes),
            seed=int(self._rng.integers(2**31)),
            population_size=self._size,
        )
