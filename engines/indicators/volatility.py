"""How widely does a column vary? Ranges, deviations and their averages."""

from __future__ import annotations

import math

from engines.compile import F1, OutF1, OutF2, kernel, scalar
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
    MOMENTS,
    deviation_value,
    extreme_at,
    keep_moments,
    moments_from,
    moments_step,
    squared_deviations,
)


@indicator(
    outputs={"value": "price"},
    warm_up=lambda from_first: (1 - from_first,),
    from_first=(1, 0, 1),
    name="true_range",
)
@kernel
def true_range_column(
    high: F1,
    low: F1,
    close: F1,
    from_first: int,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Wilder's true range: the largest of high − low, |high − close₋₁| and |low − close₋₁|.

    Without a close before (first bar, hole): high − low where `from_first` is 1, else NaN (M2).
    """
    for i in range(start, stop):
        before = value_before(close, i, 1)
        known = from_first == 1 or math.isfinite(before)
        out[0, i] = true_range(high[i], low[i], before) if known else math.nan


@indicator(
    outputs={"value": "price"},
    warm_up=lambda length: (length - 1,),
    carry=AVERAGE,
    length=(14, 1, LONGEST),
)
@kernel
def atr(
    high: F1, low: F1, close: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    """Average true range: rma(true range, length), high − low on the first bar (rule M2).

    J. W. Wilder, New Concepts in Technical Trading Systems, 1978.
    """
    weight = 1.0 / length
    average = average_from(carry, 0)
    for i in range(start, stop):
        spread = true_range(high[i], low[i], value_before(close, i, 1))
        average = average_step(average, spread, length, weight)
        out[0, i] = average_value(average, spread, length)
    keep_average(carry, 0, average)


@indicator(
    outputs={"value": "source"},
    warm_up=lambda length, sample: (max(length - 1, sample),),
    carry=MOMENTS,
    length=(20, 1, LONGEST),
    sample=(0, 0, 1),
)
@kernel
def stdev(
    source: F1, length: int, sample: int, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    """Standard deviation over `length` bars: √(Σ(x − mean)²/n), n−1 where `sample` is 1 (M3).

    Exactly zero for equal values, where TradingView shows the noise of E[x²] − E[x]². NaN for
    a sample of one.
    """
    moments = moments_from(carry, 0)
    for i in range(start, stop):
        moments = moments_step(moments, source, i, length)
        out[0, i] = deviation_value(moments, length, sample)
    keep_moments(carry, 0, moments)


@indicator(
    outputs={"value": "none"},
    warm_up=lambda length, sample: (max(length - 1, sample),),
    carry=MOMENTS,
    length=(20, 1, LONGEST),
    sample=(0, 0, 1),
)
@kernel
def variance(
    source: F1, length: int, sample: int, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    """Variance over `length` bars: Σ(x − mean)²/n, or /(n−1) where `sample` is 1 (rule M3)."""
    moments = moments_from(carry, 0)
    for i in range(start, stop):
        moments = moments_step(moments, source, i, length)
        known = moments.seen >= length and sample < length
        squares = max(squared_deviations(moments, length), 0.0)
        out[0, i] = ratio(squares, float(length - sample)) if known else math.nan
    keep_moments(carry, 0, moments)


@indicator(
    outputs={"value": "source"},
    warm_up=lambda length: (length - 1,),
    carry=2 * EXTREME,
    length=(14, 1, LONGEST),
)
@kernel
def range_of(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Highest minus lowest value of the last `length` bars (ta.range)."""
    for i in range(start, stop):
        top = extreme_at(carry, 0, source, i, length, 1.0)
        out[0, i] = top - extreme_at(carry, EXTREME, source, i, length, -1.0)


@indicator(
    outputs={"value": "ratio"},
    warm_up=lambda length: (length - 1,),
    carry=1,
    length=(20, 2, LONGEST),
)
@kernel
def correlation(a: F1, b: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Pearson's correlation of two columns over `length` bars; NaN where one does not vary."""
    seen = carry[0]
    for i in range(start, stop):
        seen = seen + 1.0 if math.isfinite(a[i]) and math.isfinite(b[i]) else 0.0
        out[0, i] = _pearson(a, b, i, length) if seen >= length else math.nan
    carry[0] = seen


@scalar
def _pearson(a: F1, b: F1, i: int, length: int) -> float:
    # Distances from the newest values: equal values give exactly zero.
    a_total, b_total = 0.0, 0.0
    a_squares, b_squares, products = 0.0, 0.0, 0.0
    for j in range(i - length + 1, i):
        a_total += a[j] - a[i]
        b_total += b[j] - b[i]
    a_mean, b_mean = a_total / length, b_total / length
    for j in range(i - length + 1, i + 1):
        x = (a[j] - a[i]) - a_mean
        y = (b[j] - b[i]) - b_mean
        a_squares += x * x
        b_squares += y * y
        products += x * y
    return ratio(products, math.sqrt(a_squares) * math.sqrt(b_squares))
