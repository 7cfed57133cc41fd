"""What a page leaves out of a long run is never an extreme, an end or a trade's candle."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engines.bars import Bars, Series
from engines.intervals import interval_ms
from serve.reports.decimation import candle_of, candles, decimate, fitting_interval
from tests.serve.reports.samples import START_MS, market

Line = NDArray[np.float64]


def _walk(n: int, seed: int) -> Line:
    return np.cumsum(np.random.default_rng(seed).normal(size=n))


LINES = st.builds(_walk, st.integers(1, 3_000), st.integers(0, 2**32 - 1))


@given(LINES, st.integers(4, 500))
def test_a_line_never_has_more_points_than_asked_for(values: Line, most: int) -> None:
    time, kept = decimate(np.arange(len(values)), values, most)
    assert len(time) == len(kept) <= max(most, 4)


@given(LINES, st.integers(4, 500))
def test_extremes_and_ends_survive(values: Line, most: int) -> None:
    _, kept = decimate(np.arange(len(values)), values, most)
    assert (kept.max(), kept.min()) == (values.max(), values.min())
    assert (kept[0], kept[-1]) == (values[0], values[-1])


@given(LINES, st.integers(4, 500))
def test_times_rise_and_no_value_strays_further_than_its_stretch(values: Line, most: int) -> None:
    time, kept = decimate(np.arange(len(values)), values, most)
    assert (np.diff(time) > 0).all()
    reach = int(np.ceil(len(values) / ((most - 2) // 2)))
    for at, value in zip(time.tolist(), kept.tolist(), strict=True):
        assert value in values[max(0, at - reach) : at + reach + 1]


@given(LINES)
def test_lines_over_the_same_times_share_the_times_that_are_kept(values: Line) -> None:
    time = 7 * np.arange(len(values))
    assert (decimate(time, values, 50)[0] == decimate(time, -(values**2), 50)[0]).all()


def test_times_stay_even() -> None:
    time, _ = decimate(np.arange(100_002), np.sin(np.arange(100_002)), 4_000)
    assert set(np.diff(time)[1:-1].tolist()) <= {25, 26}


def test_a_short_line_stays_whole() -> None:
    values = np.array([3.0, 1.0, 2.0])
    assert decimate(np.arange(3), values, 4)[1] is values


def test_bars_that_fit_keep_their_interval() -> None:
    assert fitting_interval(market(500, 1), 500) == "15"


def test_a_year_of_quarter_hours_becomes_half_hours() -> None:
    assert fitting_interval(market(35_040, 1)) == "30"


@pytest.mark.parametrize("most", [7_000, 900, 40, 7])
def test_candles_fit_and_reach_as_high_and_low_as_the_bars(most: int) -> None:
    bars = market(20_001, 3)
    drawn = candles(bars, most)
    assert len(drawn) <= most
    assert (drawn.high.max(), drawn.low.min()) == (bars.high.max(), bars.low.min())
    assert (drawn.open[0], drawn.close[-1]) == (bars.open[0], bars.close[-1])


def test_three_minute_bars_skip_the_intervals_that_cannot_hold_them() -> None:
    n_bars = 2_000
    open_ms = START_MS + interval_ms("3") * np.arange(n_bars)
    prices = dict.fromkeys(("open", "high", "low", "close"), np.ones(n_bars))
    bars = Bars.from_columns(Series("linear", "X", "3"), {"open_ms": open_ms, **prices})
    assert fitting_interval(bars, 1_900) == "15"


@given(st.integers(50, 3_000), st.integers(20, 400))
def test_a_moment_falls_into_the_candle_that_contains_it(n_bars: int, most: int) -> None:
    bars = market(n_bars, 5)
    drawn = candles(bars, most)
    place = candle_of(drawn.open_ms, bars.open_ms)
    length_ms = interval_ms(drawn.series.interval)
    inside = bars.open_ms - drawn.open_ms[place]
    assert ((inside >= 0) & (inside < length_ms)).all()
