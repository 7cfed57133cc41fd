"""What do the bars of a position come to until each of its exits? Sums of returns, and extremes.

A return is that of an account with a share of its equity in the market, as `reference` has it. That
of another account differs in b, cash over quantity: the price, with the other sign, at which its
equity is nothing. A bar's return is y·Δ/(1 + δ·y) with the close's change Δ, the reciprocal y of
the close before and the reference's b, and the difference δ in b. y hardly moves while a position
is held, so 1/(1 + δ·y) is taken for the line through its value at the entry: two sums of each kind.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from engines.compile import OutF2, kernel, scalar
from engines.kernel.layout import Columns, Market
from engines.lookup.openings import BEYOND, Openings
from engines.lookup.passages import MOMENTS, NEVER, Levels, Passages

# Sums of returns, their squares, and the squares of losses, each with those times y; extremes of
# the closes, the entry's among them.
RETURNS: Final = 0
SQUARES: Final = 2
LOSSES: Final = 4
LOW: Final = 6
HIGH: Final = 7
N_SUMS: Final = 8
MOST_OFF: Final = 2.0**-16


class Holdings(NamedTuple):
    """What comes before each exit of `Passages`, as far as they reach.

    `sums` (n_openings × n_exits, N_SUMS) of the bars after the opening's own and before the exit's;
    those without an exit end with the market's. `water` (n_openings, n_exits) is the best price
    that exits have seen before the exit's bar.
    """

    sums: OutF2
    water: OutF2


class Walked(NamedTuple):
    """A position's bars before `bar`."""

    bar: int
    returns: float
    returns_y: float
    squares: float
    squares_y: float
    losses: float
    losses_y: float
    low: float
    high: float
    water: float


@scalar
def reference(side: float, price: float, share: float, market: Market) -> float:
    """Cash over quantity after an entry at `price` with a `share` of the equity, its fee in."""
    spent = (1.0 + market.taker_fee_rate) / (share * market.leverage)
    return side * price * (spent - market.taker_fee_rate - side)


@scalar
def is_near(off: float, price: float, origin: float, low: float, high: float) -> bool:
    """Whether the line will do for an account whose b differs by `off` from the reference.

    What it leaves out is less than twice the square of `off` times the move of y, both relative.
    """
    whole = abs(price + origin)
    least = min(abs(low + origin), abs(high + origin))
    move = max(abs(high - price), abs(low - price))
    return bool(abs(off) <= 0.125 * whole and abs(off) * move <= MOST_OFF * whole * least)


@scalar
def walk_on(bars: Columns, found: Openings, k: int, base: float, past: Walked, stop: int) -> Walked:
    """The bars before `stop`."""
    close, long = bars.close, found.side[k] > 0.0
    bar, returns, returns_y, squares, squares_y, losses, losses_y, low, high, water = past
    while bar < stop:
        if bar > found.bar[k]:
            y = 1.0 / (close[bar - 1] + base)
            change = (close[bar] - close[bar - 1]) * y
            square = change * change
            loss = square if change < 0.0 else 0.0
            returns, returns_y = returns + change, returns_y + change * y
            squares, squares_y = squares + square, squares_y + square * y
            losses, losses_y = losses + loss, losses_y + loss * y
        low, high = min(low, close[bar]), max(high, close[bar])
        if bar >= found.first_bar[k]:
            water = max(water, bars.high[bar]) if long else min(water, bars.low[bar])
        bar += 1
    return Walked(bar, returns, returns_y, squares, squares_y, losses, losses_y, low, high, water)


@scalar
def keep(held: Holdings, k: int, column: int, past: Walked) -> None:
    """Write what comes before an exit."""
    sums = held.sums[k * held.water.shape[1] + column]
    sums[RETURNS], sums[RETURNS + 1] = past.returns, past.returns_y
    sums[SQUARES], sums[SQUARES + 1] = past.squares, past.squares_y
    sums[LOSSES], sums[LOSSES + 1] = past.losses, past.losses_y
    sums[LOW], sums[HIGH] = past.low, past.high
    held.water[k, column] = past.water


@scalar
def bar_of(met: Passages, k: int, column: int, stop: int) -> int:
    """The bar in which the exit at a column comes; beyond all bars where there is none left."""
    return int(met.when[k, column]) // MOMENTS if column < stop else NEVER


@scalar
def keep_all(met: Passages, k: int, column: int, stop: int, past: Walked, held: Holdings) -> int:
    """Write what comes before the exits, from a column on, of the bar that is next."""
    while bar_of(met, k, column, stop) == past.bar:
        keep(held, k, column, past)
        column += 1
    return column


@kernel
def find_holdings(
    bars: Columns,
    found: Openings,
    n_openings: int,
    levels: Levels,
    met: Passages,
    share: float,
    market: Market,
    held: Holdings,
) -> None:
    """Write what comes before every exit that is reached."""
    targets, trails = len(levels.stops), len(levels.stops) + len(levels.targets)
    none = trails + len(levels.trails)
    for k in range(n_openings):
        base = reference(found.side[k], found.price[k], share, market)
        price = found.price[k]
        past = Walked(found.bar[k], 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, math.inf, -math.inf, price)
        stopped, gained, trailed = 0, targets, trails
        while True:
            bar = min(bar_of(met, k, stopped, targets), bar_of(met, k, gained, trails))
            bar = min(bar, bar_of(met, k, trailed, none))
            if bar > met.reach[k]:
                break
            past = walk_on(bars, found, k, base, past, bar)
            stopped = keep_all(met, k, stopped, targets, past, held)
            gained = keep_all(met, k, gained, trails, past, held)
            trailed = keep_all(met, k, trailed, none, past, held)
        if found.end_bar[k] != BEYOND and met.reach[k] == found.stop_bar[k]:
            past = walk_on(bars, found, k, base, past, found.end_bar[k])
            keep(held, k, none, past)
