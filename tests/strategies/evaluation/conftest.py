"""Markets to look at: a chart with gaps, another market, random walks on a grid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engines.bars import Bars
from engines.bars import Series as BarSeries
from engines.intervals import Interval, interval_ms
from strategies.evaluation.dataset import Dataset
from strategies.graph.types import MarketRef

START_MS = 1_735_690_500_000  # 2025-01-01 00:15: in the middle of coarser bars
SPOT = MarketRef("BTCUSDT", "spot", "last")


def walk(
    n_bars: int,
    seed: int,
    interval: Interval = "15",
    symbol: str = "ETHUSDT",
    gaps: float = 0.0,
    jumps: float = 0.0,
) -> Bars:
    """A random walk on a grid of 0.5, so that ties happen, with missing bars and jumps."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=n_bars)
    jumped = np.random.default_rng(seed + 1000).random(n_bars) < jumps
    close = np.rint(2 * (200 + np.cumsum(np.where(jumped, 8.0 * steps, steps)))) / 2
    opened = np.append(close[:1], close[:-1])
    columns = {
        "open_ms": START_MS + interval_ms(interval) * np.arange(n_bars),
        "open": opened,
        "high": np.maximum(opened, close) + rng.integers(0, 4, n_bars) / 2,
        "low": np.minimum(opened, close) - rng.integers(0, 4, n_bars) / 2,
        "close": close,
        "volume": rng.integers(0, 100, n_bars) * np.where(jumped, 5.0, 1.0),
        "turnover": rng.integers(0, 10_000, n_bars).astype(float),
    }
    kept = rng.random(n_bars) >= gaps
    kept[0] = True
    series = BarSeries("linear", symbol, interval)
    return Bars.from_columns(series, {name: column[kept] for name, column in columns.items()})


@pytest.fixture(scope="session")
def make_dataset() -> Callable[..., Dataset]:
    def make(n_bars: int = 400, seed: int = 1, gaps: float = 0.05, jumps: float = 0.0) -> Dataset:
        other = walk(n_bars * 3, seed + 1, "5", "BTCUSDT", gaps)
        return Dataset(walk(n_bars, seed, gaps=gaps, jumps=jumps), others={SPOT: other})

    return make
