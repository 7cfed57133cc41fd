"""A sweep that changes the graph as well: each row another strategy, one table all the same."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from cluster.settings import Settings
from cluster.storage.store import Store
from engines.errors import InvalidInput
from serve.commands.backtests import start_backtest
from serve.commands.invocation import command_of
from serve.commands.reports import write_sweep_report
from serve.commands.requests import BacktestRequest, request_from
from serve.commands.sweeps import start_explanation, start_sweep
from serve.commands.swept import Swept, best_graph
from strategies.graph.reading import from_json
from tests.serve.commands.killed import tables_killed_and_calm
from tests.serve.commands.test_sweep_on_ray import asked

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("local_ray")]

SPACE = {"fast": {"low": 5, "high": 60, "step": 1}, "slow": {"low": 20, "high": 120, "step": 1}}
GENETIC = {"search": "genetic", "rows": 48, "batch": 16, "seed": 3}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.serve.conftest import bars_file

    write: Callable[..., Path] = bars_file.__wrapped__(tmp_path_factory.mktemp("bars"))  # type: ignore[attr-defined]
    return write()


def graphs_of(swept: Swept) -> list[str]:
    return [str(one) for one in pq.read_table(swept.finished.table).column("graph").to_pylist()]


def test_each_row_names_a_graph_that_bst_backtest_runs(settings: Settings, file: Path) -> None:
    swept = start_sweep(asked(file, SPACE, **GENETIC), settings).result()
    planned, names = swept.planned, graphs_of(swept)
    assert len(names) == 48
    # The strategy as it is comes first, others follow.
    assert names[0] == planned.strategy.digest
    assert len(set(names)) > 20
    for name in names:
        path = planned.folder / "graphs" / f"{name}.json"
        graph = from_json(path.read_text(encoding="utf-8"))
        assert (graph.digest, graph.lineage) == (name, planned.strategy.lineage)
    best = swept.finished.best[0]
    told = best_graph(swept)["graph"]
    words = shlex.split(told["command"])
    assert words[:3] == ["bst", "backtest", told["file"]]
    assert Path(told["file"]).stem == best["graph"]
    assert told["changes"] == best["changes"]
    given = dict(one.split("=") for one in words[4::2])
    run = backtested(file, told["file"], given, settings, best)
    assert run["trades"] == best["train_trades"]
    assert run["net_profit"] == pytest.approx(best["train_net_profit"], rel=1e-9)


def backtested(
    file: Path, graph: str, given: dict[str, str], settings: Settings, row: dict[str, object]
) -> dict[str, float]:
    """Statistics of a graph's run over the part in sample."""
    whole = asked(file, SPACE).data
    fields = {
        "strategy": graph,
        "parameters": {name: float(value) for name, value in given.items()},
        "data": whole.model_dump(mode="json"),
        "broker": asked(file, SPACE).broker.model_dump(mode="json"),
    }
    first = start_backtest(request_from(BacktestRequest, fields), settings).result()
    open_ms = first.runs[0].bars.open_ms
    split = int(open_ms[round(0.7 * len(open_ms))])
    fields["data"] = {**fields["data"], "end": split}  # type: ignore[dict-item]
    return dict(
        start_backtest(request_from(BacktestRequest, fields), settings)
        .result()
        .runs[0]
        .result.statistics
    )


def test_every_candidate_is_a_trial_of_the_idea(settings: Settings, file: Path) -> None:
    swept = start_sweep(asked(file, SPACE, **GENETIC), settings).result()
    store = Store(settings.store_url)
    counted = store.trials_of(swept.planned.strategy.lineage)
    store.close()
    assert counted == 48
    trials = {one.name: one.value for one in swept.verdict.checks}.get("trials", 48)
    assert trials == 48


def test_a_coordinator_that_is_killed_goes_on_with_the_same_graphs(
    settings: Settings, file: Path, tmp_path: Path
) -> None:
    request = asked(file, SPACE, **{**GENETIC, "batch": 4})
    killed, calm = tables_killed_and_calm(request, settings, tmp_path / "calm")
    assert killed == calm


def test_any_search_may_change_the_graph(settings: Settings, file: Path) -> None:
    vary = {"swaps": 0, "filters": 1, "drops": 0}
    request = asked(file, {"fast": 10, "slow": [30, 50], "stop": 2}, vary=vary)
    swept = start_sweep(request, settings).result()
    filters = pq.read_table(swept.finished.table).column("param_graph_filter_1").to_numpy()
    assert swept.finished.rows == 2 * 27
    assert np.unique(filters).tolist() == list(range(27))
    assert "--filters 1" in command_of("sweep", request)
    page = write_sweep_report(swept, settings, 0).read_text()
    assert "graph_filter_1" in page
    explained = start_explanation(request, settings).result()
    assert explained.changes == ("graph_filter_1: none, or one of 26",)


def test_what_cannot_be_varied_is_refused(file: Path) -> None:
    with pytest.raises(InvalidInput, match=r"vary\.filters"):
        asked(file, SPACE, vary={"filters": 9})
    with pytest.raises(InvalidInput, match="engine"):
        asked(file, SPACE, engine="gpu", **GENETIC)
    with pytest.raises(InvalidInput, match="nsga2, nsga3 or tpe"):
        asked(file, SPACE, trade_off=["max_drawdown"], **GENETIC)
    assert json.loads(asked(file, SPACE, **GENETIC).model_dump_json())["vary"] is None
