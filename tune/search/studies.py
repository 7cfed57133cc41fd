"""What does Optuna propose? Its tree of Parzen estimators and NSGA, asked and told in batches.

Optuna takes a second to import: only who searches with it imports this module.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, NSGAIIISampler, NSGAIISampler, TPESampler
from optuna.trial import FrozenTrial, Trial, TrialState

from engines.bars import Floats
from tune.search.guidance import Guidance
from tune.search.terrain import Terrain

Spread = dict[str, BaseDistribution]


class Study:
    """A study in memory: it is made again from the table, never stored.

    A batch is a generation of NSGA. Deb et al. (2002), IEEE Trans. Evol. Comp. 6(2); Deb and Jain
    (2014), 18(4); Bergstra et al. (2011), NIPS 24. A point that others proposed is told as one
    that was asked for.
    """

    def __init__(self, terrain: Terrain, guidance: Guidance, seed: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._terrain = terrain
        self._listed = terrain.listed()
        self._spread = {str(k): _distribution(n) for k, n in enumerate(self._listed)}
        with _quiet():
            self._study = optuna.create_study(
                storage=optuna.storages.InMemoryStorage(),
                sampler=_sampler(guidance, seed, self._spread),
                directions=["maximize"] * len(guidance.objectives),
            )
        self._asked: dict[bytes, Trial] = {}

    def ask(self, n_points: int) -> Floats:
        """Points (n_points, n_axes) that the sampler draws."""
        trials = [self._trial() for _ in range(n_points)]
        drawn = np.array([self._point(trial) for trial in trials])
        points = self._terrain.points(self._terrain.values(drawn))
        for trial, point in zip(trials, points, strict=True):
            key = point.tobytes()
            if key in self._asked:
                self._study.tell(trial, state=TrialState.FAIL)
            else:
                self._asked[key] = trial
        return points

    def tell(self, points: Floats, scores: Floats) -> None:
        """Tell the trials of these points; those that nobody evaluated are given up."""
        told = [self._asked.pop(point.tobytes(), None) for point in points]
        for trial in self._asked.values():
            self._study.tell(trial, state=TrialState.FAIL)
        self._asked.clear()
        for trial_or_none, point, score in zip(told, points, scores.tolist(), strict=True):
            self._study.tell(trial_or_none or self._foreign(point), score)

    def _trial(self) -> Trial:
        with _quiet():
            return self._study.ask(self._spread)

    def _foreign(self, point: Floats) -> Trial:
        places = zip(point.tolist(), self._listed, strict=True)
        values = [place if n is None else int(place * n) for place, n in places]
        self._study.enqueue_trial({str(k): value for k, value in enumerate(values)})
        return self._trial()

    def _point(self, trial: Trial) -> list[float]:
        drawn = [float(trial.params[name]) for name in self._spread]
        pairs = zip(drawn, self._listed, strict=True)
        return [value if n is None else (value + 0.5) / n for value, n in pairs]


class _KnownSpace(BaseSampler):
    """Optuna finds out anew at each trial what the space is: here it is known."""

    spread: Spread

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> Spread:
        return {name: one for name, one in self.spread.items() if not one.single()}


class _Nsga2(_KnownSpace, NSGAIISampler):
    pass


class _Nsga3(_KnownSpace, NSGAIIISampler):
    pass


class _Tpe(_KnownSpace, TPESampler):
    pass


def _sampler(guidance: Guidance, seed: int, spread: Spread) -> BaseSampler:
    population = max(guidance.batch, 2)
    sampler: _KnownSpace
    if guidance.method == "nsga2":
        sampler = _Nsga2(population_size=population, seed=seed)
    elif guidance.method == "nsga3":
        sampler = _Nsga3(population_size=population, seed=seed)
    else:
        sampler = _Tpe(multivariate=True, constant_liar=True, seed=seed)
    sampler.spread = spread
    return sampler


def _distribution(n_values: int | None) -> BaseDistribution:
    return FloatDistribution(0.0, 1.0) if n_values is None else IntDistribution(0, n_values - 1)


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield
