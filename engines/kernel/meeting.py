"""What does the price meet next? Entries that rest, and the exits of lots, nearest first."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from engines.compile import scalar
from engines.kernel import layout as at
from engines.kernel import rests
from engines.kernel.exits import active_stop
from engines.kernel.layout import Account, Run
from engines.kernel.path import is_live

NOTHING: Final = 0
ENTRY: Final = 1
STOP: Final = 2
TARGET: Final = 3


class Meeting(NamedTuple):
    """What is met at the price `at`: an entry of row `number`, or an exit of lot `number`."""

    what: int
    number: int
    target: int
    at: float


_NONE: Final = Meeting(NOTHING, 0, 0, math.nan)


@scalar
def touch_beyond(level: float, direction: float, here: float, there: float) -> float:
    """Where the way from `here` to `there` meets what triggers at `level` or beyond it.

    `direction` is +1 if that is above the level, −1 if below. Where the market is beyond it
    already, that is `here` (B3). NaN if it does not meet it.
    """
    if direction * here >= direction * level:
        return here
    if direction * there >= direction * level:
        return level
    return math.nan


@scalar
def touch_of_entry(run: Run, row: int, here: float, there: float) -> float:
    """Where the way meets a resting entry, NaN if it does not."""
    one = run.resting[row]
    side, kind, price = one[rests.SIDE], one[rests.TYPE], one[rests.PRICE]
    if kind == at.LIMIT_ENTRY:
        return touch_beyond(price, -side, here, there)
    met = touch_beyond(price, side, here, there)
    if kind == at.STOP_ENTRY or math.isnan(met):
        return met
    # C6: the stop only activates the limit, which may be met on the rest of the way.
    return touch_beyond(one[rests.LIMIT], -side, met, there)


@scalar
def comes_first(
    run: Run, row: int, touch: float, other: Meeting, ahead: float, here: float
) -> bool:
    """Whether entry `row` is met before what was found so far; at one price who buys first (B4)."""
    if other.what == NOTHING:
        return True
    if touch != other.at:
        return ahead * touch < ahead * other.at
    one, found = run.resting[row], run.resting[other.number]
    if one[rests.SIDE] != found[rests.SIDE]:
        return bool(one[rests.SIDE] > found[rests.SIDE])
    return bool(one[rests.SEQUENCE] < found[rests.SEQUENCE])


@scalar
def next_entry(run: Run, here: float, there: float, ahead: float) -> Meeting:
    """The entry that the way from `here` to `there` meets first."""
    found = _NONE
    for row in range(rests.LONG_ENTRY, len(run.resting)):
        if run.resting[row, rests.SIDE] == 0.0:
            continue
        touch = touch_of_entry(run, row, here, there)
        if not math.isnan(touch) and comes_first(run, row, touch, found, ahead, here):
            found = Meeting(ENTRY, row, 0, touch)
    return found


@scalar
def next_meeting(
    run: Run, account: Account, bar: int, here: float, there: float, fresh_from: int
) -> Meeting:
    """What the way from `here` to `there` meets first (B6); of several at one price, entries (B5).

    Exits of trades numbered `fresh_from` or later are left alone.
    """
    ahead = 1.0 if there >= here else -1.0
    found = next_entry(run, here, there, ahead)
    side = account.side
    # On its way in favour a trailing stop only moves; a stop may lie beyond a fresh entry.
    away = side * (there - here) > 0.0
    for lot in range(account.n_lots):
        if not is_live(run, lot, bar) or run.lots[lot, at.LOT_TRADE] >= fresh_from:
            continue
        stop = run.lots[lot, at.LOT_STOP] if away else active_stop(run, lot, side)
        touch = touch_beyond(stop, -side, here, there)
        if ahead * touch < ahead * found.at or (found.what == NOTHING and not math.isnan(touch)):
            found = Meeting(STOP, lot, 0, touch)
        # The sum is an int64, as a meeting's numbers are.
        for target in range(0 + run.choices[at.N_TARGETS]):
            touch = touch_beyond(run.lots[lot, at.LOT_TARGET + target], side, here, there)
            if ahead * touch < ahead * found.at or (
                found.what == NOTHING and not math.isnan(touch)
            ):
                found = Meeting(TARGET, lot, target, touch)
    return found
