"""Where are the highs and lows, and what happened when? Extremes, turning points, memory."""

from __future__ import annotations

import math
from typing import Final

from engines.compile import F1, OutF1, OutF2, kernel, scalar
from engines.indicators.definition import LONGEST, indicator
from engines.indicators.steps import (
    finite,
    move_of,
    value_before,
)
from engines.indicators.windows import (
    EXTREME,
    extreme_from,
    extreme_step,
    extreme_value,
    keep_extreme,
)

# The values that value_when may still be asked for are kept in its memory.
_MOST_OCCURRENCES: Final = 99


@scalar
def _extreme_column(
    source: F1, length: int, sign: float, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    extreme = extreme_from(carry, 0)
    for i in range(start, stop):
        extreme = extreme_step(extreme, source, i, length, sign)
        out[0, i] = extreme_value(extreme, source, length)
    keep_extreme(carry, 0, extreme)


@scalar
def _extreme_bars_column(
    source: F1, length: int, sign: float, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    extreme = extreme_from(carry, 0)
    for i in range(start, stop):
        extreme = extreme_step(extreme, source, i, length, sign)
        out[0, i] = float(extreme.at - i) if extreme.seen >= length else math.nan
    keep_extreme(carry, 0, extreme)


@indicator(
    outputs={"value": "source"},
    warm_up=lambda length: (length - 1,),
    carry=EXTREME,
    length=(20, 1, LONGEST),
)
@kernel
def highest(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Highest value of the last `length` bars, this one included."""
    _extreme_column(source, length, 1.0, carry, out, start, stop)


@indicator(
    outputs={"value": "source"},
    warm_up=lambda length: (length - 1,),
    carry=EXTREME,
    length=(20, 1, LONGEST),
)
@kernel
def lowest(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Lowest value of the last `length` bars, this one included."""
    _extreme_column(source, length, -1.0, carry, out, start, stop)


@indicator(
    outputs={"value": "count"},
    warm_up=lambda length: (length - 1,),
    carry=EXTREME,
    length=(20, 1, LONGEST),
)
@kernel
def highest_bars(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Offset to the highest of the last `length` bars, 0 to −(length−1).

    Of equal values the oldest counts (rule M11).
    """
    _extreme_bars_column(source, length, 1.0, carry, out, start, stop)


@indicator(
    outputs={"value": "count"},
    warm_up=lambda length: (length - 1,),
    carry=EXTREME,
    length=(20, 1, LONGEST),
)
@kernel
def lowest_bars(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Offset to the lowest of the last `length` bars, 0 to −(length−1).

    Of equal values the oldest counts (rule M11).
    """
    _extreme_bars_column(source, length, -1.0, carry, out, start, stop)


@indicator(outputs={"value": "source"}, warm_up=lambda: (0,), carry=2)
@kernel
def running_max(source: F1, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Highest value so far (ta.max); NaN on a hole."""
    _running_extreme(source, 1.0, carry, out, start, stop)


@indicator(outputs={"value": "source"}, warm_up=lambda: (0,), carry=2)
@kernel
def running_min(source: F1, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Lowest value so far (ta.min); NaN on a hole."""
    _running_extreme(source, -1.0, carry, out, start, stop)


@scalar
def _running_extreme(
    source: F1, sign: float, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    seen, extreme = carry[0], carry[1]
    for i in range(start, stop):
        known = math.isfinite(source[i])
        if known and (seen == 0.0 or sign * source[i] > sign * extreme):
            seen, extreme = 1.0, source[i]
        out[0, i] = extreme if known else math.nan
    carry[0], carry[1] = seen, extreme


@scalar
def _run_column(
    source: F1, length: int, sign: float, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    """1.0 where each of the last `length` moves went the way of `sign`."""
    run = carry[0]
    for i in range(start, stop):
        move = move_of(source, i)
        run = run + 1.0 if sign * move > 0.0 else 0.0
        out[0, i] = 1.0 if run >= length else 0.0
    carry[0] = run


@indicator(
    outputs={"value": "flag"},
    warm_up=lambda length: (length,),
    carry=1,
    length=(3, 1, LONGEST),
)
@kernel
def rising(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """1.0 where the column has risen on each of the last `length` bars, else 0.0."""
    _run_column(source, length, 1.0, carry, out, start, stop)


@indicator(
    outputs={"value": "flag"},
    warm_up=lambda length: (length,),
    carry=1,
    length=(3, 1, LONGEST),
)
@kernel
def falling(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """1.0 where the column has fallen on each of the last `length` bars, else 0.0."""
    _run_column(source, length, -1.0, carry, out, start, stop)


@scalar
def _pivot_column(
    source: F1,
    left: int,
    right: int,
    sign: float,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    last = carry[0] if start > 0 else math.nan
    for i in range(start, stop):
        pivot = math.nan
        if i >= left + right and _is_pivot(source, i - right, left, right, sign):
            pivot = source[i - right]
            last = pivot
        out[0, i] = pivot
        out[1, i] = last
    carry[0] = last


@scalar
def _is_pivot(source: F1, at: int, left: int, right: int, sign: float) -> bool:
    if not math.isfinite(source[at]):
        return False
    peak = sign * source[at]
    # A hole lies on neither side of anything.
    after = at + 1
    while after <= at + right and -math.inf < sign * source[after] < peak:
        after += 1
    if after <= at + right:
        return False
    before = at - 1
    while before >= at - left and -math.inf < sign * source[before] <= peak:
        before -= 1
    return before < at - left


@indicator(
    outputs={"value": "source", "last": "source"},
    warm_up=lambda left, right: (left + right, left + right),
    carry=1,
    left=(10, 0, LONGEST),
    right=(5, 0, LONGEST),
)
@kernel
def pivot_high(
    source: F1, left: int, right: int, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    """Turning point: not below the `left` values before it, above the `right` after it.

    Shown `right` bars after it, when it is known; NaN on other bars; `last` repeats the latest
    one. An equal value to the right prevents it, one to the left does not (rule M11); a hole on
    either side prevents it. Usually of high.
    """
    _pivot_column(source, left, right, 1.0, carry, out, start, stop)


@indicator(
    outputs={"value": "source", "last": "source"},
    warm_up=lambda left, right: (left + right, left + right),
    carry=1,
    left=(10, 0, LONGEST),
    right=(5, 0, LONGEST),
)
@kernel
def pivot_low(
    source: F1, left: int, right: int, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    """Turning point: not above the `left` values before it, below the `right` after it.

    The mirror of `pivot_high`. Usually of low.
    """
    _pivot_column(source, left, right, -1.0, carry, out, start, stop)


@scalar
def _holds(x: float) -> bool:
    """Whether a condition's column says yes: any number but zero."""
    return math.isfinite(x) and x != 0.0


@indicator(outputs={"value": "count"}, warm_up=lambda: (0,), carry=2)
@kernel
def bars_since(condition: F1, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Bars since `condition` was last not zero, 0 on such a bar; NaN before the first one."""
    met, bars = carry[0], carry[1]
    for i in range(start, stop):
        bars += 1.0
        if _holds(condition[i]):
            met, bars = 1.0, 0.0
        out[0, i] = bars if met != 0.0 else math.nan
    carry[0], carry[1] = met, bars


@indicator(
    outputs={"value": "source"},
    warm_up=lambda occurrence: (occurrence,),
    carry=_MOST_OCCURRENCES + 2,
    occurrence=(0, 0, _MOST_OCCURRENCES),
)
@kernel
def value_when(
    condition: F1,
    source: F1,
    occurrence: int,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """The source on the bar where `condition` was last not zero, or `occurrence` times before.

    NaN until there was such a bar. A hole in the source on such a bar is remembered as one.
    """
    kept = occurrence + 1
    met = int(carry[0])
    for i in range(start, stop):
        if _holds(condition[i]):
            carry[1 + met % kept] = finite(source[i])
            met += 1
        # The slot written next holds the oldest of the values kept.
        out[0, i] = carry[1 + met % kept] if met >= kept else math.nan
    carry[0] = met


@indicator(
    outputs={"either": "flag", "above": "flag", "below": "flag"},
    warm_up=lambda: (1, 1, 1),
    carry=1,
)
@kernel
def cross(a: F1, b: F1, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """1.0 on the bar where `a` crosses `b`, either way, to above or to below (rule M12).

    above: a > b and a₋₁ <= b₋₁; below mirrored. `either` remembers the last bar on which they were
    not equal: touching and turning back is no crossing.
    """
    side = carry[0]
    for i in range(start, stop):
        now = _side(a[i], b[i])
        before = _side(value_before(a, i, 1), value_before(b, i, 1))
        out[0, i] = 1.0 if now * side < 0.0 else 0.0
        out[1, i] = 1.0 if now > 0.0 and before <= 0.0 else 0.0
        out[2, i] = 1.0 if now < 0.0 and before >= 0.0 else 0.0
        side = now if now > 0.0 or now < 0.0 else side
    carry[0] = side


@scalar
def _side(a: float, b: float) -> float:
    """1 where `a` is above `b`, −1 below, 0 on it, NaN where one of them is a hole."""
    if not (math.isfinite(a) and math.isfinite(b)):
        return math.nan
    return 1.0 if a > b else (-1.0 if a < b else 0.0)


@indicator(outputs={"value": "source"}, warm_up=lambda: (0,), carry=1)
@kernel
def cumulative(source: F1, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Running sum from the first bar (ta.cum); NaN on a hole, which adds nothing."""
    total = carry[0]
    for i in range(start, stop):
        known = math.isfinite(source[i])
        total += source[i] if known else 0.0
        out[0, i] = total if known else math.nan
    carry[0] = total
