"""Where do the coins stand at midnight? The daily walk that all intraday prices hang on.

Every coin's logarithm is beta × market + own + growth. Market and own parts are walks of one
kind: volatility with memory on scales from a day to two months, drifts that last some weeks,
rare jumps, and a weak pull back that keeps prices in a sane range for decades.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from actors.sandbox.draws import (
    Rung,
    Stream,
    Words,
    cascade,
    exp,
    exponentials_of,
    interpolated,
    uniforms_of,
)
from engines.bars import Floats
from engines.errors import InvalidInput
from engines.intervals import Times

# 2018-01-05, a multiple of the coarsest step below.
ORIGIN_DAY: Final = 17_536
# Walks are made for whole spans, so that a moving clock seldom makes them longer.
_SPAN_DAYS: Final = 2048
DAY_MINUTES: Final = 1440

_VOLATILITY: Final = (Rung(64, 0.22), Rung(16, 0.28), Rung(4, 0.28), Rung(1, 0.28))
_DRIFT: Final = (Rung(64, 0.0020), Rung(32, 0.0020))
_PULL_PER_DAY: Final = 0.0025
_WEEKEND_VOLATILITY: Final = 0.72
# 1970-01-01 was a Thursday: days 2 and 3 after it were a weekend.
_WEEKEND: Final = (2, 3)


class Nature(NamedTuple):
    """How one walk behaves: yearly volatility, chance of a jump a day, typical size of one."""

    annual_volatility: float
    jump_chance: float
    jump_size: float


class Coin(NamedTuple):
    """A coin's price on the origin day in USD, yearly growth, share in the market, own walk."""

    name: str
    start_price: float
    annual_growth: float
    beta: float
    own: Nature


class Walk(NamedTuple):
    """Days of one walk: `level` (n_days + 1,) at each midnight, the rest (n_days,).

    `sigma` is the deviation of the day's smooth part, `jump` a move within minute `jump_minute`.
    """

    level: Floats
    sigma: Floats
    jump: Floats
    jump_minute: Times


MARKET: Final = Nature(annual_volatility=0.50, jump_chance=0.05, jump_size=0.012)
COINS: Final = {
    coin.name: coin
    for coin in (
        Coin("BTC", 9_000.0, 0.26, 1.00, Nature(0.16, 0.01, 0.006)),
        Coin("ETH", 450.0, 0.26, 1.12, Nature(0.36, 0.03, 0.010)),
        Coin("SOL", 6.0, 0.38, 1.20, Nature(0.66, 0.05, 0.016)),
        Coin("XRP", 0.60, 0.20, 1.02, Nature(0.58, 0.05, 0.018)),
        Coin("ADA", 0.60, 0.14, 1.12, Nature(0.55, 0.04, 0.014)),
        Coin("DOGE", 0.06, 0.26, 1.08, Nature(0.68, 0.06, 0.020)),
    )
}


def market_walk(seed: int, days: int) -> Walk:
    """The market's common walk over at least `days` days from the origin on."""
    return _walk(seed, "market", MARKET, _spans(days))


def own_walk(seed: int, coin: Coin, days: int) -> Walk:
    """The part of the coin's walk that no other coin shares, over at least `days` days."""
    return _walk(seed, f"coin/{coin.name}", coin.own, _spans(days))


def coin_levels(seed: int, coin: Coin, days: int) -> Floats:
    """Logarithm of the coin's price in USD at each midnight, at least (days + 1,)."""
    return _coin_levels(seed, coin, _spans(days))


def day_index(minute: int) -> int:
    """Number of days from the origin to the day of `minute` (minutes since 1970).

    Raises InvalidInput before the origin: there is no market yet.
    """
    day = minute // DAY_MINUTES - ORIGIN_DAY
    if day < 0:
        raise InvalidInput("minute", minute, f"{ORIGIN_DAY * DAY_MINUTES} (2018-01-05) or later")
    return day


def _spans(days: int) -> int:
    return max(1, -(-days // _SPAN_DAYS))


@lru_cache(maxsize=64)
def _walk(seed: int, name: str, nature: Nature, spans: int) -> Walk:
    first, days = ORIGIN_DAY, spans * _SPAN_DAYS
    calm = np.isin(np.arange(first, first + days) % 7, _WEEKEND)
    log_volatility = cascade(seed, f"{name}/volatility", first, first + days, _VOLATILITY)[:-1]
    sigma = exp(log_volatility) * (nature.annual_volatility / math.sqrt(365.0))
    sigma *= np.where(calm, _WEEKEND_VOLATILITY, 1.0)
    drift = cascade(seed, f"{name}/drift", first, first + days, _DRIFT)
    words = Stream(seed, name, "jump").words(first, days)
    jump = _jumps(words, nature)
    moves = sigma * Stream(seed, name, "day").bells(first, days) + jump
    moves += interpolated(drift, _DRIFT[-1].step)[:-1]
    minute = (words >> np.uint64(24) & np.uint64(0xFFFF)).astype(np.int64) % DAY_MINUTES
    return Walk(_pulled_back(moves), sigma, jump, minute)


def _jumps(words: Words, nature: Nature) -> Floats:
    # One word decides it all: its upper bits whether, bits 24 to 39 when, 12 to 23 how far.
    size = nature.jump_size * (0.5 + exponentials_of(words, 1))
    sign = np.where(words & np.uint64(1) == 0, 1.0, -1.0)
    return np.where(uniforms_of(words) < nature.jump_chance, sign * size, 0.0)


def _pulled_back(moves: Floats) -> Floats:
    levels = [0.0]
    for move in moves.tolist():
        levels.append(levels[-1] * (1.0 - _PULL_PER_DAY) + move)
    return np.array(levels)


@lru_cache(maxsize=64)
def _coin_levels(seed: int, coin: Coin, spans: int) -> Floats:
    days = spans * _SPAN_DAYS
    market = market_walk(seed, days).level
    own = own_walk(seed, coin, days).level
    growth = (coin.annual_growth / 365.0) * np.arange(days + 1)
    # Rounded, because the last digit of a logarithm differs between machines.
    return round(math.log(coin.start_price), 12) + growth + coin.beta * market + own
