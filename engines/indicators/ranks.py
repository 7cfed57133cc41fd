"""Which value stands at a given rank of the last ones? Medians, percentiles and the mode."""

from __future__ import annotations

import math
from typing import Final

from engines.compile import F1, OutF1, OutF2, kernel, scalar
from engines.indicators.definition import indicator

# The window is kept in order in the memory, after the count and the bar of its oldest value.
_LONGEST: Final = 1000
_ORDER: Final = 2
_CARRY: Final = _ORDER + _LONGEST


@scalar
def _enter(carry: OutF1, column: F1, i: int, length: int) -> bool:
    """Take bar `i` into the ordered window of the last `length` values; returns if it is full.

    Holes are skipped: they neither enter nor push out.
    """
    x = column[i]
    count = int(carry[0])
    if math.isfinite(x):
        place = _ORDER + count
        if count < length:
            carry[1] = carry[1] if count > 0 else i
            count += 1
            carry[0] = count
        else:
            oldest = int(carry[1])
            while not math.isfinite(column[oldest]):
                oldest += 1
            carry[1] = oldest + 1
            place = _place_of(carry, count, column[oldest])
        _settle(carry, place, count, x)
    return count >= length


@scalar
def _place_of(carry: OutF1, count: int, x: float) -> int:
    low, high = _ORDER, _ORDER + count - 1
    while low < high:
        middle = (low + high) // 2
        if carry[middle] < x:
            low = middle + 1
        else:
            high = middle
    return low


@scalar
def _settle(carry: OutF1, place: int, count: int, x: float) -> None:
    """Put `x` where it belongs, moving what lies between there and the free `place`."""
    last = _ORDER + count - 1
    while place < last and carry[place + 1] < x:
        carry[place] = carry[place + 1]
        place += 1
    while place > _ORDER and carry[place - 1] > x:
        carry[place] = carry[place - 1]
        place -= 1
    carry[place] = x


@indicator(
    outputs={"value": "source"},
    warm_up=lambda length: (length - 1,),
    carry=_CARRY,
    length=(20, 1, _LONGEST),
)
@kernel
def median(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Middle of the last `length` values, the mean of two for an even length.

    Holes are skipped: the value is repeated and the window reaches further back.
    """
    upper = _ORDER + length // 2
    lower = _ORDER + (length - 1) // 2
    for i in range(start, stop):
        full = _enter(carry, source, i, length)
        out[0, i] = 0.5 * (carry[lower] + carry[upper]) if full else math.nan


@indicator(
    outputs={"value": "source"},
    warm_up=lambda length: (length - 1,),
    carry=_CARRY,
    length=(20, 1, _LONGEST),
)
@kernel
def mode(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Most frequent of the last `length` values, of equally frequent ones the smallest.

    Holes are skipped as by `median`.
    """
    for i in range(start, stop):
        full = _enter(carry, source, i, length)
        out[0, i] = _most_frequent(carry, length) if full else math.nan


@scalar
def _most_frequent(carry: OutF1, length: int) -> float:
    most, run, value = 0, 0, 0.0
    for j in range(_ORDER, _ORDER + length):
        run = run + 1 if j > _ORDER and carry[j] == carry[j - 1] else 1
        if run > most:
            most, value = run, carry[j]
    return value


@indicator(
    outputs={"value": "source"},
    warm_up=lambda length, percent: (length - 1,),
    carry=_CARRY,
    length=(20, 1, _LONGEST),
    percent=(50.0, 0.0, 100.0),
)
@kernel
def percentile(
    source: F1, length: int, percent: float, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    """Value below which `percent` of the last `length` values lie, interpolated.

    Rank percent/100·length − 1/2 from 0 (Hazen's), between two values in proportion:
    ta.percentile_linear_interpolation. Holes are skipped as by `median`.
    """
    rank = min(max(percent / 100.0 * length - 0.5, 0.0), length - 1.0)
    below = math.floor(rank)
    lower = _ORDER + below
    upper = min(lower + 1, _ORDER + length - 1)
    share = rank - below
    for i in range(start, stop):
        full = _enter(carry, source, i, length)
        out[0, i] = carry[lower] + share * (carry[upper] - carry[lower]) if full else math.nan


@indicator(
    outputs={"value": "source"},
    warm_up=lambda length, percent: (length - 1,),
    carry=_CARRY,
    length=(20, 1, _LONGEST),
    percent=(50.0, 0.0, 100.0),
)
@kernel
def percentile_nearest(
    source: F1, length: int, percent: float, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    """The value at rank ⌈percent/100·length⌉ of the last `length` values, at least the first.

    ta.percentile_nearest_rank. Holes are skipped as by `median`.
    """
    place = _ORDER + max(math.ceil(percent / 100.0 * length) - 1, 0)
    for i in range(start, stop):
        full = _enter(carry, source, i, length)
        out[0, i] = carry[place] if full else math.nan
