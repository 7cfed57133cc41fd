"""Where is a column on average, if some bars count more? Windows with weights, and their line."""

from __future__ import annotations

import math
from typing import Final

from engines.compile import F1, OutF1, OutF2, kernel, scalar
from engines.indicators.definition import LONGEST, indicator
from engines.indicators.flows import FLOW, flow_at, leaving
from engines.indicators.steps import finite, ratio
from engines.indicators.windows import (
    WEIGHTED,
    Weighted,
    keep_weighted,
    weighted_column,
    weighted_from,
    weighted_step,
)

# The weights of an alma are kept in its memory.
_ALMA_LONGEST: Final = 500


@indicator(
    outputs={"value": "source"},
    warm_up=lambda length: (length - 1,),
    carry=WEIGHTED,
    length=(20, 1, LONGEST),
)
@kernel
def wma(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Weighted moving average, weights `length` (newest) to 1 over length·(length+1)/2 (M8)."""
    weighted_column(source, length, carry, 0, out, 0, start, stop)


@indicator(
    outputs={"value": "source", "raw": "source"},
    warm_up=lambda length: (length + math.isqrt(length) - 2, length - 1),
    carry=3 * WEIGHTED,
    length=(20, 2, LONGEST),
)
@kernel
def hma(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Hull's average: wma of `raw` over floor(√length), raw = 2·wma(length/2) − wma(length).

    The half length is rounded down (rule M8). A. Hull, 2005.
    """
    half = length // 2
    root = math.floor(math.sqrt(length))
    value, raw = 0, 1
    weighted_column(source, half, carry, 0, out, value, start, stop)
    weighted_column(source, length, carry, WEIGHTED, out, raw, start, stop)
    for i in range(start, stop):
        out[raw, i] = 2.0 * out[value, i] - out[raw, i]
    weighted_column(out[raw], root, carry, 2 * WEIGHTED, out, value, start, stop)


@indicator(
    outputs={"value": "source"},
    warm_up=lambda length: (length - 1,),
    carry=2 * FLOW,
    length=(20, 1, LONGEST),
)
@kernel
def vwma(
    source: F1, volume: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    """Volume-weighted average: Σ source·volume / Σ volume over `length` bars (rule M7).

    NaN where nothing was traded in the window, and while a hole is inside it.
    """
    for i in range(start, stop):
        # A hole in either column must empty both windows.
        traded = volume[i] if math.isfinite(source[i]) else math.nan
        value = source[i] * traded
        traded = traded if math.isfinite(value) else math.nan
        gone = leaving(carry, 0, i, length)
        values = flow_at(carry, 0, value, source[gone] * volume[gone], length)
        out[0, i] = ratio(values, flow_at(carry, FLOW, traded, volume[gone], length))


@indicator(
    outputs={"value": "source"},
    warm_up=lambda length, offset, sigma: (length - 1,),
    carry=_ALMA_LONGEST + 2,
    length=(9, 1, _ALMA_LONGEST),
    offset=(0.85, 0.0, 1.0),
    sigma=(6.0, 0.01, 100.0),
)
@kernel
def alma(
    source: F1,
    length: int,
    offset: float,
    sigma: float,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Arnaud Legoux average: weights exp(−(j−m)²/(2s²)), j = 0 the oldest bar, over their sum.

    m = offset·(length−1), not rounded down (rule M8); s = length/sigma.
    """
    if carry[0] == 0.0:
        _fill_alma_weights(carry, length, offset, sigma)
    seen = carry[1]
    for i in range(start, stop):
        seen = seen + 1.0 if math.isfinite(source[i]) else 0.0
        out[0, i] = math.nan
        if seen >= length:
            total = 0.0
            for j in range(length):
                total += carry[2 + j] * source[i - length + 1 + j]
            out[0, i] = total / carry[0]
    carry[1] = seen


@scalar
def _fill_alma_weights(carry: OutF1, length: int, offset: float, sigma: float) -> None:
    centre = offset * (length - 1.0)
    width = length / sigma
    total = 0.0
    for j in range(length):
        weight = math.exp(-((j - centre) * (j - centre)) / (2.0 * width * width))
        carry[2 + j] = weight
        total += weight
    carry[0] = total


@indicator(outputs={"value": "source"}, warm_up=lambda: (3,))
@kernel
def swma(source: F1, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Symmetrically weighted average of four bars: (x₋₃ + 2·x₋₂ + 2·x₋₁ + x₀)/6 (rule M8)."""
    for i in range(start, stop):
        out[0, i] = math.nan
        if i >= 3:
            ends = source[i - 3] + source[i]
            out[0, i] = finite((ends + 2.0 * (source[i - 2] + source[i - 1])) / 6.0)


@indicator(
    outputs={"value": "source", "slope": "source"},
    warm_up=lambda length, offset: (length - 1, length - 1),
    carry=WEIGHTED,
    length=(14, 1, LONGEST),
    offset=(0, 0, LONGEST),
)
@kernel
def linreg(
    source: F1, length: int, offset: int, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    """Least-squares line through `length` bars, read `offset` bars before the newest; its slope.

    slope = 12·(Σ j·x − (n+1)/2·Σ x)/(n·(n²−1)), j = 1 the oldest; value = mean + slope·((n−1)/2 −
    offset) (rule M8: a larger offset reads the line further back). Slope is per bar.
    """
    lever = 0.5 * (length - 1.0) - offset
    sums = weighted_from(carry, 0)
    for i in range(start, stop):
        sums = weighted_step(sums, source, i, length)
        slope = _slope(sums, length)
        out[0, i] = sums.reference + (sums.total / length + slope * lever)
        out[1, i] = slope
    keep_weighted(carry, 0, sums)


@scalar
def _slope(sums: Weighted, length: int) -> float:
    if sums.seen < length:
        return math.nan
    if length == 1:
        return 0.0
    n = float(length)
    tilt = sums.weighted - 0.5 * (n + 1.0) * sums.total
    return 12.0 * tilt / (n * (n * n - 1.0))


@indicator(
    outputs={"value": "none"},
    warm_up=lambda length: (length - 1,),
    carry=WEIGHTED,
    length=(10, 1, LONGEST),
)
@kernel
def cog(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Ehlers' centre of gravity: −Σ x₍k₎·(k+1) / Σ x₍k₎, k = 0 the newest bar (rule M6)."""
    n = float(length)
    sums = weighted_from(carry, 0)
    for i in range(start, stop):
        sums = weighted_step(sums, source, i, length)
        out[0, i] = math.nan
        if sums.seen >= length:
            moment = (n + 1.0) * sums.total - sums.weighted
            moment += sums.reference * (0.5 * n * (n + 1.0))
            out[0, i] = -ratio(moment, sums.total + n * sums.reference)
    keep_weighted(carry, 0, sums)
