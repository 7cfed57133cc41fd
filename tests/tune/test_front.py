"""The Pareto front holds the rows that no other row beats, each once."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tune.conditions import condition_of
from tune.front import front_of, front_rows
from tune.ranking import Best, Wanted

POINTS = st.lists(
    st.tuples(*[st.integers(0, 5) | st.just(float("nan"))] * 3), min_size=1, max_size=40
)


@given(POINTS)
def test_a_row_is_on_it_unless_another_is_as_good_in_all(points: list[tuple[float, ...]]) -> None:
    scores = np.array(points, dtype=float)
    kept = front_of(scores)
    for place, own in enumerate(scores):
        others = [
            k
            for k, other in enumerate(scores)
            if np.all(other >= own) and (np.any(other > own) or k < place)
        ]
        assert kept[place] == (not np.isnan(own).any() and not others)


def table() -> pa.Table:
    return pa.table(
        {
            "row": [0, 1, 2, 3],
            "symbol": ["BTCUSDT"] * 4,
            "train_sharpe": [3.0, 2.0, 1.0, 1.5],
            "train_max_drawdown": [0.4, 0.3, 0.1, 0.35],
        }
    )


def test_objectives_are_better_in_their_own_direction() -> None:
    wanted = Wanted(("sharpe", "max_drawdown"))
    assert [row["row"] for row in front_rows(table(), wanted)] == [0, 1, 2]
    assert front_rows(table(), Wanted(("sharpe",))) == []


def test_a_row_that_breaks_a_requirement_is_behind_all_others() -> None:
    limit = condition_of("require", "max_drawdown < 35%", ("max_drawdown",))
    wanted = Wanted(("sharpe", "max_drawdown"), (limit,))
    assert [row["row"] for row in front_rows(table(), wanted)] == [1, 2]
    best = Best(wanted)
    best.add(table().slice(2))
    best.add(table().slice(0, 2))
    assert [row["row"] for row in best.rows()] == [1, 2, 0, 3]
