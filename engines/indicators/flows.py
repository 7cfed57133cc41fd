"""How much flowed in the last bars? Sums of quantities that are worked out bar by bar."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from engines.compile import OutF1, scalar
from engines.sums import slide


class Flow(NamedTuple):
    """Sum (total + lost) over up to `seen` bars without a hole; `zeros` equal to zero end it."""

    seen: int
    total: float
    lost: float
    zeros: int


# Places in `carry` that a Flow takes.
FLOW: Final = 4


@scalar
def flow_from(carry: OutF1, slot: int) -> Flow:
    """The flow kept at `slot`."""
    return Flow(int(carry[slot]), carry[slot + 1], carry[slot + 2], int(carry[slot + 3]))


@scalar
def keep_flow(carry: OutF1, slot: int, state: Flow) -> None:
    """Keep the flow at `slot` for the next call."""
    carry[slot] = state.seen
    carry[slot + 1] = state.total
    carry[slot + 2] = state.lost
    carry[slot + 3] = state.zeros


@scalar
def flow_step(state: Flow, x: float, gone: float, length: int) -> Flow:
    """The flow after `x` enters a window of `length` bars and `gone`, if it is full, leaves."""
    if not math.isfinite(x):
        return Flow(0, 0.0, 0.0, 0)
    zeros = state.zeros + 1 if x == 0.0 else 0
    full = state.seen >= length
    seen = state.seen if full else state.seen + 1
    if zeros >= seen:
        # What rounding left behind must not pass for a flow: others divide by it.
        return Flow(seen, 0.0, 0.0, zeros)
    total, lost = slide(state.total, state.lost, x, gone if full else 0.0)
    return Flow(seen, total, lost, zeros)


@scalar
def flow_value(state: Flow, length: int) -> float:
    """The sum over a full window, NaN before."""
    return state.total + state.lost if state.seen >= length else math.nan


@scalar
def leaving(carry: OutF1, slot: int, i: int, length: int) -> int:
    """The bar that leaves the flow kept at `slot` when bar `i` enters; `i` if none does."""
    return i - length if carry[slot] >= length else i


@scalar
def flow_at(carry: OutF1, slot: int, x: float, gone: float, length: int) -> float:
    """Step the flow kept at `slot` and return it."""
    state = flow_step(flow_from(carry, slot), x, gone, length)
    keep_flow(carry, slot, state)
    return flow_value(state, length)
