"""Which way does the price go, and how decidedly?"""

from __future__ import annotations

import math

from engines.compile import F1, OutF1, OutF2, kernel, scalar
from engines.indicators.definition import LONGEST, indicator
from engines.indicators.steps import (
    AVERAGE,
    DOWNWARD,
    UPWARD,
    average_at,
    true_range,
    value_before,
)
from engines.indicators.windows import (
    EXTREME,
    extreme_from,
    extreme_step,
    extreme_value,
    keep_extreme,
)


@indicator(
    outputs={"plus": "percent", "minus": "percent", "adx": "percent"},
    warm_up=lambda length, smoothing: (length, length, length + smoothing - 1),
    carry=4 * AVERAGE + 2,
    length=(14, 1, LONGEST),
    smoothing=(14, 1, LONGEST),
)
@kernel
def dmi(
    high: F1,
    low: F1,
    close: F1,
    length: int,
    smoothing: int,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Directional movement: plus and minus = 100·rma(movement)/rma(true range); their adx.

    The upward movement counts where it exceeds the downward one and zero, and the reverse; adx =
    100·rma(|plus − minus|/(plus + minus, or 1 for zero), smoothing). The first bar has no true
    range; a true range of zero repeats plus and minus (rule M4). J. W. Wilder, 1978.
    """
    spreads, pluses, minuses, trends, held = 0, AVERAGE, 2 * AVERAGE, 3 * AVERAGE, 4 * AVERAGE
    weight = 1.0 / length
    for i in range(start, stop):
        up = high[i] - value_before(high, i, 1)
        down = value_before(low, i, 1) - low[i]
        before = value_before(close, i, 1)
        # NaN in one of them must be a hole in all.
        hole = 0.0 * (up + down + before)
        spread = true_range(high[i], low[i], before) + hole
        spread = average_at(carry, spreads, spread, length, weight)
        rising = (up if up > down and up > 0.0 else 0.0) + hole
        falling = (down if down > up and down > 0.0 else 0.0) + hole
        plus = average_at(carry, pluses, rising, length, weight)
        minus = average_at(carry, minuses, falling, length, weight)
        if spread > 0.0:
            carry[held] = 100.0 * plus / spread
            carry[held + 1] = 100.0 * minus / spread
        plus = carry[held] if math.isfinite(spread) else math.nan
        minus = carry[held + 1] if math.isfinite(spread) else math.nan
        both = plus + minus if plus + minus != 0.0 else 1.0
        trend = abs(plus - minus) / both
        out[0, i] = plus
        out[1, i] = minus
        out[2, i] = 100.0 * average_at(carry, trends, trend, smoothing, 1.0 / smoothing)


@indicator(
    outputs={"value": "price", "direction": "none", "upper": "price", "lower": "price"},
    warm_up=lambda factor, length: (length - 1,) * 4,
    carry=AVERAGE + 3,
    factor=(3.0, 0.01, 100.0),
    length=(10, 1, LONGEST),
)
@kernel
def supertrend(
    high: F1,
    low: F1,
    close: F1,
    factor: float,
    length: int,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Supertrend: the band (high+low)/2 ± factor·atr that the price has not closed beyond.

    A band only tightens, until the close before crossed it; direction is −1 in an up-trend, 1 in a
    down-trend and at first (rule M5). A hole gives NaN and keeps the trend. O. Seban.
    """
    upper, lower, value = carry[AVERAGE], carry[AVERAGE + 1], carry[AVERAGE + 2]
    if start == 0:
        upper, lower, value = math.nan, math.nan, math.nan
    for i in range(start, stop):
        before = value_before(close, i, 1)
        spread = true_range(high[i], low[i], before) + 0.0 * close[i]
        reach = factor * average_at(carry, 0, spread, length, 1.0 / length)
        middle = 0.5 * (high[i] + low[i])
        for k in range(4):
            out[k, i] = math.nan
        if math.isfinite(reach):
            top = _tightened(middle + reach, upper, -1.0, before)
            bottom = _tightened(middle - reach, lower, 1.0, before)
            direction = _turned(value == upper, value, close[i], top, bottom)
            upper, lower = top, bottom
            value = lower if direction == UPWARD else upper
            out[0, i] = value
            out[1, i] = direction
            out[2, i] = upper
            out[3, i] = lower
    carry[AVERAGE], carry[AVERAGE + 1], carry[AVERAGE + 2] = upper, lower, value


@scalar
def _tightened(band: float, previous: float, sign: float, close_before: float) -> float:
    """The new band if it is tighter, if the close before crossed the old one, or if it is new."""
    kept = sign * band <= sign * previous and not sign * close_before < sign * previous
    return previous if kept else band


@scalar
def _turned(was_upper: bool, previous: float, close: float, upper: float, lower: float) -> float:
    if not math.isfinite(previous):
        return DOWNWARD
    if was_upper:
        return UPWARD if close > upper else DOWNWARD
    return DOWNWARD if close < lower else UPWARD


@indicator(
    outputs={"value": "price", "direction": "none"},
    warm_up=lambda first, increment, highest: (1, 1),
    carry=5,
    first=(0.02, 0.0001, 1.0),
    increment=(0.02, 0.0, 1.0),
    highest=(0.2, 0.0001, 1.0),
)
@kernel
def parabolic_sar(
    high: F1,
    low: F1,
    close: F1,
    first: float,
    increment: float,
    highest: float,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Wilder's stop and reverse: value + acceleration·(extreme − value), reversed when touched.

    Starts on the second bar, upwards if it closed above the first; the acceleration grows from
    `first` by `increment` to `highest` with each new extreme. Never beyond the two bars before
    (rule M10). direction is −1 upwards, 1 downwards. A hole gives NaN and keeps the state.
    """
    for i in range(start, stop):
        out[0, i] = math.nan
        out[1, i] = math.nan
        if math.isfinite(high[i] + low[i] + close[i]):
            turned = carry[0] == 0.0
            if not turned or _bar_before(high, low, close, i):
                if turned:
                    _begin_sar(high, low, close, i, first, carry)
                turned = _advance_sar(high[i], low[i], first, carry) or turned
                _accelerate_sar(high[i], low[i], turned, increment, highest, carry)
                _clamp_sar(high, low, i, carry)
                out[0, i] = carry[1]
                out[1, i] = carry[0]


@scalar
def _bar_before(high: F1, low: F1, close: F1, i: int) -> bool:
    """Whether there is a bar before bar `i`, without a hole."""
    return i > 0 and math.isfinite(high[i - 1] + low[i - 1] + close[i - 1])


@scalar
def _begin_sar(high: F1, low: F1, close: F1, i: int, first: float, carry: OutF1) -> None:
    """carry: direction (0 before the start), value, extreme, acceleration, bars since the start."""
    up = close[i] > close[i - 1]
    carry[0] = UPWARD if up else DOWNWARD
    carry[1] = low[i - 1] if up else high[i - 1]
    carry[2] = high[i] if up else low[i]
    carry[3] = first
    carry[4] = 0.0


@scalar
def _advance_sar(high: float, low: float, first: float, carry: OutF1) -> bool:
    """Move the value; returns whether the bar touched it and so turned the direction."""
    carry[1] += carry[3] * (carry[2] - carry[1])
    up = carry[0] == UPWARD
    touched = carry[1] > low if up else carry[1] < high
    if touched:
        carry[0] = DOWNWARD if up else UPWARD
        carry[1] = max(high, carry[2]) if up else min(low, carry[2])
        carry[2] = low if up else high
        carry[3] = first
    return bool(touched)


@scalar
def _accelerate_sar(
    high: float, low: float, turned: bool, increment: float, highest: float, carry: OutF1
) -> None:
    up = carry[0] == UPWARD
    beyond = high > carry[2] if up else low < carry[2]
    if beyond and not turned:
        carry[2] = high if up else low
        carry[3] = min(carry[3] + increment, highest)


@scalar
def _clamp_sar(high: F1, low: F1, i: int, carry: OutF1) -> None:
    for bars in range(1, 3):
        if bars == 1 or carry[4] > 0.0:
            floor = value_before(low, i, bars)
            ceiling = value_before(high, i, bars)
            # A hole compares as false and clamps nothing.
            if carry[0] == UPWARD and floor < carry[1]:
                carry[1] = floor
            if carry[0] == DOWNWARD and ceiling > carry[1]:
                carry[1] = ceiling
    carry[4] += 1.0


@indicator(
    outputs={
        "tenkan": "price",
        "kijun": "price",
        "leading_a": "price",
        "leading_b": "price",
        "cloud_a": "price",
        "cloud_b": "price",
    },
    warm_up=lambda tenkan, kijun, senkou, displacement: (
        tenkan - 1,
        kijun - 1,
        max(tenkan, kijun) - 1,
        senkou - 1,
        max(tenkan, kijun) + displacement - 2,
        senkou + displacement - 2,
    ),
    carry=6 * EXTREME,
    tenkan=(9, 1, LONGEST),
    kijun=(26, 1, LONGEST),
    senkou=(52, 1, LONGEST),
    displacement=(26, 1, LONGEST),
)
@kernel
def ichimoku(
    high: F1,
    low: F1,
    tenkan: int,
    kijun: int,
    senkou: int,
    displacement: int,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Ichimoku: middles of the last `tenkan`, `kijun` and `senkou` bars, and the cloud.

    leading_a = (tenkan + kijun)/2 and leading_b = middle of `senkou` bars stand where they are
    known. cloud_a and cloud_b are what TradingView draws over the bar: the leading spans of
    displacement − 1 bars before. The lagging span is the close itself: compare it with the price
    displacement − 1 bars back. G. Hosoda, 1969.
    """
    back = displacement - 1
    _middle_column(high, low, tenkan, carry, 0, out, 0, start, stop)
    _middle_column(high, low, kijun, carry, 2 * EXTREME, out, 1, start, stop)
    _middle_column(high, low, senkou, carry, 4 * EXTREME, out, 3, start, stop)
    for i in range(start, stop):
        out[2, i] = 0.5 * (out[0, i] + out[1, i])
        out[4, i] = value_before(out[2], i, back)
        out[5, i] = value_before(out[3], i, back)


@scalar
def _middle_column(
    high: F1,
    low: F1,
    length: int,
    carry: OutF1,
    slot: int,
    out: OutF2,
    row: int,
    start: int,
    stop: int,
) -> None:
    """Fill out[row, start:stop] with the middle of the last `length` bars' range."""
    top = extreme_from(carry, slot)
    bottom = extreme_from(carry, slot + EXTREME)
    for i in range(start, stop):
        top = extreme_step(top, high, i, length, 1.0)
        bottom = extreme_step(bottom, low, i, length, -1.0)
        peak = extreme_value(top, high, length)
        out[row, i] = 0.5 * (peak + extreme_value(bottom, low, length))
    keep_extreme(carry, slot, top)
    keep_extreme(carry, slot + EXTREME, bottom)
