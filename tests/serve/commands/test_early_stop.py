"""Rows that are stopped early cost less, are told apart, and count as trials all the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from actors.market_data.datasets import Datasets
from cluster.settings import Settings, settings_from
from cluster.storage.store import Store
from engines.errors import InvalidInput
from serve.commands.invocation import command_of
from serve.commands.reports import write_sweep_report
from serve.commands.sweeps import resume_sweep, start_explanation, start_sweep
from serve.commands.swept import Swept
from strategies.backtest import backtest
from tests.serve.commands.test_sweep_on_ray import asked, sha256
from tune.budget import Budget
from tune.errors import BudgetSpent

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("local_ray")]

SPACE = {"fast": {"low": 5, "high": 60, "step": 5}, "slow": {"low": 20, "high": 120, "step": 10}}
STOPPED = {"early_stop": {"at_percent": [25, 50], "keep_percent": 25}}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.serve.conftest import bars_file

    write: Callable[..., Path] = bars_file.__wrapped__(tmp_path_factory.mktemp("bars"))  # type: ignore[attr-defined]
    return write()


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("home")
    return settings_from({"BST_HOME": str(home), "MLFLOW_TRACKING_URI": "off"})


@pytest.fixture(scope="module")
def swept(settings: Settings, file: Path, local_ray: None) -> Swept:
    space = {**SPACE, "stop": [1, 2, 3]}
    return start_sweep(asked(file, space, **STOPPED), settings).result()


def test_each_row_is_told_by_what_it_was_judged_on(
    swept: Swept, settings: Settings, file: Path, tmp_path: Path
) -> None:
    table, planned = pq.read_table(swept.finished.table), swept.planned
    spec, n_rows = planned.spec, planned.spec.n_rows
    second = math.ceil(n_rows / 4)
    sizes = [n_rows, second, math.ceil(second / 4)]
    over = spec.windows[0]
    assert over.split_ms is not None
    trained_ms = over.split_ms - over.start_ms
    ends = [over.start_ms + round(share * trained_ms) for share in (0.25, 0.5)] + [over.split_ms]
    until, stopped = (table.column(name).to_numpy() for name in ("judged_until_ms", "stopped"))
    assert table.column("row").to_pylist() == list(range(n_rows))
    assert [int((until == end).sum()) for end in ends] == [
        sizes[0] - sizes[1], sizes[1] - sizes[2], sizes[2]
    ]  # fmt: skip
    np.testing.assert_array_equal(stopped, until < over.split_ms)
    # Each stage's rows are those of a backtest that ends there.
    dataset = Datasets(str(planned.charts.catalog_root)).take(planned.charts.charts[0].dataset)
    for end_ms in ends:
        row = int(np.flatnonzero(until == end_ms)[0])
        values = {name: planned.rows[name][row].item() for name in planned.rows}
        alone = backtest(planned.strategy, values, dataset, spec.terms(0), over.start_ms, end_ms)
        assert table.column("train_trades")[row].as_py() == alone.statistics["trades"]
        profit = table.column("train_net_profit")[row].as_py()
        assert profit == pytest.approx(alone.statistics["net_profit"], rel=1e-9)
    # The best row saw everything, and what did not has no figures out of sample.
    assert all(not row["stopped"] for row in swept.finished.best[: sizes[2]])
    np.testing.assert_array_equal(np.isnan(table.column("test_sharpe").to_numpy()), stopped)
    page = write_sweep_report(swept, settings, 0).read_text()
    assert "The verdict counts every row" in page
    # Cut off in the middle, it becomes the same table.
    elsewhere = replace(settings, home=tmp_path / "elsewhere")
    request = planned.request
    with pytest.raises(BudgetSpent):
        start_sweep(request, elsewhere, budget=Budget(rows=n_rows + 1)).result()
    resumed = resume_sweep("last", elsewhere).result()
    assert resumed.finished.computed == 0
    assert sha256(resumed.finished.table) == sha256(swept.finished.table)


def test_the_rows_that_go_on_are_the_best_so_far(swept: Swept) -> None:
    table = pq.read_table(swept.finished.table)
    until, sharpe = (table.column(one).to_numpy() for one in ("judged_until_ms", "train_sharpe"))
    first = swept.planned.spec.chunks()[0]
    judged = pq.read_table(swept.planned.folder / "parts" / f"{first.digest}.parquet")
    score = np.nan_to_num(judged.column("train_sharpe").to_numpy(), nan=-np.inf)
    gone_on = until > until.min()
    assert score[gone_on].min() >= score[~gone_on].max()
    np.testing.assert_array_equal(
        sharpe[~gone_on], judged.column("train_sharpe").to_numpy()[~gone_on]
    )


def test_every_row_is_a_trial(swept: Swept, settings: Settings) -> None:
    store = Store(settings.store_url)
    counted = store.trials_of(swept.planned.strategy.lineage)
    store.close()
    assert counted == swept.planned.spec.n_rows == swept.finished.rows


def test_what_it_means_is_told_before(settings: Settings, file: Path) -> None:
    request = asked(file, SPACE, **STOPPED)
    assert "--stop-at-percent 25.0 --stop-at-percent 50.0 --keep-percent 25.0" in command_of(
        "sweep", request
    )
    explained = start_explanation(request, settings).result()
    assert explained.stages[-1].endswith("rows on all of it")
    with pytest.raises(InvalidInput, match="rising"):
        asked(file, SPACE, early_stop={"at_percent": [50, 25]})
    with pytest.raises(InvalidInput, match="guided"):
        asked(file, SPACE, search="tpe", rows=20, early_stop={})
