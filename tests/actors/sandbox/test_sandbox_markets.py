"""Bars of the sandbox: the same however they are asked for, and consistent with one another."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.sandbox.instruments import LISTINGS, Listing
from actors.sandbox.markets import bars_between, in_units, scale_of
from actors.sandbox.skeleton import COINS, coin_levels
from engines.bars import KINDS, Bars, Kind
from engines.errors import InvalidInput
from engines.intervals import DAY_MS, INTERVALS, MINUTE_MS, Interval
from tests.examples import examples

ROOT = Path(__file__).parents[3]
SEED = 11
START_MS = int(np.datetime64("2023-03-01", "ms").astype(np.int64))
DAYS = 40
ALL = [
    pytest.param(listing, kind, id=f"{listing.category}-{listing.symbol}-{kind}")
    for listing in LISTINGS
    for kind in KINDS
    if listing.is_perpetual or kind == "last"
]
BTC = LISTINGS[0]


def minutes_of(listing: Listing, kind: Kind, start_ms: int, end_ms: int) -> Bars:
    return bars_between(SEED, listing, kind, "1", start_ms, end_ms)


@pytest.mark.parametrize(("listing", "kind"), ALL)
def test_every_bar_is_possible_and_on_the_grid(listing: Listing, kind: Kind) -> None:
    bars = minutes_of(listing, kind, START_MS, START_MS + DAYS * DAY_MS)
    assert len(bars) == DAYS * 1440
    for name in ("open", "high", "low", "close", "volume", "turnover"):
        column = getattr(bars, name)
        assert np.array_equal(column, np.rint(column)), name
    # Building them again without `checked` runs every check that real bars pass.
    assert len(in_units(bars, scale_of(listing, kind))) == len(bars)


@pytest.mark.parametrize(("listing", "kind"), ALL)
@pytest.mark.parametrize("interval", ["1", "15", "240", "D"])
def test_every_bar_opens_where_the_one_before_closed(
    listing: Listing, kind: Kind, interval: Interval
) -> None:
    bars = bars_between(SEED, listing, kind, interval, START_MS, START_MS + DAYS * DAY_MS)
    assert len(bars) > 4
    assert np.array_equal(bars.open[1:], bars.close[:-1])


@pytest.mark.parametrize("interval", ["W", "M"])
def test_weeks_and_months_open_where_the_one_before_closed(interval: Interval) -> None:
    bars = bars_between(SEED, BTC, "last", interval, 0, START_MS)
    assert len(bars) > 40
    assert np.array_equal(bars.open[1:], bars.close[:-1])


def folded_by_hand(minutes: Bars, opens: int, closes: int) -> tuple[float, ...]:
    rows = [row for row in range(len(minutes)) if opens <= minutes.open_ms[row] < closes]
    high = low = minutes.open[rows[0]]
    volume = turnover = 0.0
    for row in rows:
        high, low = max(high, minutes.high[row]), min(low, minutes.low[row])
        volume, turnover = volume + minutes.volume[row], turnover + minutes.turnover[row]
    return minutes.open[rows[0]], high, low, minutes.close[rows[-1]], volume, turnover


@pytest.mark.parametrize("interval", INTERVALS[1:])
def test_a_coarse_bar_is_the_exact_sum_of_its_minutes(interval: Interval) -> None:
    minutes = minutes_of(BTC, "last", START_MS, START_MS + 62 * DAY_MS)
    end_ms = START_MS + (40 if interval in ("W", "M") else 2) * DAY_MS
    coarse = bars_between(SEED, BTC, "last", interval, START_MS, end_ms)
    assert len(coarse) > 0
    for row in range(0, len(coarse), max(1, len(coarse) // 3)):
        made = tuple(
            float(getattr(coarse, name)[row]) for name in minutes.columns() if name != "open_ms"
        )
        opens, closes = int(coarse.open_ms[row]), int(coarse.close_ms[row])
        assert made == folded_by_hand(minutes, opens, closes)


@examples(40)
@given(offset=st.integers(0, 30 * 1440), length=st.integers(1, 3000), kind=st.sampled_from(KINDS))
def test_a_bar_is_the_same_whatever_range_is_asked_for(
    offset: int, length: int, kind: Kind
) -> None:
    whole = minutes_of(BTC, kind, START_MS, START_MS + 40 * DAY_MS)
    start_ms = START_MS + offset * MINUTE_MS
    part = minutes_of(BTC, kind, start_ms, start_ms + length * MINUTE_MS)
    assert part.digest == whole.between(start_ms, start_ms + length * MINUTE_MS).digest


def test_the_bars_of_a_seed_never_change() -> None:
    # Backtests are named by their bars: a change here renames every result made in the sandbox.
    bars = minutes_of(BTC, "last", START_MS, START_MS + DAY_MS)
    assert bars.digest == "5609dad88d06d06325c3a94378032e0b73c56879f0c3ac53b12115db045ad018"


def test_bars_do_not_depend_on_the_processor() -> None:
    # NumPy chooses its loops by the processor's features; without them it is another machine.
    program = (
        "from actors.sandbox.instruments import LISTINGS\n"
        "from actors.sandbox.markets import bars_between\n"
        f"bars = bars_between({SEED}, LISTINGS[0], 'last', 'D', {START_MS}, {START_MS} + 10**10)\n"
        "print(bars.digest)"
    )
    digests = set()
    for disabled in ("", "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX X86_V3 X86_V4"):
        # Features that this processor or this NumPy does not have are named in a warning only.
        environment = {
            **os.environ,
            "NPY_DISABLE_CPU_FEATURES": disabled,
            "PYTHONWARNINGS": "ignore",
        }
        done = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout)
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64


def test_other_seeds_make_other_markets() -> None:
    ends = {
        float(bars_between(seed, BTC, "last", "D", START_MS, START_MS + DAY_MS).close[0])
        for seed in range(8)
    }
    assert len(ends) == 8


def test_a_longer_history_begins_with_the_shorter_one() -> None:
    short = coin_levels(SEED, COINS["SOL"], 100)
    long = coin_levels(SEED, COINS["SOL"], 5000)
    assert len(long) > len(short)
    assert np.array_equal(long[: len(short)], short)


@pytest.mark.parametrize("listing", LISTINGS, ids=str)
def test_nothing_is_traded_before_the_launch(listing: Listing) -> None:
    bars = minutes_of(listing, "last", listing.launch_ms - DAY_MS, listing.launch_ms + DAY_MS)
    assert bars.start_ms == listing.launch_ms


@pytest.mark.parametrize("interval", ["W", "M"])
def test_the_week_and_the_month_of_the_launch_are_bars_too(interval: Interval) -> None:
    dogecoin = next(x for x in LISTINGS if x.symbol == "DOGEUSDT")
    bars = bars_between(SEED, dogecoin, "last", interval, 0, dogecoin.launch_ms + 90 * DAY_MS)
    first_ms, second_ms = (int(x) for x in bars.open_ms[:2])
    assert first_ms < dogecoin.launch_ms < second_ms
    minutes = minutes_of(dogecoin, "last", dogecoin.launch_ms, second_ms)
    made = tuple(float(getattr(bars, name)[0]) for name in minutes.columns() if name != "open_ms")
    assert made == folded_by_hand(minutes, first_ms, second_ms)


def test_the_premium_index_is_the_contract_over_the_index() -> None:
    window = (START_MS, START_MS + 600 * MINUTE_MS)
    last, index, premium = (minutes_of(BTC, kind, *window) for kind in ("last", "index", "premium"))
    for row in range(600):
        price = Decimal(int(last.close[row])) / 10
        at = Decimal(int(index.close[row])) / 100
        expected = ((price - at) / at).quantize(Decimal("0.000001"))
        # Half a unit may be rounded either way.
        assert abs(Decimal(int(premium.close[row])).scaleb(-6) - expected) <= Decimal("0.000001")


def test_mark_and_index_stay_close_to_the_last_price() -> None:
    window = (START_MS, START_MS + DAYS * DAY_MS)
    last = in_units(minutes_of(BTC, "last", *window), scale_of(BTC, "last"))
    for kind in ("mark", "index"):
        other = in_units(minutes_of(BTC, kind, *window), scale_of(BTC, kind))
        distance = np.abs(other.close / last.close - 1.0)
        assert distance.max() < 0.005
        assert distance.mean() < 0.0006


def test_contracts_on_one_coin_move_together() -> None:
    closes = []
    for category in ("linear", "inverse", "spot"):
        listing = next(x for x in LISTINGS if x.category == category and x.base == "BTC")
        bars = minutes_of(listing, "last", START_MS, START_MS + 10 * DAY_MS)
        closes.append(np.log(bars.close[::5]))
    returns = np.diff(np.array(closes), axis=1)
    assert np.corrcoef(returns).min() > 0.98


def test_turnover_is_volume_times_a_price_inside_the_bar() -> None:
    bars = minutes_of(BTC, "last", START_MS, START_MS + DAY_MS)
    real = in_units(bars, scale_of(BTC, "last"))
    average = real.turnover / real.volume
    assert (average >= real.low - 0.01).all()
    assert (average <= real.high + 0.01).all()


def test_an_inverse_contract_counts_dollars_and_turns_over_coins() -> None:
    inverse = next(x for x in LISTINGS if x.category == "inverse")
    bars = minutes_of(inverse, "last", START_MS, START_MS + DAY_MS)
    real = in_units(bars, scale_of(inverse, "last"))
    average = real.volume / real.turnover
    assert (np.abs(average / real.close - 1.0) < 0.02).all()


def test_there_is_no_market_before_the_origin() -> None:
    old = Listing("linear", "OLDUSDT", 1, "BTC", "USDT", "USDT", 0, 1, 3, "1", "1", "5", 1.0)
    with pytest.raises(InvalidInput, match="2018-01-05"):
        bars_between(SEED, old, "last", "1", 0, DAY_MS)
