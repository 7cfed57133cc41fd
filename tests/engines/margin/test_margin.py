"""Bybit's margin by its real positions, by hand, and by what must always hold."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engines.errors import InvalidInput
from engines.instrument import MarginTier
from engines.margin import (
    Contract,
    Holding,
    Position,
    bankruptcy_price,
    initial_margin,
    liquidation_price,
    maintenance_margin,
    must_liquidate,
    order_cost,
    reduced_units,
    tiers_from,
    unrealised,
)
from engines.margin.liquidation import keeps_margin
from engines.payoff import INVERSE as INVERSE_PAYOFF
from tests.examples import examples

F = Fraction
FEE = F("0.00055")
# BTCUSDT, as the venue's margin page lists it: limit, leverage, rate, deduction.
BTCUSDT = (
    ("2000000", "100", "0.005", "0"),
    ("2600000", "90", "0.0056", "1200"),
    ("3200000", "80", "0.0063", "3020"),
    ("3800000", "75", "0.0067", "4300"),
    ("4400000", "70", "0.0071", "5820"),
    ("5000000", "65", "0.0077", "8460"),
    ("5600000", "55", "0.0091", "15460"),
    ("8500000", "50", "0.01", "20500"),
    ("10000000", "45", "0.013", "46000"),
)
LINEAR = Contract(tiers_from([MarginTier(*map(Decimal, row)) for row in BTCUSDT]), FEE)
INVERSE = Contract(
    tiers_from(
        [
            MarginTier(Decimal(150), Decimal(100), Decimal("0.005"), Decimal(0)),
            MarginTier(Decimal(300), Decimal(50), Decimal("0.01"), Decimal(0)),
        ]
    ),
    FEE,
    payoff=INVERSE_PAYOFF,
)


@pytest.mark.shared
def test_real_positions_to_a_millionth(shared: Path) -> None:
    recorded = json.loads((shared / "bybit" / "margin_positions.json").read_text())
    assert len(recorded["positions"]) >= 2
    for row in recorded["positions"]:
        tier = MarginTier(
            Decimal(row["riskLimitValue"]), Decimal(75), Decimal("0.0075"), Decimal(0)
        )
        contract = Contract(tiers_from([tier]), FEE)
        side = 1 if row["side"] == "Buy" else -1
        held = Position(side, F(row["size"]), F(row["entryPrice"]), F(row["leverage"]))
        mark = F(row["markPrice"])
        for ours, theirs in (
            (initial_margin(contract, held, mark), row["positionIM"]),
            (maintenance_margin(contract, held, mark), row["positionMM"]),
        ):
            assert abs(float(ours / F(theirs)) - 1.0) < 1e-6
        # The stream cuts the profit to a few digits.
        assert float(unrealised(contract, held, mark)) == pytest.approx(
            float(row["unrealisedPnl"]), abs=2e-2
        )


def test_a_long_by_hand() -> None:
    # 1 BTC at 50,000 with 10×: margin 5,000. Bankrupt at 45,000.
    # Liquidation: (50,000 − 5,000) / (1 − 0.005) = 45,226.13…
    held = Position(1, F(1), F(50_000), F(10), isolated=True)
    assert bankruptcy_price(LINEAR, held) == 45_000
    assert liquidation_price(LINEAR, held) == F(45_000) / F("0.995")
    # Fee to close 45,000 × 0.00055 = 24.75.
    assert initial_margin(LINEAR, held, F(50_000)) == F("5024.75")
    assert maintenance_margin(LINEAR, held, F(50_000)) == 250 + F("24.75")


def test_a_short_by_hand() -> None:
    # 2 BTC short at 40,000 with 20×: margin 4,000. Bankrupt at 42,000.
    # Liquidation: (80,000 + 4,000) / (2 × 1.005) = 41,791.04…
    held = Position(-1, F(2), F(40_000), F(20), isolated=True)
    assert bankruptcy_price(LINEAR, held) == 42_000
    assert liquidation_price(LINEAR, held) == F(84_000) / F("2.01")
    assert initial_margin(LINEAR, held, F(41_000)) == 4_000 + 84_000 * FEE


def test_the_second_tier_by_hand() -> None:
    # 50 BTC long at 50,000, 10×: value 2.5 million, margin 250,000; the value at liquidation is
    # about 2.26 million: second tier, rate 0.0056, deduction 1,200.
    # (2,500,000 − 250,000 − 1,200) / (50 × 0.9944) = 45,229.28…
    held = Position(1, F(50), F(50_000), F(10), isolated=True)
    assert liquidation_price(LINEAR, held) == F(2_248_800) / (50 * F("0.9944"))
    # 2.5 million × 0.0056 − 1,200 + 50 × 45,000 × 0.00055.
    assert maintenance_margin(LINEAR, held, F(50_000)) == 14_000 - 1_200 + F("1237.5")


def test_added_margin_by_hand() -> None:
    # 999.45 added to the long above: X = 999.45 / (1 − 0.00055) = 1,000.
    held = Position(1, F(1), F(50_000), F(10), isolated=True, added=F("999.45"))
    assert bankruptcy_price(LINEAR, held) == 44_000
    assert liquidation_price(LINEAR, held) == F(44_000) / F("0.995")
    short = Position(-1, F(1), F(50_000), F(10), isolated=True, added=F("1000.55"))
    assert bankruptcy_price(LINEAR, short) == 56_000
    assert liquidation_price(LINEAR, short) == F(56_000) / F("1.005")


def test_an_inverse_position_by_hand() -> None:
    # 100,000 contracts of 1 USD long at 50,000 with 10×: value 2 BTC, margin 0.2 BTC.
    # Bankrupt at E·L/(L+1) = 45,454.54…; the profit at 62,500 is 2 − 1.6 = 0.4 BTC.
    held = Position(1, F(100_000), F(50_000), F(10), isolated=True)
    assert bankruptcy_price(INVERSE, held) == F(500_000, 11)
    assert unrealised(INVERSE, held, F(62_500)) == F("0.4")
    # s(1 + rate) / (s/E + s/(E·L)) = 100,000 × 1.005 / 2.2.
    assert liquidation_price(INVERSE, held) == F(100_500) / F("2.2")
    short = Position(-1, F(100_000), F(50_000), F(10), isolated=True)
    assert bankruptcy_price(INVERSE, short) == F(500_000, 9)
    assert liquidation_price(INVERSE, short) == F(99_500) / F("1.8")


def test_the_cost_of_an_order_by_hand() -> None:
    # 0.1 BTC at 50,000, 10×: 500 + 5,000 × 0.00055 + 4,500 × 0.00055.
    cost = order_cost(LINEAR, 1, F("0.1"), F(50_000), F(10))
    assert cost == 500 + F("2.75") + F("2.475")


def test_the_venues_deductions_follow_from_its_rates() -> None:
    given = [F(row[3]) for row in BTCUSDT]
    assert [tier.deduction for tier in LINEAR.tiers] == given
    bare = [MarginTier(*map(Decimal, (*row[:3], "0"))) for row in BTCUSDT]
    assert [tier.deduction for tier in tiers_from(bare)] == given


def test_what_the_venue_would_refuse_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"leverage.*from 1 to 90"):
        order_cost(LINEAR, 1, F(50), F(50_000), F(95))
    with pytest.raises(InvalidInput, match="highest risk limit"):
        order_cost(LINEAR, 1, F(500), F(50_000), F(5))
    with pytest.raises(InvalidInput, match="at least one tier"):
        tiers_from([])
    wrong = [MarginTier(*map(Decimal, row)) for row in (BTCUSDT[0], (*BTCUSDT[1][:3], "7"))]
    with pytest.raises(InvalidInput, match=r"deduction.*1200"):
        tiers_from(wrong)
    with pytest.raises(InvalidInput, match="price"):
        initial_margin(LINEAR, Position(1, F(1), F(0), F(1)), F(1))


def test_a_cross_account_goes_at_its_balance() -> None:
    held = Position(1, F(1), F(50_000), F(10))
    needed = maintenance_margin(LINEAR, held, F(48_000))
    assert must_liquidate([Holding(LINEAR, held, F(48_000))], needed)
    assert not must_liquidate([Holding(LINEAR, held, F(48_000))], needed + F(1, 1000))


def test_a_partial_liquidation_comes_into_the_lower_tier() -> None:
    held = Position(1, F(60), F(50_000), F(10), isolated=True)
    # 60 × 45,300 = 2,718,000: third tier. Down to 2.6 million: 2,600,000 / 45,300 = 57.395…
    sold = reduced_units(LINEAR, held, F(45_300), F("0.001"))
    assert sold == F("2.605")
    lowest = Position(1, F(40), F(50_000), F(10), isolated=True)
    assert reduced_units(LINEAR, lowest, F(45_300), F("0.001")) == 0


positions = st.builds(
    Position,
    side=st.sampled_from([1, -1]),
    size=st.integers(1, 100_000).map(lambda n: F(n, 1000)),
    entry=st.integers(100, 9_000_000).map(lambda n: F(n, 100)),
    leverage=st.integers(1, 50).map(F),
    isolated=st.just(True),
    added=st.integers(0, 1_000_000).map(lambda n: F(n, 100)),
)


@examples(300)
@given(held=positions, inverse=st.booleans())
def test_at_the_liquidation_price_nothing_is_to_spare(held: Position, inverse: bool) -> None:
    contract = INVERSE if inverse else LINEAR
    size = held.size * 1_000 if inverse else held.size
    held = Position(held.side, size, held.entry, held.leverage, True, held.added)
    price = liquidation_price(contract, held)
    assume(price > 0)
    worth = held.size * contract.rate(price)
    assume(worth <= (contract.tiers[-1].limit or 0))
    # Maintenance margin = margin + unrealised profit, exactly; a tick further it is too late.
    needed = maintenance_margin(contract, held, price)
    has = initial_margin(contract, held, price) + unrealised(contract, held, price)
    assert needed == has
    assert not keeps_margin(contract, held, price)
    assume(worth < (contract.tiers[-1].limit or 0) * F("0.99"))
    assert keeps_margin(contract, held, price * (1 + held.side * F(1, 10_000)))


@examples(100)
@given(tier=st.integers(0, len(BTCUSDT) - 2), entry=st.integers(1_000, 90_000))
def test_maintenance_has_no_jump_between_tiers(tier: int, entry: int) -> None:
    limit = LINEAR.tiers[tier].limit
    assert limit is not None
    above, here = LINEAR.tiers[tier + 1], LINEAR.tiers[tier]
    first = limit * here.maintenance_rate - here.deduction
    assert first == limit * above.maintenance_rate - above.deduction


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"side": 0}, "side of a position"),
        ({"size": F(0)}, "size"),
        ({"entry": F(0)}, "entry price"),
        ({"leverage": F(0)}, "leverage"),
    ],
)
def test_a_position_that_is_none_is_an_error(given: dict[str, Any], name: str) -> None:
    whole: dict[str, Any] = {"side": 1, "size": F(1), "entry": F(1), "leverage": F(1)}
    with pytest.raises(InvalidInput, match=name):
        Position(**{**whole, **given})
