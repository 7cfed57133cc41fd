"""A sweep on a cluster that has no worker yet: `python -m … FILE HOME`, at RAY_ADDRESS.

A program of its own, because a process belongs to one cluster. Prints what it saw as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import ray

from cluster.capacity import Capacity
from cluster.ray_runtime import ray_session
from cluster.settings import Settings
from serve.commands.requests import SweepRequest, request_from
from serve.commands.sweeps import start_sweep

_WAIT_S: Final = 240.0


def main() -> None:
    """Watch the cluster grow with the sweep and shrink after it."""
    request = request_from(SweepRequest, json.loads(Path(sys.argv[1]).read_text()))
    home, address = Path(sys.argv[2]), os.environ["RAY_ADDRESS"]
    with ray_session(address) as runtime:
        began, capacity = _nodes(), Capacity(0)
        least = capacity.in_flight
        job = start_sweep(request, Settings(home=home, ray_address=address))
        _wait(lambda: job.done or _nodes() > began)
        grown, released = _nodes(), home / "released"
        # The node stays until it was counted, however short the sweep is.
        held = ray.remote(_held).remote(str(released))
        swept = job.result(_WAIT_S)
        _wait(lambda: capacity.in_flight > least)
        most = capacity.in_flight
        released.touch()
        ray.get(held)
        _wait(lambda: _nodes() == began)
        capacity.close()
    told = {
        "cpus": runtime.cpus,
        "nodes": [began, grown, began],
        "in_flight": [least, most],
        "rows": swept.finished.rows,
        "sha256": hashlib.sha256(swept.finished.table.read_bytes()).hexdigest(),
    }
    sys.stdout.write(json.dumps(told) + "\n")


def _held(released: str) -> None:
    while not Path(released).exists():
        time.sleep(0.1)


def _nodes() -> int:
    found = ray.nodes()  # type: ignore[no-untyped-call]
    return sum(bool(node["Alive"]) for node in found)


def _wait(condition: Callable[[], object]) -> None:
    until_s = time.monotonic() + _WAIT_S
    while not condition():
        if time.monotonic() > until_s:
            raise TimeoutError(f"{_nodes()} nodes, {ray.cluster_resources()}")  # type: ignore[no-untyped-call]
        time.sleep(0.2)


if __name__ == "__main__":
    main()
