"""Which entries rest in the market? Placed at a close, given up in time, met on the way.

There is one entry a side: a new signal replaces it (D5). It stays until it fills, is replaced, has
waited its bars, or a signal to leave its side comes.
"""

from __future__ import annotations

import math
from typing import Final

from engines.compile import scalar
from engines.kernel import layout as at
from engines.kernel import rests
from engines.kernel.exits import column_at, column_known, level_from, levels_known
from engines.kernel.fills import refuse
from engines.kernel.layout import Account, Run, Signals
from engines.kernel.money import equity_at
from engines.kernel.rounding import round_against, round_in_favour, whole_units
from engines.orders import Refusal

_BAD_LEVEL: Final = int(Refusal.BAD_LEVEL)
_QTY_ZERO: Final = int(Refusal.QTY_ZERO)
_EXPIRED: Final = int(Refusal.EXPIRED)


@scalar
def entry_row(side: float) -> int:
    """The row of the workspace that holds the resting entry of a side."""
    return rests.LONG_ENTRY if side > 0.0 else rests.SHORT_ENTRY


@scalar
def entries_rest(run: Run) -> bool:
    """Whether an entry waits for its price; safety orders do not count."""
    long, short = rests.LONG_ENTRY, rests.SHORT_ENTRY
    return bool(run.resting[long, rests.SIDE] != 0.0 or run.resting[short, rests.SIDE] != 0.0)


@scalar
def anything_rests(run: Run) -> bool:
    """Whether any entry or safety order waits for its price."""
    for row in range(rests.LONG_ENTRY, len(run.resting)):
        if run.resting[row, rests.SIDE] != 0.0:
            return True
    return False


@scalar
def take_away(run: Run, row: int) -> None:
    """Empty one row."""
    run.resting[row, rests.SIDE] = 0.0


@scalar
def next_call(run: Run) -> float:
    """A number that tells which of two orders was placed first."""
    run.resting[rests.HEAD, rests.CALLS] += 1.0
    return float(run.resting[rests.HEAD, rests.CALLS])


@scalar
def rest_order(run: Run, row: int, side: float, kind: int, price: float, signal_bar: int) -> None:
    """Put an order of the row's own size at `price`; the caller sets what differs."""
    one = run.resting[row]
    one[rests.SIDE] = side
    one[rests.TYPE] = kind
    one[rests.PRICE] = price
    one[rests.LIMIT] = math.nan
    one[rests.AGAINST] = 0.0
    one[rests.SHARE] = 1.0
    one[rests.SIGNAL_BAR] = signal_bar
    one[rests.UNTIL] = math.inf
    one[rests.SEQUENCE] = next_call(run)


@scalar
def sizing_equity(run: Run, account: Account, price: float) -> float:
    """G5: the equity of the order's own close sizes it; NaN where that of the fill does."""
    if run.market.size_at_fill:
        return math.nan
    return equity_at(account, price, run.market)


@scalar
def place_entry(run: Run, account: Account, side: float, bar: int) -> None:
    """Rest an entry where the closed bar asks for it, in place of the one that waits (D5)."""
    kind = run.choices[at.ENTRY_KIND]
    known = column_known(run, at.ENTRY_KIND, at.ENTRY_COLUMN, side, bar)
    known &= column_known(run, at.LADDER_KIND, at.LADDER_COLUMN, side, bar)
    close = run.bars.close[bar]
    column = column_at(run, at.ENTRY_COLUMN, side, bar)
    entry_type = run.choices[at.ENTRY_TYPE]
    away = -side if entry_type == at.LIMIT_ENTRY else side
    distance, tick = run.params[at.ENTRY_DISTANCE], run.market.tick
    raw = level_from(kind, distance, column, close, away, tick)
    # C1: a limit to the better for who buys or sells, a stop to the worse.
    price = round_against(raw, side, tick)
    if entry_type != at.LIMIT_ENTRY:
        price = round_in_favour(raw, side, tick)
    limit = round_against(raw * (1.0 + side * run.params[at.ENTRY_LIMIT]), side, tick)
    if not (known and price > 0.0 and limit > 0.0 and levels_known(run, side, bar)):
        refuse(run, bar, side, _BAD_LEVEL)
        return
    fixed = run.choices[at.SIZE_MODE] == at.SIZE_FIXED
    # D12: nothing is no order; what a budget buys shows at the fill (G5).
    if fixed and not whole_units(run.params[at.SIZE], run.market) > 0.0:
        refuse(run, bar, side, _QTY_ZERO)
        return
    row = entry_row(side)
    rest_order(run, row, side, entry_type, price, bar)
    one = run.resting[row]
    one[rests.LIMIT] = limit
    one[rests.EQUITY] = sizing_equity(run, account, close)
    # D2: what is open on the other side now is what the order will reverse.
    one[rests.AGAINST] = account.units if account.side == -side else 0.0
    bars = run.choices[at.ENTRY_BARS]
    if bars > 0:
        one[rests.UNTIL] = bar + bars


@scalar
def give_up_entries(run: Run, signals: Signals, bar: int) -> None:
    """At a close: take away entries that waited long enough, or whose side is to be left."""
    for row in range(rests.LONG_ENTRY, rests.SAFETY):
        side = run.resting[row, rests.SIDE]
        if side == 0.0:
            continue
        if run.resting[row, rests.UNTIL] <= bar:
            refuse(run, bar, side, _EXPIRED)
            take_away(run, row)
        elif signals.exit_long if side > 0.0 else signals.exit_short:
            take_away(run, row)


@scalar
def pass_by(run: Run, price: float) -> None:
    """The path went to `price`: a stop-limit order whose stop was met becomes a limit (C6)."""
    for row in range(rests.LONG_ENTRY, rests.SAFETY):
        one = run.resting[row]
        side = one[rests.SIDE]
        waits = side != 0.0 and one[rests.TYPE] == at.STOP_LIMIT_ENTRY
        if waits and side * price >= side * one[rests.PRICE]:
            one[rests.TYPE] = at.LIMIT_ENTRY
            one[rests.PRICE] = one[rests.LIMIT]


@scalar
def lies_below(run: Run, row: int) -> bool:
    """Whether the market comes down to an order: limits that buy, stops that sell."""
    one = run.resting[row]
    return bool((one[rests.TYPE] == at.LIMIT_ENTRY) == (one[rests.SIDE] > 0.0))


@scalar
def resting_band(run: Run, band: tuple[float, float]) -> tuple[float, float]:
    """A band of quiet prices (low, high), narrowed to where no entry rests."""
    low, high = band
    for row in range(rests.LONG_ENTRY, len(run.resting)):
        if run.resting[row, rests.SIDE] == 0.0:
            continue
        price = run.resting[row, rests.PRICE]
        if lies_below(run, row):
            low = max(low, price)
        else:
            high = min(high, price)
    return low, high
