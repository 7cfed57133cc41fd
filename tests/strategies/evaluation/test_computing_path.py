"""Which kernel takes a strategy? The one that leaves out all that the strategy does not use."""

from __future__ import annotations

from typing import Any

import pytest

from engines.broker import Broker
from strategies.backtest import computing_path
from strategies.evaluation.paths import path_of
from strategies.graph import (
    FixedQty,
    Kelly,
    LimitEntry,
    Limits,
    OnlyInProfit,
    SizeLimits,
    StopLoss,
    Strategy,
    TakeProfit,
    TimeExit,
    TrailingStop,
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


def test_what_asks_for_a_kernel_is_named() -> None:
    path = path_of(_crossing(exits=[StopLoss(percent=1), TakeProfit(percent=2)]), _BROKER)
    assert path.because == ("stop loss rests in the market", "take profit rests in the market")
    limited = path_of(_crossing(limits=Limits(trades_per_day=1), sizing=Kelly(0.5)), _BROKER)
    assert limited.because == (
        "limits counts trades and losses",
        "kelly sizes an entry by what came before",
    )
    paid = path_of(_crossing(), Broker(funding="history"))
    assert paid.because == ("funding is paid while a position is open",)


def test_the_bars_that_a_row_stops_at_follow_from_its_exits() -> None:
    alone = path_of(_crossing(), _BROKER).stops_at
    assert alone == ("a condition that may change the position",)
    more = path_of(_crossing(exits=[TrailingStop(percent=1), TimeExit(5)]), _BROKER).stops_at
    assert more[1:] == (
        "a price that an exit waits for",
        "a new best price, which a trailing stop follows",
        "the last bar that a position may last",
    )
