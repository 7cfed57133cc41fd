"""Between which bounds does the price move? Bands around an average, and price channels."""

from __future__ import annotations

from engines.compile import F1, OutF1, OutF2, kernel
from engines.indicators.definition import LONGEST, indicator
from engines.indicators.steps import (
    AVERAGE,
    average_from,
    average_step,
    average_value,
    keep_average,
    ratio,
    true_range,
    value_before,
)
from engines.indicators.windows import (
    EXTREME,
    MEAN,
    MOMENTS,
    deviation_value,
    extreme_from,
    extreme_step,
    extreme_value,
    keep_extreme,
    keep_mean,
    keep_moments,
    mean_from,
    mean_step,
    mean_value,
    moments_from,
    moments_step,
)


@indicator(
    outputs={"basis": "source", "upper": "source", "lower": "source", "width": "percent"},
    warm_up=lambda length, multiplier: (length - 1,) * 4,
    carry=MEAN + MOMENTS,
    length=(20, 1, LONGEST),
    multiplier=(2.0, 0.001, 50.0),
)
@kernel
def bollinger(
    source: F1,
    length: int,
    multiplier: float,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Bollinger bands: basis = sma, upper and lower = basis ± multiplier · stdev (population).

    width = 100·(upper − lower)/basis (rule M3). After a hole the basis is an sma's, the bands are
    NaN while it is in the window. J. Bollinger, 1983.
    """
    mean = mean_from(carry, 0)
    moments = moments_from(carry, MEAN)
    for i in range(start, stop):
        mean = mean_step(mean, source, i, length)
        moments = moments_step(moments, source, i, length)
        basis = mean_value(mean, length)
        reach = multiplier * deviation_value(moments, length, 0)
        upper, lower = basis + reach, basis - reach
        out[0, i] = basis
        out[1, i] = upper
        out[2, i] = lower
        out[3, i] = 100.0 * ratio(upper - lower, basis)
    keep_mean(carry, 0, mean)
    keep_moments(carry, MEAN, moments)


@indicator(
    outputs={"basis": "source", "upper": "source", "lower": "source", "width": "ratio"},
    warm_up=lambda length, multiplier, use_true_range: (
        length - 1,
        *(length - 1 + use_true_range,) * 3,
    ),
    carry=2 * AVERAGE,
    length=(20, 1, LONGEST),
    multiplier=(2.0, 0.001, 50.0),
    use_true_range=(1, 0, 1),
)
@kernel
def keltner(
    source: F1,
    high: F1,
    low: F1,
    close: F1,
    length: int,
    multiplier: float,
    use_true_range: int,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Keltner channel: basis = ema(source), upper and lower = basis ± multiplier · ema(range).

    The range is the true range, NaN on the first bar, or high − low where `use_true_range` is 0;
    width = (upper − lower)/basis (rule M9).
    """
    weight = 2.0 / (length + 1.0)
    middle = average_from(carry, 0)
    reach = average_from(carry, AVERAGE)
    for i in range(start, stop):
        spread = high[i] - low[i]
        if use_true_range == 1:
            before = value_before(close, i, 1)
            spread = true_range(high[i], low[i], before) + 0.0 * before
        middle = average_step(middle, source[i], length, weight)
        reach = average_step(reach, spread, length, weight)
        basis = average_value(middle, source[i], length)
        distance = multiplier * average_value(reach, spread, length)
        upper, lower = basis + distance, basis - distance
        out[0, i] = basis
        out[1, i] = upper
        out[2, i] = lower
        out[3, i] = ratio(upper - lower, basis)
    keep_average(carry, 0, middle)
    keep_average(carry, AVERAGE, reach)


@indicator(
    outputs={"upper": "price", "lower": "price", "basis": "price"},
    warm_up=lambda length: (length - 1,) * 3,
    carry=2 * EXTREME,
    length=(20, 1, LONGEST),
)
@kernel
def donchian(
    high: F1, low: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    """Donchian channel: highest high and lowest low of `length` bars, this one included; middle.

    A breakout compares the price with the channel one bar before. R. Donchian.
    """
    top = extreme_from(carry, 0)
    bottom = extreme_from(carry, EXTREME)
    for i in range(start, stop):
        top = extreme_step(top, high, i, length, 1.0)
        bottom = extreme_step(bottom, low, i, length, -1.0)
        upper = extreme_value(top, high, length)
        lower = extreme_value(bottom, low, length)
        out[0, i] = upper
        out[1, i] = lower
        out[2, i] = 0.5 * (upper + lower)
    keep_extreme(carry, 0, top)
    keep_extreme(carry, EXTREME, bottom)
