"""Funding rates: Bybit's formula, its times, and the premium they follow."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from actors.sandbox.funding import next_settlement_ms, rate_of, rates_between
from actors.sandbox.instruments import LISTINGS, Listing
from actors.sandbox.markets import bars_between
from engines.intervals import DAY_MS, MINUTE_MS

SEED = 5
START_MS = int(np.datetime64("2022-02-01", "ms").astype(np.int64))
BTC = LISTINGS[0]
DOGE = next(x for x in LISTINGS if x.symbol == "DOGEUSDT")
PERPETUALS = [x for x in LISTINGS if x.is_perpetual]


@pytest.mark.parametrize(
    ("premium", "rate"),
    [
        pytest.param(0.0, 0.0001, id="no premium: interest"),
        pytest.param(0.0005, 0.0001, id="inside the band: interest"),
        pytest.param(-0.0004, 0.0001, id="lower edge of the band"),
        pytest.param(0.001, 0.0005, id="above: premium less 0.05 %"),
        pytest.param(-0.001, -0.0005, id="below: premium plus 0.05 %"),
        pytest.param(0.02, 0.00375, id="upper cap"),
        pytest.param(-0.02, -0.00375, id="lower cap"),
    ],
)
def test_a_constant_premium_gives_the_rate_of_the_formula(premium: float, rate: float) -> None:
    assert rate_of(BTC, np.full((1, 480), premium))[0] == pytest.approx(rate, abs=1e-9)


def test_interest_is_shared_out_over_shorter_intervals() -> None:
    assert rate_of(DOGE, np.zeros((1, 240)))[0] == pytest.approx(0.00005, abs=1e-9)


def test_late_minutes_weigh_more_than_early_ones() -> None:
    rising = np.linspace(0.0, 0.004, 480)[None, :]
    assert rate_of(BTC, rising)[0] > rate_of(BTC, rising[:, ::-1])[0]


@pytest.mark.parametrize("listing", [BTC, DOGE], ids=["BTCUSDT", "DOGEUSDT"])
def test_settled_rates_follow_from_the_premium_minutes(listing: Listing) -> None:
    rates = rates_between(SEED, listing, START_MS, START_MS + 3 * DAY_MS)
    interval = listing.funding_interval_minutes
    interest = Fraction(3, 10_000) * interval / 1440
    band = Fraction(5, 10_000)
    for time_ms, rate in zip(rates.time_ms.tolist(), rates.rate.tolist(), strict=True):
        start_ms = time_ms - interval * MINUTE_MS
        bars = bars_between(SEED, listing, "premium", "1", start_ms, time_ms)
        weighted = sum(
            Fraction(int(units), 10**6) * weight for weight, units in enumerate(bars.close, start=1)
        )
        average = weighted / Fraction(interval * (interval + 1), 2)
        exact = average + min(max(interest - average, -band), band)
        assert abs(Fraction(Decimal(str(rate))) - exact) <= Fraction(51, 10**10)


@pytest.mark.parametrize("listing", PERPETUALS, ids=lambda x: x.symbol)
def test_settlements_fall_on_the_interval_in_utc(listing: Listing) -> None:
    rates = rates_between(SEED, listing, START_MS, START_MS + 30 * DAY_MS)
    interval_ms = listing.funding_interval_minutes * MINUTE_MS
    assert len(rates) == 30 * DAY_MS // interval_ms
    assert rates.time_ms[0] == START_MS
    assert set(np.diff(rates.time_ms).tolist()) == {interval_ms}


@pytest.mark.parametrize("listing", PERPETUALS, ids=lambda x: x.symbol)
def test_the_first_settlement_comes_a_whole_interval_after_the_launch(listing: Listing) -> None:
    rates = rates_between(SEED, listing, 0, listing.launch_ms + 20 * DAY_MS)
    interval_ms = listing.funding_interval_minutes * MINUTE_MS
    assert rates.time_ms[0] == listing.launch_ms + interval_ms
    assert set(np.diff(rates.time_ms).tolist()) == {interval_ms}


def test_a_part_of_the_history_equals_the_whole() -> None:
    whole = rates_between(SEED, BTC, START_MS, START_MS + 100 * DAY_MS)
    part = rates_between(SEED, BTC, START_MS + 7 * DAY_MS + 1, START_MS + 41 * DAY_MS)
    assert part.digest == whole.between(START_MS + 7 * DAY_MS + 1, START_MS + 41 * DAY_MS).digest


def test_there_is_nothing_before_the_launch() -> None:
    assert len(rates_between(SEED, BTC, 0, BTC.launch_ms)) == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_funding_follows_the_premium(seed: int) -> None:
    rates = rates_between(seed, BTC, START_MS, START_MS + 365 * DAY_MS)
    bars = bars_between(seed, BTC, "premium", "240", START_MS - DAY_MS, START_MS + 365 * DAY_MS)
    # The four hours before each settlement carry most of its weight.
    before = np.searchsorted(bars.open_ms, rates.time_ms - 240 * MINUTE_MS)
    premium = (bars.open[before] + bars.close[before]) / 2.0 / 1e6
    assert np.corrcoef(premium, rates.rate)[0, 1] > 0.4
    strong = np.abs(premium) > 0.0008
    agrees = np.sign(premium[strong]) == np.sign(rates.rate[strong])
    assert strong.sum() > 10
    assert agrees.mean() > 0.8


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_most_rates_are_the_standard_one_and_some_are_negative(seed: int) -> None:
    rate = rates_between(seed, BTC, START_MS, START_MS + 730 * DAY_MS).rate
    assert 0.5 < (rate == 0.0001).mean() < 0.98
    assert (rate < 0.0).any()


def test_the_next_settlement_is_strictly_later() -> None:
    eight_hours = 480 * MINUTE_MS
    assert next_settlement_ms(BTC, START_MS) == START_MS + eight_hours
    assert next_settlement_ms(BTC, START_MS - 1) == START_MS
