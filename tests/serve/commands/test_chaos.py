"""Workers and a node are killed in mid-sweep: not a byte changes, and little is done twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.examples import times
from tests.serve.commands.test_sweep_on_ray import LARGE, sha256

ROOT = Path(__file__).parents[3]
KILLS = 3
# Twice the three cores.
IN_FLIGHT = 6


@pytest.mark.ray
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", range(times()))
def test_killed_workers_and_a_killed_node_change_no_byte(
    tmp_path: Path, bars_file: Callable[..., Path], local_ray: None, seed: int
) -> None:
    from cluster.settings import Settings
    from serve.commands.requests import SweepRequest, request_from
    from serve.commands.sweeps import start_sweep

    folder = tmp_path / "bars"
    folder.mkdir()
    table = pl.read_csv(bars_file(40_000, 1))
    table.write_csv(folder / "BTCUSDT-1.csv")
    other = table.with_columns(
        pl.col("open", "high", "low", "close") * 0.05, pl.col("volume") * np.pi
    )
    other.write_csv(folder / "ETHUSDT-1.csv")
    asked = {
        "strategy": "sma_cross",
        "data": {"file": str(folder), "intervals": ["1"]},
        "space": dict(LARGE),
    }
    request = tmp_path / "request.json"
    request.write_text(json.dumps(asked))
    kept = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    command = [sys.executable, "-m", "tests.serve.commands.chaos", str(request)]
    command += [str(tmp_path / "home"), str(seed), str(KILLS)]
    done = subprocess.run(  # noqa: S603
        command,
        env=kept,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=850,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["killed"] > 0
    assert set(told["kept"]) == {1}
    # Each kill, the node's too, costs at most what was in flight.
    assert told["again"] <= (KILLS + 1) * IN_FLIGHT
    calm = start_sweep(request_from(SweepRequest, asked), Settings(home=tmp_path / "calm")).result()
    assert told["rows"] == calm.finished.rows
    assert told["sha256"] == sha256(calm.finished.table)
