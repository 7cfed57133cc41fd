"""What is on the grid is compared as whole numbers are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engines.kernel.rounding import high_comes_first
from tests.examples import examples


@given(
    st.integers(1, 10**7),
    st.integers(0, 3_000),
    st.integers(0, 3_000),
    st.sampled_from([1e-8, 1e-5, 0.01, 0.025, 0.1, 0.5, 1.0, 5.0]),
)
@examples(200)
def test_the_nearer_extreme_is_the_one_fewer_ticks_away(
    opened: int, up: int, down: int, tick: float
) -> None:
    down = min(down, opened - 1)
    prices = (opened * tick, (opened + up) * tick, (opened - down) * tick)
    assert high_comes_first(*prices, tick) == (up < down)
    assert not high_comes_first(opened * tick, (opened + up) * tick, (opened - up) * tick, tick)


def test_without_a_grid_doubles_are_compared() -> None:
    assert high_comes_first(100.0, 100.1, 99.8, 0.0)
    assert not high_comes_first(100.0, 100.2, 99.8, 0.0)
