"""How much may one account hold at once? Limits over all its positions, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engines.bars import Bars, Floats
from engines.errors import InvalidInput
from engines.intervals import Times

_FEWEST_RETURNS = 3


@dataclass(frozen=True)
class Limits:
    """What an entry may not lead beyond; 0 is no limit.

    `max_open_positions` counts symbols with a position. `max_correlated_positions` counts the new
    position and those whose returns move with it: correlation × both sides is at least
    `correlation`, over the last `correlation_bars` closes that two symbols share.
    `portfolio_heat_limit` is the share of the equity that would be lost if every stop were met
    at its price; what no stop protects counts with its margin.
    """

    max_open_positions: int = 0
    max_correlated_positions: int = 0
    portfolio_heat_limit: float = 0.0
    correlation: float = 0.7
    correlation_bars: int = 50

    def __post_init__(self) -> None:
        for name in ("max_open_positions", "max_correlated_positions", "portfolio_heat_limit"):
            if not 0.0 <= getattr(self, name) < float("inf"):
                raise InvalidInput(name, getattr(self, name), "zero (no limit) or more")
        if not 0.0 < self.correlation <= 1.0:
            raise InvalidInput("correlation", self.correlation, "above 0, at most 1")
        if self.correlation_bars < _FEWEST_RETURNS:
            raise InvalidInput("correlation_bars", self.correlation_bars, "3 or more")


NO_LIMITS = Limits()


class Correlations:
    """How symbols moved together, as it was known at any moment."""

    def __init__(self, bars: Mapping[str, Bars], n_returns: int) -> None:
        self._bars = bars
        self._n_returns = n_returns
        self._pairs: dict[tuple[str, str], tuple[Times, Floats]] = {}

    def at(self, one: str, other: str, known_ms: int) -> float:
        """Pearson correlation of the last returns between closes that both have.

        Only bars that closed by `known_ms` count. NaN with too few of them, or without variation.
        """
        pair = min(one, other), max(one, other)
        if pair not in self._pairs:
            self._pairs[pair] = common_returns([self._bars[name] for name in pair])
        close_ms, returns = self._pairs[pair]
        stop = int(np.searchsorted(close_ms, known_ms, side="right"))
        if stop < self._n_returns:
            return float("nan")
        window = returns[stop - self._n_returns : stop]
        return correlation(window[:, 0], window[:, 1])


def common_returns(bars: list[Bars]) -> tuple[Times, Floats]:
    """Closes that all series share, and the returns up to each: (n,) ms and (n, n_series).

    The first shared close has no return and is left out.
    """
    close_ms = bars[0].close_ms
    for one in bars[1:]:
        close_ms = np.intersect1d(close_ms, one.close_ms, assume_unique=True)
    rows = [one.close[np.searchsorted(one.close_ms, close_ms)] for one in bars]
    prices = np.stack(rows, axis=1)
    return close_ms[1:], prices[1:] / prices[:-1] - 1.0


def correlation(one: Floats, other: Floats) -> float:
    """Pearson correlation of two columns (n,); NaN where one does not vary."""
    first, second = one - one.mean(), other - other.mean()
    scale = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / scale if scale > 0.0 else float("nan")
