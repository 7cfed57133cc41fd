"""The coordinator runs sweeps for clients that come and go, and goes on after its own death."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import ray

from cluster.settings import Settings
from serve.commands.coordinated import coordinator
from serve.commands.sweeps import start_sweep
from tests.serve.commands.test_sweep_on_ray import LARGE, asked, large_file, wait_until
from tune.attempts import Attempts
from tune.budget import Budget
from tune.coordinator_actor import CoordinatorHandle
from tune.errors import BudgetSpent
from tune.orders import Order
from tune.progress import Ticket

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("local_ray")]
__all__ = ["large_file"]


@pytest.fixture
def held(settings: Settings) -> Iterator[CoordinatorHandle]:
    found = coordinator(settings)
    yield found
    ray.kill(found._actor)


def order_of(file: Path, priority: float = 1.0, budget: Budget | None = None) -> Order:
    request = asked(file, LARGE, data={"intervals": ["1"]}).model_dump(mode="json")
    return Order(request, "tester", 1_000, priority=priority, budget=budget or Budget())


def parts_in(home: Path) -> list[Path]:
    return list(home.glob("results/*/parts/*.parquet"))


def parts_of(home: Path) -> int:
    return len(parts_in(home))


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_killed_coordinator_goes_on_and_computes_nothing_twice(
    held: CoordinatorHandle, settings: Settings, large_file: Path, tmp_path: Path
) -> None:
    order = order_of(large_file)
    key = held.submit(order)
    # Another client that asks for the same joins it.
    assert coordinator(settings).submit(replace(order, submitted_ms=2_000)) == key
    assert len(held.sweeps()) == 1
    wait_until(lambda: parts_of(settings.home) > 0)
    ray.kill(held._actor, no_restart=False)
    told = held.follow(order, Ticket())
    assert told.finished is not None
    folder = told.finished.table.parent
    tried = Attempts(folder).by_chunk()
    assert all(one.kept == 1 for one in tried.values())
    # What was in flight when it died, and no more.
    assert sum(one.began - 1 for one in tried.values()) <= 4
    assert not list((settings.home / "orders").glob("*.json"))
    calm = start_sweep(
        asked(large_file, LARGE, data={"intervals": ["1"]}), Settings(home=tmp_path / "calm")
    ).result()
    assert sha256(told.finished.table) == sha256(calm.finished.table)


def test_orders_on_disk_are_run_by_a_coordinator_that_is_new(
    settings: Settings, bars_file: Callable[..., Path]
) -> None:
    from tune.orders import Orders

    request = asked(bars_file()).model_dump(mode="json")
    order = Order(json.loads(json.dumps(request)), "tester", 1_000)
    Orders(settings.home / "orders").keep(order)
    found = coordinator(settings)
    wait_until(lambda: not list((settings.home / "orders").glob("*.json")))
    assert list(settings.home.glob("results/*/table.parquet"))
    ray.kill(found._actor)


def test_a_cancelled_sweep_keeps_its_parts(
    held: CoordinatorHandle, settings: Settings, large_file: Path
) -> None:
    order = order_of(large_file)
    key = held.submit(order)
    wait_until(lambda: parts_of(settings.home) > 0)
    assert held.cancel(key)
    wait_until(lambda: (told := held.told(key)) is not None and told.status == "cancelled")
    kept = parts_of(settings.home)
    assert kept > 0
    assert not list((settings.home / "orders").glob("*.json"))


def test_a_budget_of_rows_stops_between_chunks(
    held: CoordinatorHandle, settings: Settings, large_file: Path
) -> None:
    with pytest.raises(BudgetSpent, match="rows would be computed"):
        held.follow(order_of(large_file, budget=Budget(rows=2_500)), Ticket())
    kept = [pq.read_metadata(part).num_rows for part in parts_in(settings.home)]
    # Another chunk would have been too much.
    assert len(kept) > 1
    assert sum(kept) <= 2_500 < sum(kept) + max(kept)
