"""A strategy stepped through a dataset, the same in columns, and a dataset with another future."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engines.bars import Bars
from engines.decisions import Decision, DecisionTable, unpack_bits
from engines.kernel import layout as at
from strategies.evaluation.bar_by_bar import Stepper
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.plan import Plan, default_rows
from strategies.evaluation.tracks import Bar
from strategies.graph.strategy import Strategy

TOLERANCE = 1e-10


def bars_of(bars: Bars) -> Iterator[Bar]:
    for k in range(len(bars)):
        values = (float(getattr(bars, name)[k]) for name in Bar._fields[2:])
        yield Bar(int(bars.open_ms[k]), int(bars.close_ms[k]), *values)


def step_through(strategy: Strategy, dataset: Dataset) -> list[Decision]:
    stepper = Stepper(strategy, {}, dataset.bars.series.interval, TOLERANCE)
    others = sorted(
        (
            (bar.close_ms, market, bar)
            for market, bars in dataset.others.items()
            for bar in bars_of(bars)
        ),
        key=lambda one: one[0],
    )  # fmt: skip
    decided = []
    for bar in bars_of(dataset.bars):
        while others and others[0][0] <= bar.close_ms:
            _, market, other = others.pop(0)
            stepper.close_other(market, other)
        decided.append(stepper.close_bar(bar))
    return decided


def table_of(strategy: Strategy, dataset: Dataset) -> DecisionTable:
    plan = Plan(strategy, dataset, default_rows(strategy, {}), TOLERANCE).prepare()
    return plan.table(np.array([0]))


def signals(table: DecisionTable, n_bars: int) -> np.ndarray:
    rows = table.choices[0, at.ENTER_LONG : at.EXIT_SHORT + 1]
    return np.array([unpack_bits(table.bitmaps[row], n_bars) for row in rows])


def poison(dataset: Dataset, cut: int, rng: np.random.Generator) -> Dataset:
    """All bars that close after the chart's bar `cut` - 1 hold other prices."""
    known_ms = int(dataset.bars.close_ms[cut - 1])

    def change(bars: Bars) -> Bars:
        columns = {name: column.copy() for name, column in bars.columns().items()}
        late = bars.close_ms > known_ms
        factor = rng.uniform(0.3, 3.0, int(late.sum()))
        for name in ("open", "high", "low", "close"):
            columns[name][late] = columns[name][late] * factor
        columns["volume"][late] = 1.0
        return Bars.from_columns(bars.series, columns)

    others = {market: change(bars) for market, bars in dataset.others.items()}
    return Dataset(change(dataset.bars), others=others)
