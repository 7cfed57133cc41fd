"""A sweep on three nodes while workers and a node are killed: `python -m … FILE HOME SEED KILLS`.

A program of its own, because a process belongs to one cluster. Prints what came out as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

import psutil
from ray.cluster_utils import Cluster

from cluster.settings import Settings
from serve.commands.requests import SweepRequest, request_from
from serve.commands.sweeps import start_sweep
from tune.attempts import Attempts

_STORE: Final = 120 * 2**20
# A dead raylet refuses the connection at once; only a live one on a busy machine needs the time.
_HEALTH: Final = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 20_000,
    "health_check_failure_threshold": 3,
}


def main() -> None:
    """Start the cluster and the sweep, kill by the seed, and tell what came out."""
    request = request_from(SweepRequest, json.loads(Path(sys.argv[1]).read_text()))
    home, seed, kills = Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    common: dict[str, Any] = {"object_store_memory": _STORE, "include_dashboard": False}
    head = {**common, "num_cpus": 1, "_system_config": _HEALTH}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    nodes = [cluster.add_node(num_cpus=1, object_store_memory=_STORE) for _ in range(2)]
    try:
        job = start_sweep(request, Settings(home=home, ray_address=cluster.address))
        rng = random.Random(seed)  # noqa: S311 (which process dies is no secret)
        killed = 0
        while not job.done and killed < kills:
            time.sleep(rng.uniform(0.3, 1.0))
            killed += _kill_worker(rng)
            if killed and len(nodes) == 2:
                _kill_raylet(nodes.pop(rng.randrange(2)))
        swept = job.result(800)
    finally:
        cluster.shutdown()  # type: ignore[no-untyped-call]
    table = swept.finished.table
    tried = Attempts(table.parent).by_chunk().values()
    told = {
        "sha256": hashlib.sha256(table.read_bytes()).hexdigest(),
        "rows": swept.finished.rows,
        "killed": killed,
        "kept": [one.kept for one in tried],
        "again": sum(one.began - 1 for one in tried),
    }
    sys.stdout.write(json.dumps(told) + "\n")


def _kill_worker(rng: random.Random) -> int:
    """Kill one worker that computes a chunk; how many there were to kill, 0 or 1."""
    own = psutil.Process(os.getpid()).children(recursive=True)
    found = [one.pid for one in own if "ray::timed_part" in " ".join(_words(one))]
    if not found:
        return 0
    os.kill(rng.choice(sorted(found)), signal.SIGKILL)
    return 1


def _kill_raylet(node: Any) -> None:
    os.kill(node.all_processes["raylet"][0].process.pid, signal.SIGKILL)


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


if __name__ == "__main__":
    main()
