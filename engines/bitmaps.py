"""When does a condition hold? Comparisons and logic over 64 bars a word.

Compiled once for all strategies: a graph's conditions are sequences of these primitives. In every
function the leading axis runs over distinct conditions, so one call serves a whole sweep. Bits
beyond the last bar are zero. A comparison with NaN is false, also `!=` (as Pine's `na`).
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from engines.compile import F1, F2, I1, U2, OutF2, OutU2, kernel, scalar
from engines.words import Sides, compare_columns, compare_level

_NONE: Final = np.uint64(0)
_ONE: Final = np.uint64(1)
_LAST: Final = np.uint64(63)
# 512 bars: a hundred columns of them fit a core's second cache.
_BLOCK_WORDS: Final = 8
_ALL: Final = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


@scalar
def valid_bits(word: int, n_bars: int) -> Any:
    """The bits of a word that belong to bars."""
    left = n_bars - (word << 6)
    if left >= 64:
        return _ALL
    return (_ONE << np.uint64(left)) - _ONE


@scalar
def bits_equal(a: F1, b: F1, first: int, count: int, tolerance: float) -> Any:
    """The bits of one word at which `a` and `b` are known and at most `tolerance` apart."""
    bits = _NONE
    for j in range(count):
        gap = abs(a[first + j] - b[first + j])
        bits |= np.uint64(gap <= tolerance) << np.uint64(j)
    return bits


@scalar
def sides_of(a: F1, b: F1, first: int, count: int, tolerance: float) -> Sides:
    """Where `a` is above and below `b` in one word, the last of a column too."""
    if count == 64:
        return compare_columns(a, b, first, tolerance)
    above, below = _NONE, _NONE
    for j in range(count):
        gap = a[first + j] - b[first + j]
        above |= np.uint64(gap > tolerance) << np.uint64(j)
        below |= np.uint64(gap < -tolerance) << np.uint64(j)
    return Sides(above, below)


@kernel
def relate(
    columns: F2, left: I1, right: I1, tolerance: float, above: OutU2, below: OutU2, equal: OutU2
) -> None:
    """Where column `left[k]` is above, below and equal to column `right[k]`, for every k.

    Two values at most `tolerance` apart are equal (rule M12). Block by block of time: what many
    pairs share of it then stays in the cache.
    """
    n_bars, n_words = columns.shape[1], above.shape[1]
    for start in range(0, n_words, _BLOCK_WORDS):
        for k in range(len(left)):
            a, b = columns[left[k]], columns[right[k]]
            for word in range(start, min(start + _BLOCK_WORDS, n_words)):
                first = word << 6
                count = min(64, n_bars - first)
                sides = sides_of(a, b, first, count, tolerance)
                above[k, word], below[k, word] = sides.above, sides.below
                equal[k, word] = _NONE
                if sides.above | sides.below != valid_bits(word, n_bars):
                    equal[k, word] = bits_equal(a, b, first, count, tolerance)


@scalar
def sides_of_level(a: F1, level: float, first: int, count: int, tolerance: float) -> Sides:
    """Where `a` is above and below a number in one word, the last of a column too."""
    if count == 64:
        return compare_level(a, level, first, tolerance)
    above, below = _NONE, _NONE
    for j in range(count):
        gap = a[first + j] - level
        above |= np.uint64(gap > tolerance) << np.uint64(j)
        below |= np.uint64(gap < -tolerance) << np.uint64(j)
    return Sides(above, below)


@kernel
def relate_to_level(
    columns: F2, left: I1, level: F1, tolerance: float, above: OutU2, below: OutU2, equal: OutU2
) -> None:
    """Where column `left[k]` is above, below and equal to the number `level[k]`, for every k."""
    n_bars, n_words = columns.shape[1], above.shape[1]
    for start in range(0, n_words, _BLOCK_WORDS):
        for k in range(len(left)):
            a = columns[left[k]]
            for word in range(start, min(start + _BLOCK_WORDS, n_words)):
                first = word << 6
                count = min(64, n_bars - first)
                sides = sides_of_level(a, level[k], first, count, tolerance)
                same = _NONE
                if sides.above | sides.below != valid_bits(word, n_bars):
                    for j in range(count):
                        gap = abs(a[first + j] - level[k])
                        same |= np.uint64(gap <= tolerance) << np.uint64(j)
                above[k, word], below[k, word], equal[k, word] = sides.above, sides.below, same


@kernel
def cross(now: U2, before: U2, before_equal: U2, out: OutU2) -> None:
    """Where `now` holds and, a bar earlier, `before` or `before_equal` did (rule M12)."""
    for k in range(out.shape[0]):
        carried = _NONE
        for word in range(out.shape[1]):
            earlier = before[k, word] | before_equal[k, word]
            out[k, word] = now[k, word] & ((earlier << _ONE) | carried)
            carried = earlier >> _LAST


@kernel
def shift(bits: U2, bars: I1, n_bars: int, out: OutU2) -> None:
    """Condition k as it was `bars[k]` bars ago; false before there was such a bar."""
    for k in range(out.shape[0]):
        words, rest = bars[k] >> 6, np.uint64(bars[k] & 63)
        for word in range(out.shape[1]):
            moved = _NONE
            if word >= words:
                moved = bits[k, word - words] << rest
            if rest != _NONE and word > words:
                moved |= bits[k, word - words - 1] >> (np.uint64(64) - rest)
            out[k, word] = moved & valid_bits(word, n_bars)


@kernel
def held_within(bits: U2, bars: I1, at_least: I1, n_bars: int, out: OutU2) -> None:
    """Where condition k held `at_least[k]` times or more in `bars[k]` bars, this one included."""
    for k in range(out.shape[0]):
        count = 0
        for word in range(out.shape[1]):
            held = _NONE
            first = word << 6
            for j in range(min(64, n_bars - first)):
                count += bit_at(bits, k, first + j)
                old = first + j - bars[k]
                if old >= 0:
                    count -= bit_at(bits, k, old)
                held |= np.uint64(count >= at_least[k]) << np.uint64(j)
            out[k, word] = held


@scalar
def bit_at(bits: U2, k: int, bar: int) -> int:
    """1 if condition k holds at `bar`, else 0."""
    return int((bits[k, bar >> 6] >> np.uint64(bar & 63)) & _ONE)


@kernel
def bars_since(bits: U2, n_bars: int, out: OutF2) -> None:
    """Bars since condition k last held: 0 where it holds, NaN before it ever did."""
    for k in range(out.shape[0]):
        since = math.nan
        for bar in range(n_bars):
            since += 1.0
            if bit_at(bits, k, bar) == 1:
                since = 0.0
            out[k, bar] = since
