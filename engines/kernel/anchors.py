"""What are exits measured from as a position grows? Its average price, or its latest entry.

Exits of a single entry count from its own fill (E4). Where they shall count from the position,
every fill of an entry puts them anew; a loss of margin that closes all is such a level too.
"""

from __future__ import annotations

import math
from typing import Final

from engines.compile import scalar
from engines.kernel import layout as at
from engines.kernel.exits import column_at, level_from, place_break_even
from engines.kernel.layout import Account, Market, Run
from engines.kernel.money import quantity
from engines.kernel.rounding import round_against, round_in_favour
from engines.orders import Reason

_STOP_LOSS: Final = int(Reason.STOP_LOSS)
_BREAK_EVEN: Final = int(Reason.BREAK_EVEN)
_SAFETY_CLOSE: Final = int(Reason.SAFETY_CLOSE)


@scalar
def average_price(run: Run, account: Account) -> float:
    """Average entry price of what is open (K5)."""
    market = run.market
    return account.cost / (quantity(account.units, market) * market.contract_value)


@scalar
def anchor_price(run: Run, account: Account, anchor: int, lot: int) -> float:
    """What an exit of a lot is measured from."""
    if anchor == at.FROM_AVERAGE:
        return average_price(run, account)
    last = account.n_lots - 1 if anchor == at.FROM_LAST else lot
    return float(run.lots[last, at.LOT_PRICE])


@scalar
def anchor_exits(run: Run, account: Account) -> None:
    """Put the exits of every lot where the position, as it is now, wants them."""
    for lot in range(account.n_lots):
        bar = int(run.lots[lot, at.LOT_SIGNAL_BAR])
        show_own_stop(run, lot)
        if run.choices[at.STOP_ANCHOR] != at.FROM_ENTRY:
            anchor_stop(run, account, lot, bar)
        if run.choices[at.ACTIVATION_ANCHOR] != at.FROM_ENTRY:
            anchor_trail(run, account, lot, bar)
        if run.choices[at.BREAK_EVEN_ANCHOR] != at.FROM_ENTRY:
            anchor_break_even(run, account, lot, bar)
        for target in range(run.choices[at.N_TARGETS]):
            if run.choices[at.TARGET_ANCHOR + target] != at.FROM_ENTRY:
                anchor_target(run, account, lot, bar, target)
        measure_margin(run, account, lot)
        guard_margin(run, lot, account.side)


@scalar
def anchor_stop(run: Run, account: Account, lot: int, bar: int) -> None:
    """A stop-loss, unless break-even has moved it to somewhere better."""
    side, lots, tick = account.side, run.lots, run.market.tick
    base = anchor_price(run, account, run.choices[at.STOP_ANCHOR], lot)
    column = column_at(run, at.STOP_COLUMN, side, bar)
    stop, kind = math.nan, run.choices[at.STOP_KIND]
    if kind != at.NO_LEVEL:
        raw = level_from(kind, run.params[at.STOP], column, base, -side, tick)
        stop = round_against(raw, side, tick)
    moved = int(lots[lot, at.LOT_STOP_REASON]) == _BREAK_EVEN
    if not moved or side * stop > side * lots[lot, at.LOT_STOP]:
        lots[lot, at.LOT_STOP] = stop
        lots[lot, at.LOT_STOP_REASON] = _STOP_LOSS


@scalar
def anchor_trail(run: Run, account: Account, lot: int, bar: int) -> None:
    """The price that arms a trailing stop, while it is not armed."""
    side, lots, tick = account.side, run.lots, run.market.tick
    kind = run.choices[at.ACTIVATION_KIND]
    if kind == at.NO_LEVEL or not math.isnan(lots[lot, at.LOT_WATER]):
        return
    base = anchor_price(run, account, run.choices[at.ACTIVATION_ANCHOR], lot)
    column = column_at(run, at.ACTIVATION_COLUMN, side, bar)
    raw = level_from(kind, run.params[at.TRAIL_ACTIVATION], column, base, side, tick)
    lots[lot, at.LOT_ACTIVATION] = round_in_favour(raw, side, tick)


@scalar
def anchor_break_even(run: Run, account: Account, lot: int, bar: int) -> None:
    """Where break-even moves the stop, and what triggers it while it has not."""
    lots = run.lots
    base = anchor_price(run, account, run.choices[at.BREAK_EVEN_ANCHOR], lot)
    triggered = math.isnan(lots[lot, at.LOT_BREAK_EVEN_TRIGGER])
    place_break_even(run, lot, account.side, base, bar)
    if triggered:
        lots[lot, at.LOT_BREAK_EVEN_TRIGGER] = math.nan


@scalar
def anchor_target(run: Run, account: Account, lot: int, bar: int, target: int) -> None:
    """A take-profit that has not filled."""
    side, tick = account.side, run.market.tick
    if math.isnan(run.lots[lot, at.LOT_TARGET + target]):
        return
    base = anchor_price(run, account, run.choices[at.TARGET_ANCHOR + target], lot)
    column = column_at(run, at.TARGET_COLUMN + 2 * target, side, bar)
    kind, value = run.choices[at.TARGET_KIND + target], run.params[at.TARGET + target]
    raw = level_from(kind, value, column, base, side, tick)
    run.lots[lot, at.LOT_TARGET + target] = round_in_favour(raw, side, tick)


@scalar
def margin_stop(average: float, side: float, loss: float, market: Market) -> float:
    """Where a position entered at `average` has lost so much of its margin, off the grid."""
    return average * (1.0 - side * (loss / market.leverage))


@scalar
def measure_margin(run: Run, account: Account, lot: int) -> None:
    """Where the margin's stop lies from this fill of an entry on."""
    loss = run.params[at.SAFETY_CLOSE]
    if loss > 0.0:
        raw = margin_stop(average_price(run, account), account.side, loss, run.market)
        run.lots[lot, at.LOT_SAFETY] = round_against(raw, account.side, run.market.tick)


@scalar
def show_own_stop(run: Run, lot: int) -> None:
    """Put a lot's own stop back that the margin's stands before."""
    lots = run.lots
    if int(lots[lot, at.LOT_STOP_REASON]) == _SAFETY_CLOSE:
        lots[lot, at.LOT_STOP] = lots[lot, at.LOT_OWN_STOP]
        lots[lot, at.LOT_STOP_REASON] = lots[lot, at.LOT_OWN_REASON]


@scalar
def guard_margin(run: Run, lot: int, side: float) -> None:
    """Let the stop lie no further away than the loss of margin at which all is closed."""
    if not run.params[at.SAFETY_CLOSE] > 0.0:
        return
    lots = run.lots
    level, stop = lots[lot, at.LOT_SAFETY], lots[lot, at.LOT_STOP]
    if math.isnan(stop) or side * level > side * stop:
        lots[lot, at.LOT_OWN_STOP] = stop
        lots[lot, at.LOT_OWN_REASON] = lots[lot, at.LOT_STOP_REASON]
        lots[lot, at.LOT_STOP] = level
        lots[lot, at.LOT_STOP_REASON] = _SAFETY_CLOSE
