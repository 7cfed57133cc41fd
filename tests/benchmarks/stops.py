"""How fast is a row that rests a stop and a target? W3 without its trailing stops, and vectorbt."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from engines.bars import Floats
from engines.batch.cpu import window
from engines.batch.summary import statistics
from engines.decisions import unpack_bits
from engines.kernel import layout as at
from strategies.backtest import sums_of
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.plan import Plan
from strategies.graph import (
    PercentOfEquity,
    StopLoss,
    Strategy,
    TakeProfit,
    close,
    param,
    rsi,
)
from tests.benchmarks.figures import Figure, figure
from tests.benchmarks.peers import vectorbt
from tests.benchmarks.workloads import CASH, N_BARS, UNROUNDED, bars_of, closes

_ROUNDS: Final = 5
_MINUTE_MS: Final = 60_000
# Percent; every third of twenty by twenty.
_STOPS: Final = np.arange(1, 21, 3) * 0.1
_TARGETS: Final = np.arange(1, 21, 3) * 0.2


def reversion() -> Strategy:
    """RSI 30/70 both ways, a stop and a target in percent."""
    line = rsi(close, 14)
    return Strategy(
        "reversion",
        enter_long=line.crosses_above(30.0),
        enter_short=line.crosses_below(70.0),
        exits=[
            StopLoss(percent=param("stop", 1.0, low=0.05, high=10.0)),
            TakeProfit(percent=param("target", 1.0, low=0.05, high=10.0)),
        ],
        sizing=PercentOfEquity(100),
    )


def stop_figures(folder: Path) -> list[Figure]:
    """W3's stops and targets, the peer and we by turns, in CPU time; it is given our signals."""
    prices = closes()
    np.save(folder / "closes.npy", prices)
    dataset = Dataset(bars_of(prices))
    grid = np.array([(stop, target) for stop in _STOPS for target in _TARGETS])
    plan = Plan(reversion(), dataset, {"stop": grid[:, 0], "target": grid[:, 1]}, 0.0).prepare()
    _save_signals(plan, folder / "signals.npy")
    ready = window(dataset.bars, 0.0)
    ratios, nanoseconds = [], []
    with vectorbt(folder / "closes.npy") as peer:
        for round_ in range(_ROUNDS + 1):
            asked = {"grid": (grid / 100.0).tolist(), "signals": str(folder / "signals.npy")}
            answer = peer.ask(kind="stops", **asked)
            started = time.process_time()
            (sums,) = sums_of(plan, ready, UNROUNDED, [(0, N_BARS)], 0, len(grid))
            own = statistics(sums, CASH, "1", N_BARS * _MINUTE_MS)
            seconds = time.process_time() - started
            if round_ > 0:
                ratios.append(answer["seconds"] / seconds)
                nanoseconds.append(seconds / (N_BARS * len(grid)) * 1e9)
    says = (
        f"W3 without trailing: {len(grid)} rows of RSI 30/70 with a stop and a target over "
        f"{N_BARS:,} bars, Sharpe per bar, a trade every {_bars_a_trade(sums):,.0f} bars"
    )
    name = ("vectorbt (rust), kernels alone, eight columns, tuned malloc", answer["version"])
    return [
        figure("w3_stops_targets", ratios, "× faster", name, _agreement(own, answer), says),
        figure("w3_stops_targets_cost", nanoseconds, "ns per bar and row", ("", ""), "", says),
    ]


def _save_signals(plan: Plan, path: Path) -> None:
    """Where the first row, as all rows, asks for longs and for shorts: (2, n_bars)."""
    table = plan.table(np.array([0]))
    rows = table.choices[0, [at.ENTER_LONG, at.ENTER_SHORT]]
    np.save(path, np.array([unpack_bits(table.bitmaps[row], N_BARS) for row in rows]))


def _bars_a_trade(sums: Floats) -> float:
    return float(sums[:, at.STAT_BARS].sum() / sums[:, at.STAT_TRADES].sum())


def _agreement(own: dict[str, Floats], answer: dict[str, Any]) -> str:
    """How far trades and returns are apart: vectorbt has one order a bar, so that a signal is
    lost at a bar that has stopped the position out.
    """
    trades = np.abs(own["trades"] / np.array(answer["trades"]) - 1.0).max()
    returns = np.abs(own["total_return"] - np.array(answer["returns"])).max()
    return f"trades to {trades:.1%}, total return to {returns:.1e}: vectorbt has one order a bar"
