"""A sweep on three nodes while processes die: `python -m … FILE HOME ROWS SEED WORKERS HEADS`.

A program of its own, because it holds a cluster; the sweep's client is another, because a client
ends with the node that it is attached to. Prints what came out as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import psutil
from ray.cluster_utils import Cluster

from tests.serve.cli.test_main_job import ROOT, free_port
from tune.attempts import FILE, Attempts

_STORE: Final = 120 * 2**20
_POLL_S: Final = 0.1
_STARTS: Final = 5
_WAIT_S: Final = 3000.0
# Whoever dies dies before so large a share of the rows is done.
_LATEST: Final = 0.7
# A dead raylet refuses the connection at once; only a live one on a busy machine needs the time.
_HEALTH: Final = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 20_000,
    "health_check_failure_threshold": 3,
}


class Victims:
    """A cluster of three nodes with a core each, and how many of its processes were killed."""

    def __init__(self, seed: int) -> None:
        self.killed = {"worker": 0, "raylet": 0, "head": 0}
        self._rng = random.Random(seed)  # noqa: S311 (which process dies is no secret)
        common: dict[str, Any] = {"num_cpus": 1, "object_store_memory": _STORE}
        self._head = {
            **common,
            "include_dashboard": False,
            "gcs_server_port": free_port(),
            "dashboard_agent_listen_port": free_port(),
            "redis_password": os.environ.get("REDIS_PASSWORD", ""),
            "_system_config": _HEALTH,
        }
        self.cluster = Cluster()
        self._added(self._head)
        self._nodes = [self._added(common) for _ in range(2)]

    def schedule(self, workers: int, heads: int) -> list[tuple[float, str]]:
        """Who dies, and after which share of the rows: workers, one raylet, and heads."""
        kinds = ["worker"] * workers + ["raylet"] + ["head"] * heads
        return sorted((self._rng.uniform(0.0, _LATEST), kind) for kind in kinds)

    def kill(self, kind: str) -> bool:
        """Kill one by SIGKILL; False while there is none, a worker that computes a chunk."""
        done = {"worker": self._worker, "raylet": self._raylet, "head": self._restart}[kind]()
        self.killed[kind] += done
        return done

    def _worker(self) -> bool:
        found = [one.pid for one in _own() if "ray::timed_part" in " ".join(_words(one))]
        if found:
            os.kill(self._rng.choice(sorted(found)), signal.SIGKILL)
        return bool(found)

    def _raylet(self) -> bool:
        node = self._nodes.pop(self._rng.randrange(2))
        os.kill(node.all_processes["raylet"][0].process.pid, signal.SIGKILL)
        return True

    def _restart(self) -> bool:
        """Everything of the head, its workers too; then a head on the same port and Redis."""
        head: Any = self.cluster.head_node
        pids = [one.process.pid for kind in head.all_processes.values() for one in kind]
        _end([one for one in _own() if one.pid in pids])
        self.cluster.head_node = None
        self._added(self._head)
        return True

    def _added(self, options: dict[str, Any]) -> Any:
        """A node more. Ray gives it 30 s to start: on a machine that is busier, once more."""
        for _ in range(_STARTS):
            before = {one.pid for one in _own()}
            try:
                return self.cluster.add_node(**options)
            except Exception as error:
                # Ray has no class of its own for it.
                if "timed out during startup" not in str(error):
                    raise
                _end([one for one in _own() if one.pid not in before])
        raise TimeoutError(f"No node came up in {_STARTS} tries")


def main() -> None:
    """Start the cluster and the sweep, kill by the seed, and tell what came out."""
    request, home, rows = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    seed, workers, heads = (int(word) for word in sys.argv[4:7])
    victims = Victims(seed)
    address = victims.cluster.address
    client = _client(request, home, address)
    try:
        left, until_s = victims.schedule(workers, heads), time.monotonic() + _WAIT_S
        while not _ended(home) and time.monotonic() < until_s:
            if left and _kept(home) >= left[0][0] * rows and victims.kill(left[0][1]):
                left.pop(0)
            if client.poll() not in (None, 0) and not _promised(home):
                # Its node died before the sweep was promised.
                client = _client(request, home, address)
            time.sleep(_POLL_S)
    finally:
        client.kill()
        client.wait()
        victims.cluster.shutdown()  # type: ignore[no-untyped-call]
    sys.stdout.write(json.dumps(_told(home, victims.killed)) + "\n")


def _told(home: Path, killed: dict[str, int]) -> dict[str, Any]:
    (table,) = home.glob("results/*/table.parquet")
    tried = Attempts(table.parent).by_chunk().values()
    return {
        "sha256": hashlib.sha256(table.read_bytes()).hexdigest(),
        "killed": killed,
        "chunks": len(tried),
        "kept": sorted({one.kept for one in tried}),
        "again": sum(one.began - 1 for one in tried),
    }


def _client(request: str, home: Path, address: str) -> subprocess.Popen[bytes]:
    more = {"RAY_ADDRESS": address, "BST_HOME": str(home), "MLFLOW_TRACKING_URI": "off"}
    command = [sys.executable, "-m", "tests.serve.commands.client", request]
    with home.with_suffix(".log").open("a") as log:
        return subprocess.Popen(  # noqa: S603
            command, env=os.environ | more, cwd=ROOT, stdout=log, stderr=log
        )


def _promised(home: Path) -> list[Path]:
    return list(home.glob("orders/*.json"))


def _ended(home: Path) -> bool:
    return bool(list(home.glob("results/*/table.parquet"))) and not _promised(home)


def _kept(home: Path) -> int:
    """Rows that are done; a line that is being written counts with the next look."""
    found = 0
    for path in home.glob(f"results/*/{FILE}"):
        for text in path.read_text(encoding="utf-8").split("\n")[:-1]:
            line = json.loads(text)
            found += line["rows"] if line["what"] == "kept" else 0
    return found


def _own() -> list[psutil.Process]:
    return psutil.Process(os.getpid()).children(recursive=True)


def _end(processes: list[psutil.Process]) -> None:
    """Kill them and all that they started, by SIGKILL."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            for one in [process, *process.children(recursive=True)]:
                one.kill()


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


if __name__ == "__main__":
    main()
