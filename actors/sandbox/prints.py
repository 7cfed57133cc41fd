"""What happens inside a minute? One print a second that together make exactly the minute's bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from actors.sandbox.draws import Stream, Words, bells_of, exponentials_of
from actors.sandbox.instruments import Listing
from actors.sandbox.markets import folded
from engines.bars import Bars, Floats
from engines.intervals import MINUTE_MS, Times

PRINTS: Final = 60
_SECOND_MS: Final = 1000


class Prints(NamedTuple):
    """The prints of one minute, oldest first, all (60,), in grid units.

    `words` are the random bits of each print, for whatever else a print needs to be told apart.
    """

    time_ms: Times
    price: Floats
    volume: Floats
    turnover: Floats
    is_buy: NDArray[np.bool_]
    words: Words

    def rows(self, rows: slice) -> Prints:
        """Some of the prints, without a copy."""
        return Prints(
            self.time_ms[rows],
            self.price[rows],
            self.volume[rows],
            self.turnover[rows],
            self.is_buy[rows],
            self.words[rows],
        )


def in_sequence(parts: Sequence[Prints]) -> Prints:
    """The prints of several minutes after one another; at least one minute."""
    return Prints(
        np.concatenate([part.time_ms for part in parts]),
        np.concatenate([part.price for part in parts]),
        np.concatenate([part.volume for part in parts]),
        np.concatenate([part.turnover for part in parts]),
        np.concatenate([part.is_buy for part in parts]),
        np.concatenate([part.words for part in parts]),
    )


def prints_of(seed: int, listing: Listing, minute: Bars) -> Prints:
    """The prints of `minute`, a single complete one-minute bar in grid units.

    They touch its high and its low, end at its close and add up to its volume and turnover.
    """
    open_ms = minute.start_ms
    number = open_ms // MINUTE_MS * PRINTS
    # All markets of a coin, and its mark and index, take the same way through the minute.
    price = _prices(minute, Stream(seed, "way", listing.base).words(number, PRINTS))
    words = Stream(seed, "prints", listing.category, listing.symbol).words(number, PRINTS)
    jitter = (words >> np.uint64(32)).astype(np.int64) % _SECOND_MS
    time_ms = open_ms + np.arange(PRINTS) * _SECOND_MS + jitter
    share = np.cumsum(0.05 + exponentials_of(words, 0))
    share /= share[-1]
    bought = np.diff(price, prepend=minute.open[0])
    is_buy = np.where(bought == 0.0, words & np.uint64(1) == 1, bought > 0.0)
    traded = minute.series.kind == "last"
    volume = _split(minute.volume[0] - PRINTS, share) + 1.0 if traded else np.zeros(PRINTS)
    return Prints(time_ms, price, volume, _split(minute.turnover[0], share), is_buy, words)


def unfinished(minute: Bars, prints: Prints, now_ms: int) -> Bars:
    """The bar of the prints up to `now_ms`: what the minute looks like before its end.

    Without a print yet it stands at the open with no volume.
    """
    n_seen = int(np.searchsorted(prints.time_ms, now_ms, side="right"))
    path = np.append(minute.open[:1], prints.price[:n_seen])
    seen = Bars(
        minute.series,
        np.repeat(minute.open_ms, n_seen + 1),
        path,
        path,
        path,
        path,
        np.append(0.0, prints.volume[:n_seen]),
        np.append(0.0, prints.turnover[:n_seen]),
        checked=True,
    )
    return folded(minute.series, seen)


def _prices(minute: Bars, words: Words) -> Floats:
    """From open over both extremes to close, with some noise that stays inside the bar."""
    opening, close = minute.open[0], minute.close[0]
    high, low = minute.high[0], minute.low[0]
    bits = int(words[0])
    early = bits % (PRINTS - 2)
    late = early + 1 + (bits >> 20) % (PRINTS - 2 - early)
    first, second = (high, low) if bits >> 50 & 1 else (low, high)
    corners = [-1, early, late, PRINTS - 1]
    path = np.interp(np.arange(PRINTS), corners, [opening, first, second, close])
    noisy = np.rint(path + bells_of(words) * (high - low) / 8.0)
    noisy[[early, late, PRINTS - 1]] = first, second, close
    inside: Floats = np.minimum(np.maximum(noisy, low), high)
    return inside


def _split(total: float, share: Floats) -> Floats:
    """Whole numbers in proportion to a cumulative `share` that add up to `total`."""
    return np.diff(np.floor(total * share), prepend=0.0)
