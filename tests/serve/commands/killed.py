"""What comes out of a sweep whose coordinator was killed, and what without?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import ray

from cluster.settings import Settings
from serve.commands.coordinated import coordinator
from serve.commands.requests import SweepRequest
from serve.commands.sweeps import start_sweep
from tests.serve.commands.test_sweep_on_ray import sha256, wait_until
from tune.orders import Order
from tune.progress import Ticket


def tables_killed_and_calm(
    request: SweepRequest, settings: Settings, calm: Path
) -> tuple[str, str]:
    """Digests of both tables; it is killed once a part is kept, and goes on by itself."""
    held = coordinator(settings)
    order = Order(request.model_dump(mode="json"), "tester", 1_000)
    held.submit(order)
    wait_until(lambda: len(list(settings.home.glob("results/*/parts/*.parquet"))) > 0)
    ray.kill(held._actor, no_restart=False)
    told = held.follow(order, Ticket())
    ray.kill(held._actor)
    assert told.finished is not None
    undisturbed = start_sweep(request, replace(settings, home=calm)).result()
    return sha256(told.finished.table), sha256(undisturbed.finished.table)
