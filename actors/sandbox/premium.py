"""How far does a contract trade from its index? Premiums as fractions, minute by minute."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from actors.sandbox.draws import Rung, cascade, interpolated
from actors.sandbox.instruments import Listing
from actors.sandbox.paths import CHUNK_DAYS, CHUNK_MINUTES
from actors.sandbox.skeleton import COINS, DAY_MINUTES, coin_levels, day_index
from engines.bars import Floats

_HOUR: Final = 60
_SLOW: Final = (
    Rung(CHUNK_MINUTES, 2.4e-4),
    Rung(DAY_MINUTES, 2.6e-4),
    Rung(240, 1.8e-4),
    Rung(_HOUR, 0.8e-4),
)
_FAST: Final = (Rung(15, 0.5e-4), Rung(1, 0.25e-4))
# Spot is what the index is made of: it has no premium beyond the noise of its own book.
_SPOT: Final = (Rung(15, 0.3e-4), Rung(1, 0.2e-4))
_MOMENTUM_DAYS: Final = 8
_MOMENTUM_SHARE: Final = 0.0035
_MOMENTUM_LIMIT: Final = 0.0020


class Premium(NamedTuple):
    """Fractions of the index at the end of each minute, (CHUNK_MINUTES + 1,) from the start on.

    `slow` is the part that the mark price follows, `whole` what the contract trades at.
    """

    whole: Floats
    slow: Floats


def premium(seed: int, listing: Listing, chunk: int) -> Premium:
    """Premium of one contract over its coin's index in chunk number `chunk`."""
    first = chunk * CHUNK_MINUTES
    last = first + CHUNK_MINUTES
    name = f"{listing.category}/{listing.symbol}/premium"
    if not listing.is_perpetual:
        noise = cascade(seed, name, first, last, _SPOT)
        return Premium(noise, np.zeros_like(noise))
    slow = interpolated(cascade(seed, name, first, last, _SLOW), _HOUR)
    slow += _crowd(seed, listing, first)
    return Premium(slow + cascade(seed, f"{name}/fast", first, last, _FAST), slow)


def _crowd(seed: int, listing: Listing, first_minute: int) -> Floats:
    """What a week's trend adds: the crowd pays up for longs after a rise, for shorts after a fall.

    A day moves from yesterday's value to today's, both known at midnight: a premium that knew
    where the day ends would tell the future.
    """
    day = day_index(first_minute)
    levels = coin_levels(seed, COINS[listing.base], day + CHUNK_DAYS)
    midnights = np.arange(day - 1, day + CHUNK_DAYS)
    since = levels[midnights] - levels[np.maximum(midnights - _MOMENTUM_DAYS, 0)]
    paid = np.clip(_MOMENTUM_SHARE * since, -_MOMENTUM_LIMIT, _MOMENTUM_LIMIT)
    return interpolated(paid, DAY_MINUTES)
