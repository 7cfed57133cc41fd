"""What happens to a column on one bar? The recurrences that indicators share."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from engines.compile import F1, OutF1, OutF2, scalar

# A trend's direction carries the sign that Pine gives it, in supertrend's second result.
UPWARD: Final = -1.0
DOWNWARD: Final = 1.0


class Average(NamedTuple):
    """An exponential average: how many values it has seen, and its level (or their sum so far)."""

    seen: float
    level: float


# Places in `carry` that an Average takes.
AVERAGE: Final = 2


@scalar
def average_from(carry: OutF1, slot: int) -> Average:
    """The average kept at `slot`."""
    return Average(carry[slot], carry[slot + 1])


@scalar
def keep_average(carry: OutF1, slot: int, state: Average) -> None:
    """Keep the average at `slot` for the next call."""
    carry[slot] = state.seen
    carry[slot + 1] = state.level


@scalar
def average_step(state: Average, x: float, length: int, weight: float) -> Average:
    """The average after `x`; a hole changes nothing.

    The first `length` values are summed and divided once (rule M1: seeded with their mean), then
    level = weight·x + (1−weight)·level.
    """
    if not math.isfinite(x):
        return state
    if state.seen >= length:
        return Average(state.seen, weight * x + (1.0 - weight) * state.level)
    seen = state.seen + 1.0
    level = state.level + x
    return Average(seen, level / length if seen >= length else level)


@scalar
def average_value(state: Average, x: float, length: int) -> float:
    """What the average shows on the bar of `x`: NaN on a hole or before it is warm."""
    return state.level if state.seen >= length and math.isfinite(x) else math.nan


@scalar
def average_at(carry: OutF1, slot: int, x: float, length: int, weight: float) -> float:
    """Step the average kept at `slot` and return what it shows on the bar of `x`."""
    state = average_step(average_from(carry, slot), x, length, weight)
    keep_average(carry, slot, state)
    return average_value(state, x, length)


class Strength(NamedTuple):
    """Wilder's averages of rises and falls, and how many moves they have seen."""

    seen: float
    up: float
    down: float


STRENGTH: Final = 3


@scalar
def strength_from(carry: OutF1, slot: int) -> Strength:
    """The strength kept at `slot`."""
    return Strength(carry[slot], carry[slot + 1], carry[slot + 2])


@scalar
def keep_strength(carry: OutF1, slot: int, state: Strength) -> None:
    """Keep the strength at `slot` for the next call."""
    carry[slot] = state.seen
    carry[slot + 1] = state.up
    carry[slot + 2] = state.down


@scalar
def strength_step(state: Strength, move: float, length: int, weight: float) -> Strength:
    """The averages after a change of the column by `move`; a hole changes nothing."""
    up = average_step(Average(state.seen, state.up), rise(move), length, weight)
    down = average_step(Average(state.seen, state.down), rise(-move), length, weight)
    return Strength(up.seen, up.level, down.level)


@scalar
def strength_value(state: Strength, move: float, length: int) -> float:
    """The index from 0 to 100 on the bar of `move`: NaN on a hole or before it is warm."""
    if state.seen < length or not math.isfinite(move):
        return math.nan
    return wilder_index(state.up, state.down)


@scalar
def strength_column(
    source: F1, length: int, carry: OutF1, slot: int, out: OutF2, row: int, start: int, stop: int
) -> None:
    """Fill out[row, start:stop] with the index of `source`, its state kept at `slot`."""
    weight = 1.0 / length
    strength = strength_from(carry, slot)
    for i in range(start, stop):
        move = move_of(source, i)
        strength = strength_step(strength, move, length, weight)
        out[row, i] = strength_value(strength, move, length)
    keep_strength(carry, slot, strength)


@scalar
def value_before(column: F1, i: int, bars: int) -> float:
    """The value `bars` bars before bar `i`; NaN before the first and for a hole."""
    return finite(column[i - bars]) if i >= bars else math.nan


@scalar
def move_of(column: F1, i: int) -> float:
    """The change on bar `i`, NaN where it or the bar before is a hole."""
    return finite(column[i] - value_before(column, i, 1))


@scalar
def rise(move: float) -> float:
    """A move upwards, 0 for a move downwards; a hole stays one."""
    return 0.0 if move <= 0.0 else move


@scalar
def finite(x: float) -> float:
    """`x` itself, NaN where it is infinite."""
    return x if math.isfinite(x) else math.nan


@scalar
def ratio(a: float, b: float) -> float:
    """Quotient a/b, NaN where `b` is zero or the quotient too large for a float."""
    return finite(a / b) if b != 0.0 else math.nan


@scalar
def true_range(high: float, low: float, previous_close: float) -> float:
    """Wilder's true range; high − low where there is no previous close, NaN on a hole."""
    anchor = previous_close if math.isfinite(previous_close) else low
    # The same bits as the largest of the three distances: rounding keeps their order.
    return max(high, anchor) - min(low, anchor) + 0.0 * (high - low)


@scalar
def wilder_index(up: float, down: float) -> float:
    """Share of `up` in percent, 100·up/(up + down); 100 where `down` is zero (rule M2).

    The same as 100 − 100/(1 + up/down), with one division less.
    """
    return 100.0 if down == 0.0 else 100.0 * up / (up + down)
