"""Bars that look like a market's, without one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from pyarrow import parquet

from actors.market_data.store import Catalog
from engines.bars import Bars, Category, Series
from engines.intervals import floor_open_ms, next_open_ms, parse_interval

SHARED = Path(__file__).parents[3].parent / "shared" / "data"
JANUARY_MS = 1_704_067_200_000  # 2024-01-01T00:00Z
MINUTES = Series("linear", "BTCUSDT", "1")


def bars_like_a_market(
    series: Series = MINUTES,
    n_bars: int = 100,
    start_ms: int = JANUARY_MS,
    missing: Iterable[int] = (),
    seed: int = 7,
) -> Bars:
    rng = np.random.default_rng(seed)
    opens = [int(floor_open_ms(np.array([start_ms]), series.interval)[0])]
    while len(opens) < n_bars:
        opens.append(int(next_open_ms(np.array([opens[-1]]), series.interval)[0]))
    close = np.round(40_000 * np.exp(np.cumsum(rng.normal(0, 1e-3, n_bars))), 1)
    open_ = np.r_[40_000.0, close[:-1]]
    high = np.round(np.maximum(open_, close) + rng.exponential(5, n_bars), 1)
    low = np.round(np.minimum(open_, close) - rng.exponential(5, n_bars), 1)
    volume = np.round(rng.exponential(30, n_bars), 3)
    kept = np.setdiff1d(np.arange(n_bars), np.array(list(missing), dtype=int))
    columns = {
        "open_ms": np.array(opens[:n_bars]),
        "open": open_,
        "high": high,
        "low": low,
        "close": close,
        "volume": volume,
        "turnover": np.round(volume * close, 4),
    }
    return Bars.from_columns(series, {name: column[kept] for name, column in columns.items()})


@pytest.fixture
def make_bars() -> Callable[..., Bars]:
    return bars_like_a_market


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "catalog")


@pytest.fixture
def january_ms() -> int:
    return JANUARY_MS


@pytest.fixture
def real_bars() -> dict[str, Bars]:
    """The real bars beside the project by file name; skips where they are absent."""
    folder = SHARED / "bars"
    if not folder.is_dir():
        pytest.skip("the real bars beside the project are absent")
    found = {}
    for path in sorted(folder.glob("*.parquet")):
        venue, rest = path.stem.split("_", 1)
        category: Category = "spot"
        if venue == "bybit":
            category, rest = rest.split("_", 1)  # type: ignore[assignment]
        symbol, interval = rest.split("_")[:2]
        table = parquet.read_table(path)
        columns = {name: table[name].to_numpy() for name in table.column_names}
        series = Series(category, symbol, parse_interval(interval))
        found[path.stem] = Bars.from_columns(series, {"open_ms": columns.pop("ts"), **columns})
    return found


@pytest.fixture
def real_files() -> list[Path]:
    """The Parquet files of real bars beside the project; skips where they are absent."""
    found = sorted((SHARED / "bars").glob("*.parquet"))
    if not found:
        pytest.skip("the real bars beside the project are absent")
    return found
