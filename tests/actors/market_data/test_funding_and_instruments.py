"""Funding rates and contract rules are kept as exactly as bars are."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from actors.market_data.errors import ConflictingRows, DamagedFile
from actors.market_data.layout import Market
from actors.market_data.merging import WriteReport
from actors.market_data.ranges import Range
from actors.market_data.store import Catalog
from engines.errors import MissingData
from engines.funding import FundingRates
from engines.instrument import Instrument, MarginTier

EIGHT_HOURS_MS = 8 * 3_600_000

BTC = Instrument(
    "linear",
    "BTCUSDT",
    tick=Decimal("0.10"),
    lot=Decimal("0.001"),
    base="BTC",
    quote="USDT",
    min_notional=Decimal(5),
    max_leverage=Decimal(100),
    funding_interval_minutes=480,
    margin_tiers=(MarginTier(Decimal(2_000_000), Decimal(100), Decimal("0.005"), Decimal(0)),),
)


def rates(january_ms: int, n_rates: int = 200) -> FundingRates:
    times = january_ms + np.arange(n_rates) * EIGHT_HOURS_MS
    return FundingRates("linear", "BTCUSDT", times, np.sin(np.arange(n_rates)) * 1e-4)


def test_funding_comes_back_to_the_bit(catalog: Catalog, january_ms: int) -> None:
    funding = rates(january_ms)
    assert catalog.funding.write(funding) == WriteReport(added=200)
    assert catalog.funding.read("linear", "BTCUSDT").digest == funding.digest
    assert catalog.funding.markets() == [Market("linear", "BTCUSDT")]


def test_a_range_of_funding_is_half_open(catalog: Catalog, january_ms: int) -> None:
    catalog.funding.write(rates(january_ms))
    found = catalog.funding.read("linear", "BTCUSDT", january_ms, january_ms + EIGHT_HOURS_MS)
    assert found.time_ms.tolist() == [january_ms]


def test_conflicting_funding_stops(catalog: Catalog, january_ms: int) -> None:
    funding = rates(january_ms)
    catalog.funding.write(funding)
    other = FundingRates("linear", "BTCUSDT", funding.time_ms, funding.rate * 2)
    with pytest.raises(ConflictingRows, match=r"linear/BTCUSDT/funding.*first rate"):
        catalog.funding.write(other)


def test_a_skipped_settlement_is_a_gap(catalog: Catalog, january_ms: int) -> None:
    funding = rates(january_ms)
    kept = np.delete(np.arange(200), [50])
    catalog.funding.write(
        FundingRates("linear", "BTCUSDT", funding.time_ms[kept], funding.rate[kept])
    )
    coverage = catalog.funding.coverage("linear", "BTCUSDT")
    assert coverage.gaps == (Range(int(funding.time_ms[49]), int(funding.time_ms[51])),)


def test_funding_that_was_asked_for_is_not_missing(catalog: Catalog, january_ms: int) -> None:
    end = january_ms + 10 * EIGHT_HOURS_MS
    catalog.funding.mark_asked("linear", "BTCUSDT", january_ms, end)
    missing = catalog.funding.missing("linear", "BTCUSDT", january_ms, end + 1)
    assert missing == (Range(end, end + 1),)


def test_absent_funding_says_what_to_do(catalog: Catalog) -> None:
    with pytest.raises(MissingData, match="no funding of linear/BTCUSDT is stored: sync"):
        catalog.funding.read("linear", "BTCUSDT")


def test_an_instrument_comes_back_with_its_exact_decimals(catalog: Catalog) -> None:
    catalog.instruments.write([BTC])
    found = catalog.instruments.at("linear", "BTCUSDT")
    assert found == BTC
    assert isinstance(found.tick, Decimal)
    assert catalog.instruments.markets() == [Market("linear", "BTCUSDT")]


def test_changed_rules_hold_from_their_time_on(catalog: Catalog, january_ms: int) -> None:
    changed = replace(BTC, min_notional=Decimal(10), valid_from_ms=january_ms)
    assert catalog.instruments.write([BTC, changed]) == 2
    before = catalog.instruments.at("linear", "BTCUSDT", january_ms - 1)
    assert before.min_notional == Decimal(5)
    assert catalog.instruments.at("linear", "BTCUSDT", january_ms).min_notional == Decimal(10)
    assert catalog.instruments.at("linear", "BTCUSDT").min_notional == Decimal(10)


def test_unchanged_rules_add_no_entry(catalog: Catalog, january_ms: int) -> None:
    catalog.instruments.write([BTC])
    assert catalog.instruments.write([replace(BTC, valid_from_ms=january_ms)]) == 0
    assert catalog.instruments.history("linear", "BTCUSDT") == (BTC,)


def test_an_absent_instrument_says_what_to_do(catalog: Catalog) -> None:
    with pytest.raises(MissingData, match="no instrument linear/BTCUSDT is stored"):
        catalog.instruments.at("linear", "BTCUSDT")


@pytest.mark.parametrize(
    "content",
    ["", "{}", '{"schema": 1, "history": [{"tick": "x"}]}', '{"schema": 9, "history": []}'],
)
def test_a_damaged_instrument_is_named(catalog: Catalog, content: str) -> None:
    catalog.instruments.write([BTC])
    path = Path(catalog.files.root) / "instruments/linear/BTCUSDT.json"
    path.write_text(content)
    with pytest.raises(DamagedFile) as damaged:
        catalog.instruments.at("linear", "BTCUSDT")
    assert str(path) in str(damaged.value)
