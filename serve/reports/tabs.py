"""What stands in the tabs that TradingView has? Its tables, the spread of results, the falls."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from engines.metrics.definition import SIDES
from engines.metrics.registry import METRICS
from engines.metrics.tradingview import SHEETS, Row
from engines.orders import Reason
from engines.result import Table
from serve.reports import figures
from serve.reports.content import Run
from serve.reports.figures import Shown

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
_BINS: Final = 40
_MOST_FALLS: Final = 15
_TAIL: Final = 0.01


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


class Bin(NamedTuple):
    """A bar of the histogram: where it stands (percent of the width), how high, and what it is."""

    left: float
    width: float
    height: float
    tone: figures.Tone
    text: str


class Spread(NamedTuple):
    """Returns of trades as a histogram; means of wins and losses and zero as percent of its width.

    `tail` trades lie beyond its ends and are counted in the outermost bars.
    """

    bins: tuple[Bin, ...]
    zero: float
    marks: tuple[tuple[str, float, str], ...]
    low: str
    high: str
    tail: int


class Outcome(NamedTuple):
    """Wins, losses or neither: how many, what share, and their bar's tone."""

    label: str
    number: str
    share: float
    text: str
    tone: figures.Tone


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


def spread(run: Run) -> Spread | None:
    """How the returns of closed trades spread, None without any."""
    trades = run.trades
    closed = trades["reason"] != Reason.OPEN
    returns = trades["pnl_fraction"][closed]
    returns = returns[np.isfinite(returns)]
    if not len(returns):
        return None
    ends = np.quantile(returns, (_TAIL, 1.0 - _TAIL))
    low, high = min(float(ends[0]), 0.0), max(float(ends[1]), 0.0)
    if low == high:
        low, high = low - 0.01, high + 0.01
    step = _nice((high - low) / _BINS)
    first, last = math.floor(low / step), math.ceil(high / step)
    edges = step * np.arange(first, last + 1)
    counts, _ = np.histogram(np.clip(returns, edges[0], edges[-1]), edges)
    tail = int(((returns < edges[0]) | (returns > edges[-1])).sum())
    width, most = 100.0 / (last - first), max(int(counts.max()), 1)

    def place(value: float) -> float:
        return float(100.0 * (value - edges[0]) / (edges[-1] - edges[0]))

    bins = tuple(
        Bin(width * at, width, 100.0 * count / most, "loss" if edges[at + 1] <= 1e-12 else "gain",
            f"{figures.percent(edges[at])} to {figures.percent(edges[at + 1])}: {count:,} trades")
        for at, count in enumerate(counts.tolist())
        if count
    )  # fmt: skip
    marks = tuple(
        (label, place(float(some.mean())), figures.percent(float(some.mean()), signed=True))
        for label, some in (("mean loss", returns[returns < 0]), ("mean win", returns[returns > 0]))
        if len(some)
    )
    low_text, high_text = figures.percent(float(edges[0])), figures.percent(float(edges[-1]))
    return Spread(bins, place(0.0), marks, low_text, high_text, tail)


def _nice(step: float) -> float:
    """The next of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * times for times in (1.0, 2.0, 5.0, 10.0) if power * times >= step)


def outcomes(run: Run) -> tuple[Outcome, ...]:
    """Wins, losses and trades that came out even; empty without closed trades."""
    pnl = run.trades["pnl"][run.trades["reason"] != Reason.OPEN]
    if not len(pnl):
        return ()
    kinds: tuple[tuple[str, int, figures.Tone], ...] = (
        ("Wins", int((pnl > 0.0).sum()), "gain"),
        ("Losses", int((pnl < 0.0).sum()), "loss"),
        ("Even", int((pnl == 0.0).sum()), ""),
    )
    return tuple(
        Outcome(
            label, f"{hits:,}", 100.0 * hits / len(pnl), figures.percent(hits / len(pnl), 1), tone
        )
        for label, hits, tone in kinds
        if label != "Even" or hits
    )


def falls(run: Run) -> tuple[FallRow, ...]:
    """The deepest falls of equity at closes, deepest first."""
    table = run.falls
    if not table:
        return ()
    rows = min(len(table["depth"]), _MOST_FALLS)
    return tuple(
        FallRow(
            at + 1,
            _day(table["start_ms"][at]),
            _day(table["trough_ms"][at]),
            "not over" if table["end_ms"][at] < 0 else _day(table["end_ms"][at]),
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


def _day(time_ms: int) -> str:
    return str(np.datetime_as_string(np.datetime64(int(time_ms), "ms"), unit="D"))
