"""Spaces give the same rows everywhere, meet their constraints, and refuse what is no search."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engines.bars import Floats
from engines.errors import InvalidInput
from tune.space import Axis, Space, rows_of

FAST = Axis("fast", "int", low=5, high=20, step=5)
SLOW = Axis("slow", "int", low=10, high=30, step=10)
STOP = Axis("stop", "float", low=0.5, high=2.5)


def everything(rows: Mapping[str, Floats]) -> NDArray[np.bool_]:
    return np.ones(len(next(iter(rows.values()))), dtype=bool)


def faster(rows: Mapping[str, Floats]) -> NDArray[np.bool_]:
    return rows["fast"] < rows["slow"]


def test_a_grid_varies_its_last_axis_fastest() -> None:
    rows = rows_of(Space((FAST, SLOW)), everything)
    assert rows["fast"].tolist() == [5, 5, 5, 10, 10, 10, 15, 15, 15, 20, 20, 20]
    assert rows["slow"].tolist() == [10, 20, 30] * 4


def test_constraints_drop_rows_of_a_grid() -> None:
    rows = rows_of(Space((FAST, SLOW)), faster)
    pairs = list(zip(rows["fast"].tolist(), rows["slow"].tolist(), strict=True))
    assert pairs == [(5, 10), (5, 20), (5, 30), (10, 20), (10, 30), (15, 20), (15, 30), (20, 30)]


def test_steps_give_the_decimals_that_were_meant() -> None:
    assert Axis("x", "float", low=0.1, high=0.5, step=0.1).grid().tolist() == [
        0.1,
        0.2,
        0.3,
        0.4,
        0.5,
    ]


def test_a_range_without_a_step_is_cut_into_about_ten() -> None:
    assert len(STOP.grid()) == 10
    assert Axis("n", "int", low=1, high=4).grid().tolist() == [1, 2, 3, 4]


def test_listed_values_are_taken_as_they_are() -> None:
    assert Axis("x", "float", values=(3.0, 1.0)).grid().tolist() == [3.0, 1.0]


@pytest.mark.parametrize("kind", ["random", "latin", "sobol"])
def test_samples_are_distinct_allowed_and_repeatable(kind: str) -> None:
    space = Space((FAST, SLOW, STOP), kind, rows=500, seed=3)  # type: ignore[arg-type]
    rows = rows_of(space, faster)
    again = rows_of(space, faster)
    assert len(rows["stop"]) == 500
    assert (rows["fast"] < rows["slow"]).all()
    assert len(np.unique(np.column_stack(list(rows.values())), axis=0)) == 500
    assert all(np.array_equal(rows[name], again[name]) for name in rows)


def test_another_seed_gives_another_sample() -> None:
    first = rows_of(Space((STOP,), "random", rows=10, seed=1), everything)
    second = rows_of(Space((STOP,), "random", rows=10, seed=2), everything)
    assert not np.array_equal(first["stop"], second["stop"])


def test_a_sample_of_a_small_space_ends_with_all_there_is() -> None:
    rows = rows_of(Space((FAST,), "random", rows=100, seed=1), everything)
    assert sorted(rows["fast"].tolist()) == [5, 10, 15, 20]


@pytest.mark.parametrize("rows", [16, 100])
def test_a_sobol_sample_fills_every_quarter_of_every_axis_evenly(rows: int) -> None:
    other = Axis("other", "float", low=0.0, high=1.0)
    found = rows_of(Space((STOP, other), "sobol", rows=rows, seed=1), everything)
    # 1/16 of the square each: sixteen points are one a cell, a hundred are six or seven.
    cells = np.floor((found["stop"] - 0.5) / 0.5) * 4 + np.floor(found["other"] * 4)
    counts = np.bincount(cells.astype(int), minlength=16)
    assert counts.max() - counts.min() <= (0 if rows == 16 else 2)


def test_a_latin_hypercube_fills_every_slice_of_an_axis() -> None:
    rows = rows_of(Space((STOP,), "latin", rows=50, seed=1), everything)
    slices = np.floor((rows["stop"] - 0.5) / 2.0 * 50)
    assert sorted(slices.tolist()) == list(range(50))


def test_a_space_without_rows_is_refused() -> None:
    never = Space((Axis("fast", "int", values=(50,)), SLOW))
    with pytest.raises(InvalidInput, match="space was '0 of 3 rows'"):
        rows_of(never, faster)


def test_a_space_of_a_billion_rows_is_refused_before_it_is_built() -> None:
    axes = tuple(Axis(f"p{k}", "float", low=0, high=999, step=1) for k in range(3))
    with pytest.raises(InvalidInput, match="space was '1,000,000,000 rows', should be at most"):
        rows_of(Space(axes), everything)


@pytest.mark.parametrize(
    ("axis", "message"),
    [
        ({"low": 5.0, "high": 1.0}, "range of x"),
        ({"low": 1.0, "high": 5.0, "step": 0.0}, "step of x"),
        ({"low": 0.0, "high": 5.0, "log": True}, "above zero on a log scale"),
        ({"low": 0.0, "high": float("inf")}, "range of x"),
    ],
)
def test_impossible_axes_are_refused(axis: dict[str, float], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Axis("x", "float", **axis)  # type: ignore[arg-type]


def test_a_parameter_cannot_have_two_axes() -> None:
    with pytest.raises(InvalidInput, match="each parameter once"):
        Space((FAST, FAST))


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_whole_numbers_stay_inside_their_range(low: int, width: int) -> None:
    axis = Axis("n", "int", low=low, high=low + width)
    values = axis.sample(np.array([0.0, 0.5, np.nextafter(1.0, 0.0)]))
    assert (values == np.rint(values)).all()
    assert low <= values.min() <= values.max() <= low + width
