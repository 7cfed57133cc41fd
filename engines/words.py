"""How do 64 bars compare? One word of bits for where a series is above, and one for below.

Each function says in Python what its machine code does; both give the same bits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from engines import vector_code as code
from engines.compile import F1, primitive

BITS = 64


class Sides(NamedTuple):
    """The bars of a word at which one series is above another, and at which it is below."""

    above: np.uint64
    below: np.uint64


def _sides(builder: Any, gap: Any, tolerance: Any) -> Any:
    """The two words of 64 differences."""
    least = code.spread(builder, tolerance, BITS)
    most = code.spread(builder, builder.fneg(tolerance), BITS)
    flags = (builder.fcmp_ordered(">", gap, least), builder.fcmp_ordered("<", gap, most))
    return code.together(builder, *(code.bits_of(builder, one, BITS) for one in flags))


def _values(builder: Any, column: Any, first: Any) -> Any:
    return builder.load(code.address(builder, column, first, BITS), align=8)


def _code_of_columns(builder: Any, a: Any, b: Any, first: Any, tolerance: Any) -> Any:
    gap = builder.fsub(_values(builder, a, first), _values(builder, b, first))
    return _sides(builder, gap, tolerance)


@primitive(_code_of_columns)
def compare_columns(a: F1, b: F1, first: int, tolerance: float) -> Sides:
    """Where `a` is above and below `b`, by more than `tolerance`, in 64 bars from `first` on."""
    above, below = np.uint64(0), np.uint64(0)
    for j in range(BITS):
        gap = a[first + j] - b[first + j]
        above |= np.uint64(gap > tolerance) << np.uint64(j)
        below |= np.uint64(gap < -tolerance) << np.uint64(j)
    return Sides(above, below)


def _code_of_level(builder: Any, a: Any, level: Any, first: Any, tolerance: Any) -> Any:
    levels = code.spread(builder, level, BITS)
    return _sides(builder, builder.fsub(_values(builder, a, first), levels), tolerance)


@primitive(_code_of_level)
def compare_level(a: F1, level: float, first: int, tolerance: float) -> Sides:
    """Where `a` is above and below a number, by more than `tolerance`, in 64 bars."""
    above, below = np.uint64(0), np.uint64(0)
    for j in range(BITS):
        gap = a[first + j] - level
        above |= np.uint64(gap > tolerance) << np.uint64(j)
        below |= np.uint64(gap < -tolerance) << np.uint64(j)
    return Sides(above, below)
