"""How good is a row that a search finds, and what does asking cost? Against two whole grids.

`python -m tests.benchmarks.searches [SEEDS]` records the figures. W3 is a reversal of RSI(14) at 30
and 70 over 100,000 bars: 20 stops × 20 targets × 5 trailing stops, 2,000 rows. The other landscape
is a crossing of averages on the same bars, 20 fast × 20 slow × 5 stops: settings of a search that
serve the one alone are none.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.batch.cpu import window
from engines.batch.summary import statistics
from strategies.backtest import sums_of
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.plan import Plan
from strategies.graph import StopLoss, Strategy, TakeProfit, TrailingStop, close, param, rsi, sma
from tests.benchmarks.figures import Figure
from tests.benchmarks.run import record
from tests.benchmarks.workloads import N_BARS, TICK_LOT, bars_of, closes
from tune.search.guidance import Guidance, batch_for
from tune.search.searcher import searcher_of
from tune.search.terrain import Terrain
from tune.space import Axis, Kind, Mask, Rows, Space, rows_of

_BUDGET: Final = 0.05
_TOP: Final = 0.002
_EVALUATIONS: Final = 10_000
# A distance that no price covers: no trailing stop.
_NEVER: Final = 90.0
AXES: Final = (
    Axis("stop", "float", low=0.1, high=2.0, step=0.1),
    Axis("target", "float", low=0.2, high=4.0, step=0.2),
    Axis("trail", "choice", values=(0.2, 0.5, 1.0, 2.0, _NEVER)),
)
CROSS_AXES: Final = (
    Axis("fast", "int", low=5, high=100, step=5),
    Axis("slow", "int", low=120, high=690, step=30),
    Axis("stop", "choice", values=(0.3, 0.6, 1.0, 2.0, _NEVER)),
)
GUIDED: Final[tuple[Kind, ...]] = ("gp", "tpe", "cmaes", "nsga2", "nsga3", "refine", "genetic")
SCALING: Final[tuple[tuple[Kind, int], ...]] = (
    ("random", _EVALUATIONS),
    ("sobol", _EVALUATIONS),
    ("cmaes", _EVALUATIONS),
    ("refine", _EVALUATIONS),
    ("genetic", _EVALUATIONS),
    ("nsga2", 2_000),
    ("nsga3", 2_000),
    ("tpe", 500),
    ("gp", 500),
)


def reversal() -> Strategy:
    """W3: in the market from one end of the oscillator to a bracket or the other end."""
    force = rsi(close, 14)
    return Strategy(
        "reversal",
        enter_long=force.crosses_above(30),
        enter_short=force.crosses_below(70),
        exits=[
            StopLoss(percent=param("stop", 1.0, low=0.1, high=2.0)),
            TakeProfit(percent=param("target", 2.0, low=0.2, high=4.0)),
            TrailingStop(percent=param("trail", 1.0, low=0.1, high=_NEVER)),
        ],
    )


def crossing_with_stop() -> Strategy:
    """Long above, short below, until a stop."""
    fast, slow = param("fast", 5, low=5, high=100), param("slow", 120, low=120, high=690)
    return Strategy(
        "crossing_with_stop",
        enter_long=sma(close, fast).crosses_above(sma(close, slow)),
        enter_short=sma(close, fast).crosses_below(sma(close, slow)),
        exits=[StopLoss(percent=param("stop", 1.0, low=0.1, high=_NEVER))],
    )


def everything(rows: Rows) -> np.typing.NDArray[np.bool_]:
    """Every row is allowed."""
    return np.ones(len(next(iter(rows.values()))), dtype=bool)


_ALL: Final[Mask] = everything  # type: ignore[assignment]


def grid_scores(
    n_bars: int = N_BARS, strategy: Strategy | None = None, axes: tuple[Axis, ...] = AXES
) -> Floats:
    """The Sharpe ratio of every row of a grid, W3's by default, (20, 20, 5)."""
    bars = bars_of(closes(n_bars))
    rows = rows_of(Space(axes), _ALL)
    plan = Plan(strategy or reversal(), Dataset(bars), rows, 0.0).prepare()
    ready = window(bars, float(TICK_LOT.instrument.tick), None)
    (sums,) = sums_of(plan, ready, TICK_LOT, [(0, n_bars)], 0, plan.n_rows)
    span_ms = bars.end_ms - bars.start_ms
    found = statistics(sums, TICK_LOT.broker.initial_cash, "1", span_ms)["sharpe"]
    return np.asarray(found.reshape([axis.count() for axis in axes]))


def best_found(
    method: Kind,
    scores: Floats,
    seed: int,
    budget: float = _BUDGET,
    axes: tuple[Axis, ...] = AXES,
) -> float:
    """The best score among so many rows that a search asks for."""
    n_rows = round(budget * scores.size)
    space = Space(axes, method, n_rows, seed)
    pool = rows_of(space, _ALL)
    terrain = Terrain(space, _ALL, pool)
    if method == "random":
        drawn = np.column_stack([pool[axis.name] for axis in axes])
        return float(_scores_at(terrain, drawn, scores).max())
    guidance = Guidance(method, ("sharpe",), batch_for(n_rows))
    searcher = searcher_of(terrain, guidance, seed)
    best = -np.inf
    for first in range(0, n_rows, guidance.batch):
        values = terrain.take(searcher, min(guidance.batch, n_rows - first))
        found = _scores_at(terrain, values, scores)
        searcher.tell(terrain.points(values), found[:, None])
        best = max(best, float(found.max()))
    return best


def _scores_at(terrain: Terrain, values: Floats, scores: Floats) -> Floats:
    places = (terrain.points(values) * np.array(scores.shape)).astype(int)
    return np.asarray(scores[tuple(places.T)])


def rank_share(best: float, scores: Floats) -> float:
    """Which share of the grid is as good as this or better."""
    return float((scores >= best).mean())


def asking_seconds(method: Kind, n_rows: int) -> float:
    """What it costs to ask for rows of eight parameters and to tell, without evaluating any."""
    axes = tuple(Axis(f"p{k}", "float", low=0.0, high=1.0) for k in range(8))
    space = Space(axes, method, n_rows, 1)
    started = time.process_time()
    terrain = Terrain(space, _ALL, rows_of(space, _ALL))
    if method in GUIDED:
        guidance = Guidance(method, ("sharpe",), batch_for(n_rows))
        searcher = searcher_of(terrain, guidance, 1)
        for first in range(0, n_rows, guidance.batch):
            points = terrain.points(terrain.take(searcher, min(guidance.batch, n_rows - first)))
            searcher.tell(points, -((points - 0.4) ** 2).sum(axis=1)[:, None])
    return time.process_time() - started


def search_figures(seeds: int = 20) -> Iterator[Figure]:
    """Median share of both grids that is as good, wins against random rows, cost of asking."""
    crossed = grid_scores(strategy=crossing_with_stop(), axes=CROSS_AXES)
    yield from landscape_figures("w3", grid_scores(), AXES, seeds)
    yield from landscape_figures("cross", crossed, CROSS_AXES, seeds)
    for method, n_rows in SCALING:
        spent = asking_seconds(method, n_rows)
        says = f"{n_rows:,} rows of eight parameters asked for and told, without running them"
        yield Figure(
            f"asking_{method}", float(f"{spent:.3g}"), "CPU s", spent, spent, "", "", "", says
        )


def landscape_figures(
    name: str, scores: Floats, axes: tuple[Axis, ...], seeds: int
) -> Iterator[Figure]:
    """What every guided search finds on one grid."""
    by_chance = [best_found("random", scores, seed, axes=axes) for seed in range(seeds)]
    for method in GUIDED:
        found = [best_found(method, scores, seed, axes=axes) for seed in range(seeds)]
        shares = [rank_share(one, scores) for one in found]
        wins = sum(one > other for one, other in zip(found, by_chance, strict=True))
        says = (
            f"{name.capitalize()}: share of the grid that is as good as the best of {_BUDGET:.0%} "
            f"of it, found by {method}, median of {seeds} seeds"
        )
        yield Figure(
            f"search_{name}_{method}", float(np.median(shares)), "of the grid",
            min(shares), max(shares),
            "random rows, as many", "this version",
            f"better than chance in {wins} of {seeds}, which reaches "
            f"{np.median([rank_share(one, scores) for one in by_chance]):.4f}", says,
        )  # fmt: skip


def main() -> None:
    """Search, and record the figures beside the others."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    sys.stdout.write(record(list(search_figures(seeds))))


if __name__ == "__main__":
    main()
