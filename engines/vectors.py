"""What goes through eight bars, or one word of bits, in a few instructions?

Each function says in Python what its machine code does; both give the same bits. LLVM finds these
instructions by itself only if it may reorder sums, and then the sums depend on the processor.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from engines.compile import F1, OutF1, primitive
from engines.sums import slide

LANES: Final = 8
# Sums kept by `add_returns`, LANES places each.
N_LANE_SUMS: Final = 3


class Extremes(NamedTuple):
    """Lowest and highest of some values."""

    low: float
    high: float


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


def _code_of_extremes(builder: Any, close: Any, bar: Any, count: Any, base: Any, held: Any) -> Any:
    equity, inside = _equity(builder, close, bar, count, base, held)
    found = []
    for order, beyond in (("<", np.inf), (">", -np.inf)):
        lanes = builder.select(inside, equity, _eight(beyond))
        for distance in (4, 2, 1):
            other = builder.shuffle_vector(lanes, lanes, _lanes(*_moved(distance)))
            lanes = builder.select(builder.fcmp_ordered(order, lanes, other), lanes, other)
        found.append(builder.extract_element(lanes, _int32(0)))
    return _pair(builder, *found)


@primitive(_code_of_extremes)
def extremes_of_equity(close: F1, bar: int, count: int, base: float, held: float) -> Extremes:
    """Lowest and highest `base + held * close` of the `count` ≤ LANES bars from `bar` on."""
    low = base + held * close[bar]
    high = low
    for lane in range(1, count):
        equity = base + held * close[bar + lane]
        low = min(low, equity)
        high = max(high, equity)
    return Extremes(low, high)


def _code_of_returns(
    builder: Any, close: Any, bar: Any, count: Any, base: Any, held: Any, before: Any, sums: Any
) -> Any:
    equity, inside = _equity(builder, close, bar, count, base, held)
    earlier = _one_later(builder, before, equity)
    change = builder.fsub(builder.fdiv(equity, earlier), _eight(1.0))
    change = builder.select(inside, change, _eight(0.0))
    falls = builder.fcmp_ordered("<", change, _eight(0.0))
    loss = builder.select(falls, change, _eight(0.0))
    terms = (change, builder.fmul(change, change), builder.fmul(loss, loss))
    for place, term in enumerate(terms):
        slot = _at(builder, sums, _int64(place * LANES))
        builder.store(builder.fadd(builder.load(slot, align=8), term), slot, align=8)
    last = builder.load(builder.gep(close, [builder.add(bar, builder.sub(count, _int64(1)))]))
    return builder.fadd(base, builder.fmul(held, last))


@primitive(_code_of_returns)
def add_returns(
    close: F1, bar: int, count: int, base: float, held: float, before: float, sums: OutF1
) -> float:
    """Add the returns of `count` ≤ LANES bars to lane sums; returns the equity of the last.

    Equity is `base + held * close`, `before` that of the bar before. `sums` takes returns, their
    squares and the squares of losses, LANES places each: (N_LANE_SUMS * LANES,).
    """
    for lane in range(count):
        equity = base + held * close[bar + lane]
        change = equity / before - 1.0
        loss = min(change, 0.0)
        sums[lane] += change
        sums[LANES + lane] += change * change
        sums[2 * LANES + lane] += loss * loss
        before = equity
    return before


class Sum(NamedTuple):
    """A running sum, total + lost: `lost` collects what rounding dropped."""

    total: float
    lost: float


def _code_of_means(
    builder: Any, column: Any, bar: Any, length: Any, total: Any, lost: Any, out: Any
) -> Any:
    from llvmlite import ir

    new = builder.load(_at(builder, column, bar), align=8)
    gone = builder.load(_at(builder, column, builder.sub(bar, length)), align=8)
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
    divisor = _spread(builder, builder.sitofp(length, ir.DoubleType()))
    means = builder.fdiv(builder.fadd(totals, losses), divisor)
    builder.store(means, _at(builder, out, bar), align=8)
    return _pair(builder, last_total, last_lost)


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
    moved = builder.shuffle_vector(lanes, lanes, _lanes(0, *range(LANES - 1)))
    return builder.insert_element(moved, first, _int32(0))


def _added_up(builder: Any, start: Any, terms: Any) -> tuple[Any, Any]:
    """Running sums of eight lanes, one after the other, and the last of them."""
    from llvmlite import ir

    sums = ir.Constant(_vector(), ir.Undefined)
    for lane in range(LANES):
        start = builder.fadd(start, builder.extract_element(terms, _int32(lane)))
        sums = builder.insert_element(sums, start, _int32(lane))
    return sums, start


def _equity(
    builder: Any, close: Any, bar: Any, count: Any, base: Any, held: Any
) -> tuple[Any, Any]:
    """Equity of eight bars, and which of them are inside the count."""
    from llvmlite import ir

    numbers = ir.Constant(ir.VectorType(ir.IntType(64), LANES), list(range(LANES)))
    inside = builder.icmp_signed("<", numbers, _spread(builder, count))
    prices = _masked_load(builder, _at(builder, close, bar), inside)
    value = builder.fmul(_spread(builder, held), prices)
    return builder.fadd(_spread(builder, base), value), inside


def _masked_load(builder: Any, pointer: Any, inside: Any) -> Any:
    """The lanes inside, 1.0 elsewhere; memory outside is not touched."""
    from llvmlite import ir

    kind = _vector()
    types = [pointer.type, ir.IntType(32), inside.type, kind]
    name = f"llvm.masked.load.v{LANES}f64.p0"
    known = builder.module.globals.get(name)
    load = known or ir.Function(builder.module, ir.FunctionType(kind, types), name)
    return builder.call(load, [pointer, _int32(8), inside, _eight(1.0)])


def _at(builder: Any, pointer: Any, index: Any) -> Any:
    """The address of eight doubles from `index` on."""
    return builder.bitcast(builder.gep(pointer, [index]), _vector().as_pointer())


def _spread(builder: Any, value: Any) -> Any:
    """A value in every lane."""
    from llvmlite import ir

    nothing = ir.Constant(ir.VectorType(value.type, LANES), ir.Undefined)
    first = builder.insert_element(nothing, value, _int32(0))
    return builder.shuffle_vector(first, nothing, _lanes(*[0] * LANES))


def _pair(builder: Any, first: Any, second: Any) -> Any:
    from llvmlite import ir

    empty = ir.Constant(ir.ArrayType(ir.DoubleType(), 2), ir.Undefined)
    return builder.insert_value(builder.insert_value(empty, first, 0), second, 1)


def _moved(distance: int) -> list[int]:
    return [lane ^ distance for lane in range(LANES)]


def _vector() -> Any:
    from llvmlite import ir

    return ir.VectorType(ir.DoubleType(), LANES)


def _eight(value: float) -> Any:
    from llvmlite import ir

    return ir.Constant(_vector(), [value] * LANES)


def _lanes(*numbers: int) -> Any:
    from llvmlite import ir

    return ir.Constant(ir.VectorType(ir.IntType(32), LANES), list(numbers))


def _int32(value: int) -> Any:
    from llvmlite import ir

    return ir.Constant(ir.IntType(32), value)


def _int64(value: int) -> Any:
    from llvmlite import ir

    return ir.Constant(ir.IntType(64), value)
