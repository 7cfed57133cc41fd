"""What do longs pay shorts? Funding rates that follow the premium, settled at fixed times.

F = P + clamp(I − P, ±0.05 %), limited to the contract's cap; I = 0.03 % a day; P is the average
of the premium index over the interval, minute k of n weighted k (Bybit, "Funding fee").
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from actors.sandbox.instruments import Listing
from actors.sandbox.markets import minutes, scale_of
from actors.sandbox.paths import CHUNK_MINUTES, chunk_of
from engines.bars import Floats
from engines.funding import FundingRates
from engines.intervals import DAY_MS, MINUTE_MS

RATE_DECIMALS: Final = 8
_DAILY_INTEREST: Final = 0.0003
_DEADBAND: Final = 0.0005
_DAY_MINUTES: Final = DAY_MS // MINUTE_MS


def next_settlement_ms(listing: Listing, now_ms: int) -> int:
    """The first settlement after `now_ms`."""
    interval_ms = listing.funding_interval_minutes * MINUTE_MS
    return (now_ms // interval_ms + 1) * interval_ms


def rate_of(listing: Listing, premium: Floats) -> Floats:
    """Rates, fractions rounded to 8 decimals, (n,), out of premium closes (n, k), fractions.

    Row by row, k minutes since the settlement before, oldest first.
    """
    n_minutes = premium.shape[1]
    weights = np.arange(1, n_minutes + 1)
    # Whole numbers add up to the same on every machine.
    units = np.rint(premium * 10.0**RATE_DECIMALS).astype(np.int64)
    average = (units @ weights) / (weights.sum() * 10.0**RATE_DECIMALS)
    interest = _DAILY_INTEREST * listing.funding_interval_minutes / _DAY_MINUTES
    rate = average + np.clip(interest - average, -_DEADBAND, _DEADBAND)
    cap = float(listing.funding_cap)
    scale = 10.0**RATE_DECIMALS
    return np.asarray(np.rint(np.clip(rate, -cap, cap) * scale) / scale, dtype=np.float64)


def rates_between(seed: int, listing: Listing, start_ms: int, end_ms: int) -> FundingRates:
    """Settlements in `[start_ms, end_ms)`, from the first whole interval after the launch on."""
    # A chunk's last settlement falls on its end, which is the next chunk's start.
    first = chunk_of((max(start_ms, listing.launch_ms + 1) - 1) // MINUTE_MS)
    chunks = range(first, -(-end_ms // (CHUNK_MINUTES * MINUTE_MS)))
    parts = [_chunk_rates(seed, listing, chunk) for chunk in chunks]
    time_ms = np.concatenate([np.empty(0, np.int64), *(part.time_ms for part in parts)])
    rate = np.concatenate([np.empty(0), *(part.rate for part in parts)])
    whole = FundingRates(listing.category, listing.symbol, time_ms, rate)
    return whole.between(start_ms, end_ms)


@lru_cache(maxsize=4096)
def _chunk_rates(seed: int, listing: Listing, chunk: int) -> FundingRates:
    """Settlements after the chunk's start, up to and with its end."""
    bars = minutes(seed, listing, "premium", chunk)
    interval = listing.funding_interval_minutes
    premium = bars.close / 10.0 ** scale_of(listing, "premium").price
    whole = premium[len(premium) % interval :].reshape(-1, interval)
    time_ms = bars.end_ms - np.arange(len(whole))[::-1] * interval * MINUTE_MS
    return FundingRates(listing.category, listing.symbol, time_ms, rate_of(listing, whole))
