"""What does the closed bar ask for? Signals and time limits become orders, or refusals."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from engines.compile import U2, scalar
from engines.kernel import layout as at
from engines.kernel.exits import levels_known
from engines.kernel.fills import note_refusal, refuse
from engines.kernel.layout import Account, Pending, Run, Signals
from engines.kernel.limits import enough_profit, hindrance, is_clock_exit
from engines.kernel.money import equity_at
from engines.kernel.shares import size_of, within_limits
from engines.kernel.sizing import check_entry, entry_units, free_equity
from engines.orders import Reason, Refusal

_SIGNAL_EXIT: Final = int(Reason.SIGNAL_EXIT)
_TIME_EXIT: Final = int(Reason.TIME_EXIT)
_CLOCK_EXIT: Final = int(Reason.CLOCK_EXIT)
_CLOCK: Final = int(Refusal.CLOCK)
_REVERSAL: Final = int(Reason.REVERSAL)
_ENTRY: Final = int(Reason.ENTRY)
_CONFLICT: Final = int(Refusal.CONFLICT)
_POSITION_LIMIT: Final = int(Refusal.POSITION_LIMIT)
_COOL_DOWN: Final = int(Refusal.COOL_DOWN)
_BAD_LEVEL: Final = int(Refusal.BAD_LEVEL)
_OPPOSITE_IGNORED: Final = int(Refusal.OPPOSITE_IGNORED)

NO_ORDER: Final = Pending(False, 0, 0.0, 0.0, 0)


@scalar
def bit(bitmaps: U2, row: int, bar: int) -> bool:
    """Whether condition `row` holds at the closed bar `bar`."""
    return bool((bitmaps[row, bar >> 6] >> np.uint64(bar & 63)) & np.uint64(1) != np.uint64(0))


@scalar
def signals_at(run: Run, bitmaps: U2, bar: int) -> Signals:
    """What the row's conditions say at the closed bar `bar`."""
    choices = run.choices
    return Signals(
        bit(bitmaps, choices[at.ENTER_LONG], bar),
        bit(bitmaps, choices[at.ENTER_SHORT], bar),
        bit(bitmaps, choices[at.EXIT_LONG], bar),
        bit(bitmaps, choices[at.EXIT_SHORT], bar),
    )


@scalar
def may_enter(run: Run, account: Account, bar: int, side: float) -> bool:
    """Whether an entry signal for `side` may become an order in the position as it is."""
    if account.side == side and account.n_lots >= run.choices[at.PYRAMIDING]:
        # D3, M PC test_098: a market entry issued at the limit is dropped.
        note_refusal(run, bar, side, _POSITION_LIMIT)
        return False
    if account.side == -side and run.choices[at.ON_OPPOSITE] == at.IGNORE:
        note_refusal(run, bar, side, _OPPOSITE_IGNORED)
        return False
    if account.side == 0.0 and bar < account.blocked_until:
        refuse(run, bar, side, _COOL_DOWN)
        return False
    if run.full and run.choices[at.RULES] != 0:
        reason = _CLOCK if is_clock_exit(run, bar) else hindrance(run, account, bar, side)
        if reason != 0:
            refuse(run, bar, side, reason)
            return False
    return True


@scalar
def wanted_side(run: Run, signals: Signals, account: Account, bar: int) -> float:
    """+1 or −1 if the bar's signals ask for an entry that may be placed, else 0."""
    long = signals.enter_long and may_enter(run, account, bar, 1.0)
    short = signals.enter_short and may_enter(run, account, bar, -1.0)
    if long and short:
        refuse(run, bar, 0.0, _CONFLICT)
        return 0.0
    if long:
        return 1.0
    return -1.0 if short else 0.0


@scalar
def wanted_exit(run: Run, signals: Signals, account: Account, bar: int) -> int:
    """Reason to close the position at this bar's close, 0 for none."""
    if account.side == 0.0:
        return 0
    signal = signals.exit_long if account.side > 0.0 else signals.exit_short
    if signal and earns(run, account, bar, at.EXIT_PROFIT):
        return _SIGNAL_EXIT
    if run.full and run.choices[at.RULES] != 0 and is_clock_exit(run, bar):
        return _CLOCK_EXIT
    max_bars = run.choices[at.MAX_BARS]
    if max_bars > 0 and bar - run.lots[0, at.LOT_BAR] >= max_bars:
        return _TIME_EXIT if earns(run, account, bar, at.TIME_PROFIT) else 0
    return 0


@scalar
def earns(run: Run, account: Account, bar: int, slot: int) -> bool:
    """Whether the position has the profit that an exit asks for at the close, if it asks."""
    if not run.full:
        return True
    least, close = run.params[slot], run.bars.close[bar]
    return bool(least == -math.inf or enough_profit(account, close, least, run.market))


@scalar
def decide(run: Run, signals: Signals, account: Account, bar: int) -> Pending:
    """The market order that the closed bar asks for (A1, A2, D1)."""
    close = run.bars.close[bar]
    side = wanted_side(run, signals, account, bar)
    leave = wanted_exit(run, signals, account, bar)
    if side == 0.0:
        return Pending(leave != 0, leave, 0.0, 0.0, bar)
    if account.side == side and leave != 0:
        refuse(run, bar, side, _CONFLICT)
        return Pending(True, leave, 0.0, 0.0, bar)
    against = account.side == -side
    if against and run.choices[at.ON_OPPOSITE] == at.CLOSE_ONLY:
        if earns(run, account, bar, at.EXIT_PROFIT):
            return Pending(True, _SIGNAL_EXIT, 0.0, 0.0, bar)
        return Pending(leave != 0, leave, 0.0, 0.0, bar)
    units = sized(run, account, side, bar, close)
    if units == 0.0:
        return Pending(leave != 0, leave, 0.0, 0.0, bar)
    return Pending(against, _REVERSAL if against else _ENTRY, side, units, bar)


@scalar
def sized(run: Run, account: Account, side: float, bar: int, price: float) -> float:
    """Lots of an entry as the signal's close sees it (G1); 0 if refused.

    NaN when the size is to be found at the fill.
    """
    if not levels_known(run, side, bar):
        refuse(run, bar, side, _BAD_LEVEL)
        return 0.0
    if run.market.size_at_fill:
        return math.nan
    adds = account.side == side
    free = free_equity(account, price, adds, run.market)
    equity = equity_at(account, price, run.market)
    return accepted(run, bar, side, bar, price, equity, free)


@scalar
def accepted(
    run: Run, bar: int, side: float, signal_bar: int, price: float, equity: float, free: float
) -> float:
    """Lots to enter with at `price`; 0 after a refusal."""
    asked = size_of(run, side, signal_bar, price)
    units = entry_units(asked.mode, asked.size, equity, free, price, asked.away, run.market)
    units = within_limits(run, units, equity, price)
    reason = asked.refusal
    if reason == 0:
        reason = check_entry(units, equity, free, price, run.market)
    if reason != 0:
        refuse(run, bar, side, reason)
        return 0.0
    return units
