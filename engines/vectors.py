"""What goes through eight bars, or one word of bits, in a few instructions?

Each function says in Python what its machine code does; both give the same bits. LLVM finds these
instructions by itself only if it may reorder sums, and then the sums depend on the processor.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from engines import vector_code as code
from engines.compile import F1, OutF1, primitive
from engines.sums import slide

LANES: Final = code.LANES
# Sums kept by `spans.pass_bars`, LANES places each.
N_LANE_SUMS: Final = 3


def _code_of_zeros(builder: Any, word: Any) -> Any:
    from llvmlite import ir

    return builder.cttz(word, ir.Constant(ir.IntType(1), 1))


@primitive(_code_of_zeros)
def trailing_zeros(word: np.uint64) -> int:
    """Index of the lowest set bit of a word that is not zero."""
    count = 0
    for width in (32, 16, 8, 4, 2, 1):
        low = (np.uint64(1) << np.uint64(width)) - np.uint64(1)
        if word & low == np.uint64(0):
            word = word >> np.uint64(width)
            count += width
    return count


class Sum(NamedTuple):
    """A running sum, total + lost: `lost` collects what rounding dropped."""

    total: float
    lost: float


def _code_of_means(
    builder: Any, column: Any, bar: Any, length: Any, total: Any, lost: Any, out: Any
) -> Any:
    from llvmlite import ir

    new = builder.load(code.address(builder, column, bar), align=8)
    gone = builder.load(code.address(builder, column, builder.sub(bar, length)), align=8)
    change = builder.fsub(new, gone)
    back = builder.fsub(change, new)
    kept = builder.fsub(new, builder.fsub(change, back))
    dropped = builder.fsub(kept, builder.fadd(gone, back))
    totals, last_total = _added_up(builder, total, change)
    before = _one_later(builder, total, totals)
    back = builder.fsub(totals, before)
    kept = builder.fsub(before, builder.fsub(totals, back))
    dropped = builder.fadd(dropped, builder.fadd(kept, builder.fsub(change, back)))
    losses, last_lost = _added_up(builder, lost, dropped)
    divisor = code.spread(builder, builder.sitofp(length, ir.DoubleType()))
    means = builder.fdiv(builder.fadd(totals, losses), divisor)
    builder.store(means, code.address(builder, out, bar), align=8)
    return code.together(builder, last_total, last_lost)


@primitive(_code_of_means)
def slide_means(column: F1, bar: int, length: int, total: float, lost: float, out: OutF1) -> Sum:
    """Slide the sum of the last `length` values over LANES bars, their means into `out`.

    Only the two running sums wait for each other; all else happens for eight bars at once.
    """
    for i in range(bar, bar + LANES):
        total, lost = slide(total, lost, column[i], column[i - length])
        out[i] = (total + lost) / length
    return Sum(total, lost)


def _one_later(builder: Any, first: Any, lanes: Any) -> Any:
    """`first` and then the lanes but the last."""
    moved = builder.shuffle_vector(lanes, lanes, code.lanes(0, *range(LANES - 1)))
    return builder.insert_element(moved, first, code.int32(0))


def _added_up(builder: Any, start: Any, terms: Any) -> tuple[Any, Any]:
    """Running sums of eight lanes, one after the other, and the last of them."""
    from llvmlite import ir

    sums = ir.Constant(code.vector(), ir.Undefined)
    for lane in range(LANES):
        start = builder.fadd(start, builder.extract_element(terms, code.int32(lane)))
        sums = builder.insert_element(sums, start, code.int32(lane))
    return sums, start
