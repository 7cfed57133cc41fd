"""The primitives of conditions against the same thing said in numpy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engines import bitmaps
from engines.decisions import Bitmaps, n_words, pack_bits, unpack_bits

Bools = NDArray[np.bool_]
LENGTHS = (1, 63, 64, 65, 200)


def columns(n_bars: int, seed: int = 1) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    values = rng.integers(-3, 4, size=(4, n_bars)).astype(float)
    values[rng.random(values.shape) < 0.1] = np.nan
    return values


def random_bits(n_bars: int, share: float = 0.3) -> tuple[Bools, Bitmaps]:
    held = np.random.default_rng(n_bars).random(n_bars) < share
    return held, pack_bits(held)[None, :]


def buffers(n_bars: int, count: int, rows: int = 1) -> list[Bitmaps]:
    return [np.zeros((rows, n_words(n_bars)), dtype=np.uint64) for _ in range(count)]


@pytest.mark.parametrize("n_bars", LENGTHS)
def test_packing_and_unpacking_are_inverse(n_bars: int) -> None:
    held, bits = random_bits(n_bars)
    np.testing.assert_array_equal(unpack_bits(bits[0], n_bars), held)


@pytest.mark.parametrize("n_bars", LENGTHS)
def test_columns_are_compared_bar_by_bar(n_bars: int) -> None:
    values = columns(n_bars)
    left, right = np.array([0, 2]), np.array([1, 3])
    above, below, equal = buffers(n_bars, 3, rows=2)
    bitmaps.relate(values, left, right, 1e-10, above, below, equal)
    for k in range(2):
        a, b = values[left[k]], values[right[k]]
        np.testing.assert_array_equal(unpack_bits(above[k], n_bars), a > b)
        np.testing.assert_array_equal(unpack_bits(below[k], n_bars), a < b)
        np.testing.assert_array_equal(unpack_bits(equal[k], n_bars), a == b)


@pytest.mark.parametrize("n_bars", LENGTHS)
def test_a_column_is_compared_with_a_level(n_bars: int) -> None:
    values = columns(n_bars)
    above, below, equal = buffers(n_bars, 3, rows=2)
    levels = np.array([0.0, 1.0])
    bitmaps.relate_to_level(values, np.array([0, 1]), levels, 1e-10, above, below, equal)
    for k, level in enumerate(levels):
        np.testing.assert_array_equal(unpack_bits(above[k], n_bars), values[k] > level)
        np.testing.assert_array_equal(unpack_bits(below[k], n_bars), values[k] < level)
        np.testing.assert_array_equal(unpack_bits(equal[k], n_bars), values[k] == level)


def test_values_closer_than_the_tolerance_are_equal() -> None:
    values = np.array([[1.0, 1.0, 1.0], [1.0 + 5e-11, 1.0 + 2e-10, 1.0]])
    above, below, equal = buffers(3, 3)
    bitmaps.relate(values, np.array([0]), np.array([1]), 1e-10, above, below, equal)
    assert unpack_bits(below[0], 3).tolist() == [False, True, False]
    assert unpack_bits(equal[0], 3).tolist() == [True, False, True]
    assert not above.any()


@pytest.mark.parametrize("n_bars", LENGTHS)
def test_a_cross_needs_the_other_side_or_equality_a_bar_before(n_bars: int) -> None:
    values = columns(n_bars)
    above, below, equal, out = buffers(n_bars, 4)
    bitmaps.relate(values, np.array([0]), np.array([1]), 1e-10, above, below, equal)
    bitmaps.cross(above, below, equal, out)
    a, b = values[0], values[1]
    expected = np.zeros(n_bars, dtype=bool)
    expected[1:] = (a[1:] > b[1:]) & (a[:-1] <= b[:-1])
    np.testing.assert_array_equal(unpack_bits(out[0], n_bars), expected)


@pytest.mark.parametrize("n_bars", LENGTHS)
@pytest.mark.parametrize("bars", [0, 1, 63, 64, 65, 130])
def test_a_shifted_condition_is_the_one_of_that_many_bars_ago(n_bars: int, bars: int) -> None:
    held, bits = random_bits(n_bars)
    (out,) = buffers(n_bars, 1)
    bitmaps.shift(bits, np.array([bars]), n_bars, out)
    expected = np.zeros(n_bars, dtype=bool)
    expected[bars:] = held[: max(n_bars - bars, 0)]
    np.testing.assert_array_equal(unpack_bits(out[0], n_bars), expected)


@pytest.mark.parametrize("n_bars", LENGTHS)
@pytest.mark.parametrize(("bars", "at_least"), [(1, 1), (5, 1), (5, 3), (70, 20)])
def test_memory_counts_the_last_bars(n_bars: int, bars: int, at_least: int) -> None:
    held, bits = random_bits(n_bars)
    (out,) = buffers(n_bars, 1)
    bitmaps.held_within(bits, np.array([bars]), np.array([at_least]), n_bars, out)
    counts = [held[max(bar + 1 - bars, 0) : bar + 1].sum() for bar in range(n_bars)]
    np.testing.assert_array_equal(unpack_bits(out[0], n_bars), np.array(counts) >= at_least)


def test_bars_since_counts_from_the_last_time_it_held() -> None:
    held = np.array([False, True, False, False, True, True, False])
    out = np.zeros((1, 7))
    bitmaps.bars_since(pack_bits(held)[None, :], 7, out)
    np.testing.assert_array_equal(out[0], [np.nan, 0.0, 1.0, 2.0, 0.0, 0.0, 1.0])
