"""On real bars the event engine and the oracle trade scripts of many features alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engines import event, reference
from engines.broker import TRADINGVIEW
from tests.engines.event.agreement import assert_same
from tests.examples import times
from tests.parity.cases import Recorded, read_case
from tests.parity.mixed import MIXED
from tests.parity.scripts import Steps

pytestmark = pytest.mark.shared
BARS = 700
MARKETS = ("pyne_macd", "pyne_futures_qm", "pyne_bar_magnifier")
RULES = {
    "free": TRADINGVIEW,
    "rates": replace(TRADINGVIEW, taker_fee_rate=0.001, maker_fee_rate=0.0004, slippage_ticks=3.0),
    "at closes": replace(TRADINGVIEW, fee_per_order=2.5, fill_at="close"),
}


@pytest.fixture(scope="module", params=MARKETS)
def market(request: pytest.FixtureRequest, shared: Path) -> Recorded:
    return read_case(shared / "tv_cases" / request.param)


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("name", MIXED)
def test_engines_trade_alike(market: Recorded, name: str, rules: str) -> None:
    mixed, last = MIXED[name], BARS * times()
    bars = market.bars.rows(0, min(last, len(market.bars)))
    tick, terms = float(market.instrument.tick), (bars, market.instrument, RULES[rules])
    ours = event.simulate(Steps(mixed.logic(bars, tick)), *terms, mixed.properties, market.finer)
    logic = Steps(mixed.logic(bars, tick))
    witness = reference.simulate(logic, *terms, mixed.properties, market.finer)
    assert len(ours.trades) > 3
    assert_same(ours, witness)
