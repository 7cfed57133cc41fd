"""What does one thread of a GPU do? One parameter row over one span of bars, as on the CPU.

Thread t takes row t % n_rows of span t // n_rows. Workspace and outputs belong to the caller, have
a slice for each thread, and may hold anything before.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from engines.compile import F2, I2, J2, U2, OutF2, OutF3, OutI2, OutI3, scalar
from engines.kernel.layout import Columns, Finer, Market, Run, Settlements, Spare, Tape
from engines.kernel.run import run_row


class Inputs(NamedTuple):
    """What a launch reads. `spans` (n_spans, 2): first bar, and the one after the last."""

    bars: Columns
    finer: Finer
    bitmaps: U2
    levels: F2
    params: F2
    choices: J2
    market: Market
    funding: Settlements
    spans: I2
    recording: bool
    n_threads: int


class Room(NamedTuple):
    """What a launch writes, a slice for each thread; tapes and curves may have no room."""

    lots: OutF3
    resting: OutF3
    sums: OutF2
    memory: OutF2
    spare_lots: OutF3
    spare_stats: OutF2
    spare_memory: OutF2
    stats: OutF2
    counts: OutI2
    fills: OutF3
    fill_marks: OutI3
    trades: OutF3
    trade_marks: OutI3
    refusals: OutI3
    curve: OutF2


def _variant(bracket: bool, rests: bool) -> Callable[[int, Inputs, Room], None]:
    def run_thread(thread: int, inputs: Inputs, room: Room) -> None:
        if thread >= inputs.n_threads:
            return
        row = thread % len(inputs.params)
        span = inputs.spans[thread // len(inputs.params)]
        tape = Tape(
            inputs.recording,
            room.counts[thread],
            room.fills[thread],
            room.fill_marks[thread],
            room.trades[thread],
            room.trade_marks[thread],
            room.refusals[thread],
        )
        spare = Spare(room.spare_lots[thread], room.spare_stats[thread], room.spare_memory[thread])
        run = Run(
            inputs.bars,
            inputs.levels,
            inputs.params[row],
            inputs.choices[row],
            inputs.market,
            room.lots[thread],
            room.sums[thread],
            room.stats[thread],
            tape,
            spare,
            room.resting[thread],
            room.memory[thread],
            inputs.funding,
            rests,
        )
        run.stats[:] = 0.0
        run.tape.counts[:] = 0
        curve = room.curve[thread]
        run_row(run, inputs.bitmaps, inputs.finer, span[0], span[1], bracket, rests, curve)

    return scalar(run_thread)


plain: Final = _variant(bracket=False, rests=False)
bracket: Final = _variant(bracket=True, rests=False)
full: Final = _variant(bracket=True, rests=True)
