"""Was the best one chosen for its luck? The probability of backtest overfitting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.errors import InvalidInput

# Combinations that are ranked at once: a few megabytes for hundreds of trials.
_BATCH: Final = 512
MAX_BLOCKS: Final = 18


@dataclass(frozen=True, eq=False)
class Overfitting:
    """What combinatorially symmetric cross-validation found, one value a combination.

    `chosen` and `kept` are the Sharpe ratio of the best in-sample trial inside and outside the
    sample; `logits` the log odds of its rank outside, below 0 where it is worse than the median.
    """

    chosen: Floats
    kept: Floats
    logits: Floats

    @property
    def probability(self) -> float:
        """Share of the combinations in which the best inside is below the median outside."""
        return float((self.logits <= 0.0).mean())

    @property
    def loss_probability(self) -> float:
        """Share of the combinations in which the best inside loses outside."""
        return float((self.kept < 0.0).mean())

    @property
    def degradation(self) -> float:
        """Slope of the ratio outside over that inside: 1 if it is kept, 0 or less if it is luck."""
        away = self.chosen - self.chosen.mean()
        squares = float((away**2).sum())
        return float((away * self.kept).sum()) / squares if squares > 0.0 else float("nan")


def cross_validate(returns: Floats, blocks: int = 16, risk_free: float = 0.0) -> Overfitting:
    """Every way to train on half of the blocks and test on the other half.

    `returns` (n_periods, n_trials) are fractions per period, without NaN; the first periods that
    do not fill a block are left out; `risk_free` is the rate per period. Trials that do not vary
    are not chosen, and earn 0 outside. Bailey, Borwein, López de Prado, Zhu (2017), J. of
    Computational Finance 20(4). Raises InvalidInput for fewer than two trials, or than two periods
    a block.
    """
    n_periods, n_trials = returns.shape
    if blocks % 2 or not 2 <= blocks <= MAX_BLOCKS:
        raise InvalidInput("blocks", blocks, f"an even number from 2 to {MAX_BLOCKS}")
    if n_trials < 2:
        raise InvalidInput("trials", n_trials, "two or more: the best of one was not chosen")
    length = n_periods // blocks
    if length < 2:
        raise InvalidInput("periods", n_periods, f"{2 * blocks} or more for {blocks} blocks")
    excess = returns[n_periods - length * blocks :] - risk_free
    parts = excess.reshape(blocks, length, n_trials)
    sums, squares = parts.sum(axis=1), (parts**2).sum(axis=1)
    n_half = length * (blocks // 2)
    found = [
        _ranked(
            _ratios(inside, sums, squares, n_half, flat=-np.inf),
            _ratios(~inside, sums, squares, n_half, flat=0.0),
        )
        for inside in _halves(blocks)
    ]
    return Overfitting(*(np.concatenate(column) for column in zip(*found, strict=True)))


def _halves(blocks: int) -> Iterator[np.typing.NDArray[np.bool_]]:
    """Batches of combinations, (n, blocks): which blocks are inside the sample."""
    chosen = np.array(list(combinations(range(blocks), blocks // 2)))
    for first in range(0, comb(blocks, blocks // 2), _BATCH):
        places = chosen[first : first + _BATCH]
        inside = np.zeros((len(places), blocks), dtype=bool)
        np.put_along_axis(inside, places, values=True, axis=1)
        yield inside


def _ratios(
    inside: np.typing.NDArray[np.bool_], sums: Floats, squares: Floats, n: int, flat: float
) -> Floats:
    """Sharpe ratios per period over the blocks inside, (n_combinations, n_trials)."""
    weights = inside.astype(np.float64)
    mean = weights @ sums / n
    variance = (weights @ squares - n * mean**2) / (n - 1)
    # What never varies leaves rounding behind.
    varies = variance > 1e-14 * (weights @ squares)
    deviation = np.sqrt(np.where(varies, variance, 1.0))
    return np.where(varies, mean / deviation, flat)


def _ranked(inside: Floats, outside: Floats) -> tuple[Floats, Floats, Floats]:
    rows = np.arange(len(inside))
    best = inside.argmax(axis=1)
    kept = outside[rows, best]
    below = (outside < kept[:, None]).sum(axis=1)
    equal = (outside == kept[:, None]).sum(axis=1)
    rank = (below + (equal + 1) / 2.0) / (outside.shape[1] + 1)
    return inside[rows, best], kept, np.log(rank / (1.0 - rank))
