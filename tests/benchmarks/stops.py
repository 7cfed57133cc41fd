"""How fast is a row that rests a stop, a target and a trailing stop? W3, and vectorbt."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from engines.bars import Floats
from engines.batch.cpu import Window, window
from engines.batch.summary import statistics
from engines.decisions import unpack_bits
from engines.kernel import layout as at
from strategies.backtest import Terms, sums_of
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.plan import Plan
from strategies.graph import (
    PercentOfEquity,
    StopLoss,
    Strategy,
    TakeProfit,
    TrailingStop,
    close,
    param,
    rsi,
)
from tests.benchmarks.figures import Figure, figure
from tests.benchmarks.peers import vectorbt
from tests.benchmarks.workloads import CASH, N_BARS, TICK_LOT, UNROUNDED, bars_of, closes

_ROUNDS: Final = 9
# Theirs is long and ours short beside the moments in which a shared machine is slow.
_OURS_IN_A_ROW: Final = 5
_MINUTE_MS: Final = 60_000
# Percent. vectorbt cannot hold a stop beside a trailing one: it has rows without, every third stop
# and target. The last trailing stop is none, as the price never falls so far.
_STOPS: Final = np.arange(1, 21) * 0.1
_TARGETS: Final = np.arange(1, 21) * 0.2
_TRAILS: Final = (0.2, 0.5, 1.0, 2.0, 90.0)


def reversion() -> Strategy:
    """RSI 30/70 both ways; a stop, a target and a trailing stop in percent."""
    line = rsi(close, 14)
    return Strategy(
        "reversion",
        enter_long=line.crosses_above(30.0),
        enter_short=line.crosses_below(70.0),
        exits=[
            StopLoss(percent=param("stop", 1.0, low=0.05, high=10.0)),
            TakeProfit(percent=param("target", 1.0, low=0.05, high=10.0)),
            TrailingStop(percent=param("trail", 1.0, low=0.05, high=99.0)),
        ],
        sizing=PercentOfEquity(100),
    )


def stop_figures(folder: Path) -> list[Figure]:
    """W3, the peer and we by turns, in CPU time; it is given our signals."""
    prices = closes()
    np.save(folder / "closes.npy", prices)
    dataset = Dataset(bars_of(prices))
    grid = np.array(list(itertools.product(_STOPS, _TARGETS, _TRAILS)))
    rows = dict(zip(("stop", "target", "trail"), grid.T, strict=True))
    plan = Plan(reversion(), dataset, rows, 0.0).prepare()
    _save_signals(plan, folder / "signals.npy")
    plain, gridded = (window(dataset.bars, tick) for tick in (0.0, 0.01))
    few = np.array(list(itertools.product(_STOPS[::3], _TARGETS[::3])))
    ratios, nanoseconds, slower = [], [], []
    with vectorbt(folder / "closes.npy") as peer:
        for round_ in range(_ROUNDS + 1):
            asked = {"grid": (few / 100.0).tolist(), "signals": str(folder / "signals.npy")}
            answer = peer.ask(kind="stops", **asked)
            seconds, sums = _timed(plan, plain, UNROUNDED)
            on_grid, _ = _timed(plan, gridded, TICK_LOT)
            if round_ > 0:
                ratios.append(answer["seconds"] / len(few) / (seconds / len(grid)))
                nanoseconds.append(seconds / (N_BARS * len(grid)) * 1e9)
                slower.append(on_grid / seconds)
    says = (
        f"W3: {len(grid):,} rows of RSI 30/70 with a stop, a target and a trailing stop over "
        f"{N_BARS:,} bars, Sharpe per bar, a trade every {_bars_a_trade(sums):,.0f} bars; "
        f"{len(few)} of vectorbt's, which cannot trail beside a stop, a row for a row"
    )
    same = np.array([np.flatnonzero((grid == (*one, _TRAILS[-1])).all(axis=1))[0] for one in few])
    agreement = _agreement(statistics(sums[same], CASH, "1", N_BARS * _MINUTE_MS), answer)
    name = ("vectorbt (rust), kernels alone, eight columns, tuned malloc", answer["version"])
    beside = "The same rows with a tick of 0.01 and a lot of 0.001"
    return [
        figure("w3", ratios, "× faster", name, agreement, says),
        figure("w3_cost", nanoseconds, "ns per bar and row", ("", ""), "", says),
        figure("w3_tick_lot", slower, "× the time", ("itself, unrounded", ""), "", beside),
    ]


def _timed(plan: Plan, ready: Window, terms: Terms) -> tuple[float, Floats]:
    """CPU seconds of a run of all rows, figures included; and their sums."""
    seconds = []
    for _ in range(_OURS_IN_A_ROW):
        started = time.process_time()
        (sums,) = sums_of(plan, ready, terms, [(0, N_BARS)], 0, plan.n_rows, means="lookup")
        statistics(sums, CASH, "1", N_BARS * _MINUTE_MS)
        seconds.append(time.process_time() - started)
    return float(np.median(seconds)), sums


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
