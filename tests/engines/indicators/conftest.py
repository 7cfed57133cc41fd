"""Columns that resemble a market, for every input an indicator may ask for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@pytest.fixture(scope="session")
def market() -> Callable[..., dict[str, Floats]]:
    return _market


def _market(n_bars: int, seed: int = 1, flat: float = 0.05) -> dict[str, Floats]:
    """Columns by input name; a share `flat` of the bars does not move at all."""
    rng = np.random.default_rng(seed)
    moves = np.where(rng.random(n_bars) < flat, 0.0, rng.normal(0.0, 0.003, n_bars))
    close = np.round(1000.0 * np.exp(np.cumsum(moves)), 2)
    opened = np.concatenate([[1000.0], close[:-1]])
    reach = np.where(moves == 0.0, 0.0, 1.0)
    high = np.maximum(opened, close) + np.round(reach * rng.exponential(1.5, n_bars), 2)
    low = np.minimum(opened, close) - np.round(reach * rng.exponential(1.5, n_bars), 2)
    return {
        "open": opened,
        "high": high,
        "low": low,
        "close": close,
        "volume": np.round(rng.exponential(50.0, n_bars), 3),
        "source": close,
        "a": close,
        "b": np.round(close + rng.normal(0.0, 5.0, n_bars), 2),
        "condition": (rng.random(n_bars) < 0.2).astype(float),
        "new_session": (np.arange(n_bars) % 24 == 0).astype(float),
    }
