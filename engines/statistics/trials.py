"""How many different things were tried? Families of trials, and trials that count for luck."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.errors import InvalidInput
from engines.statistics.sharpe import expected_maximum

Labels = np.typing.NDArray[np.int64]
# Two trials whose returns correlate by more than this are one idea with other numbers.
SAME_IDEA: Final = 0.5
_DRAWS: Final = 1000


def clusters_of(returns: Floats, same: float = SAME_IDEA) -> Labels:
    """Which trials belong together, labels (n_trials,) from 1 on.

    `returns` (n_periods, n_trials) without NaN. Average linkage over the distance √((1 − r)/2):
    inside a cluster the mean distance is below that of a correlation of `same`. Trials that never
    vary are one cluster. López de Prado, Lewis (2019), Quantitative Finance 19(9), cluster trials
    as well, by k-means; a tree cut at a fixed height needs no random start.
    """
    if not -1.0 < same < 1.0:
        raise InvalidInput("same", same, "a correlation between -1 and 1")
    varies = np.ptp(returns, axis=0) > 0.0
    labels = np.zeros(returns.shape[1], dtype=np.int64)
    labels[varies] = _tree(returns[:, varies], same)
    labels[~varies] = labels.max(initial=0) + 1
    return labels


def _tree(returns: Floats, same: float) -> Labels:
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    n_trials = returns.shape[1]
    if n_trials < 2:
        return np.ones(n_trials, dtype=np.int64)
    correlation = np.clip(np.corrcoef(returns, rowvar=False), -1.0, 1.0)
    distance = np.sqrt((1.0 - correlation) / 2.0)
    np.fill_diagonal(distance, 0.0)
    tree = linkage(squareform(distance, checks=False), method="average")
    cut = np.sqrt((1.0 - same) / 2.0)
    return np.asarray(fcluster(tree, cut, criterion="distance"), dtype=np.int64)


def effective_trials(returns: Floats, rows: int, seed: int = 0) -> float:
    """Independent trials whose best one would be as good by luck as the best of `rows`.

    `returns` (n_periods, n_trials) without NaN are those of a random sample of the rows, in
    random order. Estimates of Sharpe ratios without an edge correlate as the returns do: their
    expected maximum is drawn, and turned into a number of independent ones. Where the sample is
    not all, the number grows on as it grew from half of the sample to all of it. Raises
    InvalidInput for fewer rows than the sample has.
    """
    n_trials = returns.shape[1]
    if rows < n_trials:
        raise InvalidInput("rows", rows, f"at least the {n_trials} trials of the sample")
    varied = returns[:, np.ptp(returns, axis=0) > 0.0]
    if varied.shape[1] < 2:
        return 1.0
    # What never varies cannot win: it is not among those that luck may choose.
    alive = float(rows * varied.shape[1] / n_trials)
    draws = _correlated(varied, seed)
    whole = _independent(float(draws.max(axis=1).mean()))
    half = _independent(float(draws[:, : varied.shape[1] // 2].max(axis=1).mean()))
    growth = min(max(math.log2(whole / half), 0.0), 1.0)
    grown = whole * math.pow(alive / varied.shape[1], growth)
    return float(min(max(grown, 1.0), max(alive, 1.0)))


def _correlated(returns: Floats, seed: int) -> Floats:
    """Normal draws (n_draws, n_trials) that correlate as the trials do."""
    away = returns - returns.mean(axis=0)
    away /= np.sqrt((away**2).mean(axis=0))
    weights = np.random.default_rng(seed).standard_normal((_DRAWS, len(away)))
    return np.asarray(weights @ away / np.sqrt(len(away)))


def _independent(maximum: float) -> float:
    """How many independent ones have that expected maximum; at least one."""
    if maximum <= 0.0:
        return 1.0
    low, high = 1.0, 2.0
    while expected_maximum(1.0, high) < maximum:
        low, high = high, 2.0 * high
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if expected_maximum(1.0, middle) < maximum else (low, middle)
    return low
