"""Functions with their own machine code give the bits of their Python text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis.strategies import floats, integers, sampled_from, tuples

from engines.bars import frozen
from engines.compile import F1, OutF1, OutI1, OutU2, kernel
from engines.indicators.averages import sma
from engines.spans import first_beyond, pass_bars
from engines.vectors import LANES, N_LANE_SUMS
from engines.words import compare_columns, compare_level
from tests.examples import examples


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("length", [1, 5, 20])
def test_means_over_eight_bars_are_those_of_the_python_text(length: int, hole: float) -> None:
    rng = np.random.default_rng(length)
    column = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, 400)))
    column[[3, 90, 91, 250, 399]] = hole
    column.flags.writeable = False
    found = []
    for run in (sma.kernel, sma.kernel.python):
        out = np.zeros((1, 400))
        with np.errstate(invalid="ignore"):
            run(column, length, np.zeros(sma.carry), out, 0, 400)
        found.append(out)
    np.testing.assert_array_equal(found[0], found[1])
    assert np.isfinite(found[0]).sum() == 400 - (length - 1) - (length > 3)


def passing(
    close: F1,
    start: int,
    stop: int,
    base: float,
    held: float,
    before: float,
    sums: OutF1,
    out: OutF1,
) -> None:
    found = pass_bars(close, start, stop, base, held, before, sums)
    out[0], out[1], out[2] = found.last, found.low, found.high


def beyond(
    low: F1, high: F1, start: int, stop: int, floor: float, ceiling: float, out: OutI1
) -> None:
    out[0] = first_beyond(low, high, start, stop, floor, ceiling)


def comparing(a: F1, b: F1, level: float, tolerance: float, out: OutU2) -> None:
    sides, of_level = compare_columns(a, b, 3, tolerance), compare_level(a, level, 3, tolerance)
    out[0, 0], out[0, 1] = sides.above, sides.below
    out[1, 0], out[1, 1] = of_level.above, of_level.below


PASSING, BEYOND, COMPARING = (kernel(one) for one in (passing, beyond, comparing))


def walked(seed: int, n_bars: int = 80) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0, 0.01, n_bars)))
    low, high = close - rng.random(n_bars), close + rng.random(n_bars)
    return frozen(low, np.float64), frozen(high, np.float64), frozen(close, np.float64)


@given(
    seed=integers(0, 99),
    start=integers(0, 40),
    count=integers(1, 40),
    side=sampled_from([-1.0, 1.0]),
    leverage=sampled_from([0.3, 1.0, 20.0]),
)
@examples(200)
def test_a_span_is_passed_as_its_python_text_says(
    seed: int, start: int, count: int, side: float, leverage: float
) -> None:
    close = walked(seed)[2]
    held = side * leverage * 1000.0 / close[start]
    base = 1000.0 - held * close[start] * 1.0006
    kept = np.random.default_rng(seed).normal(size=N_LANE_SUMS * LANES)
    found = []
    for run in (PASSING, PASSING.python):
        sums, out = kept.copy(), np.zeros(3)
        run(close, start, start + count, base, held, 999.0, sums, out)
        found.append((sums, out))
    np.testing.assert_array_equal(found[0][0], found[1][0])
    np.testing.assert_array_equal(found[0][1], found[1][1])
    equity = base + held * close[start : start + count]
    assert out.tolist() == [equity[-1], equity.min(), equity.max()]
    assert np.array_equal(sums, kept) == bool(equity.min() <= 0.0)


@given(
    seed=integers(0, 99),
    start=integers(0, 40),
    count=integers(0, 40),
    bounds=tuples(floats(80.0, 120.0), floats(80.0, 120.0)),
)
@examples(200)
def test_the_first_bar_beyond_a_band_is_found(
    seed: int, start: int, count: int, bounds: tuple[float, float]
) -> None:
    low, high, _ = walked(seed)
    stop = start + count
    where = np.flatnonzero((low <= bounds[0]) | (high >= bounds[1]))
    expected = next((bar for bar in where.tolist() if start <= bar < stop), stop)
    found = np.zeros(1, np.int64)
    for run in (BEYOND, BEYOND.python):
        run(low, high, start, stop, *bounds, found)
        assert found[0] == expected
    # A band that a bar just touches ends there.
    lowest = low[start : stop + 1]
    BEYOND(low, high, start, stop + 1, lowest.min(), np.inf, found)
    assert found[0] == start + lowest.argmin()


@pytest.mark.parametrize("tolerance", [0.0, 1e-10, 0.5])
def test_64_bars_compare_as_the_python_text_says(tolerance: float) -> None:
    rng = np.random.default_rng(1)
    a, b = (rng.integers(-2, 3, 70) + 1e-11 * rng.integers(-1, 2, 70) for _ in range(2))
    a[[5, 9, 40]], b[[9, 20, 41]] = np.nan, [np.inf, -np.inf, np.nan]
    found = []
    with np.errstate(invalid="ignore"):
        for run in (COMPARING, COMPARING.python):
            out = np.zeros((2, 2), dtype=np.uint64)
            run(frozen(a, np.float64), frozen(b, np.float64), 1.0, tolerance, out)
            found.append(out)
    np.testing.assert_array_equal(found[0], found[1])
    assert found[0].all()
