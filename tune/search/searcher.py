"""Who proposes rows? One interface, and the methods by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from engines.bars import Floats
from tune.search.guidance import Guidance
from tune.search.terrain import Terrain


class Searcher(Protocol):
    """What proposes points, (n, n_axes) of the unit cube, and is told how good points were.

    It is told every point that was evaluated, its own and others: `scores` (n, n_objectives) are
    finite, more is better. The same seed and the same tellings give the same proposals.
    """

    def ask(self, n_points: int) -> Floats:
        """Points to try; repeated and forbidden ones are dropped by who asks."""
        ...

    def tell(self, points: Floats, scores: Floats) -> None:
        """Take note of evaluated points."""
        ...


Make = Callable[[Terrain, Guidance, int], Searcher]


def _study(terrain: Terrain, guidance: Guidance, seed: int) -> Searcher:
    from tune.search.studies import Study

    return Study(terrain, guidance, seed)


def _cmaes(terrain: Terrain, guidance: Guidance, seed: int) -> Searcher:
    from tune.search.evolution import Evolution

    return Evolution(terrain, guidance.batch, seed)


def _gp(terrain: Terrain, guidance: Guidance, seed: int) -> Searcher:
    from tune.search.gaussian import Gaussian

    return Gaussian(terrain, seed, first=max(2 * guidance.batch, 4 * terrain.n_axes))


def _refine(terrain: Terrain, guidance: Guidance, seed: int) -> Searcher:
    from tune.search.refinement import Refinement

    return Refinement(terrain, seed)


def _genetic(terrain: Terrain, guidance: Guidance, seed: int) -> Searcher:
    from tune.search.genetic import Genetic

    return Genetic(terrain, guidance.batch, seed)


METHODS: Final[dict[str, Make]] = {
    "tpe": _study,
    "nsga2": _study,
    "nsga3": _study,
    "cmaes": _cmaes,
    "gp": _gp,
    "refine": _refine,
    "genetic": _genetic,
}


def searcher_of(terrain: Terrain, guidance: Guidance, seed: int) -> Searcher:
    """The searcher that a guidance names."""
    return METHODS[guidance.method](terrain, guidance, seed)
