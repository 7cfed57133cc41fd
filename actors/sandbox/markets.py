"""What did a listed market do? Bars of any kind and interval, before anybody asks for them.

Bars here are in grid units: prices are whole ticks, volumes whole lots, turnovers whole units of
the last decimal. Sums of whole numbers are exact, so a coarse bar is the exact sum of its
minutes; `Scale` turns them into prices.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from actors.sandbox.draws import Stream, exponentials_of
from actors.sandbox.instruments import Listing
from actors.sandbox.paths import CHUNK_MINUTES, IndexMinutes, chunk_of, index_minutes
from actors.sandbox.premium import Premium, premium
from engines.bars import VALUE_COLUMNS, Bars, Floats, Kind, Series
from engines.intervals import DAY_MS, MINUTE_MS, Interval, floor_open_ms, next_open_ms
from engines.resampling import resample

_CHUNK_MS: Final = CHUNK_MINUTES * MINUTE_MS
# A minute trades at least one lot a second, so that every second has a price.
_LEAST_LOTS: Final = 60.0
_PREMIUM_DECIMALS: Final = 6


class Scale(NamedTuple):
    """Decimals of a kind of bar: a price is its whole number divided by 10 ** price."""

    price: int
    volume: int
    turnover: int


def scale_of(listing: Listing, kind: Kind) -> Scale:
    """Decimals in which bars of `kind` are kept and printed."""
    if kind == "last":
        return Scale(listing.price_decimals, listing.qty_decimals, listing.turnover_decimals)
    if kind == "premium":
        return Scale(_PREMIUM_DECIMALS, 0, 0)
    return Scale(listing.price_decimals + 1, 0, 0)


def in_units(bars: Bars, scale: Scale) -> Bars:
    """Bars in prices and quantities out of bars in grid units, as their printed text reads."""
    tens = dict.fromkeys(VALUE_COLUMNS, 10.0**scale.price)
    tens |= {"volume": 10.0**scale.volume, "turnover": 10.0**scale.turnover}
    columns = {name: getattr(bars, name) / ten for name, ten in tens.items()}
    return Bars.from_columns(bars.series, {"open_ms": bars.open_ms, **columns})


def bars_between(
    seed: int, listing: Listing, kind: Kind, interval: Interval, start_ms: int, end_ms: int
) -> Bars:
    """Complete bars, in grid units, that open in `[start_ms, end_ms)`, whatever the clock says.

    A week or month that has not ended by the last day generated is not among them.
    """
    start_ms = max(start_ms, _first_open_ms(listing, interval))
    series = Series(listing.category, listing.symbol, interval, kind)
    if start_ms >= end_ms:
        return Bars.empty(series)
    if interval in ("W", "M"):
        days = _days(seed, listing, kind, listing.launch_ms, end_ms + 31 * DAY_MS)
        return _long_bars(series, days).between(start_ms, end_ms)
    if interval == "D":
        return _days(seed, listing, kind, start_ms, end_ms)
    chunks = _chunks(start_ms, end_ms)
    pieces = (resample(minutes(seed, listing, kind, chunk), interval) for chunk in chunks)
    return joined(series, pieces).between(start_ms, end_ms)


def joined(series: Series, pieces: Iterable[Bars]) -> Bars:
    """Bars of one series after one another; the pieces must be in order and not overlap."""
    kept = [piece.columns() for piece in pieces if len(piece)]
    if not kept:
        return Bars.empty(series)
    columns = {name: np.concatenate([piece[name] for piece in kept]) for name in kept[0]}
    return Bars(series, **columns, checked=True)


def folded(series: Series, bars: Bars) -> Bars:
    """One bar of `series` out of all of `bars`, for periods that are not whole."""
    return Bars(
        series,
        floor_open_ms(bars.open_ms[:1], series.interval),
        bars.open[:1],
        bars.high.max(keepdims=True),
        bars.low.min(keepdims=True),
        bars.close[-1:],
        bars.volume.sum(keepdims=True),
        bars.turnover.sum(keepdims=True),
        checked=True,
    )


@lru_cache(maxsize=48)
def minutes(seed: int, listing: Listing, kind: Kind, chunk: int) -> Bars:
    """One-minute bars of chunk number `chunk`, in grid units, from the launch on."""
    index = index_minutes(seed, listing.base, chunk)
    if kind == "last":
        columns = _last(seed, listing, index, premium(seed, listing, chunk))
    elif kind == "premium":
        columns = _premium_index(seed, listing, chunk)
    elif kind == "mark":
        slow = premium(seed, listing, chunk).slow
        columns = _grid_prices(index, slow, listing.price_decimals + 1)
    else:
        no_premium = np.zeros(CHUNK_MINUTES + 1)
        columns = _grid_prices(index, no_premium, listing.price_decimals + 1)
    series = Series(listing.category, listing.symbol, "1", kind)
    open_ms = (index.first_minute + np.arange(CHUNK_MINUTES)) * MINUTE_MS
    zeros = {"volume": np.zeros(CHUNK_MINUTES), "turnover": np.zeros(CHUNK_MINUTES)}
    bars = Bars(series, open_ms, **{**zeros, **columns}, checked=True)
    return bars.between(listing.launch_ms, bars.end_ms)


@lru_cache(maxsize=16_384)
def _days_of_chunk(seed: int, listing: Listing, kind: Kind, chunk: int) -> Bars:
    return resample(minutes(seed, listing, kind, chunk), "D")


def _days(seed: int, listing: Listing, kind: Kind, start_ms: int, end_ms: int) -> Bars:
    series = Series(listing.category, listing.symbol, "D", kind)
    chunks = _chunks(max(start_ms, listing.launch_ms), end_ms)
    pieces = (_days_of_chunk(seed, listing, kind, chunk) for chunk in chunks)
    return joined(series, pieces).between(start_ms, end_ms)


def _long_bars(series: Series, days: Bars) -> Bars:
    """Weeks or months out of days, with the one in which the contract was launched."""
    whole = resample(days, series.interval)
    launch = floor_open_ms(days.open_ms[:1], series.interval)
    second_ms = int(next_open_ms(launch, series.interval)[0])
    if launch[0] == days.start_ms or days.end_ms < second_ms:
        return whole
    first = folded(series, days.between(days.start_ms, second_ms))
    return joined(series, (first, whole))


def _chunks(start_ms: int, end_ms: int) -> range:
    return range(chunk_of(start_ms // MINUTE_MS), -(-end_ms // _CHUNK_MS))


def _first_open_ms(listing: Listing, interval: Interval) -> int:
    # The week and the month of the launch open before it.
    return listing.launch_ms - {"W": 7 * DAY_MS, "M": 31 * DAY_MS}.get(interval, 0)


def _grid_prices(index: IndexMinutes, share: Floats, decimals: int) -> dict[str, Floats]:
    """Open, high, low, close in ticks of the index times 1 + `share` (CHUNK_MINUTES + 1,)."""
    ticks = 10.0**decimals
    factor = (1.0 + share) * ticks
    close = np.rint(index.close * factor[1:])
    opening = np.append(np.rint(index.open[:1] * factor[:1]), close[:-1])
    high = np.maximum(np.rint(index.high * factor[1:]), np.maximum(opening, close))
    low = np.minimum(np.rint(index.low * factor[1:]), np.minimum(opening, close))
    # The lowest price there is on a grid is one tick.
    return {
        "open": np.maximum(opening, 1.0),
        "high": np.maximum(high, 1.0),
        "low": np.maximum(low, 1.0),
        "close": np.maximum(close, 1.0),
    }


def _last(seed: int, listing: Listing, index: IndexMinutes, paid: Premium) -> dict[str, Floats]:
    columns = _grid_prices(index, paid.whole, listing.price_decimals)
    name = ("volume", listing.category, listing.symbol)
    words = Stream(seed, *name).words(index.first_minute, CHUNK_MINUTES)
    usd = listing.usd_per_minute * index.effort * (0.7 + 0.3 * exponentials_of(words, 0))
    lots_per_unit = 10.0**listing.qty_decimals
    middle = columns["open"] + columns["high"] + columns["low"] + columns["close"]
    price = middle / (4.0 * 10.0**listing.price_decimals)
    if listing.category == "inverse":
        lots = np.rint(usd * lots_per_unit) + _LEAST_LOTS
        turnover = lots / lots_per_unit / price
    else:
        lots = np.rint(usd / price * lots_per_unit) + _LEAST_LOTS
        turnover = lots / lots_per_unit * price
    columns["volume"] = lots
    columns["turnover"] = np.rint(turnover * 10.0**listing.turnover_decimals)
    return columns


def _premium_index(seed: int, listing: Listing, chunk: int) -> dict[str, Floats]:
    """(perpetual − index) / index, from the closes that the two bars print."""
    index = _whole_chunk(seed, listing, "index", chunk)
    last = _whole_chunk(seed, listing, "last", chunk)
    close = _premium_units(last["close"], index["close"])
    opening = np.append(_premium_units(last["open"][:1], index["open"][:1]), close[:-1])
    name = ("premium-range", listing.category, listing.symbol)
    words = Stream(seed, *name).words(chunk * CHUNK_MINUTES, CHUNK_MINUTES)
    above = np.rint(12.0 * exponentials_of(words, 0))
    below = np.rint(12.0 * exponentials_of(words, 1))
    return {
        "open": opening,
        "high": np.maximum(opening, close) + above,
        "low": np.minimum(opening, close) - below,
        "close": close,
    }


def _whole_chunk(seed: int, listing: Listing, kind: Kind, chunk: int) -> dict[str, Floats]:
    index = index_minutes(seed, listing.base, chunk)
    if kind == "index":
        return _grid_prices(index, np.zeros(CHUNK_MINUTES + 1), listing.price_decimals + 1)
    paid = premium(seed, listing, chunk)
    return _grid_prices(index, paid.whole, listing.price_decimals)


def _premium_units(last_ticks: Floats, index_ticks: Floats) -> Floats:
    # The index has one decimal more than the contract.
    share = (last_ticks * 10.0 - index_ticks) / index_ticks
    return np.asarray(np.rint(share * 10.0**_PREMIUM_DECIMALS), dtype=np.float64)
