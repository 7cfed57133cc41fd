"""Sweeps are given to a cluster over its Jobs API, watched, stopped and taken up by any shell."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import psutil
import pytest
import requests
import yaml

from cluster.errors import ClusterRefused
from cluster.jobs import Jobs
from cluster.storage.store import Store
from strategies.graph.writing import to_json
from strategies.library import LIBRARY
from tests.serve.cli.conftest import Bst
from tests.serve.cli.test_main_job import ROOT, head
from tests.serve.commands.test_sweep_on_ray import LARGE, wait_until
from tests.serve.conftest import bars_file
from tune.attempts import Attempts

pytestmark = pytest.mark.ray
# A cluster whose kernels are not there yet makes them before its first part.
COMPILED_S = 240.0


class Cluster(NamedTuple):
    """A cluster that takes jobs, and a laptop that knows its address and token."""

    environment: dict[str, str]
    home: Path
    laptop: Path

    def shell(self, *words: object, **changed: str) -> subprocess.CompletedProcess[str]:
        """Run `bst` in a shell of its own to its end."""
        return subprocess.run(  # noqa: S603
            [sys.executable, "-m", "serve.cli", *map(str, words)],
            env=self.environment | {"BST_HOME": str(self.laptop / "home")} | changed,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )

    @property
    def parts(self) -> int:
        """Parts of sweeps that are finished."""
        return len(list(self.home.glob("results/*/parts/*.parquet")))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("cluster")
    started: Iterator[dict[str, str]] = head.__wrapped__(folder)  # type: ignore[attr-defined]
    environment = next(started)
    dashboard = environment["RAY_API_SERVER_ADDRESS"]
    token = {"Authorization": f"Bearer {environment['RAY_AUTH_TOKEN']}"}

    def takes_jobs() -> bool:
        try:
            return requests.get(f"{dashboard}/api/jobs/", headers=token, timeout=5).ok
        except requests.RequestException:
            return False

    try:
        wait_until(takes_jobs, COMPILED_S)
        home = Path(environment["BST_HOME"])
        yield Cluster(environment, home, tmp_path_factory.mktemp("laptop"))
    finally:
        next(started, None)


@pytest.fixture(scope="module")
def sweep(cluster: Cluster) -> Path:
    """A sweep of some seconds, of a strategy and bars that lie on the laptop alone."""
    write: Callable[..., Path] = bars_file.__wrapped__(cluster.laptop)  # type: ignore[attr-defined]
    strategy = cluster.laptop / "mine.json"
    strategy.write_text(json.dumps(to_json(LIBRARY["sma_cross"]())))
    space = {**LARGE, "slow": {"low": 20, "high": 200, "step": 1}}
    data = {"file": str(write(n_bars=30_000, minutes=1)), "intervals": ["1"]}
    path = cluster.laptop / "sweep.yaml"
    path.write_text(yaml.safe_dump({"strategy": str(strategy), "data": data, "space": space}))
    return path


def test_it_is_stopped_taken_up_and_computed_once(
    cluster: Cluster, sweep: Path, bst: Bst, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", cluster.environment["RAY_API_SERVER_ADDRESS"])

    def told(*words: object) -> Any:
        done = bst(*words, "--json")
        assert done.code == 0, done.err
        return json.loads(done.out)

    first = told("submit", sweep, "--priority", 2)
    key = first["key"]
    assert (first["joined"], first["priority"]) == (False, 2.0)
    wait_until(lambda: cluster.parts > 0, COMPILED_S)
    again = told("submit", sweep)
    assert (again["joined"], again["id"]) == (True, first["id"])
    stopped = told("jobs", "stop", key[:6])
    assert stopped["state"] == "stopped"
    assert not list(cluster.home.glob("orders/*.json"))
    kept = cluster.parts
    assert kept > 0
    resumed = told("jobs", "resume", key)
    assert (resumed["attempt"], resumed["joined"]) == (2, False)
    attached = cluster.shell("jobs", "attach", key, "--json")
    assert attached.returncode == 0, attached.stderr
    result = json.loads(attached.stdout)
    assert result["rows"] > result["computed"] > 0
    (listed,) = told("jobs", "list")
    assert (listed["state"], listed["done"]) == ("finished", result["rows"])
    assert "finished" in bst("jobs", "stop", key).err
    assert '"bst": "result"' in bst("jobs", "logs", key).out
    tried = Attempts(Path(result["table"]).parent).by_chunk()
    assert all(one.kept == 1 for one in tried.values())
    fetched = cluster.shell("jobs", "report", key, "--json")
    assert fetched.returncode == 0, fetched.stderr
    page = Path(json.loads(fetched.stdout)["report"])
    assert page.is_relative_to(cluster.laptop / "home")
    assert page.read_bytes() == Path(result["report"]).read_bytes()


def test_a_sweep_whose_driver_died_is_stopped_all_the_same(
    cluster: Cluster, sweep: Path, bst: Bst, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_API_SERVER_ADDRESS", cluster.environment["RAY_API_SERVER_ADDRESS"])
    asked = yaml.safe_load(sweep.read_text())
    # More than is done by the time that another driver needs to start.
    asked["space"]["stop"] = {"low": 1, "high": 9, "step": 0.2}
    longer = sweep.with_name("longer.json")
    longer.write_text(json.dumps(asked))
    key = json.loads(bst("submit", longer, "--json").out)["key"]
    before = cluster.parts
    wait_until(lambda: cluster.parts > before, COMPILED_S)
    mine = cluster.environment["RAY_API_SERVER_ADDRESS"]
    (driver,) = [
        one
        for one in psutil.process_iter(["cmdline"])
        if (one.info["cmdline"] or [])[-3:] == ["-m", "serve.submitted", "run"]
        and one.environ().get("RAY_API_SERVER_ADDRESS") == mine
    ]
    driver.kill()
    wait_until(
        lambda: json.loads(bst("jobs", "status", key, "--json").out)["state"] == "failed",
        COMPILED_S,
    )
    assert list(cluster.home.glob("orders/*.json"))
    assert bst("jobs", "stop", key).code == 0
    wait_until(lambda: not list(cluster.home.glob("orders/*.json")), COMPILED_S)
    stored = Store(f"sqlite:///{cluster.home / 'store.sqlite'}")
    assert {one.status for one in stored.sweeps()} == {"finished", "cancelled"}
    stored.close()


def test_without_the_token_nothing_is_sent(cluster: Cluster, sweep: Path) -> None:
    wrong = cluster.shell("submit", sweep, RAY_AUTH_TOKEN="0" * 64)
    assert (wrong.returncode, "Authentication failed" in wrong.stderr) == (1, True), wrong.stderr
    nobody = str(cluster.laptop / "nobody")
    none = cluster.shell("submit", sweep, RAY_AUTH_TOKEN="", HOME=nobody)
    assert (none.returncode, "There is no token" in none.stderr) == (1, True), none.stderr


def test_a_cluster_that_is_open_to_all_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Open(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"[]")

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setenv("RAY_AUTH_TOKEN", "0" * 64)
    with ThreadingHTTPServer(("127.0.0.1", 0), Open) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(ClusterRefused, match="takes jobs from anybody"):
            Jobs(f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"sapce": {}}, "sapce", id="unknown-field"),
        pytest.param({"space": {"fsat": [1, 2]}}, "space", id="unknown-parameter"),
        pytest.param({"strategy": "no_such"}, "strategy", id="unknown-strategy"),
        pytest.param({"data": {"file": "no/such.csv"}}, "data.file", id="no-bars"),
        pytest.param({"broker": {"leverage": -1}}, "broker.leverage", id="bad-broker"),
    ],
)
def test_what_is_wrong_is_named_before_a_cluster_is_asked(
    tmp_path: Path, home: Path, change: dict[str, Any], field: str
) -> None:
    from serve.cli import run

    spec = tmp_path / "sweep.yaml"
    spec.write_text(yaml.safe_dump({"strategy": "sma_cross", **change}))
    with pytest.MonkeyPatch.context() as patch:
        errors: list[str] = []
        patch.setattr("click.secho", lambda text, **_: errors.append(text))
        # Nobody listens there.
        assert run(["submit", str(spec), "--address", "http://127.0.0.1:9"]) == 2
    assert field in errors[0]
