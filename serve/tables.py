"""Which few figures tell a result at a glance? Tables for the terminal and the notebook."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from engines.metrics.definition import SIDES
from engines.metrics.tradingview import SHEETS, Row
from serve.commands.backtests import Backtested
from serve.commands.run_pages import currency_of
from serve.commands.swept import Swept
from serve.reports.content import Currency
from serve.reports.figures import metric, setting, shown
from serve.reports.words import label
from tune.chunk import TEST, TRAIN
from tune.estimate import duration_text
from tune.graphs import settings_of
from tune.node_plan import NodePlan

_OF_A_RUN: Final = (
    "net_profit",
    "total_return",
    "max_drawdown",
    "sharpe",
    "sortino",
    "profit_factor",
    "trades",
    "win_rate",
    "exposure",
    "fees",
)
_OF_A_ROW: Final = ("total_return", "max_drawdown", "trades")
FRONT: Final = "Pareto front: no row is better in all"
_PARTS: Final = {TRAIN: "in", TEST: "out"}


class TextTable(NamedTuple):
    """A table of finished text."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def summary_tables(metrics: Mapping[str, float], quote: Currency) -> tuple[TextTable, ...]:
    """TradingView's sheets: a row a metric, for all, long and short trades."""
    heads = ("All", "Long", "Short")
    return tuple(
        TextTable(
            title,
            ("", *heads),
            tuple(
                (row.label, *(_both(row, side, metrics, quote) for side in SIDES)) for row in rows
            ),
        )
        for title, rows in SHEETS.items()
    )


def _both(row: Row, side: str, metrics: Mapping[str, float], quote: Currency) -> str:
    value, percent = (
        metric(name, metrics[name], quote).text if name else "" for name in row.metrics(side)
    )
    return f"{value} ({percent})" if value and percent else value or percent


def backtest_table(backtested: Backtested) -> TextTable:
    """Figures of every chart, a column each."""
    runs = backtested.runs
    rows = tuple(
        (
            label(name),
            *(shown(name, run.result.statistics[name], currency_of(run)).text for run in runs),
        )
        for name in _OF_A_RUN
    )
    return TextTable(backtested.strategy.name, ("", *(run.chart.name for run in runs)), rows)


def best_table(swept: Swept, most: int) -> TextTable:
    """The best rows of a sweep: settings, then figures in and out of sample."""
    finished, planned = swept.finished, swept.planned
    there = finished.rows - finished.computed
    title = best_title(planned.strategy.name, finished.rows, there)
    return best_rows_table(title, finished.best[:most], planned.request.wanted.objectives)


def best_title(strategy: str, rows: int, there: int) -> str:
    """What the table of a sweep's best rows is called; `there` of them had been computed before."""
    title = f"{strategy}: best of {rows:,} rows"
    return f"{title} ({there:,} were there already)" if there else title


def best_rows_table(
    title: str, best: Sequence[Mapping[str, Any]], objectives: Sequence[str]
) -> TextTable:
    """Rows of a sweep's table: settings, then the objectives and more, in and out of sample."""
    names = tuple(dict.fromkeys((*objectives, *_OF_A_ROW)))
    columns = [
        (f"{prefix}{name}", f"{label(name)} {word}", name)
        for name in names
        for prefix, word in _PARTS.items()
        if f"{prefix}{name}" in best[0]
    ]
    rows = tuple(
        (
            f"{row['symbol']} {row['interval']}",
            *map(setting, settings_of(row).values()),
            *(_shown(name, row[column]) for column, _, name in columns),
        )
        for row in best
    )
    heads = (*settings_of(best[0]), *(head for _, head, _ in columns))
    return TextTable(title, ("market", *heads), rows)


def _shown(name: str, value: float | None) -> str:
    # What is not a number travels as null.
    return shown(name, math.nan if value is None else value, Currency()).text


def node_plan_table(plans: Sequence[NodePlan]) -> TextTable:
    """Nodes of each kind, the best first; what misses the deadline says so."""
    rows = tuple(
        (
            one.kind,
            f"{one.nodes:,}",
            f"{one.cores:,}",
            duration_text(3600.0 * one.hours) + ("" if one.in_time else " (too late)"),
            f"{one.cost:,.2f}",
        )
        for one in plans
    )
    return TextTable("Nodes for it", ("kind", "nodes", "cores", "time", "cost"), rows)
