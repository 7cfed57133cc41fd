"""The formulas once more, slowly and from their definitions, on columns without holes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.indicators.registry import compute, find

Floats = NDArray[np.float64]
Columns = Mapping[str, Floats]
Market = Callable[..., dict[str, Floats]]
N_BARS = 300


def values(name: str, columns: Columns, output: str = "", **params: float) -> Floats:
    indicator = find(name)
    row = indicator.output_index(output or indicator.outputs[0])
    column: Floats = compute(name, columns, params)[row]
    return column


def windowed(x: Floats, length: int, statistic: Callable[[Floats], float]) -> Floats:
    """`statistic` of each full window of `x` without NaN, oldest value first; NaN elsewhere."""
    made = np.full(len(x), np.nan)
    for i in range(length - 1, len(x)):
        window = x[i - length + 1 : i + 1]
        if np.isfinite(window).all():
            made[i] = statistic(window)
    return made


def exponential(x: Floats, length: int, weight: float) -> Floats:
    made = np.full(len(x), np.nan)
    valid = np.flatnonzero(np.isfinite(x))
    level = float(np.mean(x[valid[:length]]))
    for i in valid[length - 1 :]:
        if i > valid[length - 1]:
            level += weight * (x[i] - level)
        made[i] = level
    return made


def ema(x: Floats, length: int) -> Floats:
    return exponential(x, length, 2.0 / (length + 1))


def rma(x: Floats, length: int) -> Floats:
    return exponential(x, length, 1.0 / length)


def sma(x: Floats, length: int) -> Floats:
    return windowed(x, length, lambda window: float(window.mean()))


def wma(x: Floats, length: int) -> Floats:
    weights = np.arange(1, length + 1)
    return windowed(x, length, lambda window: float(window @ weights / weights.sum()))


def shifted(x: Floats, bars: int) -> Floats:
    made = np.full(len(x), np.nan)
    made[bars:] = x[: len(x) - bars]
    return made


def highest(x: Floats, length: int) -> Floats:
    return windowed(x, length, lambda window: float(window.max()))


def lowest(x: Floats, length: int) -> Floats:
    return windowed(x, length, lambda window: float(window.min()))


def rsi(x: Floats, length: int) -> Floats:
    moves = np.diff(x, prepend=np.nan)
    up = rma(np.where(np.isnan(moves), np.nan, np.clip(moves, 0.0, None)), length)
    down = rma(np.where(np.isnan(moves), np.nan, np.clip(-moves, 0.0, None)), length)
    return 100.0 - 100.0 / (1.0 + up / down)


def middle(columns: Columns, length: int) -> Floats:
    return 0.5 * (highest(columns["high"], length) + lowest(columns["low"], length))


def place(x: Floats, high: Floats, low: Floats, length: int) -> Floats:
    top, bottom = highest(high, length), lowest(low, length)
    return 100.0 * (x - bottom) / (top - bottom)


def slope(x: Floats, length: int) -> Floats:
    return windowed(x, length, lambda window: float(np.polyfit(np.arange(length), window, 1)[0]))


def deviation(x: Floats, length: int, sample: int = 0) -> Floats:
    return windowed(x, length, lambda window: float(window.std(ddof=sample)))


def true_range(columns: Columns) -> Floats:
    before = shifted(columns["close"], 1)
    spreads = [
        columns["high"] - columns["low"],
        np.abs(columns["high"] - before),
        np.abs(columns["low"] - before),
    ]
    widest: Floats = np.fmax.reduce(spreads)
    return widest


def relative_volatility(x: Floats, length: int, smoothing: int) -> Floats:
    rose = np.diff(x, prepend=np.nan) > 0
    spread = deviation(x, length)
    up = ema(np.where(np.isnan(spread), np.nan, spread * rose), smoothing)
    down = ema(np.where(np.isnan(spread), np.nan, spread * ~rose), smoothing)
    return 100.0 * up / (up + down)


def flow_share(columns: Columns, length: int) -> Floats:
    spread = columns["high"] - columns["low"]
    place_in_bar = (2.0 * columns["close"] - columns["high"] - columns["low"]) / np.where(
        spread == 0.0, np.inf, spread
    )
    flow = windowed(place_in_bar * columns["volume"], length, lambda window: float(window.sum()))
    return flow / windowed(columns["volume"], length, lambda window: float(window.sum()))


def since_extreme(x: Floats, length: int, best: Callable[[Floats], np.intp]) -> Floats:
    return windowed(x, length + 1, lambda window: 100.0 * float(best(window)) / length)


def cloud(columns: Columns) -> Floats:
    return shifted(0.5 * (middle(columns, 9) + middle(columns, 26)), 25)


def condition_age(condition: Floats) -> Floats:
    met = np.flatnonzero(condition)
    bars = np.arange(len(condition))
    latest = np.searchsorted(met, bars, side="right") - 1
    return np.where(latest >= 0, bars - met[np.maximum(latest, 0)], np.nan)


def money_flow(columns: Columns, length: int) -> Floats:
    money = columns["volume"] * columns["close"]
    moves = np.diff(columns["close"], prepend=np.nan)
    inflow = windowed(np.where(moves <= 0, 0.0, money), length, lambda window: float(window.sum()))
    outflow = windowed(np.where(moves >= 0, 0.0, money), length, lambda window: float(window.sum()))
    return 100.0 - 100.0 / (1.0 + inflow / outflow)


Second = Callable[[Columns], Floats]
SECONDS: Sequence[tuple[str, dict[str, float], str, Second]] = [
    ("sma", {"length": 7}, "", lambda c: sma(c["source"], 7)),
    ("ema", {"length": 7}, "", lambda c: ema(c["source"], 7)),
    ("rma", {"length": 7}, "", lambda c: rma(c["source"], 7)),
    ("wma", {"length": 31}, "", lambda c: wma(c["source"], 31)),
    ("hma", {"length": 16}, "raw", lambda c: 2 * wma(c["source"], 8) - wma(c["source"], 16)),
    ("dema", {"length": 9}, "", lambda c: 2 * ema(c["source"], 9) - ema(ema(c["source"], 9), 9)),
    (
        "tema",
        {"length": 9},
        "",
        lambda c: (
            3 * (ema(c["source"], 9) - ema(ema(c["source"], 9), 9))
            + ema(ema(ema(c["source"], 9), 9), 9)
        ),
    ),
    ("linreg", {"length": 12}, "slope", lambda c: slope(c["source"], 12)),
    ("momentum", {"length": 6}, "", lambda c: c["source"] - shifted(c["source"], 6)),
    ("change", {"length": 1}, "", lambda c: c["source"] - shifted(c["source"], 1)),
    ("roc", {"length": 6}, "", lambda c: 100 * (c["source"] / shifted(c["source"], 6) - 1)),
    ("rsi", {"length": 9}, "", lambda c: rsi(c["source"], 9)),
    ("mfi", {"length": 9}, "", lambda c: money_flow(c, 9)),
    (
        "stochastic",
        {"length": 10, "smoothing": 4, "signal": 5},
        "k",
        lambda c: sma(place(c["source"], c["high"], c["low"], 10), 4),
    ),
    (
        "stochastic",
        {"length": 10, "smoothing": 4, "signal": 5},
        "d",
        lambda c: sma(sma(place(c["source"], c["high"], c["low"], 10), 4), 5),
    ),
    (
        "stoch_rsi",
        {"rsi_length": 8, "length": 10, "smoothing": 3, "signal": 4},
        "d",
        lambda c: sma(sma(place(*(rsi(c["source"], 8),) * 3, 10), 3), 4),
    ),
    ("relative_volatility", {}, "", lambda c: relative_volatility(c["source"], 10, 14)),
    ("aroon", {"length": 9}, "up", lambda c: since_extreme(c["high"], 9, np.argmax)),
    ("aroon", {"length": 9}, "down", lambda c: since_extreme(c["low"], 9, np.argmin)),
    ("donchian", {"length": 11}, "upper", lambda c: highest(c["high"], 11)),
    ("donchian", {"length": 11}, "lower", lambda c: lowest(c["low"], 11)),
    ("donchian", {"length": 11}, "basis", lambda c: middle(c, 11)),
    ("atr", {"length": 6}, "", lambda c: rma(true_range(c), 6)),
    ("stdev", {"length": 9, "sample": 1}, "", lambda c: deviation(c["source"], 9, 1)),
    ("variance", {"length": 9}, "", lambda c: deviation(c["source"], 9) ** 2),
    ("ichimoku", {}, "tenkan", lambda c: middle(c, 9)),
    ("ichimoku", {}, "kijun", lambda c: middle(c, 26)),
    ("ichimoku", {}, "leading_b", lambda c: middle(c, 52)),
    ("ichimoku", {}, "cloud_a", cloud),
    ("ichimoku", {}, "cloud_b", lambda c: shifted(middle(c, 52), 25)),
    ("cmf", {"length": 8}, "", lambda c: flow_share(c, 8)),
    ("bars_since", {}, "", lambda c: condition_age(c["condition"])),
    ("cumulative", {}, "", lambda c: np.cumsum(c["source"])),
]


@pytest.mark.parametrize(
    ("name", "params", "output", "second"), SECONDS, ids=[f"{s[0]}-{s[2] or 0}" for s in SECONDS]
)
def test_a_slow_algorithm_agrees(
    name: str, params: dict[str, float], output: str, second: Second, market: Market
) -> None:
    columns = market(N_BARS, flat=0.0)
    ours = values(name, columns, output, **params)
    np.testing.assert_allclose(ours, second(columns), rtol=1e-9, atol=1e-10)


def test_qqe_follows_its_definition(market: Market) -> None:
    columns = market(N_BARS)
    smooth = ema(rsi(columns["source"], 6), 4)
    n = 2 * 6 - 1
    distance = 3.0 * ema(ema(np.abs(np.diff(smooth, prepend=np.nan)), n), n)
    upper, lower, direction = np.full((3, N_BARS), np.nan)
    for i in np.flatnonzero(np.isfinite(distance)):
        now, before = smooth[i], smooth[i - 1]
        upper[i], lower[i], direction[i] = now + distance[i], now - distance[i], -1.0
        if np.isfinite(upper[i - 1]):
            if before < upper[i - 1] and now < upper[i - 1]:
                upper[i] = min(upper[i], upper[i - 1])
            if before > lower[i - 1] and now > lower[i - 1]:
                lower[i] = max(lower[i], lower[i - 1])
            crossed_up, crossed_down = now > upper[i - 1], now < lower[i - 1]
            direction[i] = -1.0 if crossed_up else 1.0 if crossed_down else direction[i - 1]
    line = np.where(np.isnan(direction), np.nan, np.where(direction == -1.0, lower, upper))
    rows = compute("qqe", columns, {"length": 6, "smoothing": 4, "factor": 3.0})
    expected = [smooth, line, upper, lower, smooth - line, direction, rsi(columns["source"], 6)]
    np.testing.assert_allclose(rows, expected, rtol=1e-9, atol=1e-9)
    assert {-1.0, 1.0} <= set(direction[np.isfinite(direction)])


def test_supertrend_shows_the_band_on_the_side_of_its_direction(market: Market) -> None:
    rows = compute("supertrend", market(N_BARS))
    value, direction, upper, lower = rows[:, 9:]
    np.testing.assert_array_equal(value, np.where(direction == -1.0, lower, upper))
    assert set(direction) == {-1.0, 1.0}


def test_the_last_pivot_is_held_until_the_next(market: Market) -> None:
    columns = market(N_BARS)
    for name in ("pivot_high", "pivot_low"):
        pivot, last = compute(name, columns, {"left": 4, "right": 3})
        found = np.flatnonzero(np.isfinite(pivot))
        assert len(found) > 3
        held = np.searchsorted(found, np.arange(N_BARS), side="right") - 1
        expected = np.where(held >= 0, pivot[found[np.maximum(held, 0)]], np.nan)
        np.testing.assert_array_equal(last, expected)


def test_a_pivot_without_neighbours_is_every_value(market: Market) -> None:
    columns = market(N_BARS)
    alone = values("pivot_high", columns, left=0, right=0)
    np.testing.assert_array_equal(alone, columns["source"])


def test_an_equal_value_to_the_right_prevents_a_pivot_and_one_to_the_left_does_not() -> None:
    tied = np.array([1.0, 3.0, 3.0, 1.0, 1.0])
    high = values("pivot_high", {"source": tied}, left=1, right=1)
    np.testing.assert_array_equal(high, [np.nan, np.nan, np.nan, 3.0, np.nan])


def test_balance_of_power_is_zero_without_a_range() -> None:
    bar = {"open": [5.0, 5.0], "high": [5.0, 7.0], "low": [5.0, 4.0], "close": [5.0, 6.5]}
    np.testing.assert_array_equal(compute("balance_of_power", bar)[0], [0.0, 0.5])


def test_touching_and_turning_back_is_no_crossing() -> None:
    a = np.array([1.0, 0.0, 0.0, 1.0, 0.0, -1.0, 0.0, 1.0])
    either, above, below = compute("cross", {"a": a, "b": np.zeros(8)})
    np.testing.assert_array_equal(either, [0, 0, 0, 0, 0, 1, 0, 1])
    np.testing.assert_array_equal(above, [0, 0, 0, 1, 0, 0, 0, 1])
    np.testing.assert_array_equal(below, [0, 0, 0, 0, 0, 1, 0, 0])


@pytest.mark.parametrize("formula", range(6))
def test_pivot_points_stay_through_their_session(formula: int, market: Market) -> None:
    columns = market(N_BARS)
    rows = compute("pivot_points", columns, {"formula": formula})
    begins = np.flatnonzero(columns["new_session"])
    for first, after in zip(begins[1:], [*begins[2:], N_BARS], strict=True):
        np.testing.assert_array_equal(
            rows[:, first:after], rows[:, [first]].repeat(after - first, 1)
        )


def test_pivot_points_of_one_session_by_hand() -> None:
    bars = {
        "open": [100.0, 102.0, 105.0],
        "high": [103.0, 106.0, 108.0],
        "low": [99.0, 101.0, 104.0],
        "close": [102.0, 105.0, 107.0],
        "new_session": [0.0, 0.0, 1.0],
    }
    woodie = compute("pivot_points", bars, {"formula": 2})[:9, 2]
    hand = [103.75, 108.5, 101.5, 110.75, 96.75, 115.5, 94.5, 122.5, 87.5]
    np.testing.assert_allclose(woodie, hand)
    classic = compute("pivot_points", bars, {"formula": 3})[:9, 2]
    p = 310.0 / 3.0
    hand = [p, 2 * p - 99, 2 * p - 106, p + 7, p - 7, p + 14, p - 14, p + 21, p - 21]
    np.testing.assert_allclose(classic, hand)
    camarilla = compute("pivot_points", bars, {"formula": 5})[[1, 5, 9, 10], 2]
    np.testing.assert_allclose(
        camarilla,
        [105 + 7.7 / 12, 105 + 7.7 / 4, 106 / 99 * 105, 210 - 106 / 99 * 105],
    )
