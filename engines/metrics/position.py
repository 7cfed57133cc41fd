"""What was held, bar by bar? Quantity, margin, and the best and worst equity inside each bar."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats
from engines.metrics.material import Material, Trades
from engines.metrics.remembered import once
from engines.payoff import Payoff

Places = NDArray[np.int64]
Hits = NDArray[np.bool_]


def earned(side: Floats, entry: Floats, price: Floats, point: Floats, payoff: Payoff) -> Floats:
    """Profit before fees from `entry` to `price`: quote currency; coins of an inverse contract."""
    return side * point * (payoff.level(price) - payoff.level(entry))


def notional(price: Floats, point: Floats, payoff: Payoff) -> Floats:
    """Value of a position at a price: quote currency; coins of an inverse contract."""
    return point * payoff.worth(price)


class Stays(NamedTuple):
    """Every bar of every trade as a row: number of the trade, of the bar, and of its two ends.

    `carried` trades were open before the bar, `kept` ones are open after its exits, or both; one
    that begins and ends inside a bar counts as kept.
    """

    trade: Places
    bar: Places
    first: Places
    last: Places

    @property
    def carried(self) -> Hits:
        """Open when the bar began."""
        return np.asarray(self.first < self.bar)

    @property
    def kept(self) -> Hits:
        """Open at the bar's close."""
        return np.asarray(self.bar < self.last)

    @property
    def flash(self) -> Hits:
        """Begun and ended inside the bar."""
        return np.asarray((self.first == self.bar) & (self.bar == self.last))


@once
def everything(material: Material) -> Trades:
    """Closed trades, then those still open."""
    pairs = (material.closed, material.open)
    names = Trades.__dataclass_fields__
    return Trades(*(np.concatenate([getattr(one, name) for one in pairs]) for name in names))


@once
def stays(material: Material) -> Stays:
    """The bars of all trades; what is still open has an end after the last bar."""
    n_bars = len(material.close)
    entry, leave = (
        np.searchsorted(material.open_ms, times, side="right") - 1
        for times in (everything(material).entry_ms, material.closed.exit_ms)
    )
    end = np.concatenate((leave, np.full(len(material.open), n_bars)))
    lasting = np.minimum(end, n_bars - 1) - entry + 1
    trade = np.repeat(np.arange(len(entry)), lasting)
    begun = np.repeat(np.cumsum(lasting) - lasting, lasting)
    bar = entry[trade] + np.arange(len(trade)) - begun
    return Stays(trade, bar, entry[trade], end[trade])


def _sum_by_bar(material: Material, found: Stays, hit: Hits, values: Floats) -> Floats:
    """Sum over the trades that are `hit`, (n_bars,); `values` a trade each."""
    rows = found.trade[hit]
    weights = values[hit] if len(values) == len(found.trade) else values[rows]
    summed = np.bincount(found.bar[hit], weights=weights, minlength=len(material.close))
    return summed.astype(np.float64)


def open_profit(material: Material) -> Floats:
    """Profit of what is open at each close, after its entry fees, (n_bars,)."""
    trades, found = everything(material), stays(material)
    point = trades.qty[found.trade] * material.value
    gross = earned(
        trades.side[found.trade].astype(float),
        trades.entry_price[found.trade],
        material.close[found.bar],
        point,
        material.payoff,
    )
    return _sum_by_bar(material, found, found.kept, gross - trades.entry_fee[found.trade])


@once
def held(material: Material) -> Floats:
    """Quantity that is open at each close, both sides added, (n_bars,)."""
    found = stays(material)
    return _sum_by_bar(material, found, found.kept, everything(material).qty)


def most_held(material: Material) -> float:
    """Largest quantity that was open at any moment, both sides added; 0 without a trade."""
    found, qty = stays(material), everything(material).qty
    before = _sum_by_bar(material, found, found.carried, qty)
    after = _sum_by_bar(material, found, found.kept | found.flash, qty)
    return float(np.maximum(before, after).max(initial=0.0))


def margin(material: Material) -> Floats:
    """Margin that open positions use at each close, (n_bars,)."""
    return exposed(material) / material.leverage


def exposed(material: Material) -> Floats:
    """Value of what is open at each close, both sides added, (n_bars,)."""
    return notional(material.close, held(material) * material.value, material.payoff)


def average_margin(material: Material) -> float:
    """Mean margin over all bars; a position counts from the bar after its entry's on."""
    found = stays(material)
    older = found.kept & found.carried
    qty = _sum_by_bar(material, found, older, everything(material).qty)
    value = notional(material.close, qty * material.value, material.payoff)
    return float(value.mean()) / material.leverage


def occupied(material: Material) -> float:
    """Share of the bars in which a position was open at any time."""
    hit = np.zeros(len(material.close), dtype=bool)
    hit[stays(material).bar] = True
    return float(hit.mean())


class Swing(NamedTuple):
    """The largest fall or rise inside bars: its money, and the equity that it is measured from."""

    money: float
    base: float


@once
def intrabar_drawdown(material: Material) -> Swing:
    """Largest fall from the peak of settled equity to the worst moment of a position (K4, L4)."""
    path = _path(material, best=False)
    peaks = np.maximum.accumulate(path.settled)
    bases = np.concatenate((peaks[0:-1:3], peaks[1::3]))
    return _largest(bases - path.open, bases)


@once
def intrabar_runup(material: Material) -> Swing:
    """Largest rise from the low of settled equity to the best moment of a position (K4, L4).

    The dips of entry fees lower the low. `base` is the equity at the top.
    """
    path = _path(material, best=True)
    lows = np.minimum.accumulate(path.settled)
    return _largest(path.open - np.concatenate((lows[0:-1:3], lows[2::3])), path.open)


def _largest(sizes: Floats, bases: Floats) -> Swing:
    known = np.nan_to_num(sizes, nan=0.0)
    at = int(np.argmax(known))
    found = float(known[at])
    return Swing(found, float(bases[at])) if found > 0.0 else Swing(0.0, float("nan"))


class _Path(NamedTuple):
    """Equity inside bars, in steps: a bar's exits of older trades, its entries, exits of those.

    `settled` (3 n_bars + 1,) is equity without open profit, at first and after each step. `open`
    (2 n_bars,) holds the worst or best before the exits of all bars, then after their exits; NaN
    without a position.
    """

    settled: Floats
    open: Floats


def _path(material: Material, best: bool) -> _Path:
    trades, found = everything(material), stays(material)
    older, kept = found.carried, found.kept | found.flash
    gone = _sum_by_bar(material, found, older & ~found.kept, trades.pnl)
    done = np.cumsum(gone + _sum_by_bar(material, found, found.flash, trades.pnl))
    before = material.initial_cash + np.concatenate(([0.0], done[:-1]))

    def fees(hit: Hits) -> Floats:
        return _sum_by_bar(material, found, hit, trades.entry_fee)

    steps = (
        before + gone - fees(older & found.kept),
        before + gone - fees(kept),
        material.initial_cash + done - fees(found.kept),
    )
    extreme = _extremes(material, trades, found, best)

    def inside(hit: Hits, settled: Floats) -> Floats:
        some = np.bincount(found.bar[hit], minlength=len(settled)) > 0
        return np.where(some, settled + _sum_by_bar(material, found, hit, extreme), np.nan)

    return _Path(
        np.concatenate(([material.initial_cash], np.stack(steps, axis=1).reshape(-1))),
        np.concatenate((inside(older, before), inside(kept, before + gone))),
    )


def _extremes(material: Material, trades: Trades, found: Stays, best: bool) -> Floats:
    """Best or worst profit after the entry fee of each trade in each of its bars.

    The bar's own extreme, but never beyond what the trade saw (`mfe`, `mae`), which it saw in the
    bar that comes nearest: K2 leaves out what came before its entry and after its exit. An exit at
    the open saw only that price.
    """
    side = trades.side[found.trade]
    bars = material.bars
    high, low = bars.high[found.bar], bars.low[found.bar]
    price = np.where((side > 0) == best, high, low)
    leave = trades.exit_price[found.trade]
    at_open = (found.bar == found.last) & found.carried & (leave == bars.open[found.bar])
    price = np.where(at_open, leave, price)
    point = trades.qty[found.trade] * material.value
    entry = trades.entry_price[found.trade]
    gross = earned(side.astype(float), entry, price, point, material.payoff)
    net = gross - trades.entry_fee[found.trade]
    seen = (trades.mfe if best else trades.mae)[found.trade]
    clipped = np.minimum(net, seen) if best else np.maximum(net, seen)
    starts = np.flatnonzero(np.diff(found.trade, prepend=-1))
    own = (np.maximum if best else np.minimum).reduceat(net, starts) if len(net) else net
    nearest = net == own[found.trade]
    return np.where(np.isnan(seen), net, np.where(nearest, seen, clipped))
