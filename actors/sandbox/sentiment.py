"""How many contracts are open, and who holds them? Open interest and the long/short ratio."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from actors.sandbox.draws import Rung, cascade, exp
from actors.sandbox.instruments import Listing
from actors.sandbox.paths import CHUNK_MINUTES, chunk_of, index_minutes
from actors.sandbox.skeleton import DAY_MINUTES
from engines.bars import Floats
from engines.errors import InvalidInput
from engines.intervals import MINUTE_MS, Times

# The finest period that Bybit publishes.
STEP_MINUTES: Final = 5
STEP_MS: Final = STEP_MINUTES * MINUTE_MS
_STEPS_PER_CHUNK: Final = CHUNK_MINUTES // STEP_MINUTES
_OPEN_INTEREST: Final = (
    Rung(CHUNK_MINUTES, 0.20),
    Rung(DAY_MINUTES, 0.06),
    Rung(240, 0.03),
    Rung(60, 0.015),
    Rung(STEP_MINUTES, 0.004),
)
_LONGS: Final = (
    Rung(CHUNK_MINUTES, 0.05),
    Rung(DAY_MINUTES, 0.04),
    Rung(240, 0.02),
    Rung(60, 0.01),
    Rung(STEP_MINUTES, 0.003),
)
# Some hours of turnover stay open over night.
_OPEN_MINUTES: Final = 480.0


class Sentiment(NamedTuple):
    """Five-minute values of a chunk, (2304,): contracts open on both sides, share of longs."""

    time_ms: Times
    open_interest: Floats
    long_share: Floats

    def rows(self, wanted: NDArray[np.bool_]) -> Sentiment:
        """The values of the rows that are True in `wanted`."""
        return Sentiment(self.time_ms[wanted], self.open_interest[wanted], self.long_share[wanted])


def sentiment_between(seed: int, listing: Listing, start_ms: int, end_ms: int) -> Sentiment:
    """Five-minute values in `[start_ms, end_ms)`, oldest first, from the launch on."""
    start_ms = max(start_ms, listing.launch_ms)
    first, last = chunk_of(start_ms // MINUTE_MS), chunk_of(max(end_ms, start_ms) // MINUTE_MS)
    parts = [sentiment(seed, listing, chunk) for chunk in range(first, last + 1)]
    whole = Sentiment(
        np.concatenate([part.time_ms for part in parts]),
        np.concatenate([part.open_interest for part in parts]),
        np.concatenate([part.long_share for part in parts]),
    )
    return whole.rows((whole.time_ms >= start_ms) & (whole.time_ms < end_ms))


def sentiment(seed: int, listing: Listing, chunk: int) -> Sentiment:
    """Open interest and the share of accounts that are long, of one perpetual in one chunk."""
    if not listing.is_perpetual:
        raise InvalidInput("symbol", f"{listing.category}/{listing.symbol}", "a perpetual")
    first = chunk * CHUNK_MINUTES
    last = first + CHUNK_MINUTES
    name = f"{listing.category}/{listing.symbol}"
    swell = exp(cascade(seed, f"{name}/open-interest", first, last, _OPEN_INTEREST)[:-1])
    usd = _OPEN_MINUTES * listing.usd_per_minute * swell
    price = index_minutes(seed, listing.base, chunk).open[::STEP_MINUTES]
    contracts = usd if listing.category == "inverse" else usd / price
    lots = 10.0**listing.qty_decimals
    longs = 0.52 + cascade(seed, f"{name}/longs", first, last, _LONGS)[:-1]
    time_ms = (first + np.arange(_STEPS_PER_CHUNK) * STEP_MINUTES) * MINUTE_MS
    # Every contract has two sides, so both together are even.
    both_sides = 2.0 * np.rint(contracts * lots) / lots
    return Sentiment(time_ms, both_sides, np.rint(np.clip(longs, 0.05, 0.95) * 1e4) / 1e4)
