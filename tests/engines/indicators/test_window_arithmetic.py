"""Sliding windows keep the accuracy of windows worked out anew, whatever passed through them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engines.indicators.registry import compute
from tests.examples import examples

Floats = NDArray[np.float64]
# Quantities from dust to spikes, as volumes are.
AMOUNTS = st.lists(st.one_of(st.just(0.0), st.floats(1e-6, 1e12)), min_size=30, max_size=120).map(
    np.array
)
PRICES = st.lists(st.integers(1, 10**7), min_size=30, max_size=120).map(lambda x: np.array(x) / 100)
LENGTHS = st.integers(2, 25)


def row(name: str, source: Floats, **params: float) -> Floats:
    values: Floats = compute(name, {"source": source}, params)[0]
    return values


def exact_mean(window: Floats) -> Fraction:
    return sum((Fraction(float(x)) for x in window), Fraction(0)) / len(window)


def exact_variance(window: Floats) -> Fraction:
    mean = exact_mean(window)
    return sum(((Fraction(float(x)) - mean) ** 2 for x in window), Fraction(0)) / len(window)


@examples(60)
@given(AMOUNTS, LENGTHS)
def test_a_mean_is_right_to_the_last_bits_after_any_spike(x: Floats, length: int) -> None:
    means = row("sma", x, length=length)
    for i in range(length - 1, len(x)):
        exact = float(exact_mean(x[i - length + 1 : i + 1]))
        assert means[i] == pytest.approx(exact, rel=4e-16, abs=1e-18)


@examples(60)
@given(PRICES, LENGTHS)
def test_a_variance_keeps_ten_digits_however_far_the_price_travels(x: Floats, length: int) -> None:
    found = row("variance", x, length=length)
    for i in range(length - 1, len(x)):
        exact = float(exact_variance(x[i - length + 1 : i + 1]))
        assert found[i] == pytest.approx(exact, rel=1e-10, abs=1e-30)


@examples(60)
@given(PRICES, LENGTHS)
def test_weighted_means_and_lines_keep_ten_digits(x: Floats, length: int) -> None:
    weights = np.arange(1, length + 1)
    weighted = row("wma", x, length=length)
    line = row("linreg", x, length=length)
    for i in range(length - 1, len(x)):
        window = x[i - length + 1 : i + 1]
        scale = float(np.abs(x[: i + 1]).max())
        assert weighted[i] == pytest.approx(window @ weights / weights.sum(), abs=1e-11 * scale)
        fit = np.polynomial.Polynomial.fit(weights, window, 1)
        assert line[i] == pytest.approx(float(fit(length)), abs=1e-10 * scale)


@examples(60)
@given(PRICES, LENGTHS, st.floats(0.0, 100.0))
def test_ordered_windows_agree_with_numpy(x: Floats, length: int, percent: float) -> None:
    windows = np.lib.stride_tricks.sliding_window_view(x, length)
    medians = row("median", x, length=length)[length - 1 :]
    np.testing.assert_allclose(medians, np.median(windows, axis=1), rtol=1e-15)
    hazen = row("percentile", x, length=length, percent=percent)[length - 1 :]
    expected = np.percentile(windows, percent, axis=1, method="hazen")
    np.testing.assert_allclose(hazen, expected, rtol=1e-12)
    inverse = row("percentile_nearest", x, length=length, percent=percent)[length - 1 :]
    place = max(int(np.ceil(percent / 100.0 * length)) - 1, 0)
    np.testing.assert_array_equal(inverse, np.sort(windows, axis=1)[:, place])


@examples(60)
@given(st.lists(st.integers(1, 6), min_size=30, max_size=120).map(np.array), LENGTHS)
def test_extremes_and_modes_of_many_ties(x: NDArray[np.int64], length: int) -> None:
    source = x.astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(source, length)
    last = slice(length - 1, None)
    np.testing.assert_array_equal(row("highest", source, length=length)[last], windows.max(1))
    np.testing.assert_array_equal(row("lowest", source, length=length)[last], windows.min(1))
    oldest = windows.argmax(1) - (length - 1)
    np.testing.assert_array_equal(row("highest_bars", source, length=length)[last], oldest)
    counts = [np.bincount(window.astype(int)).argmax() for window in windows]
    np.testing.assert_array_equal(row("mode", source, length=length)[last], counts)


def test_a_flat_window_has_no_deviation_after_any_price() -> None:
    source = np.concatenate([np.geomspace(1.0, 9e9, 50), np.full(40, 0.1), np.full(40, 61234.56)])
    deviations = row("stdev", source, length=20)
    np.testing.assert_array_equal(deviations[69:90], 0.0)
    np.testing.assert_array_equal(deviations[109:], 0.0)


@pytest.mark.parametrize("seed", range(8))
def test_a_window_of_zeros_has_no_remainder_of_what_left_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    volume = np.concatenate([10.0 ** rng.uniform(-9.0, 15.0, 2000), np.zeros(30)])
    columns = {"source": rng.uniform(10.0, 11.0, 2030), "volume": volume}
    traded = compute("vwma", columns, {"length": 20})[0]
    assert np.isfinite(traded[19:2019]).all()
    assert np.isnan(traded[2019:]).all()


def test_a_million_bars_leave_no_drift_in_a_mean() -> None:
    source = np.random.default_rng(2).exponential(1e6, 1_000_000)
    means = row("sma", source, length=1000)
    np.testing.assert_allclose(means[-1], source[-1000:].mean(), rtol=1e-15)


def test_a_mean_skips_holes_and_repeats_its_value() -> None:
    source = np.array([1.0, 2.0, np.nan, 3.0, np.nan, np.nan, 10.0])
    expected = [np.nan, 1.5, 1.5, 2.5, 2.5, 2.5, 6.5]
    np.testing.assert_array_equal(row("sma", source, length=2), expected)


def test_an_exponential_average_is_unknown_on_a_hole_and_keeps_its_state() -> None:
    source = np.array([1.0, 3.0, np.nan, 5.0])
    expected = [np.nan, 2.0, np.nan, 4.0]
    np.testing.assert_allclose(row("ema", source, length=2), expected)


def test_a_window_is_unknown_while_a_hole_is_inside_it() -> None:
    source = np.array([1.0, 2.0, np.nan, 3.0, 5.0])
    np.testing.assert_allclose(row("highest", source, length=2), [np.nan, 2, np.nan, np.nan, 5])
    np.testing.assert_allclose(row("stdev", source, length=2), [np.nan, 0.5, np.nan, np.nan, 1])
    np.testing.assert_allclose(row("wma", source, length=2)[[1, 4]], [5 / 3, 13 / 3])
    assert np.isnan(row("wma", source, length=2)[[0, 2, 3]]).all()
