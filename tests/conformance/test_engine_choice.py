"""Which engine takes a strategy is a function of strategy and rules, and part of the name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.bars import Bars, Series
from engines.broker import BYBIT_LINEAR, Broker
from engines.errors import InvalidInput
from engines.funding import FundingRates
from engines.instrument import unrounded
from engines.orders import Reason
from strategies.backtest import Terms
from strategies.evaluation.dataset import Dataset
from strategies.graph import PercentOfEquity, StopLoss, Strategy, close
from strategies.running import engine_for, run_strategy

HOUR_MS = 3_600_000
CROSSING = Strategy("up", enter_long=close > close.shift(1), sizing=PercentOfEquity(50))
HELD = Broker(leverage=20.0, taker_fee_rate=0.0, margin_mode="isolated")


def falling(n_bars: int = 30) -> Dataset:
    """One rise, then a fall of a third."""
    prices = np.append([100.0, 101.0, 101.0], np.linspace(101.0, 65.0, n_bars - 3))
    opened = np.append(100.0, prices[:-1])
    return Dataset(
        Bars(
            Series("linear", "TEST", "60"),
            HOUR_MS * np.arange(n_bars),
            opened,
            np.maximum(opened, prices),
            np.minimum(opened, prices),
            prices,
            np.ones(n_bars),
            np.full(n_bars, np.nan),
        )
    )


@pytest.mark.parametrize(
    ("broker", "engine"),
    [
        (BYBIT_LINEAR, "cpu"),
        (replace(BYBIT_LINEAR, profile="tradingview"), "cpu"),
        (replace(BYBIT_LINEAR, profile="bybit_inverse"), "event"),
        (replace(BYBIT_LINEAR, margin_mode="isolated"), "event"),
        (replace(BYBIT_LINEAR, funding="history"), "cpu"),
    ],
)
def test_the_kernel_runs_what_it_knows(broker: Broker, engine: str) -> None:
    assert engine_for(CROSSING, broker, "auto") == engine


def test_the_kernel_is_not_asked_for_what_it_lacks() -> None:
    with pytest.raises(InvalidInput, match=r"engine.*'cpu'.*auto or event"):
        engine_for(CROSSING, HELD, "cpu")


def test_a_leveraged_graph_is_liquidated() -> None:
    terms = Terms(unrounded("TEST"), HELD)
    result = run_strategy(CROSSING, {}, falling(), terms)
    assert result.spec.path == "event"
    taken = result.fills["reason"] == int(Reason.LIQUIDATION)
    assert taken.sum() == 1
    # Isolated at leverage 20: bankrupt 5 % below the entry (`reference/bybit-v5.md` 8).
    assert result.fills["price"][taken][0] == pytest.approx(101.0 * 0.95, rel=1e-9)
    # Half of the account was its margin; that is gone and no more.
    assert result.equity[-1] == pytest.approx(5_000.0, rel=1e-9)


def test_a_graph_pays_funding() -> None:
    times = 8 * HOUR_MS * np.arange(1, 4)
    rates = FundingRates("linear", "TEST", times, np.array([0.001, -0.002, 0.003]))
    plain = Broker(taker_fee_rate=0.0)
    graph = CROSSING.edit(exits=[StopLoss(percent=60)])
    free = run_strategy(graph, {}, falling(), Terms(unrounded("TEST"), plain))
    paying = replace(plain, funding="history")
    result = run_strategy(graph, {}, falling(), Terms(unrounded("TEST"), paying, rates))
    paid = result.fills["funding"]
    qty = result.fills["qty"][0]
    marks = falling().bars.open[[8, 16, 24]]
    np.testing.assert_allclose(paid[paid != 0.0], qty * marks * rates.rate, rtol=1e-12)
    difference = free.equity[-1] - result.equity[-1]
    assert difference == pytest.approx(float(np.sum(paid)), rel=1e-9)
