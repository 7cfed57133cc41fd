"""A row that fails is named, and costs no other row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.bars import Floats
from tests.examples import examples
from tune.isolation import MOST_FAILED, failed_rows, isolated


def table(rows: Mapping[str, Floats], first: int, value: float = 1.0) -> pa.Table:
    n_rows = len(rows["x"])
    return pa.table({"row": np.arange(first, first + n_rows), "sharpe": np.full(n_rows, value)})


@examples(60)
@given(st.integers(1, 300), st.sets(st.integers(0, 299), max_size=MOST_FAILED), st.integers(0, 99))
def test_only_the_rows_that_fail_have_nothing(n_rows: int, bad: set[int], first: int) -> None:
    bad = {one for one in bad if one < n_rows}

    def compute(some: Mapping[str, Floats], at: int) -> pa.Table:
        if set(some["x"].astype(int)) & bad:
            raise ValueError("no such row")
        return table(some, at)

    rows = {"x": np.arange(n_rows, dtype=float)}
    found = isolated(compute, lambda some, at: table(some, at, np.nan), rows, first)
    assert found.column("row").to_pylist() == list(range(first, first + n_rows))
    lost = np.flatnonzero(np.isnan(found.column("sharpe").to_numpy()))
    assert set(lost.tolist()) == bad
    told = failed_rows(found.schema.metadata)
    assert [one.row for one in told] == sorted(first + one for one in bad)
    assert all(one.reason == "ValueError: no such row" for one in told)


def test_where_every_row_fails_the_reason_is_raised() -> None:
    tries = []

    def compute(some: Mapping[str, Floats], at: int) -> pa.Table:
        tries.append(at)
        raise ValueError("nothing works")

    rows = {"x": np.arange(8192.0)}
    with pytest.raises(ValueError, match="nothing works"):
        isolated(compute, lambda some, at: table(some, at, np.nan), rows, 0)
    assert len(tries) < 100
