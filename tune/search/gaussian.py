"""Where does a Gaussian process expect the next best row? For a few hundred expensive rows."""

from __future__ import annotations

from typing import Final

import numpy as np

from engines.bars import Floats
from tune.search.guidance import MOST_MODELLED
from tune.search.terrain import BELOW_ONE, Terrain

# Rows that are looked at before each proposal: spread over the space, and beside the best ones.
_SPREAD: Final = 1500
_BESIDE: Final = 24
_BEST: Final = 10
_JITTER: Final = 1e-6
# Length scales (shares of an axis) and noise (share of the variance) that are compared.
_SCALES: Final = (0.08, 0.15, 0.3, 0.6, 1.2)
_NOISES: Final = (1e-4, 1e-2)
_ROUNDS: Final = 2


class Gaussian:
    """Expected improvement under a Matérn 5/2 process with a length scale for every axis.

    The first `first` points are spread (Sobol); a batch is proposed one by one, each taken as if
    it had come out as expected. Rasmussen and Williams (2006), ch. 4-5; Jones et al. (1998), J. of
    Global Optimization 13; Ginsbourger et al. (2010), "kriging believer". Scores enter as normal
    scores of their ranks, so that a few ruined rows do not bend the model.
    """

    def __init__(self, terrain: Terrain, seed: int, first: int) -> None:
        from scipy.stats.qmc import Sobol

        self._terrain = terrain
        self._rng = np.random.Generator(np.random.PCG64(seed))
        self._sobol = Sobol(terrain.n_axes, scramble=True, rng=self._rng)
        self._first = first
        self._points = np.zeros((0, terrain.n_axes))
        self._scores = np.zeros(0)
        self._scales = np.full(terrain.n_axes, 0.3)
        self._noise = _NOISES[0]

    def tell(self, points: Floats, scores: Floats) -> None:
        """Take note; only the first objective is modelled."""
        self._points = np.concatenate([self._points, points])
        self._scores = np.concatenate([self._scores, scores[:, 0]])

    def ask(self, n_points: int) -> Floats:
        """Points with the highest expected improvement; a spread at the beginning."""
        if len(self._scores) < self._first:
            return _drawn(self._sobol, n_points)
        known = self._modelled()
        points, targets = self._points[known], _normal_scores(self._scores[known])
        self._fit(points, targets)
        candidates = self._candidates(points, targets)
        if len(candidates) == 0:
            return _drawn(self._sobol, n_points)
        return self._proposed(points, targets, candidates, n_points)

    def _modelled(self) -> np.typing.NDArray[np.int64]:
        """The best half of what the model can hold, and as many of the others at random."""
        order = np.argsort(-self._scores, kind="stable")
        if len(order) <= MOST_MODELLED:
            return order
        half = MOST_MODELLED // 2
        others = self._rng.choice(order[half:], half, replace=False)
        return np.concatenate([order[:half], others])

    def _candidates(self, points: Floats, targets: Floats) -> Floats:
        best = points[np.argsort(-targets, kind="stable")[:_BEST]]
        near = np.repeat(best, _BESIDE, axis=0)
        moves = self._rng.standard_normal(near.shape) * self._rng.choice([0.02, 0.06, 0.15])
        # Half of the moves leave all axes but some as they are.
        moves *= self._rng.random(near.shape) < 0.6
        spread = self._rng.random((_SPREAD, near.shape[1]))
        drawn = np.clip(np.concatenate([spread, near + moves]), 0.0, BELOW_ONE)
        values = self._terrain.values(drawn)
        return self._terrain.points(values[self._terrain.open(values)])

    def _fit(self, points: Floats, targets: Floats) -> None:
        """Length scales and noise of the highest marginal likelihood, one axis after the other."""
        best = _evidence(points, targets, self._scales, self._noise)
        for _ in range(_ROUNDS):
            for axis in range(points.shape[1]):
                for scale in _SCALES:
                    tried = self._scales.copy()
                    tried[axis] = scale
                    found = _evidence(points, targets, tried, self._noise)
                    if found > best:
                        best, self._scales = found, tried
            for noise in _NOISES:
                found = _evidence(points, targets, self._scales, noise)
                if found > best:
                    best, self._noise = found, noise

    def _proposed(
        self, points: Floats, targets: Floats, candidates: Floats, n_points: int
    ) -> Floats:
        from scipy.linalg import solve_triangular

        held = points
        factor = _factor(held, self._scales, self._noise)
        across = solve_triangular(factor, _kernel(held, candidates, self._scales), lower=True)
        weights = solve_triangular(factor, targets, lower=True)
        mean = across.T @ weights
        variance = np.maximum(1.0 + self._noise - (across**2).sum(axis=0), 1e-12)
        top = float(targets.max())
        chosen: list[int] = []
        for _ in range(min(n_points, len(candidates))):
            gain = _improvement(mean, variance, top)
            gain[chosen] = -np.inf
            pick = int(np.argmax(gain))
            chosen.append(pick)
            top = max(top, float(mean[pick]))
            # Told its own expectation, the mean stays and the variance falls around it.
            shared = _kernel(candidates[[pick]], candidates, self._scales)[0]
            shared = shared - across.T @ across[:, pick]
            row = shared / np.sqrt(variance[pick])
            across = np.vstack([across, row])
            variance = np.maximum(variance - row**2, 1e-12)
        return candidates[chosen]


def _drawn(sobol: object, n_points: int) -> Floats:
    import warnings

    with warnings.catch_warnings():
        # Balance over powers of two does not matter to a start.
        warnings.simplefilter("ignore", UserWarning)
        return np.asarray(sobol.random(n_points))  # type: ignore[attr-defined]


def _kernel(first: Floats, second: Floats, scales: Floats) -> Floats:
    """Matérn 5/2, (n_first, n_second), 1 at no distance."""
    a, b = first / scales, second / scales
    square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2.0 * a @ b.T
    distance = np.sqrt(5.0 * np.maximum(square, 0.0))
    return np.asarray((1.0 + distance + distance**2 / 3.0) * np.exp(-distance))


def _factor(points: Floats, scales: Floats, noise: float) -> Floats:
    covariance = _kernel(points, points, scales)
    covariance[np.diag_indices_from(covariance)] += noise + _JITTER
    return np.asarray(np.linalg.cholesky(covariance))


def _evidence(points: Floats, targets: Floats, scales: Floats, noise: float) -> float:
    """Log marginal likelihood up to a constant, with a weak preference for long scales."""
    from scipy.linalg import solve_triangular

    factor = _factor(points, scales, noise)
    weights = solve_triangular(factor, targets, lower=True)
    prior = -0.5 * float((np.log(scales / 0.4) ** 2).sum())
    return float(-0.5 * weights @ weights - np.log(np.diag(factor)).sum()) + prior


def _improvement(mean: Floats, variance: Floats, top: float) -> Floats:
    from scipy.special import ndtr

    spread = np.sqrt(variance)
    away = (mean - top) / spread
    density = np.exp(-0.5 * away**2) / np.sqrt(2.0 * np.pi)
    return np.asarray(spread * (away * ndtr(away) + density))


def _normal_scores(scores: Floats) -> Floats:
    from scipy.stats import norm, rankdata

    ranks = rankdata(scores)
    return np.asarray(norm.ppf((ranks - 0.375) / (len(scores) + 0.25)))
