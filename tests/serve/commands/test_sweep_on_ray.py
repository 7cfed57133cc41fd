"""A sweep gives the same table whatever happens while it runs."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
import ray

from actors.market_data.actor import MarketDataHandle
from actors.market_data.datasets import DatasetRequest, Datasets
from actors.market_data.store import Catalog
from cluster.settings import Settings
from cluster.storage.store import Store
from engines.bars import Series
from serve.commands.job import Cancelled, Job
from serve.commands.requests import SweepRequest, request_from
from serve.commands.sweeps import resume_sweep, start_sweep
from serve.commands.swept import Swept
from strategies.evaluation.dataset import Dataset
from tune.chunk import chunk_table, prepare
from tune.errors import DiskFull
from tune.parts import Parts

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("local_ray")]

SMALL: Mapping[str, Any] = {"fast": [5, 10, 15], "slow": [20, 30, 40, 50], "stop": [1, 2]}
# Long enough to be caught running: about a second a chunk.
LARGE: Mapping[str, Any] = {
    "fast": {"low": 5, "high": 100, "step": 1},
    "slow": {"low": 20, "high": 200, "step": 4},
    "stop": 2,
}


def asked(file: Path, space: Mapping[str, Any] = SMALL, **fields: Any) -> SweepRequest:
    data = {"file": str(file), **fields.pop("data", {})}
    wanted = {"strategy": "sma_cross", "data": data, "space": dict(space), **fields}
    return request_from(SweepRequest, wanted)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wait_until(condition: Callable[[], object], timeout_s: float = 240.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.serve.conftest import bars_file

    write: Callable[..., Path] = bars_file.__wrapped__(tmp_path_factory.mktemp("bars"))  # type: ignore[attr-defined]
    # Enough to compute for seconds: what happens in the middle of a sweep is looked at.
    return write(n_bars=90_000, minutes=1)


@pytest.fixture
def running(large_file: Path, settings: Settings) -> Iterator[Job[Swept]]:
    """A sweep of several chunks with the first of them done."""
    job = start_sweep(asked(large_file, LARGE, data={"intervals": ["1"]}), settings)
    wait_until(lambda: job.progress.text == "rows" and job.progress.done > 0)
    yield job
    if not job.done:
        job.cancel()
        with pytest.raises(Cancelled):
            job.result()


def test_the_table_is_what_one_process_computes(
    settings: Settings, bars_file: Callable[..., Path]
) -> None:
    swept = start_sweep(asked(bars_file()), settings).result()
    planned, table = swept.planned, pq.read_table(swept.finished.table)
    assert table.num_rows == 24
    dataset = Datasets(str(planned.charts.catalog_root)).take(planned.charts.charts[0].dataset)
    terms = planned.spec.terms(0)
    made = prepare(planned.strategy, dataset, dict(planned.rows), terms)
    window = planned.spec.windows[0]
    alone = chunk_table(made, planned.strategy, dict(planned.rows), terms, window, 0)
    for name in alone.column_names:
        np.testing.assert_array_equal(
            table.column(name).to_numpy(), alone.column(name).to_numpy(), name
        )


def test_asked_again_it_computes_nothing(
    settings: Settings, bars_file: Callable[..., Path]
) -> None:
    request = asked(bars_file())
    first = start_sweep(request, settings).result()
    before = sha256(first.finished.table)
    again = start_sweep(request, settings).result()
    assert (first.finished.computed, again.finished.computed) == (24, 0)
    assert sha256(again.finished.table) == before
    assert again.finished.best == first.finished.best


def test_only_missing_parts_are_computed(running: Job[Swept], settings: Settings) -> None:
    whole = running.result()
    before = sha256(whole.finished.table)
    chunks = whole.planned.spec.chunks()
    parts = Parts(settings.results_folder, whole.planned.spec)
    parts.path(chunks[1]).unlink()
    again = resume_sweep("last", settings).result()
    assert again.finished.computed == chunks[1].n_rows
    assert sha256(again.finished.table) == before


def test_a_cancelled_sweep_keeps_its_parts_and_goes_on(
    running: Job[Swept], settings: Settings
) -> None:
    running.cancel()
    with pytest.raises(Cancelled):
        running.result()
    store = Store(settings.store_url)
    (stored,) = store.sweeps()
    assert stored.status == "cancelled"
    assert stored.owner == "tester"
    kept = len(list(Path(stored.folder).glob("parts/*.parquet")))
    assert kept > 0
    finished = resume_sweep(stored.digest[:8], settings).result().finished
    assert 0 < finished.computed < finished.rows
    (stored,) = store.sweeps()
    assert (stored.status, stored.trials) == ("finished", finished.rows)
    store.close()


def test_a_killed_worker_changes_no_byte(
    running: Job[Swept], settings: Settings, large_file: Path, tmp_path: Path
) -> None:
    victims = [
        one.pid
        for one in psutil.process_iter(["cmdline"])
        if "ray::timed_part" in " ".join(one.info["cmdline"] or ())
        and os.getpid() in {parent.pid for parent in one.parents()}
    ]
    assert victims
    os.kill(victims[0], signal.SIGKILL)
    survived = running.result()
    calm = Settings(home=tmp_path / "calm")
    request = asked(large_file, LARGE, data={"intervals": ["1"]})
    undisturbed = start_sweep(request, calm).result()
    assert sha256(survived.finished.table) == sha256(undisturbed.finished.table)


def test_a_full_disk_stops_it_and_loses_nothing(running: Job[Swept], settings: Settings) -> None:
    swept = running.result()
    before = sha256(swept.finished.table)
    parts, chunks = Parts(settings.results_folder, swept.planned.spec), swept.planned.spec.chunks()
    lost = parts.path(chunks[-1])
    lost.unlink()
    # What is written there fails as on a full disk.
    full = lost.with_name(f".{lost.name}.{os.getpid()}")
    full.symlink_to("/dev/full")
    with pytest.raises(DiskFull, match="No space left"):
        resume_sweep("last", settings).result()
    assert len(parts.finished(chunks)) == len(chunks) - 1
    full.unlink(missing_ok=True)
    again = resume_sweep("last", settings).result()
    assert again.finished.computed == chunks[-1].n_rows
    assert sha256(again.finished.table) == before


def test_tasks_read_bars_without_a_copy(settings: Settings, bars_file: Callable[..., Path]) -> None:
    swept = start_sweep(asked(bars_file(20_000)), settings).result()
    charts = swept.planned.charts
    held = MarketDataHandle(str(charts.catalog_root))

    def looked_at(dataset: Dataset) -> list[tuple[bool, bool, bool]]:
        plasma = []
        for line in Path("/proc/self/maps").read_text().splitlines():
            if "plasma" in line:
                low, high = (int(part, 16) for part in line.split()[0].split("-"))
                plasma.append((low, high))
        found = []
        for column in (dataset.bars.open_ms, dataset.bars.close, dataset.bars.volume):
            start = column.__array_interface__["data"][0]
            shared = any(low <= start < high for low, high in plasma)
            found.append((shared, column.flags.owndata, column.flags.writeable))
        return found

    task = ray.remote(looked_at)
    seen = ray.get(task.remote(held.dataset(charts.charts[0].dataset)))
    assert seen == [(True, False, False)] * 3
    held.close()


def test_the_actor_comes_back_after_its_death(tmp_path: Path) -> None:
    from tests.serve.reports.samples import market

    bars = market(500, 1)
    Catalog(tmp_path).write(bars)
    held = MarketDataHandle(str(tmp_path))
    request = DatasetRequest(Series("linear", "BTCUSDT", "15"), None, (), None, None)
    first = held.info(request)
    ray.kill(held._actor)
    assert held.info(request).digest == first.digest
    assert ray.get(held.dataset(request)).digest == first.digest
    held.close()
