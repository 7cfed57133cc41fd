"""How many rows fit the GPU's memory at once? Counted before a launch, halved if too many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from engines.batch.cpu import Window
from engines.batch.variants import depths_of
from engines.decisions import DecisionTable
from engines.errors import InvalidInput
from engines.kernel import layout as at
from engines.kernel import rests
from engines.kernel.limits import N_MEMORY
from engines.vectors import LANES, N_LANE_SUMS

# Share of the free memory that a launch may ask for: the rest is the driver's and others'.
_SHARE: Final = 0.8
Shapes = dict[str, tuple[tuple[int, ...], str]]


def room_shapes(
    ready: Window, table: DecisionTable, n_threads: int, capacity: int, curve: int
) -> Shapes:
    """Shape and type of everything that a launch writes, by its name in `device.Room`."""
    deepest, waiting = depths_of(table, ready.funding)
    n, floats, whole = n_threads, "float64", "int64"
    return {
        "lots": ((n, deepest, at.LOT_STRIDE), floats),
        "resting": ((n, waiting, rests.STRIDE), floats),
        "sums": ((n, N_LANE_SUMS * LANES), floats),
        "memory": ((n, N_MEMORY), floats),
        "spare_lots": ((n, 1, at.LOT_STRIDE), floats),
        "spare_stats": ((n, at.N_STATS), floats),
        "spare_memory": ((n, N_MEMORY), floats),
        "stats": ((n, at.N_STATS), floats),
        "counts": ((n, at.N_COUNTS), whole),
        "fills": ((n, capacity, at.N_FILL_FLOATS), floats),
        "fill_marks": ((n, capacity, at.N_FILL_INTS), whole),
        "trades": ((n, capacity, at.N_TRADE_FLOATS), floats),
        "trade_marks": ((n, capacity, at.N_TRADE_INTS), whole),
        "refusals": ((n, capacity, at.N_REFUSAL_INTS), whole),
        "curve": ((n, curve), floats),
    }


def row_bytes(
    ready: Window, table: DecisionTable, n_spans: int, capacity: int = 0, curve: int = 0
) -> int:
    """Bytes on the device of one row over all spans: what it writes, and its parameters."""
    shapes = room_shapes(ready, table, 1, capacity, curve)
    own = 8 * sum(int(np.prod(shape)) for shape, _ in shapes.values())
    return n_spans * own + 8 * at.N_PARAMS + 4 * at.N_CHOICES


def shared_bytes(ready: Window, table: DecisionTable) -> int:
    """Bytes on the device that all rows read: bars, signals, levels, funding."""
    shared = [*ready.bars, *ready.finer, *ready.funding, table.bitmaps, table.levels]
    return sum(one.nbytes for one in shared)


def rows_at_once(row: int, shared: int, free: int) -> int:
    """Rows that fit the free memory beside what all share; at least 1, to be tried."""
    return max(int((_SHARE * free - shared) // row), 1)


def in_parts(
    run: Callable[[int, int], None],
    n_rows: int,
    width: int,
    out_of_memory: Callable[[Exception], bool],
) -> None:
    """Call `run(first, last)` for all rows in turn, `width` at once, half of it if memory ends.

    Raises InvalidInput when one row alone is too much.
    """
    first = 0
    while first < n_rows:
        last = min(first + width, n_rows)
        try:
            run(first, last)
        # The class of the driver's own error is known only where there is a GPU.
        except Exception as error:
            if not out_of_memory(error):
                raise
            if last - first == 1:
                raise InvalidInput("bars", "one row", "what fits the GPU's memory") from error
            width = (last - first) // 2
        else:
            first = last
