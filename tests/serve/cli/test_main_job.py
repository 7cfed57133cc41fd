"""The main job on real bars, and as a job on a cluster."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def head(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A Ray cluster of one node with a job server; its environment."""
    ray = str(Path(sys.executable).with_name("ray"))
    temp = f"/tmp/bst-head-{os.getpid()}"  # noqa: S108 (socket paths end at 107 bytes)
    port, dashboard, agent, client = (free_port() for _ in range(4))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment = kept | {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": os.environ["RAY_AUTH_TOKEN"],
        "RAY_USAGE_STATS_ENABLED": "0",
        "MLFLOW_TRACKING_URI": "off",
        "RAY_API_SERVER_ADDRESS": f"http://127.0.0.1:{dashboard}",
        "BST_HOME": str(tmp_path / "cluster-home"),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    start = [ray, "start", "--head", "--block", "--num-cpus=2", f"--port={port}"]
    start += ["--node-ip-address=127.0.0.1", f"--dashboard-port={dashboard}"]
    # The agent that runs jobs has a port of its own, which another Ray here may have taken.
    start += [f"--dashboard-agent-listen-port={agent}", f"--ray-client-server-port={client}"]
    start += ["--include-dashboard=true", f"--temp-dir={temp}", "--object-store-memory=200000000"]
    log = (tmp_path / "head.log").open("w")
    process = subprocess.Popen(  # noqa: S603
        start, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
    )
    yield environment
    started = psutil.Process(process.pid)
    for one in [started, *started.children(recursive=True)]:
        # Some end by themselves when their parent does.
        with suppress(psutil.NoSuchProcess):
            one.kill()
    process.wait(60)
    log.close()
    shutil.rmtree(temp, ignore_errors=True)


@pytest.mark.ray
def test_a_sweep_is_submitted_as_a_job_of_a_cluster(
    head: dict[str, str], bars_file: Callable[..., Path], tmp_path: Path
) -> None:
    ray = str(Path(sys.executable).with_name("ray"))
    sweep = "python -m serve.cli sweep sma_cross --json --axis fast=5,10 --axis slow=20:40:10"
    submit = [ray, "job", "submit", "--working-dir", ".", "--", *sweep.split()]
    submit += ["--file", str(bars_file())]
    for _ in range(60):
        done = subprocess.run(  # noqa: S603
            submit, env=head, cwd=ROOT, capture_output=True, text=True, check=False, timeout=280
        )
        # The server, and the agent that runs its jobs, take a while to listen.
        starting = "No available agent" in done.stderr or "Failed to connect" in done.stderr
        if done.returncode == 0 or not starting:
            break
        time.sleep(1)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "succeeded" in done.stdout
    (table,) = (tmp_path / "cluster-home").glob("results/*/table.parquet")
    assert table.stat().st_size > 0
    assert '"rows": 120' in done.stdout
