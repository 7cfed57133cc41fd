"""Has the momentum itself turned? The smoothed rsi and a line that trails it."""

from __future__ import annotations

import math

from engines.compile import F1, OutF1, OutF2, kernel, scalar
from engines.indicators.definition import LONGEST, indicator
from engines.indicators.steps import (
    AVERAGE,
    DOWNWARD,
    STRENGTH,
    UPWARD,
    average_at,
    strength_column,
    value_before,
)


@indicator(
    outputs={
        "smooth": "percent",
        "line": "percent",
        "upper": "percent",
        "lower": "percent",
        "histogram": "percent",
        "direction": "none",
        "rsi": "percent",
    },
    warm_up=lambda length, smoothing, factor: (
        length + smoothing - 1,
        *(5 * length + smoothing - 4,) * 5,
        length,
    ),
    carry=STRENGTH + 3 * AVERAGE + 3,
    length=(14, 1, LONGEST // 2),
    smoothing=(5, 1, LONGEST),
    factor=(4.238, 0.01, 100.0),
)
@kernel
def qqe(
    source: F1,
    length: int,
    smoothing: int,
    factor: float,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Quantitative qualitative estimation: the smoothed rsi and a line that trails it.

    smooth = ema(rsi(length), smoothing); distance = factor · ema(ema(|change of smooth|, n), n),
    n = 2·length − 1. `lower` (of an up-trend) is smooth − distance and only rises while smooth
    and smooth₋₁ are above it; `upper` mirrored. The direction turns to −1 (up) when smooth crosses
    above the upper band of the bar before, to 1 when it crosses below the lower; it is −1 at
    first. line = lower in an up-trend, else upper; histogram = smooth − line. I. Livshin.
    """
    rsi = 6
    strength_column(source, length, carry, 0, out, rsi, start, stop)
    first, second, third = STRENGTH, STRENGTH + AVERAGE, STRENGTH + 2 * AVERAGE
    state = STRENGTH + 3 * AVERAGE
    n = 2 * length - 1
    weight = 2.0 / (n + 1.0)
    for i in range(start, stop):
        smooth = average_at(carry, first, out[rsi, i], smoothing, 2.0 / (smoothing + 1.0))
        out[0, i] = smooth
        before = value_before(out[0], i, 1)
        distance = average_at(carry, second, abs(smooth - before), n, weight)
        distance = factor * average_at(carry, third, distance, n, weight)
        for k in range(1, rsi):
            out[k, i] = math.nan
        if math.isfinite(distance):
            _trail_qqe(smooth, before, distance, carry, state)
            upper, lower, direction = carry[state], carry[state + 1], carry[state + 2]
            line = lower if direction == UPWARD else upper
            out[1, i] = line
            out[2, i] = upper
            out[3, i] = lower
            out[4, i] = smooth - line
            out[5, i] = direction


@scalar
def _trail_qqe(smooth: float, before: float, distance: float, carry: OutF1, state: int) -> None:
    """Carry from `state`: upper band, lower band, direction (0 before the first)."""
    upper, lower, direction = carry[state], carry[state + 1], carry[state + 2]
    top, bottom = smooth + distance, smooth - distance
    if direction == 0.0:
        direction = UPWARD
    else:
        if smooth > upper:
            direction = UPWARD
        elif smooth < lower:
            direction = DOWNWARD
        if before < upper and smooth < upper:
            top = min(upper, top)
        if before > lower and smooth > lower:
            bottom = max(lower, bottom)
    carry[state] = top
    carry[state + 1] = bottom
    carry[state + 2] = direction
