"""The head is killed in mid-sweep and started again on its Redis: the sweep ends by itself."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cluster.settings import Settings
from serve.commands.sweeps import start_sweep
from tests.serve.cli.test_main_job import ROOT, free_port
from tests.serve.commands.heads import alone, head
from tests.serve.commands.test_sweep_on_ray import LARGE, asked, sha256, wait_until
from tune.attempts import Attempts

pytestmark = pytest.mark.ray

# Kernels may have to be compiled, and the dead node has to be missed, on a machine that is busy.
LONG_S = 240.0


def test_a_head_that_comes_back_goes_on_with_the_sweep(
    redis: tuple[int, str], bars_file: Callable[..., Path], tmp_path: Path, local_ray: None
) -> None:
    redis_port, password = redis
    port, home = free_port(), tmp_path / "home"
    temp = f"/tmp/bst-redis-{os.getpid()}"  # noqa: S108 (socket paths end at 107 bytes)
    environment = alone(
        RAY_REDIS_ADDRESS=f"127.0.0.1:{redis_port}",
        RAY_external_storage_namespace="bst-test",
        RAY_TMPDIR=temp,
        # Missed within seconds.
        RAY_health_check_initial_delay_ms="0",
        RAY_health_check_period_ms="1000",
        RAY_health_check_failure_threshold="5",
        BST_HOME=str(home),
    )
    options = ["--num-cpus=2", f"--temp-dir={temp}", f"--redis-password={password}"]
    options += ["--object-store-memory=200000000"]
    log = tmp_path / "head.log"
    file = bars_file(40_000, 1)
    words = ["-m", "serve.cli", "sweep", "sma_cross", "--file", str(file), "--interval", "1"]
    words += ["--axis", "fast=5:100:1", "--axis", "slow=20:200:4", "--set", "stop=2"]
    client_environment = environment | {"RAY_ADDRESS": f"127.0.0.1:{port}"}
    parts = f"{home.name}/results/*/parts/*.parquet"
    table = f"{home.name}/results/*/table.parquet"
    try:
        with (
            head(port, log, environment, *options),
            _client(words, client_environment, tmp_path),
        ):
            wait_until(lambda: list(tmp_path.glob(parts)), LONG_S)
        assert not list(tmp_path.glob(table))
        with head(port, log, environment, *options):
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


@contextmanager
def _client(words: list[str], environment: dict[str, str], folder: Path) -> Iterator[None]:
    """A person who asks for the sweep, again until the head listens; killed at the end."""
    again = """until "$0" "$@"; do sleep 1; done"""
    with (folder / "client.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", again, sys.executable, *words],
            env=environment,
            cwd=ROOT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
