"""Do the markets look like crypto? Stylised facts, each within what real venues have shown.

Bounds come from hourly bars of BTC, ETH, XRP and ADA at five venues, 2018 to 2026: kurtosis 8 to
60, |r| autocorrelation 0.27 to 0.33 after one hour and 0.06 to 0.16 after a hundred, correlation
of volume and |r| 0.39 to 0.66.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from actors.sandbox.instruments import LISTINGS
from actors.sandbox.markets import bars_between
from actors.sandbox.skeleton import COINS, coin_levels
from engines.bars import Bars, Floats
from engines.intervals import DAY_MS, Interval

START_MS = int(np.datetime64("2021-07-01", "ms").astype(np.int64))
SEEDS = (1, 2, 3)
LINEAR = {x.symbol: x for x in LISTINGS if x.category == "linear"}
HOURS_A_YEAR = 24 * 365


@cache
def bars_of(seed: int, symbol: str, interval: Interval = "60", years: int = 2) -> Bars:
    end_ms = START_MS + years * 365 * DAY_MS
    return bars_between(seed, LINEAR[symbol], "last", interval, START_MS, end_ms)


def returns_of(bars: Bars) -> Floats:
    return np.asarray(np.diff(np.log(bars.close)))


def autocorrelation(values: Floats, lag: int) -> float:
    return float(np.corrcoef(values[:-lag], values[lag:])[0, 1])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("symbol", ["BTCUSDT", "DOGEUSDT"])
def test_returns_have_fat_tails(seed: int, symbol: str) -> None:
    returns = returns_of(bars_of(seed, symbol))
    kurtosis = ((returns - returns.mean()) ** 4).mean() / returns.var() ** 2
    assert 5.0 < kurtosis < 80.0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("symbol", ["BTCUSDT", "DOGEUSDT"])
def test_volatility_clusters_and_forgets_slowly(seed: int, symbol: str) -> None:
    size = np.abs(returns_of(bars_of(seed, symbol)))
    after = {lag: autocorrelation(size, lag) for lag in (1, 6, 24, 100)}
    assert 0.15 < after[1] < 0.45
    assert after[1] > after[6] > after[24] > 0.03
    assert after[100] > 0.0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("symbol", ["BTCUSDT", "DOGEUSDT"])
def test_returns_hardly_predict_the_next_one(seed: int, symbol: str) -> None:
    returns = returns_of(bars_of(seed, symbol))
    assert max(abs(autocorrelation(returns, lag)) for lag in (1, 2, 3, 24)) < 0.05


@pytest.mark.parametrize("seed", SEEDS)
def test_symbols_move_together_but_not_in_step(seed: int) -> None:
    returns = np.array([returns_of(bars_of(seed, symbol)) for symbol in LINEAR])
    correlations = np.corrcoef(returns)[np.triu_indices(len(LINEAR), k=1)]
    assert correlations.min() > 0.3
    assert correlations.max() < 0.92
    assert 0.5 < correlations.mean() < 0.75


@pytest.mark.parametrize("seed", SEEDS)
def test_volume_follows_the_size_of_moves(seed: int) -> None:
    bars = bars_of(seed, "BTCUSDT")
    size = np.abs(np.diff(np.log(bars.close)))
    assert np.corrcoef(size, bars.volume[1:])[0, 1] > 0.3


@pytest.mark.parametrize("seed", SEEDS)
def test_new_york_hours_are_louder_than_asian_mornings(seed: int) -> None:
    bars = bars_of(seed, "BTCUSDT")
    hour = (bars.open_ms[1:] // 3_600_000) % 24
    size = np.abs(returns_of(bars))
    by_hour = np.array([size[hour == h].mean() for h in range(24)])
    assert by_hour[13:17].mean() > 1.3 * by_hour[2:6].mean()
    assert int(by_hour.argmax()) in range(12, 18)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("year", [0, 1])
def test_bitcoin_is_as_volatile_as_bitcoin(seed: int, year: int) -> None:
    returns = returns_of(bars_of(seed, "BTCUSDT"))[year * HOURS_A_YEAR :][:HOURS_A_YEAR]
    assert 0.40 < returns.std() * np.sqrt(HOURS_A_YEAR) < 0.90


@pytest.mark.parametrize("seed", SEEDS)
def test_weekends_are_quieter(seed: int) -> None:
    bars = bars_of(seed, "BTCUSDT")
    weekday = (bars.open_ms[1:] // DAY_MS + 3) % 7
    size = np.abs(returns_of(bars))
    assert size[weekday >= 5].mean() < 0.9 * size[weekday < 5].mean()


@pytest.mark.parametrize("seed", SEEDS)
def test_there_are_trends_and_drawdowns_to_trade(seed: int) -> None:
    close = bars_of(seed, "BTCUSDT", "D", 4).close
    monthly = np.log(close[30:] / close[:-30])
    assert (np.abs(monthly) > 0.15).mean() > 0.2
    assert (monthly > 0.15).any()
    assert (monthly < -0.15).any()
    drawdown = close / np.maximum.accumulate(close) - 1.0
    assert -0.95 < drawdown.min() < -0.35


@pytest.mark.parametrize(
    ("coin", "lowest", "highest"),
    [("BTC", 500.0, 2e6), ("DOGE", 0.002, 50.0), ("ADA", 0.01, 50.0), ("SOL", 0.2, 1e5)],
)
def test_prices_stay_in_a_sane_range_for_a_decade(coin: str, lowest: float, highest: float) -> None:
    for seed in range(20):
        levels = coin_levels(seed, COINS[coin], 3653)[:3653]
        assert lowest < np.exp(levels.min())
        assert np.exp(levels.max()) < highest


def test_jumps_happen_but_rarely() -> None:
    minutes = bars_between(1, LINEAR["BTCUSDT"], "last", "1", START_MS, START_MS + 365 * DAY_MS)
    returns = np.abs(returns_of(minutes))
    # Where a minute's usual deviation is about 0.09 %.
    assert 3 <= (returns > 0.008).sum() <= 200


def test_minutes_reach_beyond_their_bodies_as_brownian_paths_do() -> None:
    minutes = bars_between(1, LINEAR["BTCUSDT"], "last", "1", START_MS, START_MS + 60 * DAY_MS)
    spread = np.log(minutes.high / minutes.low)
    body = np.abs(np.log(minutes.close / minutes.open))
    # E[range] / E[|change|] of a Brownian motion is sqrt(8/π) / sqrt(2/π) = 2.
    assert 1.8 < spread.mean() / body.mean() < 2.2
