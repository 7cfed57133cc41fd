"""Which kernel takes a strategy? The one that leaves out all that the strategy does not use."""

from __future__ import annotations

from typing import Any

import pytest

from engines.broker import Broker
from strategies.backtest import computing_path
from strategies.graph import (
    FixedQty,
    Kelly,
    LimitEntry,
    Limits,
    OnlyInProfit,
    SizeLimits,
    StopLoss,
    Strategy,
    TimeExit,
    close,
    sma,
)

_BROKER = Broker()


def _crossing(**more: Any) -> Strategy:
    return Strategy("crossing", enter_long=close.crosses_above(sma(close, 20)), **more)


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({}, "plain"),
        ({"sizing": FixedQty(1), "exits": [TimeExit(5)]}, "plain"),
        ({"exits": [StopLoss(percent=1)]}, "bracket"),
        ({"entry": LimitEntry(percent=1)}, "full"),
        ({"limits": Limits(trades_per_day=1)}, "full"),
        ({"sizing": Kelly(fraction=0.5)}, "full"),
        ({"size_limits": SizeLimits(max_percent=50)}, "full"),
        ({"exits": [OnlyInProfit(1)]}, "full"),
        ({"exits": [TimeExit(5, min_profit_percent=1)]}, "full"),
    ],
)
def test_a_strategy_takes_the_kernel_that_knows_just_what_it_uses(
    more: dict[str, Any], path: str
) -> None:
    assert computing_path(_crossing(**more), _BROKER) == path
