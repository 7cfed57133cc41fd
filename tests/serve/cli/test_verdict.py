"""`bst verdict`: real sweeps judged, by their words, their JSON and their exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.serve.cli.conftest import Bst
from tests.serve.conftest import START_MS

SPACE = ["--axis", "fast=5,10", "--axis", "slow=20:60:10", "--set", "stop=10"]
FREE = ["--taker-fee-percent", "0.01", "--maker-fee-percent", "0.01"]
DAYS = 2_000


def waves_file(folder: Path) -> Path:
    """Bars of 4 hours that go one way for some weeks, then the other: trends that can be had."""
    n_bars = 6 * DAYS
    rng = np.random.default_rng(5)
    legs = rng.integers(60, 240, n_bars // 60)
    way = np.repeat(np.where(np.arange(len(legs)) % 2, -1.0, 1.0), legs)[:n_bars]
    drift = 0.002 * way + 0.005 * rng.standard_normal(n_bars)
    close = np.round(1_000 * np.exp(np.cumsum(drift)), 2)
    opened = np.append(close[:1], close[:-1])
    table = {
        "time": START_MS - DAYS * 86_400_000 + 14_400_000 * np.arange(n_bars),
        "open": opened,
        "high": np.maximum(opened, close),
        "low": np.minimum(opened, close),
        "close": close,
        "volume": np.ones(n_bars),
    }
    path = folder / "WAVEUSDT-240.csv"
    pl.DataFrame(table).write_csv(path)
    return path


def check(said: dict[str, Any], name: str) -> float:
    (found,) = (one["value"] for one in said["checks"] if one["name"] == name)
    return float(found)


@pytest.mark.ray
def test_noise_is_red_and_earlier_sweeps_of_the_idea_count(
    bst: Bst, bars_file: Callable[..., Path], local_ray: None
) -> None:
    swept = bst("sweep", "sma_cross", "--file", bars_file(1_500, 240), *SPACE, "--json")
    digest = json.loads(swept.out)["digest"]
    told = bst("verdict", "--json")
    said = json.loads(told.out)
    assert (told.code, said["light"], said["sweep"]) == (20, "red", digest)
    assert check(said, "trials") == 10
    shown = bst("verdict", digest[:10])
    assert shown.code == 20
    assert said["sentence"] in shown.out.replace("\n", " ")
    wider = ["--axis", "fast=5,6,7", "--axis", "slow=20:60:10", "--set", "stop=10"]
    again = bst("sweep", "sma_cross", "--file", bars_file(1_500, 240), *wider, "--json")
    assert again.code == 0, again.err
    later = json.loads(bst("verdict", "--json").out)
    assert check(later, "trials") == 10 + 15


@pytest.mark.ray
def test_trends_that_are_there_are_green(bst: Bst, tmp_path: Path, local_ray: None) -> None:
    swept = bst("sweep", "sma_cross", "--file", waves_file(tmp_path), *SPACE, *FREE, "--json")
    assert swept.code == 0, swept.err
    told = bst("verdict", "--json")
    said = json.loads(told.out)
    assert (told.code, said["light"], said["reason"]) == (0, "green", ""), said
    assert all(one["light"] in (None, "green") for one in said["checks"])
    page = Path(json.loads(swept.out)["report"]).read_text()
    assert said["sentence"] in page


@pytest.mark.ray
def test_too_few_days_say_so(bst: Bst, bars_file: Callable[..., Path], local_ray: None) -> None:
    bst("sweep", "sma_cross", "--file", bars_file(2_000, 15), *SPACE)
    told = bst("verdict")
    assert told.code == 20
    assert "days are too few" in told.out


def test_without_a_sweep_there_is_nothing_to_judge(bst: Bst) -> None:
    told = bst("verdict")
    assert told.code == 2
    assert "sweep" in told.err
