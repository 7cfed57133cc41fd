"""How many different things were tried? Trials that do the same are one, found by clustering."""

from __future__ import annotations

from typing import Final

import numpy as np

from engines.bars import Floats
from engines.errors import InvalidInput

Labels = np.typing.NDArray[np.int64]
# Two trials whose returns correlate by more than this are one idea with other numbers.
SAME_IDEA: Final = 0.5


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


def effective_trials(labels: Labels, rows: int) -> float:
    """Number of different trials among `rows`, of which `labels` are a random sample.

    Clusters that the sample missed are estimated from those that it met once and twice: Chao
    (1984), Scandinavian J. of Statistics 11, in its bias-corrected form. At least the clusters
    seen, at most the rows.
    """
    if rows < len(labels):
        raise InvalidInput("rows", rows, f"at least the {len(labels)} trials of the sample")
    sizes = np.bincount(labels)
    seen = float((sizes > 0).sum())
    if rows == len(labels):
        return seen
    once, twice = float((sizes == 1).sum()), float((sizes == 2).sum())
    unseen = once * (once - 1.0) / (2.0 * (twice + 1.0))
    # What was met once may be alone among the rows as well: never more than its share of them.
    share = once / len(labels) * (rows - len(labels))
    return seen + min(unseen, share)
