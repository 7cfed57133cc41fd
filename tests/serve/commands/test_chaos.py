"""Workers, a node and the head are killed in mid-sweep: not a byte changes, little is done twice.

Small on every run; BST_CHAOS_ROWS asks for so many rows over six symbols, and for a head that is
killed too: `make prove` for two million.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from cluster.settings import Settings
from serve.commands.requests import SweepRequest, request_from
from serve.commands.sweeps import start_sweep
from tests.serve.cli.test_main_job import ROOT
from tests.serve.commands.heads import alone
from tests.serve.commands.test_sweep_on_ray import LARGE, sha256


class Size(NamedTuple):
    """How large the sweep is, how many workers are killed, and how often the head."""

    symbols: int
    bars: int
    space: Mapping[str, Any]
    workers: int
    heads: int


def size(rows: int) -> Size:
    """Of a sweep of `rows` at least, or the one of every run."""
    if rows == 0:
        return Size(2, 40_000, LARGE, 3, 0)
    stops = -(-rows // (6 * 96 * 100))
    space = {
        "fast": {"low": 5, "high": 100, "step": 1},
        "slow": {"low": 101, "high": 200, "step": 1},
        "stop": [1 + number / 8 for number in range(stops)],
    }
    return Size(6, 3_000, space, 20, 1)


ROWS: Final = int(os.environ.get("BST_CHAOS_ROWS", "0"))
SIZE: Final = size(ROWS)
# Twice the three cores.
IN_FLIGHT: Final = 6


@pytest.fixture
def bars_folder(tmp_path: Path, bars_file: Callable[..., Path]) -> Path:
    """A file of minute bars for each symbol, none like another."""
    folder = tmp_path / "bars"
    folder.mkdir()
    for number in range(SIZE.symbols):
        file = bars_file(SIZE.bars + number, 1, f"S{number}USDT")
        file.rename(folder / file.name)
    return folder


@pytest.mark.ray
@pytest.mark.timeout(7200)
def test_killed_processes_change_no_byte(
    tmp_path: Path, bars_folder: Path, local_ray: None, request: pytest.FixtureRequest
) -> None:
    environment = alone()
    if SIZE.heads:
        port, environment["REDIS_PASSWORD"] = request.getfixturevalue("redis")
        environment["RAY_REDIS_ADDRESS"] = f"127.0.0.1:{port}"
    asked = {
        "strategy": "sma_cross",
        "data": {"file": str(bars_folder), "intervals": ["1"]},
        "space": dict(SIZE.space),
    }
    calm = start_sweep(request_from(SweepRequest, asked), Settings(home=tmp_path / "calm")).result()
    rows = calm.finished.rows
    assert rows >= ROWS
    told = _disturbed(asked, tmp_path, rows, environment)
    killed = told["killed"]
    assert killed["worker"] > 0
    assert (killed["raylet"], killed["head"]) == (1, SIZE.heads)
    assert told["kept"] == [1]
    # Each kill, the node's and the head's too, costs at most what was in flight.
    assert told["again"] <= sum(killed.values()) * IN_FLIGHT
    assert told["sha256"] == sha256(calm.finished.table)


def _disturbed(
    asked: Mapping[str, Any], folder: Path, rows: int, environment: dict[str, str]
) -> Any:
    """What came out of the sweep on a cluster whose processes were killed meanwhile."""
    request = folder / "request.json"
    request.write_text(json.dumps(asked))
    command = [sys.executable, "-m", "tests.serve.commands.chaos", str(request)]
    command += [str(folder / "home"), str(rows), "0", str(SIZE.workers), str(SIZE.heads)]
    done = subprocess.run(  # noqa: S603
        command,
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])
