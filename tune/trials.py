"""What did a sweep's trials earn, day by day? Enough of its rows to stand for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats
from engines.intervals import DAY_MS
from strategies.backtest import Terms, bar_range, equity_of
from strategies.evaluation.dataset import Dataset
from strategies.graph.strategy import Strategy
from strategies.variation.family import Family
from tune.chunk import plans_of, prepare
from tune.graphs import own_rows
from tune.sweep_spec import SweepWindow

# Rows that are looked at day by day: half of them the best ones, half drawn at random.
MOST_TRIALS: Final = 1000
_SEED: Final = 20

Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Trials:
    """Daily returns of trials over the days from `first_day` on (UTC days since 1970).

    `returns` (n_days, n_trials) are fractions of the equity of the evening before, 0 on days that
    a trial's market did not trade. Column 0 is the chosen trial. `drawn` says which columns are a
    random sample of all `rows`; `hold` (n_days,) is what the chosen trial's market itself did.
    """

    first_day: int
    returns: Floats
    drawn: NDArray[np.bool_]
    rows: int
    hold: Floats

    @property
    def chosen(self) -> Floats:
        """Daily returns of the chosen trial, (n_days,)."""
        return np.ascontiguousarray(self.returns[:, 0])


@dataclass(frozen=True, eq=False)
class Sample:
    """Which trials to look at: (window, row) pairs, the chosen one first."""

    windows: Numbers
    rows: Numbers
    drawn: NDArray[np.bool_]
    of: int


@dataclass(frozen=True, eq=False)
class Days:
    """Returns of the trials of one window, (n_days, n_trials), and of its market."""

    first_day: int
    returns: Floats
    hold: Floats


def sample_of(windows: Numbers, rows: Numbers, scores: Floats, most: int = MOST_TRIALS) -> Sample:
    """All trials, or the best ones and some drawn at random, the best of all first.

    `windows`, `rows`, `scores` (n_trials,): more is better, NaN is worst.
    """
    known = np.where(np.isnan(scores), -np.inf, scores)
    # Of equals, the lower window and row: as the sweep's own ranking.
    order = np.lexsort((rows, windows, -known))
    if len(order) <= most:
        return Sample(windows[order], rows[order], np.ones(len(order), dtype=bool), len(order))
    best, rest = order[: most // 2], order[most // 2 :]
    drawn = np.random.default_rng(_SEED).choice(order, most - most // 2, replace=False)
    places = np.concatenate([best, drawn[np.isin(drawn, rest)]])
    return Sample(windows[places], rows[places], np.isin(places, drawn), len(order))


def days_of(
    family: Family,
    dataset: Dataset,
    rows: Mapping[str, Floats],
    terms: Terms,
    over: SweepWindow,
) -> Days:
    """Daily returns of `rows` over a window; the first day's from the initial cash."""
    start, stop = bar_range(dataset.bars, over.start_ms, over.end_ms)
    days = dataset.bars.open_ms[start:stop] // DAY_MS
    last = np.flatnonzero(np.append(days[1:] != days[:-1], True))
    ends = start + last
    equity = np.zeros((len(next(iter(rows.values()))), len(ends)))
    for graph, places in family.split(rows):
        some = own_rows(graph.strategy, rows, places)
        equity[places] = _equity(graph.strategy, dataset, some, terms, (start, stop), ends)
    own = _returns(equity, terms.broker.initial_cash)
    hold = _returns(dataset.bars.close[None, ends], float(dataset.bars.open[start]))
    return Days(int(days[0]), _spread(own.T, days[last]), _spread(hold.T, days[last])[:, 0])


def _equity(
    strategy: Strategy,
    dataset: Dataset,
    rows: Mapping[str, Floats],
    terms: Terms,
    span: tuple[int, int],
    ends: Numbers,
) -> Floats:
    prepared = prepare(strategy, dataset, rows, terms)
    parts = [
        equity_of(plan, prepared.ready, terms, span, np.arange(low, high), ends)
        for plan, low, high in plans_of(prepared, strategy, rows, terms)
    ]
    return np.concatenate(parts)


def _returns(equity: Floats, first: float) -> Floats:
    """Returns (n, n_days) of equity (n, n_days) that began at `first`; 0 once nothing is left."""
    before = np.column_stack([np.full(len(equity), first), equity[:, :-1]])
    return np.where(before > 0.0, equity / np.where(before > 0.0, before, 1.0) - 1.0, 0.0)


def _spread(returns: Floats, days: Numbers) -> Floats:
    """Put returns on their days, 0 on the days between that had no bars."""
    whole = np.zeros((int(days[-1] - days[0]) + 1, returns.shape[1]))
    whole[days - days[0]] = returns
    return whole


def joined(sample: Sample, parts: Mapping[int, Days]) -> Trials:
    """The trials of all windows beside each other, in the sample's order.

    `parts` holds each window's days, its trials in the order in which the sample names them.
    """
    first = min(part.first_day for part in parts.values())
    last = max(part.first_day + len(part.returns) for part in parts.values())
    returns = np.zeros((last - first, len(sample.rows)))
    for number, part in parts.items():
        start = part.first_day - first
        columns = np.flatnonzero(sample.windows == number)
        returns[start : start + len(part.returns), columns] = part.returns
    chosen = parts[int(sample.windows[0])]
    hold = np.zeros(last - first)
    hold[chosen.first_day - first :][: len(chosen.hold)] = chosen.hold
    return Trials(first, returns, sample.drawn, sample.of, hold)


def picked(rows: Mapping[str, Floats], places: Sequence[int] | Numbers) -> dict[str, Floats]:
    """Some rows of parameters."""
    return {name: values[np.asarray(places)] for name, values in rows.items()}
