"""What do the last bars hold? Their mean, extremes, moments and order, slid along bar by bar."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from engines.compile import F1, OutF1, OutF2, scalar
from engines.sums import slide
from engines.vectors import LANES, slide_means


class Mean(NamedTuple):
    """Sum (total + lost) of the last `seen` values; the oldest stands at bar `tail` or later."""

    seen: int
    total: float
    lost: float
    tail: int


class Extreme(NamedTuple):
    """How many valid bars end here, and the bar of their highest (or lowest) value."""

    seen: int
    at: int


class Weighted(NamedTuple):
    """Sum and rising-weight sum of the distances from `reference` over a window."""

    seen: int
    reference: float
    total: float
    weighted: float


class Moments(NamedTuple):
    """Sums of the distances from `reference` over a window, and of their squares."""

    seen: int
    reference: float
    total: float
    lost: float
    squares: float
    squares_lost: float


# Places in `carry` that each of them takes.
MEAN: Final = 4
EXTREME: Final = 2
WEIGHTED: Final = 4
MOMENTS: Final = 6


@scalar
def mean_from(carry: OutF1, slot: int) -> Mean:
    """The mean kept at `slot`."""
    return Mean(int(carry[slot]), carry[slot + 1], carry[slot + 2], int(carry[slot + 3]))


@scalar
def keep_mean(carry: OutF1, slot: int, state: Mean) -> None:
    """Keep the mean at `slot` for the next call."""
    carry[slot] = state.seen
    carry[slot + 1] = state.total
    carry[slot + 2] = state.lost
    carry[slot + 3] = state.tail


@scalar
def mean_step(state: Mean, column: F1, i: int, length: int) -> Mean:
    """The mean after bar `i`. Holes are skipped: the window is the last `length` values."""
    x = column[i]
    if not math.isfinite(x):
        return state
    if state.seen < length:
        total, lost = slide(state.total, state.lost, x, 0.0)
        return Mean(state.seen + 1, total, lost, state.tail if state.seen > 0 else i)
    oldest = state.tail
    while not math.isfinite(column[oldest]):
        oldest += 1
    total, lost = slide(state.total, state.lost, x, column[oldest])
    return Mean(state.seen, total, lost, oldest + 1)


@scalar
def mean_value(state: Mean, length: int) -> float:
    """The mean of a full window, NaN before."""
    return (state.total + state.lost) / length if state.seen >= length else math.nan


@scalar
def mean_column(
    column: F1, length: int, carry: OutF1, slot: int, out: OutF2, row: int, start: int, stop: int
) -> None:
    """Fill out[row, start:stop] with the mean of `column`, its state kept at `slot`."""
    mean = mean_from(carry, slot)
    means = out[row]
    i = start
    while i < stop:
        if i + LANES <= stop and mean.seen == length and mean.tail == i - length:
            total, lost = slide_means(column, i, length, mean.total, mean.lost, means)
            # A hole among the eight stays in the sum: then they go one by one.
            if abs(total + lost) < math.inf:
                i += LANES
                mean = Mean(length, total, lost, i - length)
                continue
        mean = mean_step(mean, column, i, length)
        means[i] = mean_value(mean, length)
        i += 1
    keep_mean(carry, slot, mean)


@scalar
def extreme_from(carry: OutF1, slot: int) -> Extreme:
    """The extreme kept at `slot`."""
    return Extreme(int(carry[slot]), int(carry[slot + 1]))


@scalar
def keep_extreme(carry: OutF1, slot: int, state: Extreme) -> None:
    """Keep the extreme at `slot` for the next call."""
    carry[slot] = state.seen
    carry[slot + 1] = state.at


@scalar
def extreme_step(state: Extreme, column: F1, i: int, length: int, sign: float) -> Extreme:
    """The highest (`sign` 1.0) or lowest (−1.0) of the last `length` bars; of equals, the oldest.

    Only when the extreme leaves the window is the window read again.
    """
    x = column[i]
    if not math.isfinite(x):
        return Extreme(0, i)
    seen = state.seen + 1
    at = state.at if state.seen > 0 else i
    first = i - length + 1
    if at < first:
        at = first
        for j in range(first + 1, i):
            if sign * column[j] > sign * column[at]:
                at = j
    return Extreme(seen, i if sign * x > sign * column[at] else at)


@scalar
def extreme_value(state: Extreme, column: F1, length: int) -> float:
    """The extreme of a full window without a hole, else NaN."""
    return column[state.at] if state.seen >= length else math.nan


@scalar
def extreme_at(carry: OutF1, slot: int, column: F1, i: int, length: int, sign: float) -> float:
    """Step the extreme kept at `slot` to bar `i` and return its value."""
    state = extreme_step(extreme_from(carry, slot), column, i, length, sign)
    keep_extreme(carry, slot, state)
    return extreme_value(state, column, length)


@scalar
def weighted_from(carry: OutF1, slot: int) -> Weighted:
    """The weighted sums kept at `slot`."""
    return Weighted(int(carry[slot]), carry[slot + 1], carry[slot + 2], carry[slot + 3])


@scalar
def keep_weighted(carry: OutF1, slot: int, state: Weighted) -> None:
    """Keep the weighted sums at `slot` for the next call."""
    carry[slot] = state.seen
    carry[slot + 1] = state.reference
    carry[slot + 2] = state.total
    carry[slot + 3] = state.weighted


@scalar
def weighted_step(state: Weighted, column: F1, i: int, length: int) -> Weighted:
    """Sums of distances from a reference, plain and weighted 1 (oldest) to `length` (newest).

    They slide for `length` bars and are then summed anew about the newest value: rounding is
    relative to how far the column moved within two windows, and a flat column stays exact.
    """
    x = column[i]
    if not math.isfinite(x):
        return Weighted(0, 0.0, 0.0, 0.0)
    if state.seen == 0:
        return Weighted(1, x, 0.0, 0.0)
    distance = x - state.reference
    seen = state.seen + 1
    if seen <= length:
        return Weighted(
            seen, state.reference, state.total + distance, state.weighted + seen * distance
        )
    if seen == 2 * length:
        return _weighted_anew(column, i, length)
    gone = column[i - length] - state.reference
    weighted = state.weighted + (length * distance - state.total)
    return Weighted(seen, state.reference, state.total + (distance - gone), weighted)


@scalar
def _weighted_anew(column: F1, i: int, length: int) -> Weighted:
    reference = column[i]
    total = 0.0
    weighted = 0.0
    for j in range(length):
        distance = column[i - length + 1 + j] - reference
        total += distance
        weighted += (j + 1.0) * distance
    return Weighted(length, reference, total, weighted)


@scalar
def weighted_value(state: Weighted, length: int) -> float:
    """The mean with weights 1 to `length` of a full window, NaN before."""
    if state.seen < length:
        return math.nan
    return state.reference + state.weighted / (0.5 * length * (length + 1.0))


@scalar
def weighted_column(
    column: F1, length: int, carry: OutF1, slot: int, out: OutF2, row: int, start: int, stop: int
) -> None:
    """Fill out[row, start:stop] with the weighted mean of `column`, its state kept at `slot`."""
    sums = weighted_from(carry, slot)
    for i in range(start, stop):
        sums = weighted_step(sums, column, i, length)
        out[row, i] = weighted_value(sums, length)
    keep_weighted(carry, slot, sums)


@scalar
def moments_from(carry: OutF1, slot: int) -> Moments:
    """The moments kept at `slot`."""
    return Moments(
        int(carry[slot]),
        carry[slot + 1],
        carry[slot + 2],
        carry[slot + 3],
        carry[slot + 4],
        carry[slot + 5],
    )


@scalar
def keep_moments(carry: OutF1, slot: int, state: Moments) -> None:
    """Keep the moments at `slot` for the next call."""
    carry[slot] = state.seen
    carry[slot + 1] = state.reference
    carry[slot + 2] = state.total
    carry[slot + 3] = state.lost
    carry[slot + 4] = state.squares
    carry[slot + 5] = state.squares_lost


@scalar
def moments_step(state: Moments, column: F1, i: int, length: int) -> Moments:
    """Sums of distances from a reference and of their squares over the last `length` bars.

    Where the reference has come to lie a hundred deviations from the mean, the window is summed
    anew about the newest value. So the variance keeps 1e-11 of itself however far the column
    travels, and is exactly zero for equal values.
    """
    x = column[i]
    if not math.isfinite(x):
        return Moments(0, 0.0, 0.0, 0.0, 0.0, 0.0)
    reference = state.reference if state.seen > 0 else x
    full = state.seen >= length
    gone = column[i - length] - reference if full else 0.0
    distance = x - reference
    total, lost = slide(state.total, state.lost, distance, gone)
    squares, squares_lost = slide(
        state.squares, state.squares_lost, distance * distance, gone * gone
    )
    moved = Moments(
        state.seen if full else state.seen + 1, reference, total, lost, squares, squares_lost
    )
    share = (total + lost) * (total + lost) / length
    if full and share > 1e4 * (squares + squares_lost - share):
        return _moments_anew(column, i, length)
    return moved


@scalar
def _moments_anew(column: F1, i: int, length: int) -> Moments:
    reference = column[i]
    total = 0.0
    squares = 0.0
    for j in range(i - length + 1, i + 1):
        distance = column[j] - reference
        total += distance
        squares += distance * distance
    return Moments(length, reference, total, 0.0, squares, 0.0)


@scalar
def squared_deviations(state: Moments, length: int) -> float:
    """Sum of squared deviations from the window's mean: squares − total²/length."""
    total = state.total + state.lost
    return (state.squares + state.squares_lost) - total * total / length


@scalar
def deviation_value(state: Moments, length: int, sample: int) -> float:
    """Standard deviation of a full window, NaN before; divisor n, or n−1 where `sample` is 1."""
    if state.seen < length or sample >= length:
        return math.nan
    return math.sqrt(max(squared_deviations(state, length), 0.0) / (length - sample))
