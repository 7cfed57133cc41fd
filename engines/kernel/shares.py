"""Which size does an entry ask for? The row's own, a target volatility, or the Kelly share.

The last two come down to the first ones: so much lost over a distance, so much of the equity.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from engines.compile import scalar
from engines.kernel import layout as at
from engines.kernel.exits import column_at, stop_distance
from engines.kernel.layout import Market, Run
from engines.kernel.sizing import entry_units
from engines.orders import Refusal

_NO_VOLATILITY: Final = int(Refusal.NO_VOLATILITY)
_NO_EDGE: Final = int(Refusal.NO_EDGE)


class Size(NamedTuple):
    """A size in terms of `sizing.entry_units`, with the distance of a risk; or a refusal."""

    mode: int
    size: float
    away: float
    refusal: int


@scalar
def kelly_share(run: Run) -> float:
    """Share of the equity by the closed trades so far: the Kelly share times the row's fraction.

    W - (1 - W) / R, with the share of trades that won and mean win over mean loss.
    """
    stats = run.stats
    trades = stats[at.STAT_TRADES]
    if trades < run.choices[at.KELLY_TRADES]:
        return float(run.params[at.KELLY_START])
    wins, losses = stats[at.STAT_WINS], stats[at.STAT_LOSSES]
    profit, loss = stats[at.STAT_GROSS_PROFIT], stats[at.STAT_GROSS_LOSS]
    return share_of_wins(run.params[at.SIZE], trades, wins, losses, profit, loss)


@scalar
def share_of_wins(
    fraction: float, trades: float, wins: float, losses: float, profit: float, loss: float
) -> float:
    """A fraction of the Kelly share of so many trades, wins and losses, given their sums."""
    if wins == 0.0:
        return 0.0
    won = wins / trades
    if losses == 0.0:
        return fraction * won
    payoff = (profit / wins) / (loss / losses)
    return fraction * (won - (1.0 - won) / payoff)


@scalar
def size_of(run: Run, side: float, signal_bar: int, price: float) -> Size:
    """The size of an entry at `price` that was decided at the closed bar `signal_bar`."""
    mode, size = run.choices[at.SIZE_MODE], run.params[at.SIZE]
    away, refusal = math.nan, 0
    if run.full and mode == at.SIZE_VOLATILITY:
        mode, away = at.SIZE_RISK, column_at(run, at.SIZE_COLUMN, side, signal_bar)
        if not away > 0.0:
            away, refusal = math.nan, _NO_VOLATILITY
    elif run.full and mode == at.SIZE_KELLY:
        mode, size = at.SIZE_EQUITY, max(kelly_share(run), 0.0)
        # A least size is wanted all the same.
        if size == 0.0 and not run.params[at.SIZE_FLOOR] > 0.0:
            refusal = _NO_EDGE
    else:
        away = stop_distance(run, side, signal_bar, price)
    return Size(mode, size, away, refusal)


@scalar
def within_limits(run: Run, units: float, equity: float, price: float) -> float:
    """Lots no smaller and no larger than the row's least and most share of the equity."""
    if not run.full:
        return units
    least, most = run.params[at.SIZE_FLOOR], run.params[at.SIZE_CAP]
    return bounded(units, least, most, equity, price, run.market)


@scalar
def bounded(
    units: float, least: float, most: float, equity: float, price: float, market: Market
) -> float:
    """Lots no smaller and no larger than two shares of the equity; 0 is no bound."""
    if most > 0.0:
        cap = entry_units(at.SIZE_EQUITY, most, equity, equity, price, math.nan, market)
        units = cap if units > cap else units
    if least > 0.0:
        floor = entry_units(at.SIZE_EQUITY, least, equity, equity, price, math.nan, market)
        units = floor if units < floor else units
    return units
