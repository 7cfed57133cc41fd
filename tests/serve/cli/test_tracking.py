"""What a sweep leaves in MLflow: in a file of its own, and on a real server."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.serve.cli.conftest import Bst
from tests.serve.cli.test_verdict import DAYS, FREE, SPACE, check, waves_file

pytestmark = [
    pytest.mark.ray,
    # MLflow's own, of its libraries.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def runs_of(uri: str, experiment: str = "sma_cross") -> list[Any]:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    found = client.get_experiment_by_name(experiment)
    return [] if found is None else list(client.search_runs([found.experiment_id]))


def kinds(runs: list[Any]) -> list[str]:
    return sorted(run.data.tags["kind"] for run in runs)


@pytest.fixture
def in_a_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The default: an SQLite file in the user's home."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    return f"sqlite:///{home / 'mlflow.sqlite'}"


def test_a_sweep_its_folds_and_its_verdict_are_logged_once(
    bst: Bst, tmp_path: Path, in_a_file: str, local_ray: None
) -> None:
    given = ["sma_cross", "--file", waves_file(tmp_path), *SPACE, *FREE, "--json"]
    said = json.loads(bst("sweep", *given).out)
    runs = runs_of(in_a_file)
    assert kinds(runs) == ["fold"] * 5 + ["sweep", "verdict"]
    (parent,) = (run for run in runs if run.data.tags["kind"] == "sweep")
    best = said["best"][0]
    assert parent.data.tags["bst.sweep"] == said["digest"]
    assert parent.data.tags["light"] == said["verdict"]["light"]
    assert parent.data.params["best.fast"] == str(best["param_fast"])
    assert parent.data.metrics["train_sharpe"] == best["train_sharpe"]
    assert all(
        run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        for run in runs
        if run is not parent
    )
    tested = {run.data.params["test_start"]: run for run in runs if run.data.tags["kind"] == "fold"}
    for fold in said["walk_forward"]:
        assert tested[fold["test_start"]].data.metrics["test_sharpe"] == fold["test_sharpe"]
    assert bst("sweep", *given).code == 0
    assert bst("verdict").code == 0
    assert len(runs_of(in_a_file)) == len(runs)


def test_the_space_is_searched_anew_before_each_test(
    bst: Bst, tmp_path: Path, in_a_file: str, local_ray: None
) -> None:
    given = ["sma_cross", "--file", waves_file(tmp_path), *SPACE, *FREE, "--json"]
    assert bst("sweep", *given).code == 0
    plain = json.loads(bst("verdict", "--json").out)
    said = json.loads(bst("verdict", "--reoptimise", "--json").out)
    folds = said["reoptimised"]
    assert "reoptimised" not in plain
    assert [fold["test_start"] for fold in folds] == [
        fold["test_start"] for fold in plain["walk_forward"]
    ]
    assert check(said, "reoptimised") > 0.0
    assert check(said, "trials") == check(plain, "trials")
    logged = kinds(runs_of(in_a_file))
    assert (logged.count("reoptimised fold"), logged.count("verdict")) == (5, 2)
    # A fold's search is the sweep of its training part, as anybody could run it.
    fold = folds[2]
    end = date.fromisoformat(fold["test_start"]) - timedelta(days=2)
    start = end - timedelta(days=DAYS // 2 - 2)
    span = ["--start", start, "--end", end, "--train-percent", "100"]
    alone = json.loads(bst("sweep", *given, *span).out)
    assert alone["computed"] == 0
    best = alone["best"][0]
    assert {name: best[f"param_{name}"] for name in fold["parameters"]} == fold["parameters"]


def test_what_is_promoted_can_be_run_again(
    bst: Bst, tmp_path: Path, home: Path, in_a_file: str, local_ray: None
) -> None:
    bars = waves_file(tmp_path)
    swept = json.loads(bst("sweep", "sma_cross", "--file", bars, *SPACE, *FREE, "--json").out)
    first = json.loads(bst("promote", "--name", "waves", "--json").out)
    second = json.loads(bst("promote", swept["digest"][:8], "--name", "waves", "--json").out)
    assert (first["version"], second["version"]) == ("1", "2")
    (strategy,) = home.glob("mlflow/*/artifacts/best/strategy.json")
    values = json.loads(strategy.with_name("parameters.json").read_text())
    sets = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
    told = bst("backtest", strategy, "--file", bars, *sets, *FREE, "--json")
    assert told.code == 0, told.err
    best = {name: swept["best"][0][f"param_{name}"] for name in values}
    assert json.loads(told.out)["parameters"] == best


def test_a_red_row_is_promoted_only_on_purpose(
    bst: Bst, bars_file: Callable[..., Path], in_a_file: str, local_ray: None
) -> None:
    bst("sweep", "sma_cross", "--file", bars_file(1_500, 240), *SPACE)
    told = bst("promote", "--name", "noise")
    assert told.code == 2
    assert "not red" in told.err
    assert bst("promote", "--name", "noise", "--anyway").code == 0


def test_a_server_that_is_away_costs_no_sweep(
    bst: Bst, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, local_ray: None
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    told = bst("sweep", "sma_cross", "--file", waves_file(tmp_path), *SPACE, *FREE)
    assert told.code == 0
    assert "MLflow at http://127.0.0.1:9 took no note" in told.out + told.err
    assert bst("promote", "--name", "x").code == 1


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A real MLflow server on a port of its own."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    folder = tmp_path / "server"
    folder.mkdir()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'runs.sqlite'}"]
    command += ["--artifacts-destination", str(folder / "files")]
    log = (folder / "log").open("w")
    process = subprocess.Popen(  # noqa: S603
        command, stdout=log, stderr=log, cwd=folder, env={**os.environ, "DO_NOT_TRACK": "true"}
    )
    uri = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    try:
        _wait_for(uri, process)
        yield uri
    finally:
        for one in psutil.Process(process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                one.kill()
        process.kill()
        process.wait(30)
        log.close()


def _wait_for(uri: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None
        try:
            with urllib.request.urlopen(f"{uri}/health", timeout=5):  # noqa: S310
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the server did not start")


def test_a_real_server_holds_runs_files_and_the_registry(
    bst: Bst, tmp_path: Path, server: str, local_ray: None
) -> None:
    from mlflow import MlflowClient

    given = ["sma_cross", "--file", waves_file(tmp_path), *SPACE, *FREE, "--json"]
    told = bst("sweep", *given)
    assert told.code == 0, told.err
    said = json.loads(told.out)
    runs = runs_of(server)
    assert kinds(runs) == ["fold"] * 5 + ["sweep", "verdict"]
    client = MlflowClient(tracking_uri=server)
    (parent,) = (run for run in runs if run.data.tags["kind"] == "sweep")
    assert {one.path for one in client.list_artifacts(parent.info.run_id)} == {
        "best",
        "table.parquet",
    }
    assert bst("promote", "--name", "waves").code == 0
    (version,) = client.search_model_versions("name = 'waves'")
    assert version.tags["bst.sweep"] == said["digest"]
    assert version.run_id == parent.info.run_id
