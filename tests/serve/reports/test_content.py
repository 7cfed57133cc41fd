"""Content that does not fit together is refused before a page is made of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.errors import InvalidInput
from serve.reports.content import Period, RankedRow, Scatter, Surface, Sweep
from tests.serve.reports import samples


def test_an_unknown_statistic_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"figures of All was \['sharp'\]"):
        Period("All", {"sharp": 1.0})


def test_an_unknown_statistic_of_a_row_names_its_rank() -> None:
    with pytest.raises(InvalidInput, match="out_of_sample of rank 3"):
        RankedRow(3, {}, {}, {"profit": 1.0})


def test_an_unknown_column_of_the_best_rows_is_named() -> None:
    with pytest.raises(InvalidInput, match="statistics was"):
        Sweep(1, ("profit",), ())


def test_a_scatter_needs_as_many_values_on_both_sides() -> None:
    with pytest.raises(InvalidInput, match="out_of_sample was '2 points', should be 3"):
        Scatter("sharpe", np.zeros(3), np.zeros(2), (), 3, 0.0)


def test_a_best_point_that_is_not_there_is_refused() -> None:
    with pytest.raises(InvalidInput, match="best was"):
        Scatter("sharpe", np.zeros(3), np.zeros(3), (3,), 3, 0.0)


def test_a_surface_of_the_wrong_shape_names_its_axes() -> None:
    with pytest.raises(InvalidInput, match="surface of fast and slow"):
        Surface("sharpe", "fast", (1, 2), "slow", (1, 2, 3), np.zeros((2, 3)), "")


def test_a_marked_cell_outside_the_surface_is_refused() -> None:
    with pytest.raises(InvalidInput, match="best of surface"):
        Surface("sharpe", "fast", (1, 2), "slow", (1,), np.zeros((1, 2)), "", best=(1, 0))


def test_equity_that_is_no_number_is_refused() -> None:
    run = samples.without_trades()
    broken = run.equity.copy()
    broken[7] = np.nan
    with pytest.raises(InvalidInput, match="equity of BTCUSDT"):
        replace(run, equity=broken)


def test_a_line_of_another_length_is_refused() -> None:
    run = samples.without_trades()
    with pytest.raises(InvalidInput, match="hold of BTCUSDT was '3 values', should be 300"):
        replace(run, hold=np.ones(3))


def test_a_missing_trade_column_is_named() -> None:
    run = samples.without_trades()
    trades = {name: column for name, column in run.trades.items() if name != "mfe"}
    with pytest.raises(InvalidInput, match="mfe"):
        replace(run, trades=trades)
