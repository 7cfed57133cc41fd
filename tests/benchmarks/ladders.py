"""What does a ladder cost? A grid of rows with safety orders, a bracket and minutes inside."""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from engines.batch.cpu import window
from engines.kernel import layout as at
from engines.resampling import resample
from strategies.backtest import sums_of
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.plan import Plan
from strategies.graph import (
    Ladder,
    SafetyClose,
    StopLoss,
    Strategy,
    TakeProfit,
    close,
    param,
    rsi,
)
from tests.benchmarks.figures import Figure, figure
from tests.benchmarks.workloads import N_BARS, TICK_LOT, bars_of, closes

_ROWS: Final = 32
_ROUNDS: Final = 7
_MINUTES: Final = 15


def ladder() -> Strategy:
    """Ten orders over five percent, two targets from the average, a stop and a safety close."""
    return Strategy(
        "ladder",
        enter_long=rsi(close, 14).crosses_below(param("low", 30.0, low=10.0, high=50.0)),
        ladder=Ladder(orders=10, range_percent=5, step_scale=1.1, volume_scale=1.2, window=3),
        exits=[
            TakeProfit(percent=0.8, portion=50, anchor="average"),
            TakeProfit(percent=1.6, portion=50, anchor="average"),
            StopLoss(percent=7, anchor="average"),
            SafetyClose(90),
        ],
    )


def ladder_figures() -> list[Figure]:
    """Nanoseconds per base bar and row, with minutes inside quarter-hours and without."""
    minutes = bars_of(closes(N_BARS * _MINUTES))
    bars = resample(minutes, "15")
    values = {"low": np.linspace(15.0, 45.0, _ROWS)}
    plan = Plan(ladder(), Dataset(bars), values, 0.0).prepare()
    inside, alone = window(bars, 0.01, minutes), window(bars, 0.01, None)
    found: list[tuple[float, float]] = []
    for _ in range(_ROUNDS + 1):
        seconds = []
        for ready in (inside, alone):
            started = time.perf_counter()
            (sums,) = sums_of(plan, ready, TICK_LOT, [(0, len(bars))], 0, _ROWS)
            seconds.append((time.perf_counter() - started) / (len(bars) * _ROWS) * 1e9)
        found.append((seconds[0], seconds[1]))
    trades = int(sums[:, at.STAT_TRADES].sum())
    says = f"{_ROWS} rows of a ladder of ten orders with a bracket over {len(bars):,} quarter-hours"
    agreement = f"{trades} trades"
    return [
        figure(
            "ladder_ns_per_bar",
            [one for one, _ in found[1:]],
            "ns per bar and row",
            ("", ""),
            agreement,
            f"{says}, minutes inside",
        ),
        figure(
            "ladder_alone_ns_per_bar",
            [one for _, one in found[1:]],
            "ns per bar and row",
            ("", ""),
            agreement,
            f"{says}, no minutes",
        ),
    ]
