"""When does the market first meet each exit level of each opening, and at which price?

The levels of one kind lie one behind the other, so the price meets them in that order: one search
an opening finds all. Every level is searched for as if it were the only one.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from engines.compile import F1, OutF2, OutI1, OutI2, kernel, scalar
from engines.kernel import layout as at
from engines.kernel.exits import level_from
from engines.kernel.layout import Columns
from engines.kernel.rounding import high_comes_first, round_against, round_in_favour
from engines.lookup.openings import Openings
from engines.spans import first_beyond

# When an exit comes: its bar times MOMENTS, and the part of the bar's path (B1), 0 at the open or
# the number of a stretch; more by CERTAIN in a bar that opens at an extreme, whose order is known.
STRETCHES: Final = 3
CERTAIN: Final = 4
MOMENTS: Final = 8
NEVER: Final = 1 << 62


class Levels(NamedTuple):
    """Fractions of the price, rising: stops and targets from the entry, trails from the best.

    The flags tell that every row has an exit of the kind.
    """

    stops: F1
    targets: F1
    trails: F1
    all_stop: bool
    all_target: bool
    all_trail: bool


class Passages(NamedTuple):
    """When and at which price each level is met, (n_openings, n_levels + 1).

    Stops, targets and trailing stops in this order; the last column is that of no exit. `reach`
    (n_openings,) is the last bar in which an exit comes.
    """

    when: OutI2
    price: OutF2
    reach: OutI1


@scalar
def moment(bars: Columns, bar: int, part: int) -> int:
    """When something happens in a part of a bar's path."""
    certain = bars.open[bar] <= bars.low[bar] or bars.open[bar] >= bars.high[bar]
    return bar * MOMENTS + (CERTAIN if certain else 0) + part


@scalar
def part_towards(bars: Columns, bar: int, upwards: bool, tick: float) -> int:
    """The stretch of a bar's path that goes to its high, or to its low."""
    high_first = high_comes_first(bars.open[bar], bars.high[bar], bars.low[bar], tick)
    return 1 if high_first == upwards else 2


@scalar
def note(met: Passages, k: int, column: int, when: int, price: float) -> None:
    """Write when and where a level is met."""
    met.when[k, column] = when
    met.price[k, column] = price


@scalar
def note_never(met: Passages, k: int, first: int, stop: int) -> None:
    """Write that some levels are not met."""
    for column in range(first, stop):
        met.when[k, column] = NEVER


@scalar
def level_at(price: float, fraction: float, side: float, way: float, tick: float) -> float:
    """Price of a stop (`way` is −side) or target (`side`) a fraction from the entry's."""
    level = level_from(at.FRACTION, fraction, math.nan, price, way, tick)
    if way == side:
        return round_in_favour(level, side, tick)
    return round_against(level, side, tick)


@scalar
def meet_fixed(
    bars: Columns,
    found: Openings,
    k: int,
    fractions: F1,
    way: float,
    tick: float,
    column: int,
    met: Passages,
) -> int:
    """Find the levels that lie in one direction; the bar of the last, `stop_bar` if one is none."""
    stop_bar = int(found.stop_bar[k])
    bar = int(found.first_bar[k])
    for place in range(len(fractions)):
        level = level_at(found.price[k], fractions[place], found.side[k], way, tick)
        floor, ceiling = (-math.inf, level) if way > 0.0 else (level, math.inf)
        bar = first_beyond(bars.low, bars.high, bar, stop_bar, floor, ceiling)
        if bar >= stop_bar:
            note_never(met, k, column + place, column + len(fractions))
            return stop_bar
        # B3: what the open jumps over fills there.
        if way * bars.open[bar] >= way * level:
            note(met, k, column + place, moment(bars, bar, 0), bars.open[bar])
        else:
            part = part_towards(bars, bar, way > 0.0, tick)
            note(met, k, column + place, moment(bars, bar, part), level)
    return bar


@scalar
def trail_at(water: float, fraction: float, side: float, tick: float) -> float:
    """Price of a trailing stop a fraction behind the best price, as `exits.trailing_price`."""
    distance = fraction * water
    return round_against(water - side * distance, side, tick)


class Trailing(NamedTuple):
    """How many of the trailing stops are behind the price, and the best price so far."""

    place: int
    water: float


@scalar
def trail_through(
    bars: Columns,
    k: int,
    side: float,
    bar: int,
    fractions: F1,
    begun: Trailing,
    tick: float,
    column: int,
    met: Passages,
) -> Trailing:
    """Walk a bar's path (B1): on its way against the position stops are met, else they follow."""
    place, water = begun
    start = bars.open[bar]
    high_first = high_comes_first(start, bars.high[bar], bars.low[bar], tick)
    for part in range(1 + STRETCHES):
        end = start if part == 0 else bars.close[bar]
        if part == 1 or part == 2:
            end = bars.high[bar] if (part == 1) == high_first else bars.low[bar]
        while place < len(fractions) and not side * (end - start) > 0.0:
            stop = trail_at(water, fractions[place], side, tick)
            if not side * stop >= side * end:
                break
            note(met, k, column + place, moment(bars, bar, part), end if part == 0 else stop)
            place += 1
        if side * end > side * water:
            water = end
        start = end
    return Trailing(place, water)


@scalar
def meet_trails(
    bars: Columns, found: Openings, k: int, fractions: F1, tick: float, column: int, met: Passages
) -> int:
    """Find the trailing stops; the bar of the last one, `stop_bar` if one is not met."""
    side, stop_bar = found.side[k], int(found.stop_bar[k])
    now = Trailing(0, found.price[k])
    bar = int(found.first_bar[k])
    while now.place < len(fractions):
        stop = trail_at(now.water, fractions[now.place], side, tick)
        low, high = (stop, now.water) if side > 0.0 else (now.water, stop)
        bar = first_beyond(bars.low, bars.high, bar, stop_bar, low, high)
        if bar >= stop_bar:
            note_never(met, k, column + now.place, column + len(fractions))
            return stop_bar
        now = trail_through(bars, k, side, bar, fractions, now, tick, column, met)
        bar += 1
    return bar - 1


@kernel
def find_passages(
    bars: Columns, found: Openings, n_openings: int, levels: Levels, tick: float, met: Passages
) -> None:
    """Find where each level of every opening is met."""
    targets, trails = len(levels.stops), len(levels.stops) + len(levels.targets)
    for k in range(n_openings):
        side = found.side[k]
        stopped = meet_fixed(bars, found, k, levels.stops, -side, tick, 0, met)
        gained = meet_fixed(bars, found, k, levels.targets, side, tick, targets, met)
        trailed = meet_trails(bars, found, k, levels.trails, tick, trails, met)
        note(met, k, trails + len(levels.trails), NEVER, 0.0)
        reach = stopped if levels.all_stop else int(found.stop_bar[k])
        reach = min(reach, gained) if levels.all_target else reach
        met.reach[k] = min(reach, trailed) if levels.all_trail else reach
