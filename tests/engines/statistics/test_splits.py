"""Splits of time: each period tested as often as promised, none trained on too near a test."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.errors import InvalidInput
from engines.statistics.splits import combinatorial, purged_folds, walk_forward
from tests.examples import examples


@examples(200)
@given(n=st.integers(40, 400), folds=st.integers(1, 8), purge=st.integers(0, 5))
def test_walk_forward_tests_the_rest_once_and_never_trains_on_what_comes_later(
    n: int, folds: int, purge: int
) -> None:
    for window in ("rolling", "anchored"):
        splits = walk_forward(n, folds, 0.5, window, purge)
        tested = np.concatenate([one.test for one in splits])
        assert tested.tolist() == list(range(round(n * 0.5), n))
        assert all(one.train[-1] + purge < one.test[0] for one in splits)
        lengths = {len(one.train) for one in splits}
        assert len(lengths) == (1 if window == "rolling" else folds)


@examples(200)
@given(
    n=st.integers(60, 300),
    folds=st.integers(2, 8),
    purge=st.integers(0, 3),
    embargo=st.integers(0, 3),
)
def test_purged_folds_keep_their_distance(n: int, folds: int, purge: int, embargo: int) -> None:
    splits = purged_folds(n, folds, purge, embargo)
    assert np.concatenate([one.test for one in splits]).tolist() == list(range(n))
    for train, test in splits:
        before, after = train[train < test[0]], train[train > test[-1]]
        assert before.tolist() == list(range(max(test[0] - purge, 0)))
        assert after.tolist() == list(range(min(test[-1] + 1 + purge + embargo, n), n))


def test_combinatorial_histories_tell_every_period_once() -> None:
    found = combinatorial(120, 6, 2, purge=2, embargo=1)
    assert len(found.splits) == 15
    assert found.paths.shape == (5, 6)
    for path in found.paths:
        for split, block in zip(path, found.blocks, strict=True):
            assert set(block) <= set(found.splits[split].test)
    for column in found.paths.T:
        # Each history tells a block from another training.
        assert len(set(column.tolist())) == 5
    for train, test in found.splits:
        assert np.abs(train[:, None] - test[None, :]).min() > 2


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: walk_forward(10, 20), "folds"),
        (lambda: walk_forward(10, 2, train=1.0), "train"),
        (lambda: purged_folds(10, 1), "blocks"),
        (lambda: purged_folds(10, 2, purge=9), "purge"),
        (lambda: combinatorial(100, 6, 5), "tested"),
        (lambda: combinatorial(1000, 30, 15), "blocks"),
        (lambda: combinatorial(3, 6, 2), "blocks"),
    ],
)
def test_parts_without_a_period_are_refused(call: object, named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        call()  # type: ignore[operator]
