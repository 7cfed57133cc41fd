"""A guided sweep gives the same table however often it is cut off, and begins where it is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from actors.market_data.datasets import Datasets
from cluster.settings import Settings
from engines.errors import InvalidInput
from serve.commands.reports import write_sweep_report
from serve.commands.sweeps import resume_sweep, start_sweep
from serve.commands.swept import Swept, pareto_front
from strategies.backtest import backtest
from tests.serve.commands.killed import tables_killed_and_calm
from tests.serve.commands.test_sweep_on_ray import asked, sha256
from tune.budget import Budget
from tune.errors import BudgetSpent, NoneFits
from tune.sweep_spec import SweepSpec

pytestmark = [pytest.mark.ray, pytest.mark.usefixtures("local_ray")]

SPACE = {
    "fast": {"low": 5, "high": 60, "step": 1},
    "slow": {"low": 20, "high": 120, "step": 1},
    "stop": {"low": 0.5, "high": 5.0},
}
GUIDED = {"search": "cmaes", "rows": 48, "batch": 12, "seed": 5}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.serve.conftest import bars_file

    write: Callable[..., Path] = bars_file.__wrapped__(tmp_path_factory.mktemp("bars"))  # type: ignore[attr-defined]
    return write()


def test_a_table_that_was_cut_off_anywhere_becomes_the_same_one(
    settings: Settings, file: Path, tmp_path: Path
) -> None:
    whole = start_sweep(asked(file, SPACE, **GUIDED), settings).result()
    elsewhere = replace(settings, home=tmp_path / "elsewhere")
    with pytest.raises(BudgetSpent):
        start_sweep(asked(file, SPACE, **GUIDED), elsewhere, budget=Budget(rows=20)).result()
    resumed = resume_sweep("last", elsewhere).result()
    assert 0 < resumed.finished.computed < 48
    assert sha256(resumed.finished.table) == sha256(whole.finished.table)
    # A part in the middle that was lost is asked for again, with the same rows.
    chunk = whole.planned.spec.chunks()[2]
    (whole.planned.folder / "parts" / f"{chunk.digest}.parquet").unlink()
    again = start_sweep(asked(file, SPACE, **GUIDED), settings).result()
    assert again.finished.computed == chunk.n_rows
    assert sha256(again.finished.table) == sha256(resumed.finished.table)


def test_each_row_is_a_backtest_of_its_own_parameters(settings: Settings, file: Path) -> None:
    swept = start_sweep(asked(file, SPACE, **GUIDED), settings).result()
    table, planned = pq.read_table(swept.finished.table), swept.planned
    rows = np.column_stack([table.column(f"param_{name}").to_numpy() for name in planned.rows])
    assert len(np.unique(rows, axis=0)) == 48
    spec: SweepSpec = planned.spec
    dataset = Datasets(str(planned.charts.catalog_root)).take(planned.charts.charts[0].dataset)
    over = spec.windows[0]
    for row in (0, 17, 47):
        values = {name: planned.rows[name][row].item() for name in planned.rows}
        alone = backtest(
            planned.strategy, values, dataset, spec.terms(0), over.start_ms, over.split_ms
        )
        assert table.column("train_trades")[row].as_py() == alone.statistics["trades"]
        profit = table.column("train_net_profit")[row].as_py()
        assert profit == pytest.approx(alone.statistics["net_profit"], rel=1e-9)


def test_it_begins_with_the_best_rows_of_an_earlier_sweep(settings: Settings, file: Path) -> None:
    first = start_sweep(asked(file, SPACE, search="random", rows=30), settings).result()
    fields = {"search": "tpe", "rows": 24, "batch": 8, "start_from": ["last"]}
    guided = start_sweep(asked(file, SPACE, **fields), settings).result()
    table = pq.read_table(first.finished.table)
    order = np.argsort(-table.column("train_sharpe").to_numpy(), kind="stable")[:4]
    assert started(guided, 4) == [
        tuple(table.column(f"param_{name}")[k].as_py() for name in SPACE) for k in order.tolist()
    ]
    # "last" is the guided sweep by now: what was meant was written down.
    assert resume_sweep(guided.digest[:12], settings).result().finished.computed == 0


def started(swept: Swept, n_rows: int) -> list[tuple[float, ...]]:
    columns = [swept.planned.rows[name][:n_rows].tolist() for name in SPACE]
    return list(zip(*columns, strict=True))


def test_every_market_counts_and_no_row_is_asked_for_twice(settings: Settings, file: Path) -> None:
    fields = {"search": "nsga2", "rows": 24, "batch": 8, "trade_off": ["max_drawdown"]}
    swept = start_sweep(
        asked(file, SPACE, data={"intervals": ["15", "60"]}, **fields), settings
    ).result()
    table = pq.read_table(swept.finished.table)
    assert table.num_rows == 48
    for name in SPACE:
        column = table.column(f"param_{name}").to_numpy()
        np.testing.assert_array_equal(column[:24], column[24:])
        np.testing.assert_array_equal(column[:24], swept.planned.rows[name])


def test_what_only_a_guided_search_has_is_refused_elsewhere(file: Path) -> None:
    with pytest.raises(InvalidInput, match="batch"):
        asked(file, SPACE, batch=5)
    with pytest.raises(InvalidInput, match="at most 500"):
        asked(file, SPACE, search="gp", rows=501)
    with pytest.raises(InvalidInput, match="trade_off"):
        asked(file, SPACE, search="nsga2", rows=50, trade_off=["luck"])
    with pytest.raises(InvalidInput, match="rows"):
        asked(file, SPACE, search="tpe")


def test_rows_keep_what_is_asked_of_them(settings: Settings, file: Path) -> None:
    fields = {"where": ["fast * 3 <= slow"], "trade_off": ["max_drawdown"], **GUIDED}
    request = asked(file, SPACE, require=["trades >= 20"], **{**fields, "search": "nsga2"})
    swept = start_sweep(request, settings).result()
    table = pq.read_table(swept.finished.table)
    fast, slow = (table.column(f"param_{name}").to_numpy() for name in ("fast", "slow"))
    assert np.all(fast * 3 <= slow)
    assert swept.finished.best[0]["train_trades"] >= 20
    front = pareto_front(swept)
    assert front[0]["train_sharpe"] == swept.finished.best[0]["train_sharpe"]
    drawdowns = [row["train_max_drawdown"] for row in front]
    assert drawdowns == sorted(drawdowns, reverse=True)
    assert all(row["train_trades"] >= 20 for row in front)
    page = write_sweep_report(swept, settings, 0).read_text()
    assert ("Pareto front" in page) == (len(front) > 0)
    assert "--require 'trades &gt;= 20'" in page or "trades &gt;= 20" in page


def test_a_search_is_led_to_the_rows_that_are_allowed(settings: Settings, file: Path) -> None:
    free = start_sweep(asked(file, SPACE, **GUIDED), settings).result()
    trades = pq.read_table(free.finished.table).column("train_trades").to_numpy()
    limit = int(np.quantile(trades, 0.9))
    led = start_sweep(asked(file, SPACE, require=[f"trades >= {limit}"], **GUIDED), settings)
    table = pq.read_table(led.result().finished.table)
    last = table.column("train_trades").to_numpy()[24:]
    assert (last >= limit).mean() > 2 * (trades >= limit).mean()


def test_what_no_row_meets_is_told_and_the_table_is_kept(settings: Settings, file: Path) -> None:
    request = asked(file, {"fast": [5, 10], "slow": [20], "stop": 2}, require=["trades > 99999"])
    with pytest.raises(NoneFits, match="None of 2 rows has trades > 99999"):
        start_sweep(request, settings).result()
    asked_less = asked(file, {"fast": [5, 10], "slow": [20], "stop": 2}, require=["trades > 0"])
    assert start_sweep(asked_less, settings).result().finished.computed == 0


def test_a_relation_that_names_nothing_is_refused(settings: Settings, file: Path) -> None:
    with pytest.raises(InvalidInput, match="speed"):
        start_sweep(asked(file, SPACE, where=["fast < speed"]), settings).result()
    with pytest.raises(InvalidInput, match="luck"):
        asked(file, SPACE, require=["luck > 1"])


def test_a_coordinator_that_dies_in_mid_search_finds_the_same_rows(
    settings: Settings, file: Path, tmp_path: Path
) -> None:
    request = asked(file, SPACE, **{**GUIDED, "batch": 4})
    killed, calm = tables_killed_and_calm(request, settings, tmp_path / "calm")
    assert killed == calm
