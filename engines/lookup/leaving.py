"""Which of a row's exits comes first, and does that hang on the order inside its bar?"""

from __future__ import annotations

from typing import Final, NamedTuple

from engines.compile import I1, scalar
from engines.kernel import layout as at
from engines.kernel.doubt import any_doubt, weigh_orders
from engines.kernel.layout import Account, Run
from engines.kernel.path import Prices
from engines.lookup.holdings import Holdings
from engines.lookup.openings import BEYOND, NONE, Openings
from engines.lookup.passages import CERTAIN, MOMENTS, NEVER, Passages

# What a row's exits are in `Passages`: columns of its stop, its target and its trailing stop.
N_EXITS: Final = 3
# How a position is left: by one of its exits, by a signal, for another position; or it is not.
BY_STOP: Final = 0
BY_TARGET: Final = 1
BY_SIGNAL: Final = 2
BY_TURN: Final = 3
AT_THE_END: Final = 4
UNKNOWN: Final = 5


class Shared(NamedTuple):
    """What rows that share their signals look up; `share` is how much of the equity they take."""

    found: Openings
    n_openings: int
    met: Passages
    held: Holdings
    share: float


class Exit(NamedTuple):
    """How and when a position is left: `column` of `Passages`, and the price, unslipped.

    `doubtful` tells that the order inside the bar may matter.
    """

    how: int
    bar: int
    column: int
    price: float
    doubtful: bool


@scalar
def exit_of(shared: Shared, k: int, exits: I1, stop: int) -> Exit:
    """How a row leaves the position of opening `k`: by the exit that comes first."""
    when, price, side = shared.met.when[k], shared.met.price[k], shared.found.side[k]
    fixed, other, target = exits[0], exits[2], exits[1]
    # E5: of two stops that come on the same stretch, the nearer. Without branches: none of them
    # could be foreseen.
    nearer = (when[other] == when[fixed]) & (side * price[other] > side * price[fixed])
    column = other if (when[other] < when[fixed]) | nearer else fixed
    stopped, gained = when[column], when[target]
    first = min(stopped, gained)
    if first == NEVER:
        return end_of(shared, k, stop)
    same = stopped // MOMENTS == gained // MOMENTS
    # E5: of two exits that the open has jumped over, the stop.
    gains = gained < stopped
    column = target if gains else column
    trails = shared.held.water.shape[1] - 1 != other
    part = first % MOMENTS
    doubtful = (part != 0) & (part < CERTAIN) & (same | trails)
    how = BY_TARGET if gains else BY_STOP
    return Exit(how, first // MOMENTS, column, price[column], doubtful)


@scalar
def end_of(shared: Shared, k: int, stop: int) -> Exit:
    """How the market ends the position of opening `k` that no exit ends."""
    end, none = int(shared.found.end_bar[k]), shared.held.water.shape[1] - 1
    how = BY_SIGNAL if shared.found.turn[k] == NONE else BY_TURN
    if end == BEYOND:
        how = UNKNOWN
    elif end == stop:
        how = AT_THE_END
    return Exit(how, end, none, 0.0, False)


@scalar
def weigh(run: Run, account: Account, shared: Shared, k: int, bar: int, column: int) -> None:
    """Count the exit at a column of `Passages`, in `bar`, if it hangs on the order inside it."""
    bars = run.bars
    if run.choices[at.TRAIL_KIND] != at.NO_LEVEL:
        run.lots[0, at.LOT_WATER] = shared.held.water[k, column]
    prices = Prices(bars.open[bar], bars.high[bar], bars.low[bar], bars.close[bar])
    if any_doubt(run, account, bar, prices):
        weigh_orders(run, account, bar, prices)
