"""Which tables and cards does the page hold? Rows of finished text, ready for a template."""

from __future__ import annotations

import calendar
import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from engines.batch.summary import STATISTICS
from engines.metrics.definition import SIDES
from engines.metrics.registry import FAMILIES, METRICS, SIDED
from serve.reports import figures, words
from serve.reports.content import RankedRow, Run, Sweep
from serve.reports.figures import Shown
from serve.reports.months import monthly_returns

MONTHS: Final = tuple(calendar.month_abbr[1:])

# What a trader looks at first, in this order; the table below the cards holds the rest.
HEADLINES: Final = (
    "total_return",
    "net_profit",
    "max_drawdown",
    "sharpe",
    "profit_factor",
    "win_rate",
    "trades",
    "exposure",
)


class Card(NamedTuple):
    """A headline figure: of the first period large, of the others small."""

    label: str
    meaning: str
    unit: str
    main: Shown
    others: tuple[tuple[str, Shown], ...]


class FigureRow(NamedTuple):
    """A statistic in all periods."""

    label: str
    meaning: str
    unit: str
    cells: tuple[Shown, ...]


class Cell(NamedTuple):
    """A cell of a table: what is shown, and the number it is sorted by (empty if it has none)."""

    shown: Shown
    key: str


class RankRow(NamedTuple):
    """One of the best rows of a sweep: its settings, then figures in and out of sample."""

    rank: int
    market: str
    settings: tuple[Cell, ...]
    figures: tuple[Cell, ...]


class BestRows(NamedTuple):
    """The table of the best rows. `periods` is 2 where there is an out-of-sample part."""

    has_market: bool
    parameters: tuple[str, ...]
    statistics: tuple[tuple[str, str], ...]
    periods: int
    rows: tuple[RankRow, ...]


class Heat(NamedTuple):
    """A return as text, and how deep its colour is, 0 to 100."""

    shown: Shown
    depth: int


class Year(NamedTuple):
    """Returns of a year: its months, and the whole."""

    year: int
    months: tuple[Heat, ...]
    whole: Shown


class CostRow(NamedTuple):
    """A cost, in money and as a share of the gross profit."""

    label: str
    meaning: str
    shown: Shown
    share: Shown
    width: int


class RefusalRow(NamedTuple):
    """How often an entry was refused for one reason."""

    text: str
    times: str


def cards(run: Run) -> tuple[Card, ...]:
    """The headline figures that the run's first period has."""
    first, *rest = run.periods

    def card(name: str) -> Card:
        others = tuple((p.name, figures.shown(name, p.figures.get(name), run.quote)) for p in rest)
        main = figures.shown(name, first.figures.get(name), run.quote)
        unit = _unit(name, run.quote.code)
        return Card(words.label(name), words.meaning(name), unit, main, others)

    return tuple(card(name) for name in HEADLINES if name in first.figures)


def figure_rows(run: Run) -> tuple[FigureRow, ...]:
    """Every statistic that any period of the run has."""
    names = [name for name in STATISTICS if any(name in p.figures for p in run.periods)]
    return tuple(
        FigureRow(
            words.label(name),
            words.meaning(name),
            _unit(name, run.quote.code),
            tuple(figures.shown(name, p.figures.get(name), run.quote) for p in run.periods),
        )
        for name in names
    )


class MetricTable(NamedTuple):
    """One family of metrics: its title, heads of its columns, rows of name, meaning and cells."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[FigureRow, ...]


def metric_tables(run: Run) -> tuple[MetricTable, ...]:
    """All metrics by family; those of trades for all, long and short ones side by side."""
    if not run.metrics:
        return ()
    tables = []
    for title, family in FAMILIES.items():
        prefixes = SIDES if title in SIDED else SIDES[:1]
        heads = ("All", "Long", "Short") if len(prefixes) > 1 else ("Value",)
        names = [one.name for one in family]
        rows = tuple(
            _metric_row(run, name, prefixes) for name in names[: len(names) // len(prefixes)]
        )
        tables.append(MetricTable(title, heads, rows))
    return tuple(tables)


def _metric_row(run: Run, name: str, prefixes: tuple[str, ...]) -> FigureRow:
    found = METRICS[name]
    unit = run.quote.code if found.unit == "quote" else ""
    cells = tuple(
        figures.metric(prefix + name, run.metrics[prefix + name], run.quote) for prefix in prefixes
    )
    meaning = f"{found.formula} ({found.source})"
    return FigureRow(words.metric_label(name), meaning, unit, cells)


def row_tables(sweep: Sweep) -> tuple[tuple[str, str, BestRows], ...]:
    """Id, heading and content of a sweep's tables of rows: its best ones, and its front."""
    best = ("best", "Best rows", _ranked(sweep, sweep.best))
    if not sweep.front:
        return (best,)
    return best, ("front", "Pareto front: no row is better in all", _ranked(sweep, sweep.front))


def _ranked(sweep: Sweep, ranked: Sequence[RankedRow]) -> BestRows:
    """A table of rows; parameters in the order they first appear."""
    parameters = tuple(dict.fromkeys(name for row in ranked for name in row.parameters))
    periods = 2 if any(row.out_of_sample for row in ranked) else 1
    rows = []
    for row in ranked:
        sides = (row.in_sample, row.out_of_sample)[:periods]
        cells = tuple(
            _cell(figures.shown(name, side.get(name), sweep.quote), side.get(name))
            for name in sweep.statistics
            for side in sides
        )
        settings = tuple(_setting_cell(row.parameters.get(name)) for name in parameters)
        rows.append(RankRow(row.rank, row.market, settings, cells))
    heads = tuple((words.label(name), words.meaning(name)) for name in sweep.statistics)
    has_market = any(row.market for row in ranked)
    return BestRows(has_market, parameters, heads, periods, tuple(rows))


def years(run: Run) -> tuple[Year, ...]:
    """Returns by month, coloured by their size beside the largest."""
    numbers, table, yearly = monthly_returns(run.open_ms, run.equity, run.initial_cash)
    finite = np.abs(table[np.isfinite(table)])
    largest = float(finite.max()) if len(finite) else 0.0
    return tuple(
        Year(
            int(year),
            tuple(_heat(float(value), largest) for value in months),
            _return(float(whole)),
        )
        for year, months, whole in zip(numbers, table, yearly, strict=True)
    )


def cost_rows(run: Run) -> tuple[CostRow, ...]:
    """What trading cost; the bars compare each cost with the gross profit."""
    costs = run.costs

    def row(label: str, meaning: str, value: float) -> CostRow:
        known = math.isfinite(value)
        share = value / costs.gross_profit if known and costs.gross_profit > 0.0 else math.nan
        width = min(100, round(100.0 * abs(share))) if math.isfinite(share) else 0
        return CostRow(
            label,
            meaning,
            _known(figures.money(value, run.quote), "This run did not record it."),
            _known(figures.percent(share, 1), "There is no gross profit to compare with."),
            width,
        )

    return (
        row("Fees", "Paid to the venue on entries and exits.", costs.fees),
        row(
            "Funding", "Paid for holding perpetual contracts; below zero: received.", costs.funding
        ),
        row("Slippage", "Given away against the price at the order.", costs.slippage),
    )


def turnover(run: Run) -> tuple[tuple[str, Shown], ...]:
    """What the costs are measured against."""
    costs = run.costs
    rate = costs.fees / costs.turnover if costs.turnover > 0.0 else math.nan
    return (
        ("Gross profit", _known(figures.money(costs.gross_profit, run.quote), "Not recorded.")),
        ("Turnover", _known(figures.money(costs.turnover, run.quote), "Not recorded.")),
        ("Fees per turnover", _known(figures.percent(rate, 3), "Nothing was traded.")),
    )


def refusal_rows(run: Run) -> tuple[RefusalRow, ...]:
    """Why entry signals did not become orders, the most frequent reason first."""
    codes, counts = np.unique(run.refusals["reason"], return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return tuple(RefusalRow(words.refusal(int(codes[at])), f"{int(counts[at]):,}") for at in order)


def settings(run: Run) -> str:
    """The run's parameters as one line: fast 20 · slow 50."""
    pairs = run.parameters.items()
    return " · ".join(f"{name} {figures.setting(value)}" for name, value in pairs)


def _unit(name: str, code: str) -> str:
    return code if STATISTICS[name].unit == "quote" else ""


def _cell(shown: Shown, value: float | None) -> Cell:
    return Cell(shown, "" if value is None or not math.isfinite(value) else repr(float(value)))


def _setting_cell(value: int | float | str | None) -> Cell:
    if value is None:
        return Cell(Shown(figures.NOTHING, "This row has no such parameter."), "")
    text = figures.setting(value)
    return Cell(Shown(text), text)


def _heat(value: float, largest: float) -> Heat:
    if not math.isfinite(value):
        return Heat(Shown(""), 0)
    return Heat(_return(value), round(100.0 * abs(value) / largest) if largest > 0.0 else 0)


def _return(value: float) -> Shown:
    text = figures.percent(value, 1, signed=True)
    return _known(text, "Equity was zero or less before.", figures.tone(value))


def _known(text: str, why: str, tone: figures.Tone = "") -> Shown:
    return Shown(text, why if text == figures.NOTHING else "", tone)
