"""How does a graph become a table of decisions? Columns once, conditions in batches of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.decisions import Bitmaps, DecisionTable, n_words
from engines.kernel import layout as at
from strategies.evaluation.calendar import calendar_columns
from strategies.evaluation.columns import Columns, Indices
from strategies.evaluation.combinations import Rows
from strategies.evaluation.conditions import Bits, Conditions, condition_of
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.paths import needs_full, rests_exits
from strategies.evaluation.rows import (
    KernelRows,
    clock_of,
    has_rules,
    level_nodes,
)
from strategies.graph.expressions import Condition
from strategies.graph.node import Node
from strategies.graph.strategy import Strategy

# Rows whose bitmaps are built together: enough to share conditions, few enough to stay small.
BATCH_ROWS: Final = 256


class Plan:
    """A strategy over a dataset for many parameter rows, ready to be cut into tables.

    `rows` holds the values of every parameter, arrays (n_rows,). Raises MissingData for bars
    that the strategy looks at and the dataset lacks.
    """

    def __init__(self, strategy: Strategy, dataset: Dataset, rows: Rows, tolerance: float) -> None:
        self.strategy = strategy
        self.tolerance = tolerance
        self.n_rows = len(next(iter(rows.values()))) if rows else 1
        self.signals = signals_of(strategy)
        self.columns = Columns(dataset, self._roots(), rows, self.n_rows)

    def prepare(self) -> Plan:
        """Compute all columns; returns the plan itself."""
        self.columns.fill(condition_of(self.columns, self.tolerance))
        return self

    @cached_property
    def has_exits(self) -> bool:
        """Whether the rows need the kernel that walks inside bars."""
        return rests_exits(self.strategy)

    def tables(
        self, first: int, last: int, batch_rows: int = BATCH_ROWS
    ) -> Iterator[tuple[int, DecisionTable]]:
        """Tables of the rows `first` to `last`, each with the number of its first row."""
        for start in range(first, last, batch_rows):
            yield start, self.table(np.arange(start, min(start + batch_rows, last)))

    def table(self, row_ids: Indices) -> DecisionTable:
        """Decisions of the given rows in the kernel's terms."""
        conditions = Conditions(self.columns, row_ids, self.tolerance)
        lowered = KernelRows(self.strategy, self.columns, row_ids)
        parts = [None if node is None else conditions.of(node) for node in self.signals]
        words = n_words(len(self.columns.dataset.bars))
        table, places = _stacked(parts, len(row_ids), words)
        lowered.choices[:, at.ENTER_LONG : at.EXIT_SHORT + 1] = places
        if has_rules(self.strategy):
            lowered.follow_rules(self.strategy, self.columns.count())
        return DecisionTable(
            table,
            self._levels,
            lowered.params,
            lowered.choices,
            self.has_exits,
            needs_full(self.strategy),
        )

    @cached_property
    def _levels(self) -> Floats:
        """The columns, those of the calendar behind them where rules ask for it."""
        levels, strategy = self.columns.matrix(), self.strategy
        if has_rules(strategy):
            timezone = "UTC" if strategy.limits is None else strategy.limits.timezone
            bars = self.columns.dataset.bars
            return np.vstack([levels, calendar_columns(bars, timezone, clock_of(strategy))])
        return levels if len(levels) else np.zeros((1, levels.shape[1]))

    def _roots(self) -> list[Node]:
        signals: list[Node] = [node for node in self.signals if node is not None]
        return [*signals, *level_nodes(self.strategy)]


def signals_of(strategy: Strategy) -> tuple[Condition | None, ...]:
    """Enter long, enter short, exit long, exit short, after the strategy's own limits.

    A side that may not be entered still closes the other (J1). Entries happen only `during` its
    condition; with `close_outside` its end closes everything.
    """
    enter_long, enter_short = strategy.enter_long, strategy.enter_short
    exit_long, exit_short = strategy.exit_long, strategy.exit_short
    if strategy.direction == "long":
        exit_long, enter_short = _any(exit_long, enter_short), None
    elif strategy.direction == "short":
        exit_short, enter_long = _any(exit_short, enter_long), None
    during = strategy.during
    if during is not None:
        enter_long = enter_long & during if enter_long is not None else None
        enter_short = enter_short & during if enter_short is not None else None
        if strategy.close_outside:
            exit_long, exit_short = _any(exit_long, ~during), _any(exit_short, ~during)
    return enter_long, enter_short, exit_long, exit_short


def _any(first: Condition | None, second: Condition | None) -> Condition | None:
    if first is None or second is None:
        return second if first is None else first
    return first | second


def _stacked(parts: Sequence[Bits | None], n_rows: int, words: int) -> tuple[Bitmaps, Indices]:
    """All conditions in one table below an empty row, and where each row finds its four."""
    stack = [np.zeros((1, words), dtype=np.uint64)]
    places = np.zeros((n_rows, len(parts)), dtype=np.int64)
    count = 1
    for slot, part in enumerate(parts):
        if part is not None:
            stack.append(part.words)
            places[:, slot] = count + part.of_row
            count += len(part.words)
    return np.concatenate(stack), places


def default_rows(strategy: Strategy, values: dict[str, Floats]) -> dict[str, Floats]:
    """Rows in which parameters that are not given take their defaults."""
    n_rows = len(next(iter(values.values()))) if values else 1
    return {
        one.name: values.get(one.name, np.full(n_rows, float(one.default)))
        for one in strategy.params
    }
