"""How are many rows run on a GPU? A thread for each row and span, in as few launches as fit.

The kernel is the CPU's, from the same text. A row's result does not depend on how the rows were
divided. Needs numba-cuda, or numba's CUDA simulator: `available` tells.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats
from engines.batch import gpu_memory
from engines.batch.cpu import Recorded, Window, check_range
from engines.batch.variants import variant_of
from engines.decisions import DecisionTable, rows_of
from engines.errors import InvalidInput
from engines.kernel import device
from engines.kernel import layout as at
from engines.kernel.device import Inputs, Room
from engines.kernel.layout import Market, Tape

if TYPE_CHECKING:
    from engines.compile_cuda import DeviceKernel

_FIRST_CAPACITY: Final = 1024
_MISSING: Final = "cpu or auto: this machine has no CUDA GPU that numba-cuda can use"
_TAPE: Final = ("counts", "fills", "fill_marks", "trades", "trade_marks", "refusals")


def simulated() -> bool:
    """Whether numba's CUDA simulator stands in for a GPU in this process."""
    return os.environ.get("NUMBA_ENABLE_CUDASIM") == "1"


def available() -> bool:
    """Whether a CUDA GPU, or the simulator, can be used in this process."""
    if simulated():
        return True
    if importlib.util.find_spec("numba_cuda") is None:
        return False
    from engines.compile_cuda import is_available

    return is_available()


def check_available(wanted: str = "gpu") -> None:
    """Raise InvalidInput where no GPU can be used."""
    if not available():
        raise InvalidInput("engine", wanted, _MISSING)


def about_device() -> dict[str, str]:
    """Name and versions of what runs the rows here."""
    from engines.compile_cuda import device as found

    return found()


def run_spans(
    ready: Window, table: DecisionTable, market: Market, spans: Sequence[tuple[int, int]]
) -> list[Floats]:
    """Sums of every row over each span of bars: (n_rows, N_STATS) each, as on the CPU.

    Raises InvalidInput where no GPU can be used, and for a row that alone is too much for it.
    """
    check_available()
    for start, stop in spans:
        check_range(ready, start, stop)
    sums = [np.zeros((len(table), at.N_STATS)) for _ in spans]

    def run(first: int, last: int) -> None:
        part = rows_of(table, first, last)
        stats = _launch(ready, part, market, spans, 0, 0)["stats"]
        for whole, own in zip(sums, np.split(stats, len(spans)), strict=True):
            whole[first:last] = own

    _in_parts(run, ready, table, gpu_memory.row_bytes(ready, table, len(spans)))
    return sums


def run_statistics(
    ready: Window, table: DecisionTable, market: Market, start: int, stop: int
) -> Floats:
    """Sums of every row over the bars `start` to `stop`: (n_rows, N_STATS), see `layout`."""
    return run_spans(ready, table, market, [(start, stop)])[0]


def run_recorded(
    ready: Window, table: DecisionTable, market: Market, start: int, stop: int
) -> list[Recorded]:
    """Run every row with its ledger, trades, refusals and equity per bar kept."""
    check_available()
    check_range(ready, start, stop)
    found: list[Recorded] = []

    def run(first: int, last: int) -> None:
        part, capacity = rows_of(table, first, last), _FIRST_CAPACITY
        while True:
            out = _launch(ready, part, market, [(start, stop)], capacity, stop)
            needed = int(out["counts"].max(initial=0))
            if needed <= capacity:
                break
            capacity = needed
        found.extend(_recorded(out, row, start) for row in range(last - first))

    row = gpu_memory.row_bytes(ready, table, 1, _FIRST_CAPACITY, stop)
    _in_parts(run, ready, table, row)
    return found


def _in_parts(run: Any, ready: Window, table: DecisionTable, row: int) -> None:
    from engines.compile_cuda import free_memory, is_out_of_memory

    shared = gpu_memory.shared_bytes(ready, table)
    width = gpu_memory.rows_at_once(row, shared, free_memory())
    gpu_memory.in_parts(run, len(table), width, is_out_of_memory)


@cache
def kernel_of(name: str) -> DeviceKernel:
    """The kernel `plain`, `bracket` or `full` for a GPU."""
    from engines.compile_cuda import DeviceKernel

    return DeviceKernel(name, getattr(device, name))


def _launch(
    ready: Window,
    table: DecisionTable,
    market: Market,
    spans: Sequence[tuple[int, int]],
    capacity: int,
    curve: int,
) -> dict[str, NDArray[Any]]:
    """Run a thread for each span and row; what they wrote, by name: sums, and the tapes if kept."""
    from engines.compile_cuda import on_device, room_on_device

    n_threads = len(spans) * len(table)

    def moved(group: Any) -> Any:
        return type(group)(*(on_device(one) for one in group))

    inputs = Inputs(
        moved(ready.bars),
        moved(ready.finer),
        on_device(table.bitmaps),
        on_device(table.levels),
        on_device(table.params),
        on_device(table.choices),
        market,
        moved(ready.funding),
        on_device(np.array(spans, dtype=np.int64)),
        capacity > 0,
        n_threads,
    )
    shapes = gpu_memory.room_shapes(ready, table, n_threads, capacity, curve)
    room = Room(**{name: room_on_device(*shape) for name, shape in shapes.items()})
    kernel_of(variant_of(table, ready.funding)).launch(n_threads, inputs, room)
    wanted = ("stats",) if capacity == 0 else ("stats", *_TAPE, "curve")
    return {name: getattr(room, name).copy_to_host() for name in wanted}


def _recorded(out: dict[str, NDArray[Any]], row: int, start: int) -> Recorded:
    counts = out["counts"][row]
    fills, trades, refusals = counts.tolist()
    lengths = dict(zip(_TAPE[1:], (fills, fills, trades, trades, refusals), strict=True))
    kept = {name: out[name][row, :length] for name, length in lengths.items()}
    return Recorded(out["stats"][row], Tape(True, counts, **kept), out["curve"][row, start:])
