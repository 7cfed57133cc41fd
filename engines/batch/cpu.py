"""How are many rows run on the cores of one machine? Threads over rows, nothing shared but input.

The kernels release the interpreter lock, so plain threads are enough; a row's result does not
depend on how the rows were divided.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engines.bars import Bars, Floats, frozen
from engines.batch.variants import depths_of, variant_of
from engines.compile import Kernel
from engines.decisions import DecisionTable, rows_of
from engines.errors import InvalidInput
from engines.funding import FundingRates
from engines.kernel import layout as at
from engines.kernel import rests
from engines.kernel import run as kernels
from engines.kernel.layout import Columns, Finer, Market, Settlements, Spare, Tape
from engines.kernel.limits import N_MEMORY
from engines.resampling import finer_ranges
from engines.vectors import LANES, N_LANE_SUMS

_NO_FLOATS: Final = np.zeros((0, 1))
_NO_MARKS: Final = np.zeros((0, 1), dtype=np.int64)
SWEEP_TAPE: Final = Tape(
    False,
    np.zeros(at.N_COUNTS, dtype=np.int64),
    _NO_FLOATS,
    _NO_MARKS,
    _NO_FLOATS,
    _NO_MARKS,
    _NO_MARKS,
)
_NO_CURVE: Final = np.zeros(0)


@dataclass(frozen=True, eq=False)
class Window:
    """Bars made ready for the kernel: prices on the tick grid, finer bars aligned.

    Build it once with `window` and run any number of tables over it.
    """

    bars: Columns
    finer: Finer
    n_bars: int
    funding: Settlements


def window(
    bars: Bars, tick: float, finer: Bars | None = None, funding: FundingRates | None = None
) -> Window:
    """Make `bars` ready for runs, with `finer` ones inside them and `funding` when given.

    Raises InvalidInput when the finer bars do not add up to the base bars.
    """
    columns, due = _on_grid(bars, tick), _settlements(bars, funding)
    if finer is None:
        nothing = frozen(np.zeros(len(bars)), np.int64)
        no_price = frozen([], np.float64)
        return Window(columns, Finer(nothing, nothing, *(no_price,) * 4), len(bars), due)
    first, end = (frozen(part, np.int64) for part in finer_ranges(bars, finer))
    return Window(columns, Finer(first, end, *_on_grid(finer, tick)), len(bars), due)


def _settlements(bars: Bars, funding: FundingRates | None) -> Settlements:
    """The settlements that fall into bars; in a gap between them nothing is known to be held."""
    if funding is None or len(bars) == 0:
        none = frozen([], np.int64)
        first = frozen(np.zeros(len(bars)), np.int64)
        return Settlements(first, none, frozen([], np.float64), none)
    bar = np.searchsorted(bars.open_ms, funding.time_ms, side="right") - 1
    inside = (bar >= 0) & (funding.time_ms < bars.close_ms[np.maximum(bar, 0)])
    bar, times = bar[inside], funding.time_ms[inside]
    return Settlements(
        frozen(np.searchsorted(bar, np.arange(len(bars))), np.int64),
        frozen(bar, np.int64),
        frozen(funding.rate[inside], np.float64),
        frozen(times == bars.open_ms[bar], np.int64),
    )


def run_statistics(
    ready: Window, table: DecisionTable, market: Market, start: int, stop: int, threads: int = 1
) -> Floats:
    """Sums of every row over the bars `start` to `stop`: (n_rows, N_STATS), see `layout`."""
    check_range(ready, start, stop)
    stats = np.zeros((len(table), at.N_STATS))

    def run(first: int, last: int) -> None:
        _run_rows(ready, table, market, (first, last), (start, stop), stats, SWEEP_TAPE, _NO_CURVE)

    if min(threads, len(table)) <= 1:
        run(0, len(table))
        return stats
    bounds = np.linspace(0, len(table), min(threads, len(table)) + 1).astype(int)
    parts = list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))
    _kernel_of(ready, table).build()
    with ThreadPoolExecutor(len(parts)) as pool:
        list(pool.map(lambda part: run(*part), parts))
    return stats


@dataclass(frozen=True, eq=False)
class Recorded:
    """One row's run with everything kept; arrays as in `engines.kernel.layout`."""

    stats: Floats
    tape: Tape
    equity: Floats


def run_recorded(
    ready: Window, table: DecisionTable, market: Market, start: int, stop: int, row: int = 0
) -> Recorded:
    """Run one row and keep its ledger, trades, refusals and equity per bar, (stop − start,)."""
    check_range(ready, start, stop)
    capacity = 1024
    while True:
        tape = recording_tape(capacity)
        stats = np.zeros((len(table), at.N_STATS))
        curve = np.zeros(stop)
        _run_rows(ready, table, market, (row, row + 1), (start, stop), stats, tape, curve)
        needed = int(tape.counts.max())
        if needed <= capacity:
            return Recorded(stats[row], _trimmed(tape), curve[start:])
        capacity = needed


def run_equity(
    ready: Window,
    table: DecisionTable,
    market: Market,
    start: int,
    stop: int,
    bars: NDArray[np.int64],
) -> Floats:
    """Equity of every row at the closes of `bars` (n,), which lie in the range: (n_rows, n)."""
    check_range(ready, start, stop)
    found = np.empty((len(table), len(bars)))
    stats, curve = np.zeros((len(table), at.N_STATS)), np.zeros(stop)
    for row in range(len(table)):
        _run_rows(ready, table, market, (row, row + 1), (start, stop), stats, SWEEP_TAPE, curve)
        found[row] = curve[bars]
    return found


def _run_rows(
    ready: Window,
    table: DecisionTable,
    market: Market,
    rows: tuple[int, int],
    span: tuple[int, int],
    stats: Floats,
    tape: Tape,
    curve: Floats,
) -> None:
    """Rows from the first to before the last, over bars likewise; writes stats, tape and curve."""
    _kernel_of(ready, table)(
        ready.bars,
        ready.finer,
        table.bitmaps,
        table.levels,
        table.params,
        table.choices,
        market,
        *rows,
        *span,
        *_workspace(ready, rows_of(table, *rows)),
        stats,
        tape,
        curve,
        spare_room(),
        np.zeros(N_MEMORY),
        ready.funding,
    )


def check_range(ready: Window, start: int, stop: int) -> None:
    """Raise InvalidInput for a range of bars outside the window, or an empty one."""
    if not 0 <= start < stop <= ready.n_bars:
        raise InvalidInput("bar range", (start, stop), f"inside 0 to {ready.n_bars}, not empty")


def _kernel_of(ready: Window, table: DecisionTable) -> Kernel[..., None]:
    found: Kernel[..., None] = getattr(kernels, variant_of(table, ready.funding))
    return found


def _workspace(ready: Window, part: DecisionTable) -> tuple[Floats, Floats, Floats]:
    """The open lots of a row, its resting entries, and its sums over bars; each row starts anew."""
    deepest, waiting = depths_of(part, ready.funding)
    lots, resting = np.zeros((deepest, at.LOT_STRIDE)), np.zeros((waiting, rests.STRIDE))
    return lots, resting, np.zeros(N_LANE_SUMS * LANES)


def spare_room() -> Spare:
    """Room for a bar that is walked on trial."""
    return Spare(np.zeros((1, at.LOT_STRIDE)), np.zeros(at.N_STATS), np.zeros(N_MEMORY))


def recording_tape(capacity: int) -> Tape:
    """A tape with room for so many fills, trades and refusals."""

    def floats(width: int) -> Floats:
        return np.zeros((capacity, width))

    def marks(width: int) -> np.typing.NDArray[np.int64]:
        return np.zeros((capacity, width), dtype=np.int64)

    return Tape(
        True,
        np.zeros(at.N_COUNTS, dtype=np.int64),
        floats(at.N_FILL_FLOATS),
        marks(at.N_FILL_INTS),
        floats(at.N_TRADE_FLOATS),
        marks(at.N_TRADE_INTS),
        marks(at.N_REFUSAL_INTS),
    )


def _trimmed(tape: Tape) -> Tape:
    fills, trades, refusals = tape.counts.tolist()
    return tape._replace(
        fills=tape.fills[:fills],
        fill_marks=tape.fill_marks[:fills],
        trades=tape.trades[:trades],
        trade_marks=tape.trade_marks[:trades],
        refusals=tape.refusals[:refusals],
    )


def _on_grid(bars: Bars, tick: float) -> Columns:
    prices = (bars.open, bars.high, bars.low, bars.close)
    if tick == 0.0:
        return Columns(*prices)
    # C3, for whole columns: the same formula as `rounding.round_price`.
    # Read-only like all columns: a kernel's signature tells the two apart.
    return Columns(*(frozen(np.rint(price / tick) * tick, np.float64) for price in prices))
