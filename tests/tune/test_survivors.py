"""Rows that go on are the best on every market, and the table tells of each row its last stage."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from tune.halving import Halving, Stage
from tune.ranking import Wanted
from tune.survivors import best_of, merged


def test_each_stage_has_the_share_that_goes_on() -> None:
    halving = Halving((0.25, 0.5), 0.3, "sharpe")
    assert halving.stages(1_000) == [
        Stage(0, 0, 1_000, 0.25), Stage(1, 1_000, 1_300, 0.5), Stage(2, 1_300, 1_390, 1.0)
    ]  # fmt: skip
    assert [one.whole for one in halving.stages(1_000)] == [False, False, True]
    assert halving.work(1_000) == pytest.approx(0.25 + 0.15 + 0.09)
    # A row at least sees everything.
    assert [one.last - one.first for one in halving.stages(2)] == [2, 1, 1]


def test_the_best_are_good_on_every_market() -> None:
    nan = float("nan")
    scores = np.array([[3.0, 1.0, 9.0, 2.0, 2.0], [0.0, 4.0, nan, 2.0, 2.0]])
    assert best_of(scores, 2).tolist() == [1, 3]
    assert best_of(scores, 5).tolist() == [0, 1, 2, 3, 4]


def part(rows: list[int], sharpe: float, stopped: bool) -> pa.Table:
    return pa.table(
        {"row": rows, "stopped": [stopped] * len(rows), "train_sharpe": [sharpe] * len(rows)}
    )


def test_a_row_is_as_its_last_stage_left_it() -> None:
    first = [part([0, 1, 2], 1.0, True), part([3, 4], 1.0, True)]
    later = [part([1, 3, 4], 2.0, True), part([3], 3.0, False)]
    tables = list(merged(first, later))
    assert [table.column("row").to_pylist() for table in tables] == [[0, 1, 2], [3, 4]]
    whole = pa.concat_tables(tables)
    assert whole.column("train_sharpe").to_pylist() == [1.0, 2.0, 1.0, 3.0, 2.0]
    # Whatever a part of the history said of it, a stopped row is ranked behind all others.
    scores = Wanted(("sharpe",)).scores(whole)
    assert np.isnan(scores).tolist() == [True, True, True, False, True]
