"""When may a row open a position, and which closed bar ends it whatever its exits do?

Rows that share their signals share these: they hang on nothing that an account holds.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from engines.compile import J1, U2, OutF1, OutI1, kernel, scalar
from engines.kernel import layout as at
from engines.kernel.ask import next_bit
from engines.kernel.decide import bit
from engines.kernel.layout import Columns, Market
from engines.kernel.money import market_price

# Bars that a position is followed for: one that lasts longer is quicker on the kernel.
HORIZON: Final = 4096
NONE: Final = -1
# As `end_bar`: not before the horizon.
BEYOND: Final = -1
# Longs and shorts are asked for at the same bar: the kernel knows what then happens.
CONFLICT: Final = -1


class Openings(NamedTuple):
    """Every signal to enter, oldest first: where it fills, and what ends the position.

    An opening is decided at the close of `signal_bar` and filled in `bar`, that one or the next;
    one of the last bar may have none to fill in. Its exits are looked for in the bars from
    `first_bar` to before `stop_bar`. If none comes the market closes the position in `end_bar`,
    for opening `turn` unless that is `NONE`; where nothing does, `end_bar` is the one after the
    last, and `BEYOND` where the horizon is nearer. `at_or_after` (stop + 1,) is the first opening
    that is decided at a bar or later. `number` (1,) is how many there are, or `CONFLICT`.
    """

    signal_bar: OutI1
    bar: OutI1
    side: OutF1
    price: OutF1
    first_bar: OutI1
    stop_bar: OutI1
    end_bar: OutI1
    turn: OutI1
    at_or_after: OutI1
    number: OutI1


@scalar
def next_asked(bitmaps: U2, choices: J1, bar: int, stop: int) -> int:
    """First bar from `bar` on that asks for an entry; `stop` if none does."""
    long = next_bit(bitmaps, choices[at.ENTER_LONG], bar, stop)
    return next_bit(bitmaps, choices[at.ENTER_SHORT], bar, long)


@scalar
def next_left(bitmaps: U2, choices: J1, side: float, bar: int, stop: int) -> int:
    """First bar from `bar` on at which a signal ends a position of `side`; `stop` if none does."""
    leave = choices[at.EXIT_LONG] if side > 0.0 else choices[at.EXIT_SHORT]
    stop = next_bit(bitmaps, leave, bar, stop)
    if choices[at.ON_OPPOSITE] == at.IGNORE:
        return stop
    against = choices[at.ENTER_SHORT] if side > 0.0 else choices[at.ENTER_LONG]
    return next_bit(bitmaps, against, bar, stop)


@scalar
def lay_down(
    k: int, bars: Columns, signal_bar: int, side: float, market: Market, stop: int, found: Openings
) -> None:
    """Write where opening `k` fills."""
    bar = signal_bar if market.fill_at_close else signal_bar + 1
    found.signal_bar[k] = signal_bar
    found.bar[k] = bar
    found.side[k] = side
    # Where nothing fills no price is asked for.
    fills = min(bar, stop - 1)
    raw = bars.close[fills] if market.fill_at_close else bars.open[fills]
    found.price[k] = market_price(raw, side, market)
    found.first_bar[k] = bar + 1 if market.fill_at_close else bar


@kernel
def find_openings(
    bars: Columns, bitmaps: U2, choices: J1, market: Market, start: int, stop: int, found: Openings
) -> None:
    """Write the openings decided from `start` to before `stop`."""
    count, seen = 0, 0
    found.number[0] = CONFLICT
    bar = next_asked(bitmaps, choices, start, stop)
    while bar < stop:
        long = bit(bitmaps, choices[at.ENTER_LONG], bar)
        if long and bit(bitmaps, choices[at.ENTER_SHORT], bar):
            return
        lay_down(count, bars, bar, 1.0 if long else -1.0, market, stop, found)
        found.at_or_after[seen : bar + 1] = count
        seen = bar + 1
        count += 1
        bar = next_asked(bitmaps, choices, seen, stop)
    found.at_or_after[seen:] = count
    for k in range(count):
        left = next_left(bitmaps, choices, found.side[k], found.signal_bar[k] + 1, stop)
        against = choices[at.ENTER_SHORT] if found.side[k] > 0.0 else choices[at.ENTER_LONG]
        turns = choices[at.ON_OPPOSITE] == at.REVERSE and left < stop
        turns = turns and bit(bitmaps, against, left)
        found.turn[k] = found.at_or_after[left] if turns else NONE
        horizon = found.bar[k] + HORIZON
        end_bar = min(left if market.fill_at_close else left + 1, stop)
        found.end_bar[k] = end_bar if end_bar <= horizon else BEYOND
        found.stop_bar[k] = min(left + 1, stop, horizon)
    found.number[0] = count
