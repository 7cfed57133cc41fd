"""Where is a column on average? Averages with a memory, and the plain mean."""

from __future__ import annotations

from engines.compile import F1, OutF1, OutF2, kernel
from engines.indicators.definition import LONGEST, indicator
from engines.indicators.steps import (
    AVERAGE,
    average_from,
    average_step,
    average_value,
    keep_average,
)
from engines.indicators.windows import MEAN, mean_column


@indicator(
    outputs={"value": "source"},
    warm_up=lambda length: (length - 1,),
    carry=MEAN,
    length=(20, 1, LONGEST),
)
@kernel
def sma(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Simple moving average: the sum of the last `length` values divided by `length`.

    Holes are skipped: the value is repeated and the window reaches further back (rule M1).
    """
    mean_column(source, length, carry, 0, out, 0, start, stop)


@indicator(
    outputs={"value": "source"},
    warm_up=lambda length: (length - 1,),
    carry=AVERAGE,
    length=(20, 1, LONGEST),
)
@kernel
def ema(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Exponential average of weight w = 2/(length+1): w·x + (1−w)·previous.

    Seeded with the mean of the first `length` values (rule M1).
    """
    weight = 2.0 / (length + 1.0)
    average = average_from(carry, 0)
    for i in range(start, stop):
        average = average_step(average, source[i], length, weight)
        out[0, i] = average_value(average, source[i], length)
    keep_average(carry, 0, average)


@indicator(
    outputs={"value": "source"},
    warm_up=lambda length: (length - 1,),
    carry=AVERAGE,
    length=(14, 1, LONGEST),
)
@kernel
def rma(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Wilder's average: exponential with weight 1/length, seeded like the ema (rule M1)."""
    weight = 1.0 / length
    average = average_from(carry, 0)
    for i in range(start, stop):
        average = average_step(average, source[i], length, weight)
        out[0, i] = average_value(average, source[i], length)
    keep_average(carry, 0, average)


@indicator(
    outputs={"value": "source"},
    warm_up=lambda length: (2 * length - 2,),
    carry=2 * AVERAGE,
    length=(20, 1, LONGEST),
)
@kernel
def dema(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Double exponential average: 2·e1 − e2 with e1 = ema(source), e2 = ema(e1).

    P. Mulloy, Technical Analysis of Stocks & Commodities, 1994/2.
    """
    weight = 2.0 / (length + 1.0)
    first = average_from(carry, 0)
    second = average_from(carry, AVERAGE)
    for i in range(start, stop):
        first = average_step(first, source[i], length, weight)
        e1 = average_value(first, source[i], length)
        second = average_step(second, e1, length, weight)
        e2 = average_value(second, e1, length)
        out[0, i] = 2.0 * e1 - e2
    keep_average(carry, 0, first)
    keep_average(carry, AVERAGE, second)


@indicator(
    outputs={"value": "source"},
    warm_up=lambda length: (3 * length - 3,),
    carry=3 * AVERAGE,
    length=(20, 1, LONGEST),
)
@kernel
def tema(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Triple exponential average: 3·(e1 − e2) + e3, each e the ema of the one before.

    P. Mulloy, Technical Analysis of Stocks & Commodities, 1994/1.
    """
    weight = 2.0 / (length + 1.0)
    first = average_from(carry, 0)
    second = average_from(carry, AVERAGE)
    third = average_from(carry, 2 * AVERAGE)
    for i in range(start, stop):
        first = average_step(first, source[i], length, weight)
        e1 = average_value(first, source[i], length)
        second = average_step(second, e1, length, weight)
        e2 = average_value(second, e1, length)
        third = average_step(third, e2, length, weight)
        e3 = average_value(third, e2, length)
        out[0, i] = 3.0 * (e1 - e2) + e3
    keep_average(carry, 0, first)
    keep_average(carry, AVERAGE, second)
    keep_average(carry, 2 * AVERAGE, third)
