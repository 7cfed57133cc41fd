"""What a few batches cost tells what the sweep costs."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.market_data.datasets import Datasets
from cluster.settings import Settings
from engines.errors import InvalidInput
from serve.commands.job import Ticket
from serve.commands.planning import Planned, plan, searched
from serve.commands.requests import SweepRequest, request_from
from strategies.evaluation.dataset import Dataset
from tests.examples import examples, times
from tests.serve.conftest import bars_file
from tune.chunk import chunk_table, prepare
from tune.estimate import Estimate, estimate, wall_seconds
from tune.node_plan import NodeKind, node_plans

__all__ = ["bars_file"]

SPACE = {
    "fast": {"low": 5, "high": 100, "step": 2},
    "slow": {"low": 20, "high": 200, "step": 5},
    "stop": 2,
}


def sweep_over(files: Path, home: Path) -> tuple[Planned, list[Dataset]]:
    asked = {
        "strategy": "sma_cross",
        "data": {"file": str(files), "intervals": ["1"]},
        "space": SPACE,
    }
    settings = Settings(home=home)
    search = searched(request_from(SweepRequest, asked), settings, Ticket())
    planned = plan(search, settings, lambda root: Datasets(root).info)
    held = Datasets(str(planned.charts.catalog_root))
    return planned, [held.take(one.dataset) for one in planned.charts.charts]


def spent_s(planned: Planned, datasets: list[Dataset]) -> float:
    """CPU seconds of the whole sweep, as its tasks compute it."""
    started_s = time.process_time()
    for number, dataset in enumerate(datasets):
        spec, terms = planned.spec, planned.spec.terms(number)
        made = prepare(planned.strategy, dataset, dict(planned.rows), terms)
        for chunk in spec.chunks():
            if chunk.window == number:
                part = {
                    name: values[chunk.first : chunk.last] for name, values in planned.rows.items()
                }
                over = spec.windows[number]
                chunk_table(made, planned.strategy, part, terms, over, chunk.first)
    return time.process_time() - started_s


def test_the_estimate_is_near_what_is_spent(bars_file: Callable[..., Path], tmp_path: Path) -> None:
    files = tmp_path / "bars"
    files.mkdir()
    # Markets of different length: what one costs is scaled to the bars of the other.
    bars_file(12_000, 1).rename(files / "ETHUSDT-1.csv")
    bars_file(20_000, 1).rename(files / "BTCUSDT-1.csv")
    planned, datasets = sweep_over(files, tmp_path / "home")
    assert {len(one.bars) for one in datasets} == {12_000, 20_000}
    # CPU time, by turns: other work on the machine slows both.
    ratios = []
    for _ in range(4 + times()):
        needs = estimate(planned.spec, planned.rows, datasets[0], 2)
        ratios.append(needs.cpu_seconds / spent_s(planned, datasets))
    assert 0.8 < statistics.median(ratios) < 1.2, ratios


def needs_of(cpu_seconds: float, chunks: int) -> Estimate:
    return Estimate(1_000, 1_000, chunks, cpu_seconds, cpu_seconds, 1, 0, 0)


hours = st.floats(0.2, 50.0)


@examples(200)
@given(st.floats(1.0, 1e8), st.integers(1, 100_000), st.integers(1, 64), st.integers(1, 200), hours)
def test_it_takes_the_fewest_nodes_that_are_in_time(
    cpu_seconds: float, chunks: int, cores: int, most: int, deadline: float
) -> None:
    needs, kind = needs_of(cpu_seconds, chunks), NodeKind("one", cores, 2.0, most)
    (found,) = node_plans(needs, [kind], deadline)

    def lasts(nodes: int) -> float:
        return 5.0 / 60.0 + wall_seconds(cpu_seconds, chunks, nodes * cores) / 3600.0

    in_time = [nodes for nodes in range(1, most + 1) if lasts(nodes) <= deadline]
    assert found.in_time == bool(in_time)
    if in_time:
        assert found.nodes == in_time[0]
    else:
        assert found.hours == min(lasts(nodes) for nodes in range(1, most + 1))
    assert found.hours == lasts(found.nodes)
    assert found.cost == pytest.approx(found.nodes * found.hours * 2.0)


def test_the_cheapest_plan_in_time_comes_first() -> None:
    kinds = [NodeKind("dear", 32, 2.0), NodeKind("cheap", 32, 0.5), NodeKind("slow", 1, 0.01, 1)]
    plans = node_plans(needs_of(3600.0 * 320, 1_000), kinds, 2.0)
    assert [one.kind for one in plans] == ["cheap", "dear", "slow"]
    assert [one.in_time for one in plans] == [True, True, False]
    # 1,000 chunks of 0.32 h: six rounds on six nodes and five minutes are just too long.
    assert plans[0].nodes == 7
    assert plans[0].hours == pytest.approx(5 * 0.32 + 5 / 60)


def test_a_deadline_of_nothing_is_refused_by_name() -> None:
    with pytest.raises(InvalidInput, match="deadline_hours"):
        node_plans(needs_of(1.0, 1), [NodeKind("one", 1, 1.0)], 0.0)
