"""Relations in words hold, break by a distance, and say what they do not understand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.errors import InvalidInput
from tune.conditions import broken_by, condition_of

NAMES = ("fast", "slow", "max_drawdown")
ROWS = {
    "fast": np.array([5.0, 20.0, 10.0]),
    "slow": np.array([20.0, 20.0, 30.0]),
    "max_drawdown": np.array([0.1, 0.2, np.nan]),
}


def test_sides_are_sums_of_names_and_numbers() -> None:
    assert condition_of("where", "fast * 2 + 1 < slow", NAMES).holds(ROWS).tolist() == [
        True,
        False,
        True,
    ]
    assert condition_of("where", "-fast <= -(slow / 4)", NAMES).holds(ROWS).tolist() == [True] * 3


def test_percent_and_fraction_are_the_same() -> None:
    percent = condition_of("require", "max_drawdown < 20 %", NAMES)
    fraction = condition_of("require", "max_drawdown < 0.2", NAMES)
    assert percent.holds(ROWS).tolist() == fraction.holds(ROWS).tolist() == [True, False, False]


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_breach_is_above_zero_just_where_the_relation_does_not_hold(a: float, b: float) -> None:
    rows = {"fast": np.array([a]), "slow": np.array([b])}
    for op, holds in (("<", a < b), ("<=", a <= b), (">", a > b), (">=", a >= b)):
        breach = condition_of("where", f"fast {op} slow", NAMES).broken_by(rows)
        assert (breach[0] == 0.0) == holds
        assert 0.0 <= breach[0] <= 3.0


def test_a_row_without_a_value_is_further_off_than_any_other() -> None:
    breach = broken_by([condition_of("require", "max_drawdown < 5%", NAMES)], ROWS, 3)
    assert 0.0 < breach[0] < breach[1] < breach[2]
    assert broken_by([], ROWS, 3).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("fast <", "a relation such as"),
        ("fast", "one comparison"),
        ("1 < fast < slow", "one comparison"),
        ("fast == slow", "<, <=, > or >="),
        ("fast < medium", "one of fast, slow"),
        ("fast < __import__('os').sep", "names, numbers"),
        ("fast ** 2 < slow", "names, numbers"),
        ("fast < True", "names, numbers"),
        ("fast < 10 % slow", "names, numbers"),
    ],
)
def test_what_is_no_relation_is_refused_by_what_is_wrong(text: str, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        condition_of("where", text, NAMES)
