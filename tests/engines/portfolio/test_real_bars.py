"""Five coins' real hours on one account, rebalanced: the two engines to the same cent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from engines import portfolio, reference
from engines.bars import Bars, Series
from engines.broker import BYBIT_LINEAR
from engines.instrument import Instrument
from engines.legs import Leg
from engines.portfolio.allocation import Allocation, Method
from strategies.allocation import Policy, Rebalancer, Schedule

pytestmark = pytest.mark.shared
HOURS = 260


def coin(shared: Path, name: str) -> Leg:
    table = pl.read_parquet(shared / "data" / "bars" / f"bitvavo_{name}EUR_1h.parquet")
    rows = table.sort("ts").tail(HOURS)
    columns = {one: rows[one].to_numpy() for one in ("open", "high", "low", "close", "volume")}
    opened = rows["ts"].to_numpy()
    bars = Bars.from_columns(Series("linear", f"{name}EUR", "60"), {"open_ms": opened, **columns})
    tick = Decimal("1") if name == "BTC" else Decimal("0.00001")
    return Leg(bars, Instrument("linear", f"{name}EUR", tick, Decimal("0.0001")))


@pytest.mark.parametrize("method", ["hrp", "momentum"])
def test_real_coins_are_rebalanced_alike(shared: Path, method: Method) -> None:
    legs = [coin(shared, name) for name in ("BTC", "ETH", "LTC", "XRP", "ADA")]
    broker = replace(BYBIT_LINEAR, leverage=2.0, taker_fee_rate=0.00055)
    policy = Policy(Allocation(method, 72, top=2), Schedule("daily", threshold=0.05), 1.6)
    bars = {leg.symbol: leg.bars for leg in legs}
    ours = portfolio.simulate(legs, broker, Rebalancer(policy, bars))
    witness = reference.simulate_portfolio(legs, broker, Rebalancer(policy, bars))
    assert len(ours.ledger) > 15
    found = [(name, one.bar, one.side, one.signal) for name, one in ours.ledger]
    assert found == [(name, one.bar, one.side, one.signal) for name, one in witness.ledger]
    equity = [float(one) for one in witness.equity]
    np.testing.assert_allclose(ours.equity, equity, rtol=1e-9)
