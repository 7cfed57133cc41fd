"""Which limits hold trading back? Trades and orders a day, losses, drawdown, the clock.

What they count lies in the workspace `memory`; a row without such rules (`RULES` 0) has none. Days
and weeks are numbers in columns of the levels: the kernel knows no calendar.
"""

from __future__ import annotations

import math
from typing import Final

from engines.compile import scalar, seldom
from engines.kernel import layout as at
from engines.kernel.layout import Account, Market, Run
from engines.kernel.money import equity_at, quantity
from engines.orders import Reason, Refusal

_DRAWDOWN: Final = int(Reason.MAX_DRAWDOWN)
_DAILY_LOSS: Final = int(Reason.DAILY_LOSS)
_NOTHING: Final = 0
# What a chain of doubles may lack of a share that is reached exactly.
_NOISE: Final = 1e-9
_REFUSED_DRAWDOWN: Final = int(Refusal.DRAWDOWN_LIMIT)
_REFUSED_DAILY_LOSS: Final = int(Refusal.DAILY_LOSS)
_REFUSED_ORDERS: Final = int(Refusal.ORDER_LIMIT)
_REFUSED_TRADES: Final = int(Refusal.TRADE_LIMIT)
_REFUSED_STREAK: Final = int(Refusal.LOSS_STREAK)
_REFUSED_RE_ENTRY: Final = int(Refusal.RE_ENTRY)

# --- the workspace of one row, float64 ----------------------------------------------------------
DAY: Final = 0
WEEK: Final = 1
# Entries and orders before the day and the week began.
DAY_ENTRIES: Final = 2
WEEK_ENTRIES: Final = 3
DAY_ORDERS: Final = 4
# Equity at the last close of the day before; what the day's loss is measured from.
DAY_EQUITY: Final = 5
# 1 once the day's loss was reached: nothing is entered until the next day.
DAY_OVER: Final = 6
# 1 once the drawdown was reached: nothing is entered any more.
STOPPED: Final = 7
LOSSES: Final = 8
PAUSED_UNTIL: Final = 9
# Side of what was closed last, and its bar.
LAST_SIDE: Final = 10
LAST_EXIT: Final = 11
N_MEMORY: Final = 12


@scalar
def forget(run: Run) -> None:
    """A row that has not traded."""
    run.memory[:] = 0.0
    run.memory[DAY] = math.nan
    run.memory[WEEK] = math.nan
    run.memory[LAST_EXIT] = -1.0


@scalar
def begin_day(run: Run, account: Account, bar: int, equity: float) -> None:
    """Count anew where a bar begins a day or a week; `equity` is that of the close before."""
    memory, levels, choices = run.memory, run.levels, run.choices
    day = levels[choices[at.DAY_COLUMN], bar]
    if day == memory[DAY]:
        return
    memory[DAY] = day
    memory[DAY_ENTRIES] = account.trades
    memory[DAY_ORDERS] = account.orders
    memory[DAY_EQUITY] = equity
    memory[DAY_OVER] = 0.0
    week = levels[choices[at.WEEK_COLUMN], bar]
    if week != memory[WEEK]:
        memory[WEEK] = week
        memory[WEEK_ENTRIES] = account.trades


@scalar
def day_of_orders(run: Run, account: Account) -> bool:
    """Whether as many orders as allowed have filled on this day (J2)."""
    most = run.choices[at.MAX_DAY_ORDERS]
    return bool(most > 0 and account.orders - run.memory[DAY_ORDERS] >= most)


@seldom
def hindrance(run: Run, account: Account, bar: int, side: float) -> int:
    """Why an entry on a side may not be placed or filled now; 0 if it may."""
    memory, choices = run.memory, run.choices
    if memory[STOPPED] != 0.0:
        return _REFUSED_DRAWDOWN
    if memory[DAY_OVER] != 0.0:
        return _REFUSED_DAILY_LOSS
    if day_of_orders(run, account):
        return _REFUSED_ORDERS
    daily, weekly = choices[at.MAX_DAY_ENTRIES], choices[at.MAX_WEEK_ENTRIES]
    if daily > 0 and account.trades - memory[DAY_ENTRIES] >= daily:
        return _REFUSED_TRADES
    if weekly > 0 and account.trades - memory[WEEK_ENTRIES] >= weekly:
        return _REFUSED_TRADES
    if bar < memory[PAUSED_UNTIL]:
        return _REFUSED_STREAK
    if account.side == 0.0 and side == memory[LAST_SIDE]:
        if choices[at.OTHER_SIDE_FIRST] != 0:
            return _REFUSED_RE_ENTRY
        if bar < memory[LAST_EXIT] + choices[at.RE_ENTRY_BARS]:
            return _REFUSED_RE_ENTRY
    return _NOTHING


@scalar
def is_clock_exit(run: Run, bar: int) -> bool:
    """Whether the position is to be left at this close by the clock."""
    column = run.choices[at.CLOCK_COLUMN]
    return bool(column >= 0 and run.levels[column, bar] == bar)


@scalar
def note_close(run: Run, bar: int, side: float, pnl: float) -> None:
    """Remember a closed trade (K1): losses in a row, and what was left last."""
    memory = run.memory
    memory[LAST_SIDE] = side
    memory[LAST_EXIT] = bar
    memory[LOSSES] = memory[LOSSES] + 1.0 if pnl < 0.0 else 0.0
    most = run.choices[at.MAX_LOSSES]
    if most > 0 and memory[LOSSES] >= most:
        memory[LOSSES] = 0.0
        pause = run.choices[at.LOSS_PAUSE]
        memory[PAUSED_UNTIL] = bar + pause if pause > 0 else math.inf


@scalar
def loss_limit(run: Run, equity: float, peak: float) -> int:
    """Reason to close everything at an equity, given its peak so far; 0 for none."""
    params, memory = run.params, run.memory
    fall = params[at.MAX_DRAWDOWN]
    if fall > 0.0 and equity <= peak * (1.0 - fall + _NOISE):
        return _DRAWDOWN
    loss = params[at.MAX_DAY_LOSS]
    if loss > 0.0 and equity <= memory[DAY_EQUITY] * (1.0 - loss + _NOISE):
        return _DAILY_LOSS
    return _NOTHING


@scalar
def check_losses(run: Run, account: Account, bar: int) -> int:
    """At a close: whether a limit of losses is reached; what is open is then to be closed."""
    memory = run.memory
    equity = equity_at(account, run.bars.close[bar], run.market)
    reason = loss_limit(run, equity, max(run.stats[at.STAT_PEAK], equity))
    if reason == _DRAWDOWN:
        memory[STOPPED] = 1.0
    elif reason == _DAILY_LOSS:
        memory[DAY_OVER] = 1.0
    if reason == _NOTHING and account.side != 0.0:
        # What could not be closed at once (an entry that had been ordered) goes now.
        if memory[STOPPED] != 0.0:
            return _DRAWDOWN
        if memory[DAY_OVER] != 0.0:
            return _DAILY_LOSS
    return reason


@scalar
def watches_losses(run: Run) -> bool:
    """Whether every close has to be looked at while something is open."""
    params = run.params
    return bool(params[at.MAX_DRAWDOWN] > 0.0 or params[at.MAX_DAY_LOSS] > 0.0)


@seldom
def next_limit(run: Run, account: Account, bar: int, stop: int) -> int:
    """First bar from `bar` on at which the clock or a limit of losses may act; `stop` if none.

    The position is the same on all of them; days that begin on the way are counted.
    """
    column = run.choices[at.CLOCK_COLUMN]
    if column >= 0 and bar < stop:
        stop = min(stop, int(run.levels[column, bar]))
    if not watches_losses(run):
        return stop
    market, close = run.market, run.bars.close
    held = account.side * quantity(account.units, market) * market.contract_value
    base = account.cash - account.side * account.cost
    equity, peak = run.stats[at.STAT_EQUITY], run.stats[at.STAT_PEAK]
    for one in range(bar, stop):
        begin_day(run, account, one, equity)
        equity = base + held * close[one]
        peak = max(peak, equity)
        if loss_limit(run, equity, peak) != _NOTHING:
            return one
    return stop


@scalar
def enough_profit(account: Account, price: float, least: float, market: Market) -> bool:
    """Whether the position has at least this profit at `price`, as a share of its cost.

    Of an inverse contract's position the cost on its scale is below zero.
    """
    value = quantity(account.units, market) * market.contract_value * price
    return bool(account.side * (value - account.cost) >= (least - _NOISE) * abs(account.cost))
