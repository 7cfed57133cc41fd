"""What do the bars of a span come to? Loops over bars, eight at a time, as one piece of code.

Each function says in Python what its machine code does; both give the same bits. A loop in one
piece keeps its sums in registers, which a function for eight bars cannot.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from engines import vector_code as code
from engines.compile import F1, OutF1, primitive
from engines.vector_code import LANES

Block = Callable[["_State", Any, Any], "_State"]


class Passed(NamedTuple):
    """Equity at the last bar of a span, and the lowest and highest of all its bars."""

    last: float
    low: float
    high: float


class _State(NamedTuple):
    """What the loop hands from block to block: equities, extremes and the three sums, in lanes."""

    earlier: Any
    low: Any
    high: Any
    returns: Any
    squares: Any
    losses: Any


def _through(builder: Any, start: Any, stop: Any, first: _State, block: Block) -> _State:
    """The state after all bars: `block` takes it through eight, or through those wanted of them."""
    rest, whole_stop = _ragged(builder, start, stop)
    entry = builder.block
    head, body, tail, ragged, done = (builder.append_basic_block() for _ in range(5))
    builder.branch(head)
    builder.position_at_end(head)
    bar = builder.phi(start.type)
    state = _State(*(builder.phi(value.type) for value in first))
    builder.cbranch(builder.icmp_signed("<", bar, whole_stop), body, tail)
    builder.position_at_end(body)
    after = block(state, bar, None)
    following = builder.add(bar, code.int64(LANES))
    for phi, begin, loop in ((bar, start, following), *zip(state, first, after, strict=True)):
        phi.add_incoming(begin, entry)
        phi.add_incoming(loop, body)
    builder.branch(head)
    builder.position_at_end(tail)
    builder.cbranch(builder.icmp_signed(">", rest, code.int64(0)), ragged, done)
    builder.position_at_end(ragged)
    last = block(state, whole_stop, code.inside(builder, rest))
    builder.branch(done)
    builder.position_at_end(done)
    pairs = zip(state, last, strict=True)
    return _State(*(_either(builder, {tail: one, ragged: two}) for one, two in pairs))


def _ragged(builder: Any, start: Any, stop: Any) -> tuple[Any, Any]:
    """How many bars are left beyond whole blocks of eight, and where those end."""
    rest = builder.and_(builder.sub(stop, start), code.int64(LANES - 1))
    return rest, builder.sub(stop, rest)


def _either(builder: Any, values: dict[Any, Any]) -> Any:
    """The value that belongs to the block the code came from."""
    found = builder.phi(next(iter(values.values())).type)
    for block, value in values.items():
        found.add_incoming(value, block)
    return found


def _code_of_passing(
    builder: Any, close: Any, start: Any, stop: Any, base: Any, held: Any, before: Any, sums: Any
) -> Any:
    slots = [code.address(builder, sums, code.int64(place * LANES)) for place in range(3)]
    old = [builder.load(slot, align=8) for slot in slots]
    first = _State(code.spread(builder, before), code.eight(np.inf), code.eight(-np.inf), *old)
    position = code.spread(builder, base), code.spread(builder, held)

    def block(state: _State, bar: Any, wanted: Any) -> _State:
        prices = code.eight_from(builder, close, bar, wanted)
        return _passed_block(builder, state, prices, position, wanted)

    found = _through(builder, start, stop, first, block)
    low = code.extreme(builder, found.low, "<")
    high = code.extreme(builder, found.high, ">")
    counts = builder.fcmp_ordered(">", low, low.type(0.0))
    for slot, now, earlier in zip(slots, found[3:], old, strict=True):
        builder.store(builder.select(counts, now, earlier), slot, align=8)
    price = builder.load(builder.gep(close, [builder.sub(stop, code.int64(1))]))
    equity = builder.fadd(base, builder.fmul(held, price))
    return code.together(builder, equity, low, high)


def _passed_block(
    builder: Any, state: _State, prices: Any, position: tuple[Any, Any], wanted: Any
) -> _State:
    """The state after eight bars, or after those of them that are wanted."""
    equity = builder.fadd(position[0], builder.fmul(position[1], prices))
    one_before = code.lanes(*range(LANES - 1, 2 * LANES - 1))
    earlier = builder.shuffle_vector(state.earlier, equity, one_before)
    change = builder.fsub(builder.fdiv(equity, earlier), code.eight(1.0))
    lowest = highest = equity
    if wanted is not None:
        change = builder.select(wanted, change, code.eight(0.0))
        lowest = builder.select(wanted, equity, code.eight(np.inf))
        highest = builder.select(wanted, equity, code.eight(-np.inf))
    falls = builder.fcmp_ordered("<", change, code.eight(0.0))
    loss = builder.select(falls, change, code.eight(0.0))
    return _State(
        equity,
        code.nearer(builder, lowest, state.low, "<"),
        code.nearer(builder, highest, state.high, ">"),
        builder.fadd(state.returns, change),
        builder.fadd(state.squares, builder.fmul(change, change)),
        builder.fadd(state.losses, builder.fmul(loss, loss)),
    )


@primitive(_code_of_passing)
def pass_bars(
    close: F1,
    start: int,
    stop: int,
    base: float,
    held: float,
    before: float,
    sums: OutF1,
) -> Passed:
    """Add the returns of the bars `start` to `stop` (at least one) to lane sums.

    Equity is `base + held * close`, `before` that of the bar before. Bar k of the span adds to
    lane k mod LANES of returns, their squares, and the squares of losses. Nothing is added
    unless all bars end with equity.
    """
    low, high = math.inf, -math.inf
    for bar in range(start, stop):
        equity = base + held * close[bar]
        low = min(low, equity)
        high = max(high, equity)
    if low > 0.0:
        for bar in range(start, stop):
            equity = base + held * close[bar]
            change = equity / before - 1.0
            loss = min(change, 0.0)
            lane = (bar - start) % LANES
            sums[lane] += change
            sums[LANES + lane] += change * change
            sums[2 * LANES + lane] += loss * loss
            before = equity
    return Passed(base + held * close[stop - 1], low, high)


def _code_of_beyond(
    builder: Any, low: Any, high: Any, start: Any, stop: Any, floor: Any, ceiling: Any
) -> Any:
    floors, ceilings = code.spread(builder, floor), code.spread(builder, ceiling)

    def beyond(bar: Any, wanted: Any) -> Any:
        lows, highs = (code.eight_from(builder, one, bar, wanted) for one in (low, high))
        below = builder.fcmp_ordered("<=", lows, floors)
        flags = builder.or_(below, builder.fcmp_ordered(">=", highs, ceilings))
        flags = flags if wanted is None else builder.and_(flags, wanted)
        return code.bits_of(builder, flags, LANES)

    return _first(builder, start, stop, beyond)


def _first(builder: Any, start: Any, stop: Any, flags: Callable[[Any, Any], Any]) -> Any:
    """The first bar from `start` on whose flag is set, `stop` if none is before."""
    rest, whole_stop = _ragged(builder, start, stop)
    entry = builder.block
    head, body, tail, ragged, found, done = (builder.append_basic_block() for _ in range(6))
    builder.cbranch(builder.icmp_signed("<", start, stop), head, done)
    builder.position_at_end(head)
    bar = builder.phi(start.type)
    builder.cbranch(builder.icmp_signed("<", bar, whole_stop), body, tail)
    builder.position_at_end(body)
    bits = flags(bar, None)
    bar.add_incoming(start, entry)
    bar.add_incoming(builder.add(bar, code.int64(LANES)), body)
    builder.cbranch(builder.icmp_unsigned("==", bits, bits.type(0)), head, found)
    builder.position_at_end(tail)
    builder.cbranch(builder.icmp_signed(">", rest, code.int64(0)), ragged, done)
    builder.position_at_end(ragged)
    last = flags(whole_stop, code.inside(builder, rest))
    builder.cbranch(builder.icmp_unsigned("==", last, last.type(0)), done, found)
    builder.position_at_end(found)
    where = _either(builder, {body: bar, ragged: whole_stop})
    which = _either(builder, {body: bits, ragged: last})
    first = builder.add(where, code.lowest_bit(builder, which))
    builder.branch(done)
    builder.position_at_end(done)
    return _either(builder, {entry: stop, tail: stop, ragged: stop, found: first})


@primitive(_code_of_beyond)
def first_beyond(low: F1, high: F1, start: int, stop: int, floor: float, ceiling: float) -> int:
    """First bar from `start` on with a low at or below `floor` or a high at or above `ceiling`.

    `stop` if none is before.
    """
    for bar in range(start, stop):
        if low[bar] <= floor or high[bar] >= ceiling:
            return bar
    return stop
