"""The main job on real bars, and as a job on a cluster."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.serve.cli.conftest import Bst

ROOT = Path(__file__).parents[3]


@pytest.mark.shared
@pytest.mark.ray
@pytest.mark.parametrize(
    ("name", "symbol", "finer"),
    [
        pytest.param("binanceum_ETHUSDT_15m_2024_2026", "ETHUSDT", "an assumed path", id="15m"),
        pytest.param("ftx_BTCPERP_1m_202201", "BTCPERP", "bars of 1 min", id="1m"),
    ],
)
def test_the_main_job_on_real_bars(
    bst: Bst, shared: Path, local_ray: None, name: str, symbol: str, finer: str
) -> None:
    told = bst("tour", "--file", shared / "data" / "bars" / f"{name}.parquet", "--json")
    assert told.code == 0, told.err
    said = json.loads(told.out)
    assert said["rows"] >= 5_000
    assert not said["synthetic"]
    assert {row["symbol"] for row in said["best"]} == {symbol}
    scores = [row["train_sharpe"] for row in said["best"]]
    assert len(scores) == 5
    assert scores == sorted(scores, reverse=True)
    page = Path(said["report"]).read_text()
    assert finer in page
    assert not re.findall(r'(?:src|href)="(?!#|data:|https://www\.tradingview\.com/")', page)
