"""Where do the exits of a lot rest? Levels at entry, and what moves them afterwards.

Comparisons multiply both sides by the position's side, so that "above" always means in favour:
a factor of ±1 is exact. NaN stands for a level that is not there, and compares false.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from engines.compile import scalar
from engines.kernel import layout as at
from engines.kernel.layout import Run
from engines.kernel.money import quantity
from engines.kernel.rounding import round_against, round_in_favour, whole_units
from engines.orders import Reason

_STOP_LOSS: Final = int(Reason.STOP_LOSS)
_BREAK_EVEN: Final = int(Reason.BREAK_EVEN)
_SAFETY_CLOSE: Final = int(Reason.SAFETY_CLOSE)
_TRAILING_STOP: Final = int(Reason.TRAILING_STOP)
# Portions that add up to this or more close the whole lot with the last target.
WHOLE: Final = 1.0 - 1e-9


@scalar
def column_at(run: Run, slot: int, side: float, bar: int) -> float:
    """Value of a level's column at the closed bar `bar`; NaN when the level has no column."""
    column = run.choices[slot] if side > 0.0 else run.choices[slot + 1]
    if column < 0:
        return math.nan
    return float(run.levels[column, bar])


@scalar
def level_from(
    kind: int, value: float, column: float, entry: float, direction: float, tick: float
) -> float:
    """Unrounded price that lies the given distance from `entry` towards `direction` (±1).

    A level given as a price is its column's value, wherever that lies (E4).
    """
    if kind == at.FRACTION:
        return entry * (1.0 + direction * value)
    if kind == at.TICKS:
        return entry + direction * value * tick
    if kind == at.MULTIPLE:
        return entry + direction * value * column
    return column


@scalar
def stop_distance(run: Run, side: float, bar: int, price: float) -> float:
    """Distance in quote currency from an entry at `price` to its stop; NaN without a stop."""
    kind = run.choices[at.STOP_KIND]
    if kind == at.NO_LEVEL:
        return math.nan
    column = column_at(run, at.STOP_COLUMN, side, bar)
    return distance_to(kind, run.params[at.STOP], column, price, side, run.market.tick)


@scalar
def distance_to(
    kind: int, value: float, column: float, price: float, side: float, tick: float
) -> float:
    """Distance in quote currency from `price` to a stop that is worse; NaN if it is not."""
    distance = side * (price - level_from(kind, value, column, price, -side, tick))
    if not distance > 0.0:
        return math.nan
    return distance


@scalar
def column_known(run: Run, kind_slot: int, column_slot: int, side: float, bar: int) -> bool:
    """Whether the column behind one level has a value at bar `bar` (True if it needs none).

    A distance of nothing, or less, is none.
    """
    kind = run.choices[kind_slot]
    if kind == at.MULTIPLE:
        return column_at(run, column_slot, side, bar) > 0.0
    return kind != at.PRICE or not math.isnan(column_at(run, column_slot, side, bar))


@scalar
def levels_known(run: Run, side: float, bar: int) -> bool:
    """Whether every level that hangs on a column has a value at bar `bar`."""
    known = column_known(run, at.STOP_KIND, at.STOP_COLUMN, side, bar)
    known &= column_known(run, at.TRAIL_KIND, at.TRAIL_COLUMN, side, bar)
    known &= column_known(run, at.ACTIVATION_KIND, at.ACTIVATION_COLUMN, side, bar)
    known &= column_known(run, at.BREAK_EVEN_KIND, at.BREAK_EVEN_COLUMN, side, bar)
    for target in range(run.choices[at.N_TARGETS]):
        slot = at.TARGET_COLUMN + 2 * target
        known &= column_known(run, at.TARGET_KIND + target, slot, side, bar)
    return known


@scalar
def place_exits(run: Run, lot: int, side: float) -> None:
    """Rest the row's exits on a lot that has just been entered (E1, E2, E4, C1)."""
    lots = run.lots
    entry = lots[lot, at.LOT_PRICE]
    bar = int(lots[lot, at.LOT_SIGNAL_BAR])
    lots[lot, at.LOT_STOP] = math.nan
    lots[lot, at.LOT_STOP_REASON] = _STOP_LOSS
    kind = run.choices[at.STOP_KIND]
    if kind != at.NO_LEVEL:
        column = column_at(run, at.STOP_COLUMN, side, bar)
        stop = level_from(kind, run.params[at.STOP], column, entry, -side, run.market.tick)
        lots[lot, at.LOT_STOP] = round_against(stop, side, run.market.tick)
    place_trail(run, lot, side, entry, bar)
    place_break_even(run, lot, side, entry, bar)
    place_targets(run, lot, side, entry, bar)


@scalar
def place_trail(run: Run, lot: int, side: float, entry: float, bar: int) -> None:
    """Set the trailing distance and the price that arms it; without one it is armed at once."""
    lots, market = run.lots, run.market
    lots[lot, at.LOT_TRAIL] = math.nan
    lots[lot, at.LOT_ACTIVATION] = math.nan
    lots[lot, at.LOT_WATER] = math.nan
    kind = run.choices[at.TRAIL_KIND]
    if kind == at.NO_LEVEL:
        return
    # A fraction is of the water mark; other distances are fixed in money at entry.
    distance = run.params[at.TRAIL_DISTANCE]
    if kind == at.TICKS:
        # E9: an offset in ticks is cut to whole ticks.
        distance = float(np.floor(distance)) * market.tick
    elif kind == at.MULTIPLE:
        distance *= column_at(run, at.TRAIL_COLUMN, side, bar)
    lots[lot, at.LOT_TRAIL] = distance
    activation = run.choices[at.ACTIVATION_KIND]
    if activation == at.NO_LEVEL:
        lots[lot, at.LOT_ACTIVATION] = -side * math.inf
        # E10: the water mark of an exit placed with its entry starts at the fill.
        if not market.exits_from_next_bar:
            lots[lot, at.LOT_WATER] = entry
        return
    column = column_at(run, at.ACTIVATION_COLUMN, side, bar)
    value = run.params[at.TRAIL_ACTIVATION]
    level = level_from(activation, value, column, entry, side, market.tick)
    lots[lot, at.LOT_ACTIVATION] = round_in_favour(level, side, market.tick)


@scalar
def place_break_even(run: Run, lot: int, side: float, entry: float, bar: int) -> None:
    """Set the price that moves the stop to break-even, and where the stop then goes.

    Both are measured from `entry`, an after-target one's trigger too.
    """
    lots, tick = run.lots, run.market.tick
    lots[lot, at.LOT_BREAK_EVEN_TRIGGER] = math.nan
    lots[lot, at.LOT_BREAK_EVEN] = math.nan
    kind = run.choices[at.BREAK_EVEN_KIND]
    if kind == at.NO_LEVEL:
        return
    column = column_at(run, at.BREAK_EVEN_COLUMN, side, bar)
    offset = run.params[at.BREAK_EVEN_OFFSET]
    level = level_from(run.choices[at.OFFSET_KIND], offset, column, entry, side, tick)
    lots[lot, at.LOT_BREAK_EVEN] = round_against(level, side, tick)
    trigger = run.params[at.BREAK_EVEN_TRIGGER]
    if kind == at.AFTER_TARGET:
        target = int(trigger) - 1
        kind = run.choices[at.TARGET_KIND + target]
        column = column_at(run, at.TARGET_COLUMN + 2 * target, side, bar)
        level = level_from(kind, run.params[at.TARGET + target], column, entry, side, tick)
    else:
        level = level_from(kind, trigger, column, entry, side, tick)
        lots[lot, at.LOT_BREAK_EVEN_TRIGGER] = round_in_favour(level, side, tick)
    if side * lots[lot, at.LOT_BREAK_EVEN] >= side * round_in_favour(level, side, tick):
        # Beyond what triggers it there is no market to stop at: such an offset moves nothing.
        lots[lot, at.LOT_BREAK_EVEN] = math.nan


@scalar
def place_targets(run: Run, lot: int, side: float, entry: float, bar: int) -> None:
    """Reserve each take-profit's part of the entry, rounded down to lots (E2)."""
    lots, market = run.lots, run.market
    for target in range(at.MAX_TARGETS):
        lots[lot, at.LOT_TARGET + target] = math.nan
        lots[lot, at.LOT_TARGET_UNITS + target] = 0.0
    left = lots[lot, at.LOT_ENTRY_UNITS]
    entry_qty = quantity(left, market)
    reserved = 0.0
    for target in range(run.choices[at.N_TARGETS]):
        column = column_at(run, at.TARGET_COLUMN + 2 * target, side, bar)
        kind = run.choices[at.TARGET_KIND + target]
        value = run.params[at.TARGET + target]
        level = level_from(kind, value, column, entry, side, market.tick)
        reserved += run.params[at.PORTION + target]
        units = min(whole_units(entry_qty * run.params[at.PORTION + target], market), left)
        if reserved >= WHOLE:
            units = left
        if units > 0.0:
            lots[lot, at.LOT_TARGET + target] = round_in_favour(level, side, market.tick)
            lots[lot, at.LOT_TARGET_UNITS + target] = units
            left -= units


@scalar
def trailing_price(run: Run, lot: int, side: float) -> float:
    """Price of the armed trailing stop, NaN while it is not armed (E8)."""
    water = run.lots[lot, at.LOT_WATER]
    distance = run.lots[lot, at.LOT_TRAIL]
    if run.choices[at.TRAIL_KIND] == at.FRACTION:
        distance *= water
    return round_against(water - side * distance, side, run.market.tick)


@scalar
def active_stop(run: Run, lot: int, side: float) -> float:
    """The stop that is due first: the resting or the trailing one (E5); NaN without any."""
    stop = float(run.lots[lot, at.LOT_STOP])
    trail = trailing_price(run, lot, side)
    if math.isnan(stop) or side * trail > side * stop:
        return trail
    return stop


@scalar
def stop_reason(run: Run, lot: int, price: float) -> int:
    """Which stop `price` belongs to: the resting one keeps its own reason."""
    if price == run.lots[lot, at.LOT_STOP]:
        return int(run.lots[lot, at.LOT_STOP_REASON])
    return _TRAILING_STOP


@scalar
def move_with_price(run: Run, lot: int, side: float, price: float) -> None:
    """Let the lot's exits follow a price in favour: arm, raise the water mark, break even."""
    lots = run.lots
    if side * price >= side * lots[lot, at.LOT_ACTIVATION]:
        raise_water(run, lot, side, price)
    if side * price >= side * lots[lot, at.LOT_BREAK_EVEN_TRIGGER]:
        break_even(run, lot, side)


@scalar
def raise_water(run: Run, lot: int, side: float, price: float) -> None:
    """Set the water mark of an armed trailing stop, never back."""
    water = run.lots[lot, at.LOT_WATER]
    if math.isnan(water) or side * price > side * water:
        run.lots[lot, at.LOT_WATER] = price


@scalar
def break_even(run: Run, lot: int, side: float) -> None:
    """Move the stop to break-even, once, unless it is already better."""
    lots = run.lots
    level = lots[lot, at.LOT_BREAK_EVEN]
    stop = lots[lot, at.LOT_STOP]
    guarded = int(lots[lot, at.LOT_STOP_REASON]) == _SAFETY_CLOSE
    own = lots[lot, at.LOT_OWN_STOP] if guarded else stop
    if not math.isnan(level) and (math.isnan(own) or side * level > side * own):
        if guarded:
            lots[lot, at.LOT_OWN_STOP] = level
            lots[lot, at.LOT_OWN_REASON] = _BREAK_EVEN
        if not guarded or side * level >= side * stop:
            lots[lot, at.LOT_STOP] = level
            lots[lot, at.LOT_STOP_REASON] = _BREAK_EVEN
    lots[lot, at.LOT_BREAK_EVEN_TRIGGER] = math.nan


@scalar
def next_in_favour(run: Run, lot: int, side: float) -> float:
    """Nearest price in favour at which something happens to the lot; ±inf if nothing does."""
    lots = run.lots
    near = side * math.inf
    for target in range(run.choices[at.N_TARGETS]):
        if side * lots[lot, at.LOT_TARGET + target] < side * near:
            near = lots[lot, at.LOT_TARGET + target]
    mark = lots[lot, at.LOT_WATER]
    if math.isnan(mark):
        mark = lots[lot, at.LOT_ACTIVATION]
    if side * mark < side * near:
        near = mark
    if side * lots[lot, at.LOT_BREAK_EVEN_TRIGGER] < side * near:
        near = lots[lot, at.LOT_BREAK_EVEN_TRIGGER]
    return near


@scalar
def follow_column(run: Run, lot: int, side: float, bar: int) -> None:
    """Re-price a stop that follows its column to the value of the closed bar (E6: na keeps)."""
    if not column_known(run, at.STOP_KIND, at.STOP_COLUMN, side, bar):
        return
    column = column_at(run, at.STOP_COLUMN, side, bar)
    kind = run.choices[at.STOP_KIND]
    entry = run.lots[lot, at.LOT_PRICE]
    stop = level_from(kind, run.params[at.STOP], column, entry, -side, run.market.tick)
    stop = round_against(stop, side, run.market.tick)
    # A stop that was moved to break-even never goes back behind it.
    moved = int(run.lots[lot, at.LOT_STOP_REASON]) == _BREAK_EVEN
    if not moved or side * stop > side * run.lots[lot, at.LOT_STOP]:
        run.lots[lot, at.LOT_STOP] = stop
        run.lots[lot, at.LOT_STOP_REASON] = _STOP_LOSS
