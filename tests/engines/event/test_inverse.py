"""Inverse contracts: money in the coin, on the event engine and the oracle, by hand and at random.

100,000 contracts of 1 USD bought at 50,000 are worth 2 BTC.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from engines import event, reference
from engines.bars import Bars, Series
from engines.broker import BYBIT_INVERSE, Broker
from engines.commands import Command, Entry, Exit, Properties
from engines.errors import InvalidInput
from engines.event import perpetual_for
from engines.funding import FundingRates
from engines.instrument import Instrument, MarginTier
from engines.orders import Reason, Refusal
from engines.script import View
from tests.engines.event.agreement import compare
from tests.engines.reference.conftest import Bar, Planned

RUNS = int(os.environ.get("BST_RUNS", "10000")) // 10
HOUR_MS = 3_600_000
BTCUSD = Instrument(
    "inverse",
    "BTCUSD",
    Decimal("0.5"),
    Decimal(1),
    base="BTC",
    quote="USD",
    min_qty=Decimal(1),
    funding_interval_minutes=480,
    margin_tiers=(
        MarginTier(Decimal(150), Decimal(100), Decimal("0.005"), Decimal(0)),
        MarginTier(Decimal(300), Decimal(50), Decimal("0.01"), Decimal("0.75")),
    ),
)
LONG = Entry("L", "long")
FLAT: Bar = (50_000.0,) * 4


def bars_of(rows: Sequence[Bar]) -> Bars:
    table = np.array(rows, dtype=float)
    columns = dict(zip(("open", "high", "low", "close"), table.T, strict=True))
    times = {"open_ms": HOUR_MS * np.arange(len(rows)), "volume": np.ones(len(rows))}
    return Bars.from_columns(Series("inverse", "BTCUSD", "60"), {**times, **columns})


def on_event(
    rows: Sequence[Bar],
    plan: Mapping[int, Sequence[Command]],
    qty: float = 100_000.0,
    funding: Mapping[int, float] | None = None,
    **settings: Any,
) -> event.Outcome:
    given = {"initial_cash": 10.0, "taker_fee_rate": 0.0, "maker_fee_rate": 0.0, "leverage": 10.0}
    broker = replace(BYBIT_INVERSE, **{**given, **settings})
    rates = None
    if funding is not None:
        broker = replace(broker, funding="history")
        times = HOUR_MS * np.array(sorted(funding), dtype=np.int64)
        rates = FundingRates(
            "inverse", "BTCUSD", times, np.array([funding[hour] for hour in sorted(funding)])
        )
    rules = perpetual_for(BTCUSD, broker, rates, (0, HOUR_MS * len(rows)))
    said = Properties(qty_value=qty)
    return event.simulate(Planned(plan), bars_of(rows), BTCUSD, broker, said, perpetual=rules)


def test_a_long_earns_the_difference_of_the_reciprocals() -> None:
    # 100,000 × (1/50,000 − 1/62,500) = 2 − 1.6 = 0.4 BTC.
    out = on_event([FLAT, FLAT, (62_500.0,) * 4], {0: [LONG]})
    assert out.equity == pytest.approx([10.0, 10.0, 10.4])
    assert out.open[0].pnl == pytest.approx(0.4)


def test_a_short_loses_what_the_long_earns_and_pays_its_fees_in_coin() -> None:
    # Fees at 0.055 %: 2 BTC × 0.00055 and 1.6 BTC × 0.00055.
    plan: dict[int, list[Command]] = {0: [Entry("S", "short")], 2: [Exit("X", "S", stop=1.0)]}
    rows = [FLAT, FLAT, (62_500.0,) * 4, (62_500.0,) * 4]
    out = on_event(rows, plan, taker_fee_rate=0.00055)
    (closed,) = out.trades
    assert closed.entry_fee == pytest.approx(0.0011)
    assert closed.exit_fee == pytest.approx(0.00088)
    assert closed.pnl == pytest.approx(-0.4 - 0.0011 - 0.00088)


def test_the_average_price_is_the_harmonic_one() -> None:
    # 100,000 at 50,000 and 100,000 at 40,000 are worth 4.5 BTC: 200,000 / 4.5.
    seen: list[View] = []

    def plan(view: View) -> list[Command]:
        seen.append(view)
        return [LONG] if view.bar in (0, 2) else []

    low = (40_000.0,) * 4
    broker = replace(BYBIT_INVERSE, initial_cash=10.0, leverage=10.0)
    said = Properties(qty_value=100_000.0, pyramiding=2)
    for engine in (event.simulate, reference.simulate):
        seen.clear()
        engine(Planned(plan), bars_of([FLAT, FLAT, low, low]), BTCUSD, broker, said)
        assert seen[-1].position_avg_price == pytest.approx(200_000 / 4.5)
        assert seen[-1].position_size == 200_000


def test_a_share_of_the_equity_buys_whole_contracts() -> None:
    # 10 % of 10 BTC at 50,000.5 with leverage 10: 10 BTC, 500,005 contracts.
    at = (50_000.5,) * 4
    said = Properties("percent_of_equity", 10.0)
    broker = replace(BYBIT_INVERSE, initial_cash=10.0, leverage=10.0, taker_fee_rate=0.0)
    out = event.simulate(Planned({0: [LONG]}), bars_of([at, at]), BTCUSD, broker, said)
    assert out.open[0].qty == 500_005
    small = replace(broker, initial_cash=0.000001)
    none = event.simulate(Planned({0: [LONG]}), bars_of([at, at]), BTCUSD, small, said)
    assert [one.reason for one in none.refusals] == [Refusal.QTY_ZERO]


def test_funding_is_paid_in_coin_on_the_value_at_the_mark() -> None:
    # 100,000 / 40,000 = 2.5 BTC at hour 8: × 0.0001.
    rows = [FLAT] * 8 + [(40_000.0,) * 4] * 4
    out = on_event(rows, {0: [LONG]}, funding={0: 0.01, 8: 0.0001})
    assert [round(one.funding, 12) for one in out.fills if one.funding] == [0.00025]
    short = on_event(rows, {0: [Entry("S", "short")]}, funding={0: 0.01, 8: 0.0001})
    assert [round(one.funding, 12) for one in short.fills if one.funding] == [-0.00025]


def test_an_isolated_long_goes_where_the_inverse_formula_says() -> None:
    # s(1 + rate) / (s/E + s/(E·L)) = 100,000 × 1.005 / 2.2 = 45,681.81; bankrupt at E·L/(L + 1).
    def to(price: float) -> event.Outcome:
        fall = (50_000.0, 50_000.0, price, price)
        return on_event([FLAT, FLAT, fall], {0: [LONG]}, margin_mode="isolated")

    assert to(45_682.0).trades == []
    (taken,) = to(45_681.5).trades
    assert taken.reason == Reason.LIQUIDATION
    # 45,454.54 on the grid, to the worse.
    assert taken.exit_price == 45_454.5
    assert taken.pnl == pytest.approx(-0.2, abs=1e-4)


def test_an_isolated_short_goes_where_the_inverse_formula_says() -> None:
    # 100,000 × 0.995 / 1.8 = 55,277.77; bankrupt at E·L/(L − 1) = 55,555.55.
    def to(price: float) -> event.Outcome:
        rise = (50_000.0, price, 50_000.0, 50_000.0)
        return on_event([FLAT, FLAT, rise], {0: [Entry("S", "short")]}, margin_mode="isolated")

    assert to(55_277.5).trades == []
    assert to(55_278.0).trades[0].exit_price == 55_556.0


def test_in_cross_margin_the_whole_account_of_coins_stands_for_it() -> None:
    # 2 BTC long, 1 BTC in the account: bankrupt where 100,000 / P = 3, at 33,333.33.
    out = on_event(
        [FLAT, FLAT, (50_000.0, 50_000.0, 33_000.0, 33_000.0)],
        {0: [LONG]},
        margin_mode="cross",
        initial_cash=1.0,
    )
    assert out.trades[0].reason == Reason.LIQUIDATION
    assert out.trades[0].exit_price == 33_333.0
    assert out.equity[-1] == pytest.approx(0.0, abs=1e-4)


def test_an_inverse_contract_is_not_traded_under_linear_rules() -> None:
    with pytest.raises(InvalidInput, match=r"broker.profile.*bybit_inverse or tradingview"):
        event.simulate(Planned({}), bars_of([FLAT]), BTCUSD, Broker(), Properties())


def test_the_oracles_formula_is_the_contracts() -> None:
    grid = reference.grid.Grid.of(BTCUSD, inverse=True)
    # 1.25 × (1/50,000 − 1/40,000), 100,000 contracts, in half dollars.
    earned = grid.earned(1, 100_000, 80_000, 100_000)
    assert earned == Fraction(100_000, 50_000) - Fraction(100_000, 40_000)
    assert grid.earned(-1, 100_000, 80_000, 100_000) == -earned


@pytest.mark.parametrize("first", range(0, RUNS, 250))
def test_random_scripts_on_inverse_trade_the_same_on_both(first: int) -> None:
    for seed in range(first, min(first + 250, RUNS)):
        try:
            compare(seed, "bybit_inverse")
        except AssertionError as differ:
            differ.add_note(f"seed {seed}")
            raise
