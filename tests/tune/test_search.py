"""A guided search asks for rows that are allowed and new, and finds better ones than chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engines.bars import Floats
from engines.errors import InvalidInput
from strategies.library import LIBRARY
from strategies.variation.family import Family, Limits
from tune.ranking import Wanted
from tune.search.asking import best_rows
from tune.search.guidance import LIBRARY_OF, Guidance, batch_for, check_guidance
from tune.search.searcher import searcher_of
from tune.search.terrain import Terrain, unit_of
from tune.space import Axis, Kind, Space, rows_of

AXES = (
    Axis("fast", "int", low=1, high=100, step=1),
    Axis("slow", "int", low=1, high=200),
    Axis("stop", "float", low=0.5, high=10.0, log=True),
)
PEAK = np.array([0.3, 0.7, 0.4])


def faster(rows: Mapping[str, Floats]) -> NDArray[np.bool_]:
    return rows["fast"] < rows["slow"]


def height(points: Floats) -> Floats:
    """A hill with a rough surface, so that the way up is not a straight one."""
    return np.asarray(
        np.exp(-4.0 * ((points - PEAK) ** 2).sum(1)) + 0.02 * np.sin(40 * points[:, 0])
    )


def searched(
    method: Kind, n_rows: int, seed: int, batch: int | None = None
) -> tuple[Floats, Floats]:
    """Values (n_rows, n_axes) in the order in which they were asked for, and their heights."""
    space = Space(AXES, method, n_rows, seed)
    terrain = Terrain(space, faster, rows_of(space, faster))
    guidance = Guidance(method, ("sharpe",), batch or batch_for(n_rows))
    searcher = searcher_of(terrain, guidance, seed)
    values, heights = [], []
    for first in range(0, n_rows, guidance.batch):
        asked = terrain.take(searcher, min(guidance.batch, n_rows - first))
        points = terrain.points(asked)
        heights.append(height(points))
        searcher.tell(points, heights[-1][:, None])
        values.append(asked)
    return np.concatenate(values), np.concatenate(heights)


@pytest.mark.parametrize("method", ["tpe", "nsga2", "nsga3", "cmaes", "gp", "refine", "genetic"])
def test_rows_are_new_allowed_and_the_same_for_the_same_seed(method: Kind) -> None:
    values, _ = searched(method, 60, seed=3)
    assert len(np.unique(values, axis=0)) == 60
    fast, slow, stop = values.T
    assert np.all(fast < slow)
    assert np.all((fast >= 1) & (slow <= 200) & (fast == np.rint(fast)) & (slow == np.rint(slow)))
    assert np.all((stop >= 0.5) & (stop <= 10.0))
    np.testing.assert_array_equal(searched(method, 60, seed=3)[0], values)
    assert not np.array_equal(searched(method, 60, seed=4)[0], values)


@pytest.mark.parametrize("method", ["tpe", "nsga2", "cmaes", "gp", "refine", "genetic"])
def test_it_climbs_higher_than_random_rows(method: Kind) -> None:
    wins = 0
    for seed in range(4):
        space = Space(AXES, "random", 120, seed)
        drawn = rows_of(space, faster)
        units = [unit_of(axis, drawn[axis.name]) for axis in AXES]
        wins += searched(method, 120, seed, 12)[1].max() > height(np.column_stack(units)).max()
    assert wins >= 3


def test_refinement_looks_at_the_plateau_and_not_at_the_peak_beside_it() -> None:
    space = Space((Axis("x", "float", low=0.0, high=1.0), Axis("y", "float", low=0.0, high=1.0)))
    space = replace(space, kind="refine", rows=400, seed=2)
    terrain = Terrain(space, everywhere, rows_of(space, everywhere))
    searcher = searcher_of(terrain, Guidance("refine", ("sharpe",), 50), 2)
    peak = np.zeros(2)
    for batch in range(8):
        points = terrain.points(terrain.take(searcher, 50))
        hill = np.exp(-20.0 * ((points - np.array([0.25, 0.7])) ** 2).sum(axis=1))
        if batch == 0:
            # One single row that is far better than all, where the hill is flat.
            peak = points[np.argmax(points[:, 0] - points[:, 1])]
        scores = np.where((points == peak).all(axis=1), 5.0, hill)
        searcher.tell(points, scores[:, None])
    away = np.abs(points - np.array([0.25, 0.7])).max(axis=1)
    assert np.median(away) < 0.15
    assert np.abs(points - peak).max(axis=1).min() > 0.1


def test_children_find_the_change_that_pays_and_leave_the_others_out() -> None:
    family = Family(LIBRARY["sma_cross"](), Limits())
    changes = [
        Axis(name, "choice", values=tuple(map(float, range(most + 1))))
        for name, most in family.genes.items()
    ]
    space = Space((AXES[0], AXES[1], *changes), "genetic", 600, 1)

    def allowed(rows: Mapping[str, Floats]) -> NDArray[np.bool_]:
        return faster(rows) & family.allows(rows)

    terrain = Terrain(space, allowed, rows_of(space, allowed))
    searcher = searcher_of(terrain, Guidance("genetic", ("sharpe",), 30), 1)
    for _ in range(20):
        values = terrain.take(searcher, 30)
        fast, slow, *genes = values.T
        # The fourth swap and the ninth filter pay; every other change costs.
        worth = sum(
            np.where(gene == paid, 1.0, np.where(gene == 0.0, 0.0, -0.3))
            for gene, paid in zip(genes, (4.0, -1.0, 9.0, -1.0), strict=True)
        )
        near = np.exp(-(((fast - 20) / 30) ** 2) - ((slow - 90) / 60) ** 2)
        searcher.tell(terrain.points(values), (worth + near)[:, None])
    best = values[np.argmax(worth + near)]
    assert best[2:].tolist() == [4.0, 0.0, 9.0, 0.0]
    assert abs(best[0] - 20) < 12


def everywhere(rows: Mapping[str, Floats]) -> NDArray[np.bool_]:
    return np.ones(len(rows["x"]), dtype=bool)


def test_two_objectives_spread_along_their_front() -> None:
    space = Space(AXES, "nsga2", 400, 0)
    terrain = Terrain(space, faster, rows_of(space, faster))
    guidance = Guidance("nsga2", ("sharpe", "max_drawdown"), 20)
    searcher = searcher_of(terrain, guidance, 0)
    last = np.zeros((0, 2))
    for _ in range(20):
        points = terrain.points(terrain.take(searcher, 20))
        # More of the one is less of the other: everything with a stop in the middle is best.
        loss = np.abs(points[:, 2] - 0.5)
        last = np.column_stack([points[:, 1] - loss, 1.0 - points[:, 1] - loss])
        searcher.tell(points, last)
    assert np.median(last.sum(axis=1)) > 0.9
    assert np.ptp(last[:, 0]) > 0.3


def test_a_small_space_is_used_up_without_repeating_a_row() -> None:
    axes = (Axis("fast", "int", values=(1.0, 2.0, 3.0)), Axis("slow", "int", values=(2.0, 3.0)))
    space = Space(axes, "cmaes", 50, 0)
    pool = rows_of(space, faster)
    terrain = Terrain(space, faster, pool)
    searcher = searcher_of(terrain, Guidance("cmaes", ("sharpe",), 2), 0)
    found = np.concatenate([terrain.take(searcher, 1), terrain.take(searcher, 2)])
    assert sorted(map(tuple, found.tolist())) == [(1.0, 2.0), (1.0, 3.0), (2.0, 3.0)]


@given(st.sampled_from(AXES), st.floats(0.0, 1.0, exclude_max=True))
def test_a_value_stands_at_the_point_that_gives_it(axis: Axis, unit: float) -> None:
    value = axis.sample(np.array([unit]))
    np.testing.assert_allclose(axis.sample(unit_of(axis, value)), value, rtol=1e-11)


def test_earlier_best_rows_are_those_that_are_good_on_every_market() -> None:
    table = pa.table(
        {
            "row": [0, 1, 2, 0, 1, 2],
            "param_fast": [5.0, 6.0, 7.0] * 2,
            "train_sharpe": [3.0, 1.0, 9.0, 0.0, 1.5, float("nan")],
        }
    )
    assert best_rows(table, ["fast"], Wanted(("sharpe",)), 2) == [(5.0,), (6.0,)]


def test_a_method_refuses_what_it_cannot_do() -> None:
    with pytest.raises(InvalidInput, match="at most 500 for gp"):
        check_guidance("gp", 501, ("sharpe",))
    with pytest.raises(InvalidInput, match="nsga2, nsga3 or tpe"):
        check_guidance("cmaes", 100, ("sharpe", "trades"))
    for method in LIBRARY_OF:
        check_guidance(method, 500, ("sharpe",))
