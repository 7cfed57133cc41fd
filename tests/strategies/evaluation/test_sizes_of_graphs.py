"""What a graph says of its size is what its entries buy."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest

from engines.broker import Broker
from engines.errors import InvalidInput
from engines.instrument import Instrument
from engines.orders import Reason
from strategies.backtest import Terms, backtest
from strategies.evaluation.dataset import Dataset
from strategies.graph import Kelly, SizeLimits, Strategy, VolatilityTarget, close, param, rsi, stdev

TERMS = Terms(
    Instrument("linear", "ETHUSDT", Decimal("0.5"), Decimal("0.001")),
    Broker(taker_fee_rate=0.0, maker_fee_rate=0.0, check_margin=False),
)
TURNS = Strategy(
    "turns",
    enter_long=close > close[3],
    exit_long=close < close[2],
    sizing=VolatilityTarget(param("share", 1.0, low=0.5, high=5.0), of=stdev(close, 5)),
)


@pytest.mark.parametrize("share", [0.5, 2.0])
def test_a_volatility_target_over_a_deviation(
    share: float, make_dataset: Callable[..., Dataset]
) -> None:
    dataset = make_dataset(600)
    prices = dataset.bars.close
    strategy = TURNS.edit(
        sizing=VolatilityTarget(TURNS.params[0], of=stdev(close, 5), max_percent=40)
    )
    result = backtest(strategy, {"share": share}, dataset, TERMS)
    entries = result.fills["reason"] == int(Reason.ENTRY)
    assert entries.sum() > 20
    for bar, qty in zip(result.fills["bar"][entries], result.fills["qty"][entries], strict=True):
        equity = result.equity[bar - 1] if bar > 0 else 10_000.0
        spread = prices[bar - 5 : bar].std()
        wanted = min(equity * share / 100 / spread, 0.4 * equity / prices[bar - 1])
        assert qty == pytest.approx(wanted, abs=0.00101)


def test_a_sweep_takes_the_parameters_of_a_size(make_dataset: Callable[..., Dataset]) -> None:
    strategy = TURNS.edit(
        sizing=Kelly(param("fraction", 0.5, low=0.1, high=1.0), 3),
        size_limits=SizeLimits(2, param("most", 20, low=5, high=90)),
        enter_long=rsi(close, 3) < 30,
    )
    dataset = make_dataset(600)
    small = backtest(strategy, {"fraction": 0.1, "most": 5}, dataset, TERMS)
    large = backtest(strategy, {"fraction": 1.0, "most": 90}, dataset, TERMS)
    opened = [one.fills["qty"] * one.fills["price"] for one in (small, large)]
    assert opened[0].max() < 0.06 * 10_000
    assert opened[1].max() > opened[0].max()
    assert np.isfinite(small.equity).all()


def test_limits_that_cross_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"size_limits \(min up to max\)"):
        SizeLimits(30, 20)
