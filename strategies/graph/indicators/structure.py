"""Which extremes, ranks, pivots and sums of a series are there?

Each function makes the node of one formula of the registry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from strategies.graph.columns import close, high, low, new_session, open
from strategies.graph.expressions import Condition, Series
from strategies.graph.indicators.outputs import Outputs, all_outputs, flag
from strategies.graph.nodes import indicator
from strategies.graph.scalars import Scalar


@dataclass(frozen=True)
class PivotPoints(Outputs):
    """Outputs of `pivot_points`."""

    outputs: ClassVar[tuple[str, ...]] = (
        "p",
        "r1",
        "s1",
        "r2",
        "s2",
        "r3",
        "s3",
        "r4",
        "s4",
        "r5",
        "s5",
    )
    p: Series
    r1: Series
    s1: Series
    r2: Series
    s2: Series
    r3: Series
    s3: Series
    r4: Series
    s4: Series
    r5: Series
    s5: Series


def pivot_points(
    formula: Scalar = 0,
    *,
    open: Series = open,
    high: Series = high,
    low: Series = low,
    close: Series = close,
    new_session: Series = new_session,
) -> PivotPoints:
    """Pivot levels of the session before, from the bar that begins a new one."""
    return all_outputs(
        PivotPoints,
        "pivot_points",
        {"open": open, "high": high, "low": low, "close": close, "new_session": new_session},
        {"formula": formula},
    )


def highest(source: Series, length: Scalar = 20) -> Series:
    """Highest value of the last `length` bars, this one included."""
    return indicator("highest", {"source": source}, {"length": length})


def lowest(source: Series, length: Scalar = 20) -> Series:
    """Lowest value of the last `length` bars, this one included."""
    return indicator("lowest", {"source": source}, {"length": length})


def highest_bars(source: Series, length: Scalar = 20) -> Series:
    """Offset to the highest of the last `length` bars, 0 to −(length−1)."""
    return indicator("highest_bars", {"source": source}, {"length": length})


def lowest_bars(source: Series, length: Scalar = 20) -> Series:
    """Offset to the lowest of the last `length` bars, 0 to −(length−1)."""
    return indicator("lowest_bars", {"source": source}, {"length": length})


def running_max(source: Series) -> Series:
    """Highest value so far (ta.max); NaN on a hole."""
    return indicator("running_max", {"source": source}, {})


def running_min(source: Series) -> Series:
    """Lowest value so far (ta.min); NaN on a hole."""
    return indicator("running_min", {"source": source}, {})


def rising(source: Series, length: Scalar = 3) -> Series:
    """1.0 where the column has risen on each of the last `length` bars, else 0.0."""
    return indicator("rising", {"source": source}, {"length": length})


def falling(source: Series, length: Scalar = 3) -> Series:
    """1.0 where the column has fallen on each of the last `length` bars, else 0.0."""
    return indicator("falling", {"source": source}, {"length": length})


def pivot_high(
    source: Series,
    left: Scalar = 10,
    right: Scalar = 5,
    *,
    output: Literal["value", "last"] = "value",
) -> Series:
    """Turning point: not below the `left` values before it, above the `right` after it."""
    return indicator("pivot_high", {"source": source}, {"left": left, "right": right}, output)


def pivot_low(
    source: Series,
    left: Scalar = 10,
    right: Scalar = 5,
    *,
    output: Literal["value", "last"] = "value",
) -> Series:
    """Turning point: not above the `left` values before it, below the `right` after it."""
    return indicator("pivot_low", {"source": source}, {"left": left, "right": right}, output)


def value_when(condition: Series | Condition, source: Series, occurrence: Scalar = 0) -> Series:
    """The source on the bar where `condition` was last not zero, or `occurrence` times before."""
    return indicator(
        "value_when", {"condition": flag(condition), "source": source}, {"occurrence": occurrence}
    )


def cumulative(source: Series) -> Series:
    """Running sum from the first bar (ta.cum); NaN on a hole, which adds nothing."""
    return indicator("cumulative", {"source": source}, {})


def median(source: Series, length: Scalar = 20) -> Series:
    """Middle of the last `length` values, the mean of two for an even length."""
    return indicator("median", {"source": source}, {"length": length})


def mode(source: Series, length: Scalar = 20) -> Series:
    """Most frequent of the last `length` values, of equally frequent ones the smallest."""
    return indicator("mode", {"source": source}, {"length": length})


def percentile(source: Series, length: Scalar = 20, percent: Scalar = 50.0) -> Series:
    """Value below which `percent` of the last `length` values lie, interpolated."""
    return indicator("percentile", {"source": source}, {"length": length, "percent": percent})


def percentile_nearest(source: Series, length: Scalar = 20, percent: Scalar = 50.0) -> Series:
    """The value at rank ⌈percent/100·length⌉ of the last `length` values, at least the first."""
    return indicator(
        "percentile_nearest", {"source": source}, {"length": length, "percent": percent}
    )
