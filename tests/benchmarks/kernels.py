"""How fast is a run, and a row of a sweep? Against vectorbt, and against ourselves on a grid."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from engines.bars import Floats
from engines.batch.cpu import Window, window
from engines.batch.summary import statistics
from strategies.backtest import Terms, sums_of
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.plan import Plan
from strategies.graph.strategy import Strategy
from tests.benchmarks.figures import Figure, figure
from tests.benchmarks.peers import Peer, vectorbt
from tests.benchmarks.workloads import (
    CASH,
    N_BARS,
    TICK_LOT,
    UNROUNDED,
    bars_of,
    closes,
    crossing,
    pairs,
)

# CPU time on both sides: on a shared machine the wall clock favours what is short.
_ROUNDS: Final = 5
# A single run is short beside the moments in which a shared machine is slow: many turns.
_SINGLE_ROUNDS: Final = 25
_IN_A_ROW: Final = 5
_OURS_IN_A_ROW: Final = 15
# Every tenth pair: what many rows share is paid by many, as in a whole sweep.
_PAIRS: Final = 495
_MINUTE_MS: Final = 60_000
_RICH: Final = 0.01


def kernel_figures(folder: Path) -> list[Figure]:
    """W1 and W2, the peer and we by turns."""
    prices = closes()
    np.save(folder / "closes.npy", prices)
    dataset = Dataset(bars_of(prices))
    with vectorbt(folder / "closes.npy") as peer:
        found = _single(dataset, peer)
        for kind in ("sparse", "dense"):
            found += _sweep(dataset, peer, kind)
    return found


def _single(dataset: Dataset, peer: Peer) -> list[Figure]:
    ready, values = window(dataset.bars, 0.0, None), _values(np.array([[20, 50]]))
    defined = crossing()
    ratios, anew = [], []
    for round_ in range(_SINGLE_ROUNDS + 1):
        # Warm means in a row: after the other side's turn the first runs find cold caches.
        answers = [peer.ask(kind="single") for _ in range(_IN_A_ROW)]
        again = range(_OURS_IN_A_ROW)
        runs = [_timed_single(lambda: defined, dataset, ready, values) for _ in again]
        built = [_timed_single(crossing, dataset, ready, values) for _ in again]
        if round_ > 0:
            theirs = np.median([answer["seconds"] for answer in answers])
            ratios.append(float(theirs / np.median([seconds for seconds, _ in runs])))
            anew.append(float(theirs / np.median([seconds for seconds, _ in built])))
    answer, own = answers[-1], runs[-1][1]
    off = abs(own["total_return"][0] - answer["total_return"])
    trades = int(own["trades"][0] + 1), answer["trades"]
    agreement = (
        f"total return to {off:.0e}, {trades[0]} of {trades[1]} trades, the open one counted"
    )
    name = ("vectorbt (rust), as documented", answer["version"])
    says = "One SMA 20/50 reversal over 100,000 bars, averages and six figures included, both warm"
    rebuilt = "The same, the strategy's graph built, checked and named anew for every run"
    return [
        figure("w1_warm_100k", ratios, "× faster", name, agreement, says),
        figure("w1_warm_100k_anew", anew, "× faster", name, agreement, rebuilt),
    ]


def _timed_single(
    define: Callable[[], Strategy], dataset: Dataset, ready: Window, values: dict[str, Floats]
) -> tuple[float, dict[str, Floats]]:
    started = time.process_time()
    plan = Plan(define(), dataset, values, 0.0).prepare()
    own = _rows(plan, ready, UNROUNDED, 1)
    return time.process_time() - started, own


def _sweep(dataset: Dataset, peer: Peer, kind: str) -> list[Figure]:
    chosen = pairs(kind, _PAIRS)
    plan = Plan(crossing(), dataset, _values(chosen), 0.0).prepare()
    plain, gridded = window(dataset.bars, 0.0, None), window(dataset.bars, 0.01, None)
    ratios, slower, nanoseconds = [], [], []
    for round_ in range(_ROUNDS + 1):
        answer = peer.ask(kind="sweep", pairs=chosen.tolist())
        seconds, own = _timed(plan, plain, UNROUNDED)
        on_grid, _ = _timed(plan, gridded, TICK_LOT)
        if round_ > 0:
            ratios.append(answer["seconds"] / seconds)
            slower.append(on_grid / seconds)
            nanoseconds.append(seconds / (N_BARS * _PAIRS) * 1e9)
    agreement = _agreement(own, answer)
    name = ("vectorbt (rust), kernels alone, eight columns, tuned malloc", answer["version"])
    over = f"{_PAIRS} pairs over 100,000 bars"
    says = f"W2 {kind}: {over}, Sharpe per bar, one core, averages made before"
    ours = ("the same rows unrounded", "this version")
    grid = "Bybit's tick 0.01 and lot 0.001"
    return [
        figure(f"w2_{kind}_bar", ratios, "× faster", name, agreement, says),
        figure(f"w2_{kind}_bar_tick_lot", slower, "× the time", ours, "same signals", grid),
        figure(f"w2_{kind}_cost", nanoseconds, "ns per bar and row", ("", ""), "", says),
    ]


def _timed(plan: Plan, ready: Window, terms: Terms) -> tuple[float, dict[str, Floats]]:
    started = time.process_time()
    found = _rows(plan, ready, terms, _PAIRS)
    return time.process_time() - started, found


def _rows(plan: Plan, ready: Window, terms: Terms, n_rows: int) -> dict[str, Floats]:
    (sums,) = sums_of(plan, ready, terms, [(0, N_BARS)], 0, n_rows)
    return statistics(sums, CASH, "1", N_BARS * _MINUTE_MS)


def _values(chosen: Any) -> dict[str, Floats]:
    return {"fast": chosen[:, 0].astype(float), "slow": chosen[:, 1].astype(float)}


def _agreement(own: dict[str, Floats], answer: dict[str, Any]) -> str:
    """How many rows made the same trades, and how far their Sharpe ratios are apart."""
    theirs, sharpe = np.array(answer["trades"]), np.array(answer["sharpe"])
    # vectorbt counts the trade that is still open.
    same = np.abs(own["trades"] + 1 - theirs) <= 1
    # vectorbt refuses orders of an account that has lost nearly everything.
    alive = same & (own["total_return"] > _RICH - 1.0)
    off = np.max(np.abs(own["sharpe"] / sharpe - 1.0)[alive])
    n_rows = len(theirs)
    return f"{same.sum()} of {n_rows} rows the same trades; Sharpe to {off:.0e} on {alive.sum()}"
