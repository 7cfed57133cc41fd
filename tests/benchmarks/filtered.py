"""What does it save to go from event to event? A filtered strategy against every bar looked at."""

from __future__ import annotations

import time
from typing import Any, Final

import numpy as np

from engines.bars import frozen
from engines.batch.cpu import Window, run_statistics, window
from engines.batch.stepping import Stepper
from engines.decisions import DecisionTable, unpack_bits
from engines.kernel import layout as at
from engines.kernel.market import market_for
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.plan import Plan
from strategies.graph import StopLoss, Strategy, TakeProfit, close, ema, param, rsi, sma
from tests.benchmarks.figures import Figure, figure
from tests.benchmarks.workloads import TICK_LOT, bars_of, closes

# Many rows: looking at every bar goes through Python once a bar.
_ROWS: Final = 2048
_BARS: Final = 5_000
_WARM_BARS: Final = 15_000
_ROUNDS: Final = 5
_MARKET: Final = market_for(TICK_LOT.broker, TICK_LOT.instrument)
_SIGNALS: Final = (at.ENTER_LONG, at.ENTER_SHORT, at.EXIT_LONG, at.EXIT_SHORT)


def filtered() -> Strategy:
    """Dips in an upward trend of four-hour bars: three indicators, an ATR stop, two targets."""
    trend = (ema(close, 5) > ema(close, 10)).on("240")
    dip = rsi(close, 14).crosses_below(param("low", 25.0, low=5.0, high=50.0))
    return Strategy(
        "filtered",
        enter_long=dip & trend & (close < sma(close, 50)),
        exits=[
            StopLoss(atr=3.0),
            TakeProfit(atr=3.0, portion=50),
            TakeProfit(atr=6.0, portion=50),
        ],
    )


def filtered_figures() -> list[Figure]:
    """How much longer rows take that look at every bar; conditions are made before for both."""
    dataset = Dataset(bars_of(closes(_WARM_BARS + _BARS)))
    values = {"low": np.linspace(12.0, 30.0, _ROWS)}
    table = Plan(filtered(), dataset, values, 0.0).prepare().table(np.arange(_ROWS))
    ready = window(dataset.bars, _MARKET.tick)
    ratios = []
    for round_ in range(_ROUNDS + 1):
        started = time.process_time()
        quick = run_statistics(ready, table, _MARKET, _WARM_BARS, ready.n_bars)
        between = time.process_time()
        slow = _bar_by_bar(ready, table)
        if round_ > 0:
            ratios.append((time.process_time() - between) / (between - started))
    same = int((quick[:, at.STAT_CASH] == slow[:, at.STAT_CASH]).sum())
    every = _BARS * _ROWS / max(quick[:, at.STAT_TRADES].sum(), 1.0)
    return [
        figure(
            "filtered_strategy",
            ratios,
            "× faster",
            ("the same rows with every bar looked at, as an agent's are", "this version"),
            f"{same} of {_ROWS} rows end with the same cash to the bit",
            f"{_ROWS} rows of three indicators, an ATR stop, two targets and a 4-hour filter over "
            f"{_BARS:,} minutes, a trade every {every:,.0f} bars",
        )
    ]


def _bar_by_bar(ready: Window, table: DecisionTable) -> Any:
    stepper = Stepper(ready, table.levels, table.params, table.choices, _MARKET)
    held = np.array([unpack_bits(words, ready.n_bars) for words in table.bitmaps])[:, _WARM_BARS:]
    picked = [held[table.choices[:, slot]].astype(np.int32) << k for k, slot in enumerate(_SIGNALS)]
    actions = frozen(np.sum(picked, axis=0, dtype=np.int32).T, np.int32)
    state = stepper.start(_WARM_BARS)
    for one in actions:
        state = stepper.step(state, one)
    return stepper.sums(state)
