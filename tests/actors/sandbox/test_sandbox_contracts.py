"""The listed contracts: Bybit's documented tiers, and tables without slips."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from actors.sandbox.instruments import LISTINGS, Listing
from actors.sandbox.skeleton import COINS
from engines.intervals import DAY_MS

BTC = LISTINGS[0]
# Bybit's margin-parameters page for BTCUSDT: limit and deduction.
BTCUSDT_DEDUCTIONS = {
    "2000000": "0", "2600000": "1200", "3200000": "3020", "3800000": "4300", "4400000": "5820",
    "5000000": "8460", "5600000": "15460", "8500000": "20500", "10000000": "46000",
    "14000000": "66000", "20000000": "80000", "28000000": "160000", "38000000": "300000",
    "50000000": "452000", "55000000": "502000",
}  # fmt: skip


def test_the_deductions_of_btcusdt_are_the_published_ones() -> None:
    made = {tier.limit_notional: tier.deduction for tier in BTC.margin_tiers}
    published = {Decimal(limit): Decimal(text) for limit, text in BTCUSDT_DEDUCTIONS.items()}
    assert made == published


@pytest.mark.parametrize("listing", [x for x in LISTINGS if x.is_perpetual], ids=lambda x: x.symbol)
def test_maintenance_margin_is_continuous_where_tiers_meet(listing: Listing) -> None:
    for low, high in pairwise(listing.margin_tiers):
        limit = low.limit_notional
        assert limit * low.maintenance_rate - low.deduction == (
            limit * high.maintenance_rate - high.deduction
        )
        assert high.max_leverage < low.max_leverage
        assert high.maintenance_rate * high.max_leverage < 1


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda x: f"{x.category}-{x.symbol}")
def test_launches_are_at_midnight_and_coins_exist(listing: Listing) -> None:
    # Every interval up to a day then begins with a whole bar.
    assert listing.launch_ms % DAY_MS == 0
    assert listing.base in COINS
    assert Decimal(listing.max_market_qty) <= Decimal(listing.max_qty)
    assert Decimal(listing.max_qty) % listing.lot == 0


def test_most_symbols_have_history_from_2020_on() -> None:
    old = {x.symbol for x in LISTINGS if x.launch_ms <= 1_577_836_800_000}
    assert {"BTCUSDT", "ETHUSDT", "XRPUSDT", "ADAUSDT", "BTCUSD"} <= old


def test_no_contract_is_listed_twice() -> None:
    names = [(x.category, x.symbol) for x in LISTINGS]
    assert len(set(names)) == len(names)
    ids = [(x.category, x.symbol_id) for x in LISTINGS]
    assert len(set(ids)) == len(ids)
