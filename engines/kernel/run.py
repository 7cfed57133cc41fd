"""How does a row of parameters go through the bars? From event to event.

Between two events nothing changes but the marks, so quiet bars run through one tight loop.
Variants differ in what they leave out: `plain` has no resting exits, `bracket` has them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from engines.compile import F2, J2, U2, Kernel, OutF1, OutF2, kernel, scalar
from engines.kernel import layout as at
from engines.kernel.decide import decide
from engines.kernel.execute import execute
from engines.kernel.exits import follow_column, raise_water
from engines.kernel.fills import Seen, record_trade
from engines.kernel.layout import Account, Columns, Finer, Market, Pending, Run, Tape
from engines.kernel.marks import first_marks, last_marks, mark_bars, quiet_end
from engines.kernel.money import equity_at, quantity
from engines.kernel.path import live_bar, quiet_band
from engines.orders import Reason
from engines.vectors import trailing_zeros

_OPEN: Final = int(Reason.OPEN)
_BANKRUPT: Final = int(Reason.BANKRUPT)
_ALL_BITS: Final = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_NO_BITS: Final = np.uint64(0)


# numpy's type hints say Any for an element of an array.
Word = Any


@scalar
def waits(order: Pending) -> bool:
    """Whether there is anything to fill."""
    return order.close or order.side != 0.0


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
    run: Run, bitmaps: U2, account: Account, bar: int, stop: int, bracket: bool, curve: OutF1
) -> int:
    """Mark the bars up to the next event; returns the bar of the event."""
    event = next_signal(run, bitmaps, account, bar, stop)
    if account.side == 0.0:
        if len(curve) > 0:
            curve[bar:event] = account.cash
        return event
    max_bars = run.choices[at.MAX_BARS]
    if max_bars > 0:
        event = min(event, max(bar, int(run.lots[0, at.LOT_BAR]) + max_bars))
    if bracket:
        event = quiet_end(run, quiet_band(run, account, bar), bar, event)
    end = mark_bars(run, account, bar, event, True, curve)
    run.stats[at.STAT_BARS_HELD] += end - bar
    return end


@scalar
def ready_exits(run: Run, account: Account, bar: int) -> None:
    """What a script does at the close for the exits of the bars to come."""
    close = run.bars.close[bar]
    side = account.side
    for lot in range(account.n_lots):
        # E8: exits issued at the first close that sees the position arm from that close.
        armed = side * close >= side * run.lots[lot, at.LOT_ACTIVATION]
        if armed and run.lots[lot, at.LOT_LIVE_FROM] == bar + 1:
            raise_water(run, lot, side, close)
        if run.choices[at.STOP_FOLLOWS] != 0:
            follow_column(run, lot, side, bar)


@scalar
def list_open_lots(run: Run, account: Account, bar: int) -> None:
    """List what is still open at the last close; it is no trade yet (A8)."""
    close = run.bars.close[bar]
    seen = Seen(run.bars.high[bar], run.bars.low[bar])
    for lot in range(account.n_lots):
        qty = quantity(run.lots[lot, at.LOT_UNITS], run.market)
        fee = run.lots[lot, at.LOT_FEE]
        move = account.side * (close - run.lots[lot, at.LOT_PRICE])
        pnl = move * qty * run.market.contract_value - fee
        record_trade(run, lot, bar, account.side, close, qty, fee, 0.0, pnl, _OPEN, seen)


@scalar
def pass_event_bar(
    run: Run, bitmaps: U2, finer: Finer, account: Account, order: Pending, bar: int, bracket: bool
) -> tuple[Account, Pending, bool]:
    """One bar in full: waiting order, path, decision. Returns what waits, and if all is lost."""
    bars, market = run.bars, run.market
    held = account.side != 0.0
    if waits(order):
        open_ = bars.open[bar]
        seen = Seen(open_, open_)
        account = execute(run, account, order, bar, open_, True, seen, bracket)
        held = held or account.side != 0.0
    if bracket and account.side != 0.0:
        account = live_bar(run, account, bar, finer)
    order = decide(run, bitmaps, account, bar)
    close = bars.close[bar]
    lost = equity_at(account, close, market) <= 0.0
    if lost:
        order = Pending(account.side != 0.0, _BANKRUPT, 0.0, 0.0, bar)
    if (market.fill_at_close or lost) and waits(order):
        seen = Seen(bars.high[bar], bars.low[bar])
        account = execute(run, account, order, bar, close, False, seen, bracket)
        order = Pending(False, 0, 0.0, 0.0, 0)
    if bracket:
        ready_exits(run, account, bar)
    if held or account.side != 0.0:
        run.stats[at.STAT_BARS_HELD] += 1.0
    return account, order, lost


@scalar
def run_row(
    run: Run, bitmaps: U2, finer: Finer, start: int, stop: int, bracket: bool, curve: OutF1
) -> None:
    """One row of parameters through the bars `start` to `stop`."""
    account = Account(run.market.initial_cash, 0.0, 0.0, 0.0, 0, 0, 0, 0)
    order = Pending(False, 0, 0.0, 0.0, 0)
    first_marks(run)
    bar = start
    while bar < stop:
        if not waits(order):
            bar = pass_quiet_bars(run, bitmaps, account, bar, stop, bracket, curve)
            if bar >= stop:
                break
        account, order, lost = pass_event_bar(run, bitmaps, finer, account, order, bar, bracket)
        bar = mark_bars(run, account, bar, bar + 1, False, curve)
        if lost:
            # Nothing can follow: an account without equity is closed out for good.
            curve[bar:] = account.cash
            break
    if account.side != 0.0:
        list_open_lots(run, account, stop - 1)
    last_marks(run)
    run.stats[at.STAT_BARS] = stop - start
    run.stats[at.STAT_CASH] = account.cash


def _variant(name: str, bracket: bool) -> Kernel[..., None]:
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
        sums: OutF1,
        stats: OutF2,
        tape: Tape,
        curve: OutF1,
    ) -> None:
        for row in range(first, last):
            run = Run(bars, levels, params[row], choices[row], market, lots, sums, stats[row], tape)
            run_row(run, bitmaps, finer, start, stop, bracket, curve)

    run_rows.__name__ = name
    run_rows.__qualname__ = name
    return kernel(run_rows)


plain: Final = _variant("plain", bracket=False)
bracket: Final = _variant("bracket", bracket=True)
