"""The head is killed in mid-sweep and started again on its Redis: the sweep ends by itself."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from cluster.settings import Settings
from serve.commands.sweeps import start_sweep
from tests.serve.cli.test_main_job import ROOT, free_port
from tests.serve.commands.test_sweep_on_ray import LARGE, asked, sha256, wait_until
from tune.attempts import Attempts

pytestmark = pytest.mark.ray

REDIS = shutil.which("redis-server")
# Kernels may have to be compiled, and the dead node has to be missed, on a machine that is busy.
LONG_S = 240.0


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """Port and password of a Redis that keeps every write."""
    if REDIS is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    port, password = free_port(), secrets.token_hex(16)
    options = ["--bind", "127.0.0.1", "--port", str(port), "--requirepass", password]
    options += ["--appendonly", "yes", "--dir", str(tmp_path), "--save", ""]
    with (tmp_path / "redis.log").open("w") as log:
        server = subprocess.Popen([REDIS, *options], stdout=log)  # noqa: S603
    yield port, password
    server.terminate()
    server.wait(30)


@contextmanager
def head(environment: dict[str, str], ports: tuple[int, ...], password: str) -> Iterator[None]:
    """A head with two cores, killed at the end with everything that it started."""
    port, agent, client = ports
    ray = str(Path(sys.executable).with_name("ray"))
    command = [ray, "start", "--head", "--block", "--num-cpus=2", f"--port={port}"]
    command += [f"--dashboard-agent-listen-port={agent}", f"--ray-client-server-port={client}"]
    command += ["--include-dashboard=false", f"--temp-dir={environment['RAY_TMPDIR']}"]
    command += [f"--redis-password={password}", "--object-store-memory=200000000"]
    with Path(environment["BST_HOME"]).with_suffix(".log").open("a") as log:
        process = subprocess.Popen(  # noqa: S603
            command, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    started = psutil.Process(process.pid)
    try:
        yield
    finally:
        for one in [started, *started.children(recursive=True)]:
            # Some end by themselves when their parent does.
            with suppress(psutil.NoSuchProcess):
                one.kill()
        process.wait(60)


def test_a_head_that_comes_back_goes_on_with_the_sweep(
    redis: tuple[int, str], bars_file: Callable[..., Path], tmp_path: Path, local_ray: None
) -> None:
    redis_port, password = redis
    ports, home = (free_port(), free_port(), free_port()), tmp_path / "home"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    temp = f"/tmp/bst-redis-{os.getpid()}"  # noqa: S108 (socket paths end at 107 bytes)
    environment = kept | {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": os.environ["RAY_AUTH_TOKEN"],
        "RAY_USAGE_STATS_ENABLED": "0",
        "MLFLOW_TRACKING_URI": "off",
        "RAY_REDIS_ADDRESS": f"127.0.0.1:{redis_port}",
        "RAY_external_storage_namespace": "bst-test",
        "RAY_TMPDIR": temp,
        # Missed within seconds.
        "RAY_health_check_initial_delay_ms": "0",
        "RAY_health_check_period_ms": "1000",
        "RAY_health_check_failure_threshold": "5",
        "BST_HOME": str(home),
    }
    file = bars_file(40_000, 1)
    words = ["-m", "serve.cli", "sweep", "sma_cross", "--file", str(file), "--interval", "1"]
    words += ["--axis", "fast=5:100:1", "--axis", "slow=20:200:4", "--set", "stop=2"]
    client_environment = environment | {"RAY_ADDRESS": f"127.0.0.1:{ports[0]}"}
    parts = f"{home.name}/results/*/parts/*.parquet"
    table = f"{home.name}/results/*/table.parquet"
    try:
        with head(environment, ports, password):
            client = _client(words, client_environment, tmp_path)
            wait_until(lambda: list(tmp_path.glob(parts)), LONG_S)
            os.killpg(client.pid, signal.SIGKILL)
            client.wait()
        assert not list(tmp_path.glob(table))
        with head(environment, ports, password):
            # Nobody asks: the coordinator is started again because Redis remembers it.
            wait_until(lambda: list(tmp_path.glob(table)), LONG_S)
            wait_until(lambda: not list(home.glob("orders/*.json")), LONG_S)
    finally:
        shutil.rmtree(temp, ignore_errors=True)
    (whole,) = tmp_path.glob(table)
    tried = Attempts(whole.parent).by_chunk().values()
    assert all(one.kept == 1 for one in tried)
    calm = start_sweep(
        asked(file, LARGE, data={"intervals": ["1"]}), Settings(home=tmp_path / "calm")
    ).result()
    assert sha256(whole) == sha256(calm.finished.table)


def _client(words: list[str], environment: dict[str, str], folder: Path) -> subprocess.Popen[bytes]:
    """A person who asks for the sweep, again until the head listens."""
    again = """until "$0" "$@"; do sleep 1; done"""
    with (folder / "client.log").open("w") as log:
        return subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", again, sys.executable, *words],
            env=environment,
            cwd=ROOT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
