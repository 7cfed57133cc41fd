"""How does a coin move within its days? Minutes of its index price, hung on the daily walk.

Minutes come in chunks of eight days. Within a day the path is a Brownian motion on a clock that
runs faster when volatility is high, tied to the level that the daily walk prescribes.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from actors.sandbox.draws import Rung, Stream, bells_of, cascade, exp, exponentials_of, interpolated
from actors.sandbox.skeleton import (
    COINS,
    DAY_MINUTES,
    MARKET,
    Coin,
    Walk,
    coin_levels,
    day_index,
    market_walk,
    own_walk,
)
from engines.bars import Floats

CHUNK_DAYS: Final = 8
CHUNK_MINUTES: Final = CHUNK_DAYS * DAY_MINUTES

# Volatility of the hours 0 to 23 UTC against the mean: quiet before Asia wakes, loudest when
# New York opens, as hourly returns of BTCUSDT show.
_HOURS: Final = (
    1.05, 0.98, 0.90, 0.84, 0.80, 0.80, 0.84, 0.92, 1.00, 0.98, 0.94, 0.96,
    1.08, 1.28, 1.45, 1.40, 1.28, 1.15, 1.06, 1.02, 0.98, 0.92, 0.86, 0.96,
)  # fmt: skip
_HOUR_KNOTS: Final[Floats] = np.repeat(np.array(_HOURS), 4)
_FINEST: Final = 15
_ROUGHNESS: Final = (Rung(480, 0.30), Rung(240, 0.26), Rung(60, 0.26), Rung(_FINEST, 0.22))


class Moves(NamedTuple):
    """One walk within a chunk: (CHUNK_DAYS, 1440) log moves since midnight, minute deviations."""

    since_midnight: Floats
    sigma: Floats


class IndexMinutes(NamedTuple):
    """Index prices of one coin in a chunk, USD; all (CHUNK_MINUTES,).

    `high` and `low` enclose open and close. `effort` is how busy the minute was: around 1 on
    average, with the volatility, the hour and the size of the move in it.
    """

    first_minute: int
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    effort: Floats


def chunk_of(minute: int) -> int:
    """Number of the chunk that holds `minute` (minutes since 1970)."""
    return minute // CHUNK_MINUTES


@lru_cache(maxsize=48)
def index_minutes(seed: int, coin_name: str, chunk: int) -> IndexMinutes:
    """Index price of one coin for the minutes of chunk number `chunk`."""
    coin = COINS[coin_name]
    first_minute = chunk * CHUNK_MINUTES
    day = day_index(first_minute)
    days = slice(day, day + CHUNK_DAYS)
    market = _market_moves(seed, chunk)
    own = _moves(seed, f"coin/{coin.name}", own_walk(seed, coin, days.stop), first_minute)
    midnight = coin_levels(seed, coin, days.stop)[day : days.stop + 1]
    close = exp(_log_close(coin, market, own, midnight))
    opening = np.append(exp(midnight[:1]), close[:-1])
    sigma = np.sqrt((coin.beta * market.sigma) ** 2 + own.sigma**2).ravel()
    words = Stream(seed, "coin", coin.name, "range").words(first_minute, CHUNK_MINUTES)
    change = close / opening - 1.0
    high = opening * (1.0 + _reach(change, sigma, exponentials_of(words, 0)))
    low = opening * (1.0 - _reach(-change, sigma, exponentials_of(words, 1)))
    effort = _effort(change, sigma, exponentials_of(words, 2), _typical_sigma(coin))
    return IndexMinutes(first_minute, opening, high, low, close, effort)


def _log_close(coin: Coin, market: Moves, own: Moves, midnight: Floats) -> Floats:
    log_close = coin.beta * market.since_midnight + own.since_midnight
    log_close += (coin.annual_growth / 365.0 / DAY_MINUTES) * np.arange(1, DAY_MINUTES + 1)
    log_close += midnight[:-1, None]
    # Midnight is where the next day begins: equal to the last bit, not almost.
    log_close[:, -1] = midnight[1:]
    return log_close.ravel()


@lru_cache(maxsize=48)
def _market_moves(seed: int, chunk: int) -> Moves:
    first_minute = chunk * CHUNK_MINUTES
    days = day_index(first_minute) + CHUNK_DAYS
    return _moves(seed, "market", market_walk(seed, days), first_minute)


def _moves(seed: int, name: str, walk: Walk, first_minute: int) -> Moves:
    day = day_index(first_minute)
    days = slice(day, day + CHUNK_DAYS)
    shape, elapsed = _shape(seed, name, first_minute)
    sigma = shape * walk.sigma[days, None]
    bells = bells_of(Stream(seed, name, "minute").words(first_minute, CHUNK_MINUTES))
    path = np.cumsum(sigma * bells.reshape(sigma.shape), axis=1)
    level, jump = walk.level[day : days.stop + 1], walk.jump[days]
    missing = np.diff(level) - jump - path[:, -1]
    # Tying a Brownian motion down spreads what is missing in proportion to the variance.
    path += missing[:, None] * elapsed
    for row in np.flatnonzero(jump):
        path[row, walk.jump_minute[day + row] :] += jump[row]
    return Moves(path, sigma)


def _shape(seed: int, name: str, first_minute: int) -> tuple[Floats, Floats]:
    """Share of each minute in its day's deviation, and of the day's variance elapsed by its end.

    Both (CHUNK_DAYS, 1440); the squares of a row of the first sum to one.
    """
    last_minute = first_minute + CHUNK_MINUTES
    roughness = cascade(seed, f"{name}/roughness", first_minute, last_minute, _ROUGHNESS)
    hours = np.append(np.tile(_HOUR_KNOTS, CHUNK_DAYS), _HOUR_KNOTS[0])
    shape = interpolated(exp(roughness) * hours, _FINEST)[:-1].reshape(CHUNK_DAYS, DAY_MINUTES)
    # cumsum adds in one order everywhere; sum's order depends on the processor.
    elapsed = np.cumsum(shape**2, axis=1)
    total = elapsed[:, -1:].copy()
    shape /= np.sqrt(total)
    elapsed /= total
    return shape, elapsed


def _reach(change: Floats, sigma: Floats, exponentials: Floats) -> Floats:
    """Farthest point above the open of a Brownian minute that ends at `change`, as a fraction.

    Exact law of the maximum of a Brownian bridge: (b + sqrt(b² + 2s²E)) / 2, E exponential.
    """
    reach = change + np.sqrt(change**2 + 2.0 * sigma**2 * exponentials)
    return np.asarray(0.5 * reach, dtype=np.float64)


def _effort(change: Floats, sigma: Floats, exponentials: Floats, typical: float) -> Floats:
    surprise = np.abs(change) / sigma
    effort = (sigma / typical) * (0.45 + 0.55 * surprise) * (0.5 + 0.5 * exponentials)
    return np.asarray(effort, dtype=np.float64)


def _typical_sigma(coin: Coin) -> float:
    variance = (coin.beta * MARKET.annual_volatility) ** 2 + coin.own.annual_volatility**2
    return math.sqrt(variance / (365.0 * DAY_MINUTES))
