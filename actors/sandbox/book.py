"""Who would trade now? The order book around the last print, and the prints before it."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from actors.sandbox.draws import Stream, exponentials_of
from actors.sandbox.instruments import Listing
from actors.sandbox.markets import minutes
from actors.sandbox.paths import chunk_of
from actors.sandbox.prints import PRINTS, Prints, in_sequence, prints_of
from engines.bars import Floats
from engines.intervals import MINUTE_MS

MAX_DEPTH: Final = 1000
# A book level holds this share of a minute's average turnover.
_LEVEL_SHARE: Final = 0.02


class Side(NamedTuple):
    """Price levels from the best one outwards, in grid units; both (n_levels,)."""

    price: Floats
    size: Floats


class Book(NamedTuple):
    """Both sides as they stood after print number `update` at `time_ms`."""

    bids: Side
    asks: Side
    update: int
    time_ms: int


def trades_before(seed: int, listing: Listing, now_ms: int, count: int) -> Prints:
    """The latest `count` prints up to `now_ms`, oldest first; fewer right after the launch.

    The contract must have been launched by then.
    """
    parts: list[Prints] = []
    minute = now_ms // MINUTE_MS
    seen = 0
    while seen < count and minute * MINUTE_MS >= listing.launch_ms:
        prints = _prints_at(seed, listing, minute)
        n_seen = int(np.searchsorted(prints.time_ms, now_ms, side="right"))
        parts.append(prints.rows(slice(n_seen)))
        seen += n_seen
        minute -= 1
    return in_sequence(parts[::-1]).rows(slice(-count, None))


def book_at(seed: int, listing: Listing, now_ms: int, depth: int) -> Book:
    """The book after the latest print before `now_ms`, at most `depth` levels a side.

    The last print took the best price of the other side; one tick lies between the best prices.
    """
    prints = trades_before(seed, listing, now_ms, 1)
    if not len(prints.time_ms):
        empty = Side(np.empty(0), np.empty(0))
        return Book(empty, empty, 0, now_ms)
    last, time_ms = float(prints.price[0]), int(prints.time_ms[0])
    best_ask = last if prints.is_buy[0] else last + 1.0
    update = (time_ms - listing.launch_ms) // MINUTE_MS * PRINTS + time_ms // 1000 % 60
    stream = Stream(seed, "book", listing.category, listing.symbol)
    words = stream.words(update * 2 * MAX_DEPTH, 2 * MAX_DEPTH)
    gaps = 1.0 + np.floor(0.7 * exponentials_of(words, 0))
    size = _sizes(listing, last) * (0.1 + exponentials_of(words, 1))
    sizes = np.rint(size) + 1.0
    asks = best_ask + _offsets(gaps[:depth])
    bids = best_ask - 1.0 - _offsets(gaps[MAX_DEPTH : MAX_DEPTH + depth])
    positive = bids > 0.0
    bid_sizes = sizes[MAX_DEPTH : MAX_DEPTH + depth]
    return Book(
        Side(bids[positive], bid_sizes[positive]), Side(asks, sizes[:depth]), update, time_ms
    )


def _prints_at(seed: int, listing: Listing, minute: int) -> Prints:
    bars = minutes(seed, listing, "last", chunk_of(minute))
    start_ms = minute * MINUTE_MS
    return prints_of(seed, listing, bars.between(start_ms, start_ms + MINUTE_MS))


def _offsets(gaps: Floats) -> Floats:
    return np.append(0.0, np.cumsum(gaps[1:]))


def _sizes(listing: Listing, last_ticks: float) -> float:
    """Average lots of a level."""
    usd = _LEVEL_SHARE * listing.usd_per_minute
    lots = 10.0**listing.qty_decimals
    if listing.category == "inverse":
        return usd * lots
    return usd / (last_ticks / 10.0**listing.price_decimals) * lots
