"""What does the closed bar ask for where entries rest? Orders at a price, or at the market."""

from __future__ import annotations

from typing import Final

import numpy as np

from engines.compile import U2, scalar
from engines.kernel import layout as at
from engines.kernel import rests
from engines.kernel.decide import decide, earns, may_enter, wanted_exit
from engines.kernel.fills import refuse
from engines.kernel.ladder import follow_close, ladder_band
from engines.kernel.layout import Account, Pending, Run, Signals
from engines.kernel.resting import give_up_entries, place_entry
from engines.kernel.walking import busy_band
from engines.orders import Reason, Refusal
from engines.vectors import trailing_zeros

_SIGNAL_EXIT: Final = int(Reason.SIGNAL_EXIT)
_CONFLICT: Final = int(Refusal.CONFLICT)
_ALL_BITS: Final = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_NO_BITS: Final = np.uint64(0)


@scalar
def ask(run: Run, signals: Signals, account: Account, bar: int) -> Pending:
    """What waits is looked after; then signals rest entries, or ask for a market order."""
    give_up_entries(run, signals, bar)
    follow_close(run, run.bars.close[bar])
    if run.choices[at.ENTRY_TYPE] == at.MARKET_ENTRY:
        return decide(run, signals, account, bar)
    leave = wanted_exit(run, signals, account, bar)
    order = Pending(leave != 0, leave, 0.0, 0.0, bar)
    # Each side has an order of its own: both may be placed at one bar.
    if signals.enter_long:
        order = ask_entry(run, account, 1.0, bar, order)
    if signals.enter_short:
        order = ask_entry(run, account, -1.0, bar, order)
    return order


@scalar
def ask_entry(run: Run, account: Account, side: float, bar: int, order: Pending) -> Pending:
    """Rest the entry of a side, if it may; what is then asked of the market."""
    if not may_enter(run, account, bar, side):
        return order
    if account.side == side and order.close:
        refuse(run, bar, side, _CONFLICT)
        return order
    if account.side == -side and run.choices[at.ON_OPPOSITE] == at.CLOSE_ONLY:
        if not earns(run, account, bar, at.EXIT_PROFIT):
            return order
        return Pending(True, _SIGNAL_EXIT, 0.0, 0.0, bar)
    place_entry(run, account, side, bar)
    return order


@scalar
def next_change(run: Run, bitmaps: U2, bar: int, stop: int) -> int:
    """First bar from `bar` on at which an entry may be given up; `stop` if none is before."""
    for row in range(rests.LONG_ENTRY, min(rests.SAFETY, len(run.resting))):
        if run.resting[row, rests.SIDE] == 0.0:
            continue
        if run.resting[row, rests.UNTIL] < stop:
            stop = max(bar, int(run.resting[row, rests.UNTIL]))
        leave = at.EXIT_LONG if row == rests.LONG_ENTRY else at.EXIT_SHORT
        stop = next_bit(bitmaps, run.choices[leave], bar, stop)
    return stop


@scalar
def next_bit(bitmaps: U2, row: int, bar: int, stop: int) -> int:
    """First bar from `bar` on at which condition `row` holds; `stop` if none is before."""
    if bar >= stop:
        return stop
    word, last = bar >> 6, (stop - 1) >> 6
    bits = bitmaps[row, word] & (_ALL_BITS << np.uint64(bar & 63))
    while bits == _NO_BITS and word < last:
        word += 1
        bits = bitmaps[row, word]
    if bits == _NO_BITS:
        return stop
    return min((word << 6) + trailing_zeros(bits), stop)


@scalar
def calm_band(run: Run, account: Account, bar: int) -> tuple[float, float]:
    """Prices (low, high) between which nothing rests and no ladder moves at the close."""
    return ladder_band(run, busy_band(run, account, bar))
