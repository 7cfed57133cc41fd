"""What stands in the tabs that TradingView has? Its tables, the falls, months and years."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from engines.metrics.definition import SIDES
from engines.metrics.registry import METRICS
from engines.metrics.tradingview import SHEETS, Row
from engines.result import Table
from serve.reports import figures
from serve.reports.content import Run
from serve.reports.figures import Shown
from strategies.moments import day_text

TABS: Final = (
    ("overview", "Overview"),
    ("performance", "Performance"),
    ("trades", "Trades analysis"),
    ("ratios", "Ratios"),
    ("list", "List of trades"),
    ("figures", "More figures"),
)
# Rows whose sign is the news.
_SIGNED: Final = frozenset(
    {
        "open_profit",
        "open_profit_fraction",
        "net_profit",
        "net_profit_fraction",
        "average_trade",
        "average_trade_fraction",
        "closed_cagr",
        "return_on_account_size",
        "buy_and_hold_profit",
        "buy_and_hold_profit_fraction",
        "outperformance",
        "net_profit_to_largest_loss",
    }
)
# The heading above a row, where a group of rows begins with it.
_GROUPS: Final = {
    "Initial capital": "Profit",
    "Buy & hold return": "Benchmark",
    "Max contracts held": "Capital and margin",
    "Avg equity run-up duration (close-to-close)": "Run-ups",
    "Avg equity drawdown duration (close-to-close)": "Drawdowns",
    "Net profit as % of largest loss": "Largest trades",
    "Total open trades": "How many",
    "Avg P&L": "Averages",
    "Largest winning trade": "Largest",
    "Avg # bars in trades": "How long",
}
_UNITS: Final[dict[str, str]] = {"days": "days", "bars": "bars"}
_MOST_FALLS: Final = 15


class SideCell(NamedTuple):
    """A figure of one side: in its unit, in percent, or both."""

    main: Shown | None
    percent: Shown | None


class SideRow(NamedTuple):
    """A row of TradingView's report: its label, what it means, and a cell for each side.

    `group` is the heading above it, if it is the first of one.
    """

    group: str
    label: str
    meaning: str
    unit: str
    cells: tuple[SideCell, ...]


class FallRow(NamedTuple):
    """A fall of equity: when, how deep, how long."""

    rank: int
    start: str
    trough: str
    end: str
    depth: Shown
    money: str
    days: str


class PeriodRow(NamedTuple):
    """A month or a year: its name and finished cells."""

    name: str
    cells: tuple[Shown, ...]


def sheet(run: Run, name: str) -> tuple[SideRow, ...]:
    """A sheet of TradingView's workbook, for all, long and short trades; empty without metrics."""
    if not run.metrics:
        return ()
    return tuple(_row(run, row) for row in SHEETS[name])


def _row(run: Run, row: Row) -> SideRow:
    first = METRICS[row.value or row.percent]
    both = METRICS[row.percent].formula if row.value and row.percent else ""
    meaning = f"{first.formula}; percent: {both}" if both else first.formula
    sides = SIDES if row.sides else SIDES[:1]
    cells = tuple(_cell(run, row, side) for side in sides)
    unit = run.quote.code if first.unit == "quote" else _UNITS.get(first.unit, "")
    nothing = SideCell(None, None)
    group = _GROUPS.get(row.label, "")
    return SideRow(
        group, row.label, meaning, unit, (*cells, *[nothing] * (len(SIDES) - len(cells)))
    )


def _cell(run: Run, row: Row, side: str) -> SideCell:
    value, percent = row.metrics(side)
    return SideCell(
        _shown(run, value, row.value) if value else None,
        _shown(run, percent, row.percent, percent=True) if percent else None,
    )


def _shown(run: Run, name: str, plain: str, *, percent: bool = False) -> Shown:
    value = run.metrics[name]
    if not math.isfinite(value):
        return Shown(figures.NOTHING, "No value: there was nothing to compute it from.")
    signed = plain in _SIGNED
    tone = figures.tone(value) if signed else ""
    if percent:
        return Shown(figures.percent(value, signed=signed), tone=tone)
    if METRICS[name].unit == "quote":
        return Shown(figures.number(value, run.quote.digits, signed=signed), tone=tone)
    return figures.metric(name, value, run.quote)


def falls(run: Run) -> tuple[FallRow, ...]:
    """The deepest falls of equity at closes, deepest first."""
    table = run.falls
    if not table:
        return ()
    rows = min(len(table["depth"]), _MOST_FALLS)
    return tuple(
        FallRow(
            at + 1,
            day_text(table["start_ms"][at]),
            day_text(table["trough_ms"][at]),
            "not over" if table["end_ms"][at] < 0 else day_text(table["end_ms"][at]),
            Shown(figures.percent(-float(table["fraction"][at])), tone="loss"),
            figures.money(float(table["depth"][at]), run.quote),
            figures.number(float(table["days"][at]), 1),
        )
        for at in range(rows)
    )


def periods(run: Run, name: str) -> tuple[PeriodRow, ...]:
    """The table of "months" or "years", the newest first."""
    table = run.months if name == "months" else run.years
    if not table:
        return ()
    return tuple(
        PeriodRow(str(table["period"][at]), _period_cells(run, table, at))
        for at in range(len(table["period"]) - 1, -1, -1)
    )


PERIOD_HEADS: Final = ("Return", "Profit", "Max drawdown", "Trades", "Net profit", "Win rate",
                       "Profit factor")  # fmt: skip


def _period_cells(run: Run, table: Table, at: int) -> tuple[Shown, ...]:
    value = {name: float(column[at]) for name, column in table.items() if name != "period"}
    digits = run.quote.digits

    def signed(text: str, number: float) -> Shown:
        return Shown(text, tone=figures.tone(number))

    return (
        signed(figures.percent(value["return"], signed=True), value["return"]),
        signed(figures.number(value["profit"], digits, signed=True), value["profit"]),
        Shown(figures.percent(value["drawdown"])),
        Shown(figures.number(value["trades"], 0)),
        signed(figures.number(value["net_profit"], digits, signed=True), value["net_profit"]),
        _or_nothing(figures.percent(value["win_rate"], 1), "No trade closed in it."),
        _or_nothing(figures.number(value["profit_factor"], 2), "No trade lost in it."),
    )


def _or_nothing(text: str, why: str) -> Shown:
    return Shown(text, why if text == figures.NOTHING else "")
