"""Bars are checked once, named by their content, and resampled as Bybit aligns them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.bars import Bars, Series
from engines.errors import BadBars, InvalidInput
from engines.funding import FundingRates
from engines.intervals import Interval
from engines.resampling import finer_ranges, resample
from tests.examples import examples

START_MS = 1_735_689_600_000  # Wednesday 2025-01-01
Change = Callable[[dict[str, np.ndarray]], None]


def columns(n_bars: int, seed: int = 1, step_ms: int = 60_000) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    close = 1000.0 + np.cumsum(rng.normal(size=n_bars))
    opened = np.append(1000.0, close[:-1])
    return {
        "open_ms": START_MS + step_ms * np.arange(n_bars),
        "open": opened,
        "high": np.maximum(opened, close) + rng.random(n_bars),
        "low": np.minimum(opened, close) - rng.random(n_bars),
        "close": close,
        "volume": rng.integers(0, 50, n_bars).astype(float),
        "turnover": rng.integers(0, 5000, n_bars).astype(float),
    }


def bars(n_bars: int = 5, interval: Interval = "1", seed: int = 1) -> Bars:
    return Bars.from_columns(Series("linear", "BTCUSDT", interval), columns(n_bars, seed))


def set_value(name: str, row: int, value: float) -> Change:
    def change(values: dict[str, np.ndarray]) -> None:
        values[name][row] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(set_value("close", 2, np.nan), "close not a number", id="NaN"),
        pytest.param(set_value("low", 2, -1.0), "low not positive", id="negative price"),
        pytest.param(set_value("open", 2, 0.0), "open not positive", id="zero price"),
        pytest.param(set_value("high", 2, 1.0), "prices inconsistent", id="high below low"),
        pytest.param(set_value("volume", 2, -5.0), "negative volume", id="negative volume"),
        pytest.param(set_value("open_ms", 2, START_MS), "time not after", id="time going back"),
        pytest.param(
            set_value("open_ms", 2, START_MS + 120_001), "off the grid", id="off the grid"
        ),
        pytest.param(set_value("turnover", 2, np.inf), "infinite turnover", id="infinite turnover"),
    ],
)
def test_an_impossible_row_is_named(change: Change, message: str) -> None:
    values = columns(5)
    change(values)
    with pytest.raises(BadBars, match=rf"row 2 \(2025-01-01T.*of linear/BTCUSDT/1/last.*{message}"):
        Bars.from_columns(Series("linear", "BTCUSDT", "1"), values)


def test_a_missing_column_is_named() -> None:
    values = columns(5)
    del values["high"]
    with pytest.raises(InvalidInput, match="a set that has 'high'"):
        Bars.from_columns(Series("linear", "BTCUSDT", "1"), values)


def test_a_premium_index_may_be_negative() -> None:
    zeros = {name: np.zeros(2) for name in ("open", "high", "close")}
    low = {"open_ms": np.array([START_MS, START_MS + 60_000]), "low": np.full(2, -0.001)}
    series = Series("linear", "BTCUSDT", "1", "premium")
    assert len(Bars.from_columns(series, {**zeros, **low})) == 2


def test_bars_cannot_be_written_and_the_callers_array_still_can() -> None:
    values = columns(5)
    made = Bars.from_columns(Series("linear", "BTCUSDT", "1"), values)
    with pytest.raises(ValueError, match="read-only"):
        made.close[0] = 1.0
    values["close"][0] = 1.0


def test_the_digest_names_content_and_series_alone() -> None:
    assert bars().digest == bars().digest
    assert bars().digest != bars(seed=2).digest
    assert bars().digest != bars(interval="1").rows(0, 4).digest
    other = Bars.from_columns(Series("linear", "ETHUSDT", "1"), columns(5))
    assert bars().digest != other.digest


def test_the_digest_is_the_one_of_every_machine() -> None:
    known = {name: np.arange(1.0, 4.0) for name in ("open", "high", "low", "close", "volume")}
    opens = START_MS + 60_000 * np.arange(3)
    made = Bars.from_columns(Series("linear", "BTCUSDT", "1"), {"open_ms": opens, **known})
    assert made.digest.startswith("f6f597a18e4084844ed5dc9124913111")


def test_a_month_is_a_leaf_of_the_digest() -> None:
    month_ms = 31 * 86_400_000
    minutes = columns(40, step_ms=86_400_000)
    daily = Bars.from_columns(Series("linear", "BTCUSDT", "D"), minutes)
    january = daily.between(START_MS, START_MS + month_ms)
    assert len(daily.leaves()) == 2
    assert daily.leaves()[:1] == january.leaves()


def test_a_range_is_half_open() -> None:
    cut = bars(10).between(START_MS + 60_000, START_MS + 180_000)
    assert (len(cut), cut.start_ms, cut.end_ms) == (2, START_MS + 60_000, START_MS + 180_000)


@examples(40)
@given(
    st.integers(1, 3000),
    st.sampled_from(["3", "5", "15", "30", "60", "120", "240", "360", "720", "D"]),
    st.integers(0, 1500),
    st.floats(0.0, 0.3),
)
def test_coarse_bars_hold_exactly_their_fine_ones(
    n_bars: int, interval: Interval, skip: int, missing: float
) -> None:
    values = columns(n_bars + skip, seed=n_bars)
    kept = np.random.default_rng(skip).random(n_bars + skip) >= missing
    kept[:skip] = False
    kept[-1] = True
    fine = Bars.from_columns(
        Series("linear", "BTCUSDT", "1"), {name: part[kept] for name, part in values.items()}
    )
    for coarse in [resample(fine, interval)]:
        for row in range(len(coarse)):
            inside = fine.between(int(coarse.open_ms[row]), int(coarse.close_ms[row]))
            assert coarse.open[row] == inside.open[0]
            assert coarse.close[row] == inside.close[-1]
            assert coarse.high[row] == inside.high.max()
            assert coarse.low[row] == inside.low.min()
            assert coarse.volume[row] == pytest.approx(inside.volume.sum())
        if len(coarse):
            assert coarse.start_ms >= fine.start_ms
            assert coarse.end_ms <= fine.end_ms


@pytest.mark.parametrize(("interval", "opens"), [("W", "2025-01-06"), ("M", "2025-02-01")])
def test_weeks_and_months_begin_where_the_calendar_says(interval: Interval, opens: str) -> None:
    daily = Bars.from_columns(
        Series("linear", "BTCUSDT", "D"),
        columns(70, step_ms=86_400_000) | {"open_ms": START_MS + 86_400_000 * (1 + np.arange(70))},
    )
    first = resample(daily, interval).start_ms
    assert np.datetime64(first, "ms") == np.datetime64(opens)


def test_bars_cannot_be_made_finer() -> None:
    with pytest.raises(InvalidInput, match="interval was '3', should be a multiple of 5"):
        resample(Bars.empty(Series("linear", "BTCUSDT", "5")), "3")


def test_finer_bars_that_do_not_reach_the_extremes_are_left_out() -> None:
    fine = bars(45)
    base = resample(fine, "15")
    holed = Bars.from_columns(
        fine.series,
        {
            name: np.delete(column, [int(fine.high[:15].argmax())])
            for name, column in fine.columns().items()
        },
    )
    first, end = finer_ranges(base, holed)
    assert (end - first).tolist() == [0, 15, 15]


def test_finer_bars_outside_their_bar_are_refused() -> None:
    fine = bars(30)
    base = resample(fine, "15")
    raised = fine.columns() | {"high": fine.high + 100.0}
    with pytest.raises(InvalidInput, match="inside the bar at 2025-01-01T00:00"):
        finer_ranges(base, Bars.from_columns(fine.series, raised))


@pytest.mark.parametrize(
    ("times", "rates", "message"),
    [
        ([1, 1], [0.0, 0.0], "strictly rising"),
        ([1, 2], [0.0, np.nan], "finite"),
        ([1, 2], [0.0, 0.01 * 100], "a fraction below 1"),
        ([1, 2], [0.0], "2 rows"),
    ],
)
def test_impossible_funding_is_refused(times: list[int], rates: list[float], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        FundingRates("linear", "BTCUSDT", np.array(times), np.array(rates))
