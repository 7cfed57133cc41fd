"""How does a row of parameters go through the bars? From event to event.

Between two events nothing changes but the marks, so quiet bars run through one tight loop.
Variants differ in what they leave out: `plain` has nothing that rests in the market, `bracket` has
exits there, `full` entries and ladders too.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from engines.compile import F2, J2, U2, Kernel, OutF1, OutF2, kernel, scalar
from engines.kernel import layout as at
from engines.kernel.ask import calm_band, next_change
from engines.kernel.decide import NO_ORDER, signals_at
from engines.kernel.fills import Seen, record_trade
from engines.kernel.funding import next_settlement
from engines.kernel.layout import Account, Columns, Finer, Market, Run, Settlements, Spare, Tape
from engines.kernel.limits import forget, next_limit
from engines.kernel.marks import first_marks, last_marks, mark_bar, mark_bars, quiet_end
from engines.kernel.money import quantity
from engines.kernel.path import quiet_band
from engines.kernel.step import step, waits
from engines.orders import Reason
from engines.vectors import trailing_zeros

_OPEN: Final = int(Reason.OPEN)
_ALL_BITS: Final = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_NO_BITS: Final = np.uint64(0)


# numpy's type hints say Any for an element of an array.
Word = Any


@scalar
def signals_in(run: Run, bitmaps: U2, account: Account, word: int) -> Word:
    """The bits of one word of bars at which the position, as it is, may change."""
    choices = run.choices
    long = bitmaps[choices[at.ENTER_LONG], word]
    short = bitmaps[choices[at.ENTER_SHORT], word]
    if account.side == 0.0:
        return long | short
    leave = choices[at.EXIT_LONG] if account.side > 0.0 else choices[at.EXIT_SHORT]
    if run.tape.on:
        # The ledger also tells which signals found the position as they wanted it.
        return bitmaps[leave, word] | long | short
    bits = bitmaps[leave, word]
    if choices[at.ON_OPPOSITE] != at.IGNORE:
        bits |= short if account.side > 0.0 else long
    if account.n_lots < choices[at.PYRAMIDING]:
        bits |= long if account.side > 0.0 else short
    return bits


@scalar
def next_signal(run: Run, bitmaps: U2, account: Account, bar: int, stop: int) -> int:
    """First bar from `bar` on at which a signal may change the position; `stop` if none does."""
    word = bar >> 6
    last = (stop - 1) >> 6
    bits = signals_in(run, bitmaps, account, word) & (_ALL_BITS << np.uint64(bar & 63))
    while bits == _NO_BITS and word < last:
        word += 1
        bits = signals_in(run, bitmaps, account, word)
    if bits == _NO_BITS:
        return stop
    return min((word << 6) + trailing_zeros(bits), stop)


@scalar
def pass_quiet_bars(
    run: Run,
    bitmaps: U2,
    account: Account,
    bar: int,
    stop: int,
    bracket: bool,
    rests: bool,
    curve: OutF1,
) -> int:
    """Mark the bars up to the next event; returns the bar of the event."""
    event = next_signal(run, bitmaps, account, bar, stop)
    if rests:
        event = next_change(run, bitmaps, bar, event)
    if account.side == 0.0:
        if rests:
            event = quiet_end(run, calm_band(run, account, bar), bar, event)
        if len(curve) > 0:
            curve[bar:event] = account.cash
        return event
    max_bars = run.choices[at.MAX_BARS]
    if max_bars > 0:
        event = min(event, max(bar, int(run.lots[0, at.LOT_BAR]) + max_bars))
    if bracket:
        band = calm_band(run, account, bar) if rests else quiet_band(run, account, bar)
        event = quiet_end(run, band, bar, event)
    if rests:
        event = next_settlement(run, bar, event)
        if run.choices[at.RULES] != 0:
            event = next_limit(run, account, bar, event)
    end = mark_bars(run, account, bar, event, curve)
    run.stats[at.STAT_BARS_HELD] += end - bar
    return end


@scalar
def list_open_lots(run: Run, account: Account, bar: int) -> None:
    """List what is still open at the last close; it is no trade yet (A8)."""
    close = run.bars.close[bar]
    seen = Seen(run.bars.high[bar], run.bars.low[bar])
    for lot in range(account.n_lots):
        qty = quantity(run.lots[lot, at.LOT_UNITS], run.market)
        fee = run.lots[lot, at.LOT_FEE]
        move = account.side * (close - run.lots[lot, at.LOT_PRICE])
        funding = run.lots[lot, at.LOT_FUNDING]
        pnl = move * qty * run.market.contract_value - fee - funding
        record_trade(run, lot, bar, account.side, close, qty, fee, 0.0, funding, pnl, _OPEN, seen)


@scalar
def run_row(
    run: Run,
    bitmaps: U2,
    finer: Finer,
    start: int,
    stop: int,
    bracket: bool,
    rests: bool,
    curve: OutF1,
) -> None:
    """One row of parameters through the bars `start` to `stop`."""
    account = Account(run.market.initial_cash, 0.0, 0.0, 0.0, 0, 0, 0, 0)
    order = NO_ORDER
    first_marks(run)
    run.resting[:] = 0.0
    forget(run)
    bar = start
    while bar < stop:
        if not waits(order):
            bar = pass_quiet_bars(run, bitmaps, account, bar, stop, bracket, rests, curve)
            if bar >= stop:
                break
        signals = signals_at(run, bitmaps, bar)
        account, order, lost = step(run, finer, account, order, signals, bar, bracket, rests)
        mark_bar(run, account, bar, curve)
        bar += 1
        if lost:
            # Nothing can follow: an account without equity is closed out for good.
            curve[bar:] = account.cash
            break
    if account.side != 0.0:
        list_open_lots(run, account, stop - 1)
    last_marks(run)
    run.stats[at.STAT_BARS] = stop - start
    run.stats[at.STAT_CASH] = account.cash


def _variant(name: str, bracket: bool, rests: bool) -> Kernel[..., None]:
    def run_rows(
        bars: Columns,
        finer: Finer,
        bitmaps: U2,
        levels: F2,
        params: F2,
        choices: J2,
        market: Market,
        first: int,
        last: int,
        start: int,
        stop: int,
        lots: OutF2,
        resting: OutF2,
        sums: OutF1,
        stats: OutF2,
        tape: Tape,
        curve: OutF1,
        spare: Spare,
        memory: OutF1,
        funding: Settlements,
    ) -> None:
        for row in range(first, last):
            run = Run(
                bars,
                levels,
                params[row],
                choices[row],
                market,
                lots,
                sums,
                stats[row],
                tape,
                spare,
                resting,
                memory,
                funding,
                rests,
            )
            run_row(run, bitmaps, finer, start, stop, bracket, rests, curve)

    run_rows.__name__ = name
    run_rows.__qualname__ = name
    return kernel(run_rows)


plain: Final = _variant("plain", bracket=False, rests=False)
bracket: Final = _variant("bracket", bracket=True, rests=False)
full: Final = _variant("full", bracket=True, rests=True)
