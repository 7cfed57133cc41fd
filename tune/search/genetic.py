"""Which rows are children of the best? A genetic search, made for graphs that change as well."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats
from strategies.variation.family import PREFIX
from tune.search.terrain import BELOW_ONE, Terrain

_LEAST: Final = 16
_MOST: Final = 100
_TOURNAMENT: Final = 3
# Shares: children that are drawn anew; changes of a graph that fall away when they mutate.
_STRANGERS: Final = 0.1
_UNCHANGED: Final = 0.4
# Numbers move by a tenth of their range, one in five anywhere.
_STEP: Final = 0.1
_LEAP: Final = 0.2
# Of one graph no more than this share of the parents, or its numbers are all that is searched.
_OF_ONE_GRAPH: Final = 0.25


class Genetic:
    """Tournaments among the best rows so far, uniform crossover, one mutation or more a child.

    Goldberg (1989); Syswerda (1989), ICGA 3, for the crossover. The first rows are drawn at
    random, half of the changes of their graphs left out.
    """

    def __init__(self, terrain: Terrain, batch: int, seed: int) -> None:
        self._terrain = terrain
        self._size = min(max(batch, _LEAST), _MOST)
        self._rng = np.random.Generator(np.random.PCG64(seed))
        names = [axis.name for axis in terrain.axes]
        self._changes = np.array([name.startswith(PREFIX) for name in names])
        # The point of "nothing is changed", the first value of the axes that change the graph.
        self._nothing = np.array([0.5 / (n or 1) for n in terrain.listed()])
        self._step = np.array([max(_STEP, 1.0 / n if n else 0.0) for n in terrain.listed()])
        self._slots = _slots(names)
        self._parents = np.zeros((0, terrain.n_axes))
        self._scores = np.zeros(0)

    def tell(self, points: Floats, scores: Floats) -> None:
        """Take the best of all into the next generation; only the first objective counts."""
        points = np.concatenate([self._parents, points])
        found = np.concatenate([self._scores, scores[:, 0]])
        most = max(round(_OF_ONE_GRAPH * self._size), 1) if self._changes.any() else self._size
        seen: dict[bytes, int] = {}
        kept: list[int] = []
        for place in np.argsort(-found, kind="stable").tolist():
            graph = points[place, self._changes].tobytes()
            seen[graph] = seen.get(graph, 0) + 1
            if seen[graph] <= most and len(kept) < self._size:
                kept.append(place)
        self._parents, self._scores = points[kept], found[kept]

    def ask(self, n_points: int) -> Floats:
        """Points (n_points, n_axes): children, and some strangers among them."""
        strangers = self._strangers(n_points)
        if len(self._parents) < 2:
            return self._ordered(strangers)
        first, second = self._chosen(n_points), self._chosen(n_points)
        mixed = np.where(self._rng.random(first.shape) < 0.5, first, second)
        mutant = self._mutated(mixed)
        strange = self._rng.random((n_points, 1)) < _STRANGERS
        return self._ordered(np.where(strange, strangers, mutant))

    def _strangers(self, n_points: int) -> Floats:
        drawn = self._rng.random((n_points, self._terrain.n_axes))
        left_out = self._changes & (self._rng.random(drawn.shape) < 0.5)
        return np.where(left_out, self._nothing, drawn)

    def _chosen(self, n_points: int) -> Floats:
        """The winner of a tournament each: parents lie best first."""
        drawn = self._rng.integers(len(self._parents), size=(n_points, _TOURNAMENT))
        return np.asarray(self._parents[drawn.min(axis=1)])

    def _mutated(self, points: Floats) -> Floats:
        shape, rng = points.shape, self._rng
        hit = rng.random(shape) < 1.0 / shape[1]
        hit[np.arange(shape[0]), rng.integers(shape[1], size=shape[0])] = True
        anywhere = rng.random(shape)
        near = np.clip(points + self._step * rng.standard_normal(shape), 0.0, BELOW_ONE)
        moved = np.where(rng.random(shape) < _LEAP, anywhere, near)
        fallen = np.where(rng.random(shape) < _UNCHANGED, self._nothing, anywhere)
        return np.where(hit, np.where(self._changes, fallen, moved), points)

    def _ordered(self, points: Floats) -> Floats:
        """Changes of one kind in falling order, in which alone they are allowed."""
        points = self._terrain.points(self._terrain.values(points))
        for slots in self._slots:
            points[:, slots] = -np.sort(-points[:, slots], axis=1)
        return points


def _slots(names: list[str]) -> list[NDArray[np.int64]]:
    """Places of the axes that hold changes of one kind."""
    kinds: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if name.startswith(PREFIX):
            kinds.setdefault(name.rstrip("0123456789"), []).append(place)
    return [np.array(places) for places in kinds.values()]
