"""A sweep on GPUs has the CPU's table, is named as one, and is refused where there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from actors.market_data.datasets import Datasets
from cluster.settings import Settings
from engines.batch import gpu
from engines.errors import InvalidInput
from serve.commands.job import Ticket
from serve.commands.planning import Planned, check_gpus, plan, searched
from serve.commands.requests import SweepRequest, request_from
from tests.serve.conftest import bars_file
from tune import dispatch
from tune.dispatch import submitted
from tune.isolation import timed_part

__all__ = ["bars_file"]


def planned(files: Path, home: Path, engine: str) -> Planned:
    asked = {
        "strategy": "sma_cross",
        "data": {"file": str(files), "intervals": ["1"]},
        "space": {
            "fast": {"low": 5, "high": 100, "step": 1},
            "slow": {"low": 20, "high": 200, "step": 1},
            # Levels to choose from would have the CPU look them up, in chunks as large.
            "stop": 2,
        },
        "engine": engine,
    }
    search = searched(request_from(SweepRequest, asked), Settings(home=home), Ticket())
    return plan(search, Settings(home=home), lambda root: Datasets(root).info)


@pytest.fixture(scope="module")
def simulated() -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.tune.simulated_gpu"],
        env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_chunk_on_a_gpu_is_the_table_of_the_cpu(simulated: dict[str, Any]) -> None:
    assert simulated["trades"] > 20
    assert simulated["tables"]


def test_a_backtest_on_a_gpu_has_the_ledger_of_the_cpu(simulated: dict[str, Any]) -> None:
    assert simulated["fills"] > 5
    assert simulated["ledgers"]["gpu"] == simulated["ledgers"]["cpu"]
    assert simulated["paths"] == {"gpu": "gpu_bracket", "cpu": "bracket"}


def test_the_wish_is_part_of_the_name_and_makes_chunks_large(
    bars_file: Callable[..., Path], tmp_path: Path
) -> None:
    file = bars_file(30_000, 1)
    auto, cpu, gpus = (planned(file, tmp_path, name).spec for name in ("auto", "cpu", "gpu"))
    assert auto.digest == cpu.digest != gpus.digest
    assert gpus.n_rows == cpu.n_rows == sum(one.n_rows for one in gpus.chunks())
    assert max(one.n_rows for one in gpus.chunks()) > 4 * max(one.n_rows for one in cpu.chunks())


def test_a_chunk_asks_ray_for_a_share_of_a_gpu(
    bars_file: Callable[..., Path], tmp_path: Path, ray_options: list[dict[str, Any]]
) -> None:
    file = bars_file(3_000, 1)
    for engine in ("cpu", "gpu"):
        found = planned(file, tmp_path, engine)
        windows = SimpleNamespace(take=lambda number: "bars")
        run: Any = SimpleNamespace(spec=found.spec, rows=found.rows, windows=windows, prepared={})
        chunk = found.spec.chunks()[0]
        run.prepared[0, found.spec.over(chunk).end_ms] = "ready"
        submitted(run, chunk)
    assert [one["num_gpus"] for one in ray_options] == [0.0, 0.5]


@pytest.fixture
def ray_options(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The options of every task that is submitted; none runs."""
    import ray

    given: list[dict[str, Any]] = []

    class Remote:
        def remote(self, *_: object) -> None:
            return None

    def remote(**options: Any) -> Callable[[object], Remote]:
        given.append(options)
        return lambda function: Remote()

    monkeypatch.setattr(ray, "remote", remote)
    # Tasks are made once a process: these are neither those of before nor for later.
    monkeypatch.setattr(dispatch, "_task", dispatch._task.__wrapped__)
    return given


def test_a_cluster_without_gpus_is_not_asked_to_wait_for_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import ray

    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 8.0})
    request = request_from(SweepRequest, {"strategy": "sma_cross", "engine": "gpu"})
    with pytest.raises(InvalidInput, match=r"engine.*no node of the cluster has a GPU"):
        check_gpus(request)
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 8.0, "GPU": 1.0})
    check_gpus(request)


def test_a_worker_without_a_gpu_fails_the_chunk_and_no_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gpu, "available", lambda: False)
    nothing: Any = None
    with pytest.raises(InvalidInput, match=r"engine.*no CUDA GPU"):
        timed_part(nothing, nothing, {}, nothing, nothing, 0, "gpu")
