"""What else might have happened? Other histories drawn from the one that did."""

from __future__ import annotations

from typing import Final

import numpy as np

from engines.bars import Floats
from engines.errors import InvalidInput

# Draws that are held in memory at once, times periods.
_BATCH_VALUES: Final = 1 << 22


def block_bootstrap(
    returns: Floats, draws: int, block: float | None = None, seed: int = 0
) -> Floats:
    """Growth and deepest fall of `draws` histories made of blocks of `returns`, (draws, 2).

    Growth is final over initial equity, the fall a fraction of the peak. Blocks begin anywhere,
    wrap around, and last a geometric number of periods, `block` on average (√n if not given), so
    that what follows what is kept. Politis, Romano (1994), J. of the American Statistical
    Association 89(428). Raises InvalidInput for fewer than two returns.
    """
    n = len(returns)
    if n < 2:
        raise InvalidInput("returns", n, "two or more")
    mean_block = max(1.0, n**0.5 if block is None else block)
    rng = np.random.default_rng(seed)
    batch = max(1, _BATCH_VALUES // n)
    parts = []
    for first in range(0, draws, batch):
        count = min(batch, draws - first)
        parts.append(_outcomes(returns[_stationary(rng, count, n, mean_block)]))
    return np.concatenate(parts)


def _stationary(
    rng: np.random.Generator, count: int, n: int, mean_block: float
) -> np.typing.NDArray[np.int64]:
    starts = rng.random((count, n)) < 1.0 / mean_block
    starts[:, 0] = True
    drawn = rng.integers(0, n, (count, n))
    at = np.arange(n)
    began = np.maximum.accumulate(np.where(starts, at, 0), axis=1)
    return (np.take_along_axis(drawn, began, axis=1) + at - began) % n


def shuffled_trades(profits: Floats, initial_cash: float, draws: int, seed: int = 0) -> Floats:
    """Deepest fall of equity, a fraction of its peak, when the trades come in another order.

    `profits` (n_trades,) in money; returns (draws,). The sum of all is always the same.
    """
    rng = np.random.default_rng(seed)
    orders = rng.permuted(np.tile(profits, (draws, 1)), axis=1)
    curves = initial_cash + np.cumsum(orders, axis=1)
    return _deepest(np.concatenate([np.full((draws, 1), initial_cash), curves], axis=1))


def skipped_trades(
    profits: Floats, initial_cash: float, share: float, draws: int, seed: int = 0
) -> Floats:
    """Final equity over the initial cash when each trade is missed with probability `share`."""
    if not 0.0 <= share < 1.0:
        raise InvalidInput("share", share, "at least 0 and below 1")
    rng = np.random.default_rng(seed)
    taken = rng.random((draws, len(profits))) >= share
    return np.asarray(1.0 + (taken * profits).sum(axis=1) / initial_cash)


def _outcomes(returns: Floats) -> Floats:
    curves = np.cumprod(1.0 + np.maximum(returns, -1.0), axis=1)
    whole = np.concatenate([np.ones((len(curves), 1)), curves], axis=1)
    return np.column_stack([curves[:, -1], _deepest(whole)])


def _deepest(curves: Floats) -> Floats:
    peaks = np.maximum.accumulate(curves, axis=1)
    return np.asarray((1.0 - curves / peaks).max(axis=1))
