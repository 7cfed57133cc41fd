"""A home of its own for every test, and bars to run on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from cluster.settings import Settings, settings_from

START_MS = 1_735_689_600_000  # 2025-01-01


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the command line takes for the user's."""
    for name in ("BST_VENUE", "BST_SANDBOX_URL", "DATABASE_URL", "RAY_ADDRESS", "BST_WORKERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BST_HOME", str(tmp_path / "home"))
    # Seconds a sweep; its own tests switch it on.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "off")
    return tmp_path / "home"


@pytest.fixture
def settings(home: Path) -> Settings:
    return settings_from(
        {"BST_HOME": str(home), "BST_OWNER": "tester", "MLFLOW_TRACKING_URI": "off"}
    )


@pytest.fixture
def bars_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a random walk as a CSV of bars, and returns its path."""

    def write(n_bars: int = 3_000, minutes: int = 15, symbol: str = "BTCUSDT") -> Path:
        rng = np.random.default_rng(n_bars + minutes)
        close = 40_000 + np.round(np.cumsum(rng.standard_normal(n_bars)) * 20, 1)
        opened = np.append(close[:1], close[:-1])
        table = {
            "time": START_MS + minutes * 60_000 * np.arange(n_bars),
            "open": opened,
            "high": np.maximum(opened, close) + np.round(rng.random(n_bars) * 10, 1),
            "low": np.minimum(opened, close) - np.round(rng.random(n_bars) * 10, 1),
            "close": close,
            "volume": np.round(rng.random(n_bars) * 100, 3),
        }
        path = tmp_path / f"{symbol}-{minutes}.csv"
        pl.DataFrame(table).write_csv(path)
        return path

    return write
