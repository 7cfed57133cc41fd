"""Numbered draws: the same from any starting point, with the distribution they promise."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from actors.sandbox.draws import (
    Rung,
    Stream,
    bells_of,
    cascade,
    exp,
    exponentials_of,
    interpolated,
    uniforms_of,
)

MANY = 200_000


@given(first=st.integers(0, 10**9), skipped=st.integers(0, 50), count=st.integers(1, 50))
def test_a_draw_is_the_same_wherever_the_reading_begins(
    first: int, skipped: int, count: int
) -> None:
    stream = Stream(7, "anything")
    long = stream.words(first, skipped + count)
    assert np.array_equal(long[skipped:], stream.words(first + skipped, count))


def test_streams_of_other_seeds_and_names_differ() -> None:
    firsts = {int(Stream(seed, name).words(0, 1)[0]) for seed in range(20) for name in "abcde"}
    assert len(firsts) == 100


def test_bells_have_mean_zero_and_deviation_one() -> None:
    bells = bells_of(Stream(1, "bells").words(0, MANY))
    assert abs(bells.mean()) < 4.0 / math.sqrt(MANY)
    assert abs(bells.std() - 1.0) < 0.01
    assert np.abs(bells).max() <= 2.0 * math.sqrt(3.0)


def test_exponentials_have_mean_and_deviation_one_in_every_lane() -> None:
    words = Stream(1, "exponentials").words(0, MANY)
    for lane in range(5):
        values = exponentials_of(words, lane)
        assert abs(values.mean() - 1.0) < 0.02
        assert abs(values.std() - 1.0) < 0.02


def test_lanes_of_one_word_are_independent() -> None:
    words = Stream(1, "lanes").words(0, MANY)
    lanes = np.array([exponentials_of(words, lane) for lane in range(5)])
    off_diagonal = np.corrcoef(lanes)[~np.eye(5, dtype=bool)]
    assert np.abs(off_diagonal).max() < 0.015


def test_uniforms_spread_evenly() -> None:
    values = uniforms_of(Stream(1, "uniforms").words(0, MANY))
    counts, _ = np.histogram(values, bins=20, range=(0.0, 1.0))
    expected = MANY / 20
    chi_squared = float(((counts - expected) ** 2 / expected).sum())
    # 19 degrees of freedom: above 43.8 once in a thousand seeds.
    assert chi_squared < 43.8


@given(st.floats(-600.0, 600.0))
def test_exp_agrees_with_the_library(value: float) -> None:
    # The reduced argument loses what value × 2**-53 amounts to.
    assert math.isclose(exp(np.array([value]))[0], math.exp(value), rel_tol=4e-13)


def test_interpolation_keeps_the_knots_and_draws_straight_lines() -> None:
    line = interpolated(np.array([0.0, 4.0, 2.0]), 4)
    assert line.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 3.5, 3.0, 2.5, 2.0]


@given(start=st.integers(0, 1000), length=st.integers(1, 20), inside=st.integers(0, 19))
def test_a_cascade_is_the_same_wherever_it_is_evaluated_from(
    start: int, length: int, inside: int
) -> None:
    rungs = (Rung(64, 1.0), Rung(16, 0.5), Rung(4, 0.25))
    first, last = start * 64, (start + length) * 64
    middle = first + min(inside, length - 1) * 64
    whole = cascade(3, "noise", first, last, rungs)
    part = cascade(3, "noise", middle, middle + 64, rungs)
    offset = (middle - first) // 4
    assert np.array_equal(whole[offset : offset + len(part)], part)
