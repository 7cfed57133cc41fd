"""Cases worked by hand that every engine of graphs must give: bars, a strategy, and its ledger.

Prices are on a grid of 0.1, quantities of 0.01; without fees unless a case asks for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

import numpy as np

from engines.bars import Bars, Series
from engines.broker import Broker
from engines.instrument import Instrument
from engines.orders import Reason, Refusal
from strategies.backtest import Terms
from strategies.evaluation.dataset import Dataset
from strategies.graph import (
    BreakEven,
    Cash,
    CoolDown,
    FixedQty,
    PercentOfEquity,
    RiskPercent,
    StopLoss,
    Strategy,
    TakeProfit,
    TimeExit,
    TrailingStop,
    close,
)

Row = tuple[float, float, float, float]
# Bar, side (+1 buys), price, quantity, why.
Line = tuple[int, int, float, float, Reason]

FREE: Final = Broker(initial_cash=10_000.0, taker_fee_rate=0.0, maker_fee_rate=0.0)
# The signals: a close at 101 enters long, at 99 short, at 102 leaves longs, at 98 shorts.
SIGNALS: Final[dict[str, Any]] = {
    "enter_long": close.equals(101.0),
    "enter_short": close.equals(99.0),
    "exit_long": close.equals(102.0),
    "exit_short": close.equals(98.0),
}


@dataclass(frozen=True)
class EngineCase:
    """What is traded on which bars, and the fills that come of it."""

    name: str
    bars: Sequence[Row]
    fills: Sequence[Line]
    strategy: Mapping[str, Any] = field(default_factory=dict)
    broker: Mapping[str, Any] = field(default_factory=dict)
    refusals: Sequence[tuple[int, Refusal]] = ()
    fees: Sequence[float] | None = None

    @property
    def graph(self) -> Strategy:
        return Strategy(self.name, **{**SIGNALS, "sizing": FixedQty(1.0), **self.strategy})

    @property
    def dataset(self) -> Dataset:
        table = np.array(self.bars, dtype=float).T
        return Dataset(
            Bars(
                Series("linear", "TEST", "1"),
                60_000 * np.arange(len(self.bars)),
                table[0],
                table[1],
                table[2],
                table[3],
                np.ones(len(self.bars)),
                np.full(len(self.bars), np.nan),
            )
        )

    @property
    def terms(self) -> Terms:
        instrument = Instrument("linear", "TEST", Decimal("0.1"), Decimal("0.01"))
        return Terms(instrument, replace(FREE, **self.broker))


def flat(price: float) -> Row:
    """A bar that stands still."""
    return price, price, price, price


LONG: Final = (99.5, 101.0, 99.5, 101.0)
UP: Final = (101.0, 101.3, 101.0, 101.3)
SHORT: Final = (100.5, 100.5, 99.0, 99.0)
STOP, TARGET, TRAIL = Reason.STOP_LOSS, Reason.TAKE_PROFIT, Reason.TRAILING_STOP
ENTRY: Final = Reason.ENTRY

CASES: Final = (
    EngineCase(
        "a market order fills at the next open",
        [LONG, (100.4, 100.9, 100.1, 100.2), flat(100.2)],
        [(1, 1, 100.4, 1.0, ENTRY)],
    ),
    EngineCase(
        "fill_at close fills at the close of the signal",
        [LONG, flat(100.2)],
        [(0, 1, 101.0, 1.0, ENTRY)],
        broker={"fill_at": "close"},
    ),
    EngineCase(
        "slippage goes against the order, never against a target",
        [LONG, (100.4, 102.0, 100.1, 100.2)],
        [(1, 1, 100.6, 1.0, ENTRY), (1, -1, 101.6, 1.0, TARGET)],
        {"exits": [TakeProfit(ticks=10)]},
        {"slippage_ticks": 2.0},
    ),
    EngineCase(
        "an opposite signal reverses with one order and one flat fee",
        [LONG, flat(100.0), SHORT, flat(100.0)],
        [
            (1, 1, 100.0, 1.0, ENTRY),
            (3, -1, 100.0, 1.0, Reason.REVERSAL),
            (3, -1, 100.0, 1.0, Reason.REVERSAL),
        ],
        broker={"fee_per_order": 2.0},
        fees=[2.0, 1.0, 1.0],
    ),
    EngineCase(
        "on_opposite close only leaves",
        [LONG, flat(100.0), SHORT, flat(100.0), flat(100.0)],
        [(1, 1, 100.0, 1.0, ENTRY), (3, -1, 100.0, 1.0, Reason.SIGNAL_EXIT)],
        {"on_opposite": "close"},
    ),
    EngineCase(
        "on_opposite ignore stays",
        [LONG, flat(100.0), SHORT, flat(100.0)],
        [(1, 1, 100.0, 1.0, ENTRY)],
        {"on_opposite": "ignore"},
        refusals=[(2, Refusal.OPPOSITE_IGNORED)],
    ),
    EngineCase(
        "the nearer extreme comes first: the stop before the target",
        [LONG, (100.0, 102.0, 99.0, 101.5)],
        [(1, 1, 100.0, 1.0, ENTRY), (1, -1, 99.5, 1.0, STOP)],
        {"exits": [StopLoss(ticks=5), TakeProfit(ticks=10)]},
    ),
    EngineCase(
        "the nearer extreme comes first: the target before the stop",
        [LONG, (100.0, 101.0, 98.0, 99.0)],
        [(1, 1, 100.0, 1.0, ENTRY), (1, -1, 101.0, 1.0, TARGET)],
        {"exits": [StopLoss(ticks=5), TakeProfit(ticks=10)]},
    ),
    EngineCase(
        "a gap beyond a stop fills at the open",
        [LONG, flat(100.0), (98.5, 98.9, 98.4, 98.6)],
        [(1, 1, 100.0, 1.0, ENTRY), (2, -1, 98.5, 1.0, STOP)],
        {"exits": [StopLoss(ticks=5)]},
    ),
    EngineCase(
        "a gap beyond a target fills at the better open",
        [LONG, flat(100.0), (102.0, 102.2, 101.8, 101.9)],
        [(1, 1, 100.0, 1.0, ENTRY), (2, -1, 102.0, 1.0, TARGET)],
        {"exits": [TakeProfit(ticks=10)]},
    ),
    EngineCase(
        "levels are rounded: a stop to the worse, a target to the better",
        # 1 % of 100.4 is 1.004: the stop 99.396 becomes 99.3, the target 101.404 becomes 101.5.
        [LONG, flat(100.4), (100.4, 101.4, 100.0, 100.4), (100.4, 101.6, 100.3, 101.5)],
        [(1, 1, 100.4, 1.0, ENTRY), (3, -1, 101.5, 1.0, TARGET)],
        {"exits": [StopLoss(percent=1), TakeProfit(percent=1)]},
    ),
    EngineCase(
        "two targets take their parts, the stop takes the rest",
        [LONG, (100.0, 100.6, 99.9, 100.5), (100.5, 100.5, 99.0, 99.1)],
        [
            (1, 1, 100.0, 1.0, ENTRY),
            (1, -1, 100.5, 0.33, TARGET),
            (2, -1, 99.5, 0.67, STOP),
        ],
        {
            "exits": [
                TakeProfit(ticks=5, portion=33.4),
                TakeProfit(ticks=20, portion=66.6),
                StopLoss(ticks=5),
            ]
        },
    ),
    EngineCase(
        "a trailing stop follows the path after its activation",
        # Armed at 101.0, the best price is 101.4: three ticks behind it.
        [LONG, (100.0, 101.4, 99.9, 101.2), (101.2, 101.3, 100.8, 100.9)],
        [(1, 1, 100.0, 1.0, ENTRY), (2, -1, 101.1, 1.0, TRAIL)],
        {"exits": [TrailingStop(ticks=3, activation_ticks=10)]},
    ),
    EngineCase(
        "break-even moves the stop once the trigger was reached",
        [LONG, (100.0, 101.0, 99.8, 100.9), (100.9, 100.9, 99.0, 99.2)],
        [(1, 1, 100.0, 1.0, ENTRY), (2, -1, 100.1, 1.0, Reason.BREAK_EVEN)],
        {"exits": [StopLoss(ticks=8), BreakEven(trigger_ticks=10, offset_ticks=1)]},
    ),
    EngineCase(
        "break-even after the first target",
        [LONG, (100.0, 100.6, 99.9, 100.5), (100.5, 100.5, 99.0, 99.2)],
        [
            (1, 1, 100.0, 1.0, ENTRY),
            (1, -1, 100.5, 0.5, TARGET),
            (2, -1, 100.0, 0.5, Reason.BREAK_EVEN),
        ],
        {
            "exits": [
                StopLoss(ticks=8),
                TakeProfit(ticks=5, portion=50),
                BreakEven(after_target=1),
            ]
        },
    ),
    EngineCase(
        "exits of the next bar do not see the entry's own",
        [LONG, (100.0, 100.2, 99.0, 100.1), (100.1, 100.2, 99.2, 99.4)],
        [(1, 1, 100.0, 1.0, ENTRY), (2, -1, 99.5, 1.0, STOP)],
        {"exits": [StopLoss(ticks=5)]},
        {"exits_from": "next_bar"},
    ),
    EngineCase(
        "a stop that follows its series",
        # Half a point below each close: 100.5 at the signal, then 100.3 and 100.7.
        [LONG, (101.0, 101.1, 100.6, 100.8), (100.8, 101.3, 100.6, 101.2), flat(100.6)],
        [(1, 1, 101.0, 1.0, ENTRY), (3, -1, 100.6, 1.0, STOP)],
        {"exits": [StopLoss(price=close - 0.5, short_price=close + 0.5, follow=True)]},
    ),
    EngineCase(
        "a time exit counts bars from the entry",
        [LONG, flat(100.0), flat(100.1), flat(100.2), flat(100.3)],
        [(1, 1, 100.0, 1.0, ENTRY), (4, -1, 100.3, 1.0, Reason.TIME_EXIT)],
        {"exits": [TimeExit(2)]},
    ),
    EngineCase(
        "pyramiding adds up to its limit",
        [LONG, (100.0, 101.0, 100.0, 101.0), (100.2, 101.0, 100.2, 101.0), flat(100.3)],
        [(1, 1, 100.0, 1.0, ENTRY), (2, 1, 100.2, 1.0, ENTRY)],
        {"pyramiding": 2},
        refusals=[(2, Refusal.POSITION_LIMIT)],
    ),
    EngineCase(
        "no entry while it cools down",
        [LONG, flat(100.0), flat(102.0), LONG, LONG, LONG, flat(100.5)],
        [
            (1, 1, 100.0, 1.0, ENTRY),
            (3, -1, 99.5, 1.0, Reason.SIGNAL_EXIT),
            (6, 1, 100.5, 1.0, ENTRY),
        ],
        {"cool_down": CoolDown(2)},
        refusals=[(3, Refusal.COOL_DOWN), (4, Refusal.COOL_DOWN)],
    ),
    EngineCase(
        "both signals at once are neither",
        [LONG, flat(100.0)],
        [],
        {"enter_short": close.equals(101.0)},
        refusals=[(0, Refusal.CONFLICT)],
    ),
    EngineCase(
        "percent of equity keeps its fee inside the budget",
        # 10,000 / (101 × 1.001) = 98.911...
        [LONG, UP],
        [(1, 1, 101.0, 98.91, ENTRY)],
        {"sizing": PercentOfEquity(100)},
        {"taker_fee_rate": 0.001},
        fees=[98.91 * 101.0 * 0.001],
    ),
    EngineCase(
        "an amount of margin is multiplied by leverage",
        [LONG, UP],
        [(1, 1, 101.0, 19.8, ENTRY)],
        {"sizing": Cash(1_000)},
        {"leverage": 2.0},
    ),
    EngineCase(
        "risk loses its percent at the stop",
        # 1 % of 10,000 is 100; the stop lies half a point away.
        [LONG, UP, flat(100.0)],
        [(1, 1, 101.0, 200.0, ENTRY), (2, -1, 100.0, 200.0, STOP)],
        {"sizing": RiskPercent(1), "exits": [StopLoss(ticks=5)]},
        {"leverage": 3.0},
    ),
    EngineCase(
        "sized at the fill",
        [LONG, flat(80.0)],
        [(1, 1, 80.0, 12.5, ENTRY)],
        {"sizing": Cash(1_000)},
        {"size_at": "fill"},
    ),
    EngineCase(
        "an entry beyond the account is refused",
        [LONG, UP],
        [],
        {"sizing": FixedQty(99.01)},
        refusals=[(0, Refusal.NO_MARGIN)],
    ),
    EngineCase(
        "an account without equity is closed out",
        [LONG, UP, flat(90.0), LONG],
        [(1, 1, 101.0, 100.0, ENTRY), (2, -1, 90.0, 100.0, Reason.BANKRUPT)],
        {"sizing": FixedQty(100.0)},
        {"initial_cash": 1_000.0, "leverage": 20.0},
    ),
)
