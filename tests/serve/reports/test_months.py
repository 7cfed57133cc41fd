"""Monthly returns chain to the return of the whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.intervals import DAY_MS
from serve.reports.months import monthly_returns
from tests.serve.reports.samples import START_MS


@given(st.integers(1, 900), st.integers(0, 2**32 - 1))
def test_months_and_years_chain_to_the_return_of_the_whole(n_days: int, seed: int) -> None:
    open_ms = START_MS + 45 * DAY_MS + DAY_MS * np.arange(n_days)
    equity = 100.0 * np.exp(np.random.default_rng(seed).normal(0, 0.02, n_days).cumsum())
    _, table, yearly = monthly_returns(open_ms, equity, 100.0)
    whole = equity[-1] / 100.0
    assert np.nanprod(1.0 + table) == pytest.approx(whole)
    assert np.nanprod(1.0 + yearly) == pytest.approx(whole)


def test_a_month_runs_from_the_last_close_before_it() -> None:
    # 30 January to 2 February 2024: 100 → 110 → 121 | 60.5 → 66.55.
    open_ms = START_MS + DAY_MS * np.array([29, 30, 31, 32])
    years, table, yearly = monthly_returns(open_ms, np.array([110.0, 121.0, 60.5, 66.55]), 100.0)
    assert years.tolist() == [2024]
    assert table[0, :2] == pytest.approx([0.21, -0.45])
    assert np.isnan(table[0, 2:]).all()
    assert yearly == pytest.approx([-0.3345])


def test_nothing_is_said_of_months_after_equity_was_lost() -> None:
    open_ms = START_MS + 31 * DAY_MS * np.arange(3)
    _, table, _ = monthly_returns(open_ms, np.array([50.0, 0.0, -10.0]), 100.0)
    assert table[0, :2].tolist() == [-0.5, -1.0]
    assert np.isnan(table[0, 2])


def test_a_year_without_bars_stands_empty_between_others() -> None:
    open_ms = np.array([START_MS, START_MS + 800 * DAY_MS])
    years, table, yearly = monthly_returns(open_ms, np.array([100.0, 120.0]), 100.0)
    assert years.tolist() == [2024, 2025, 2026]
    assert np.isnan(table[1]).all()
    assert yearly[[0, 2]] == pytest.approx([0.0, 0.2])


def test_no_bars_give_no_years() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert [len(part) for part in monthly_returns(none, np.zeros(0), 1.0)] == [0, 0, 0]
