"""How does TradingView write a run? Its list of trades and its performance summary as CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from engines.bars import Floats
from engines.errors import InvalidInput
from engines.metrics.definition import SIDES
from engines.metrics.registry import METRICS
from engines.metrics.tradingview import SHEETS, Row, sides_of
from engines.orders import Reason
from engines.result import Table
from serve.reports.words import reason as word_of
from strategies.moments import minute_text

_SIDE_NAMES: Final = {"": "All", "long_": "Long", "short_": "Short"}
_MONEY_DIGITS: Final = 2
_MOST_DIGITS: Final = 10
_RATIO_DIGITS: Final = 3


class Written(NamedTuple):
    """What a file says: cells by row, the heads first."""

    name: str
    rows: tuple[tuple[str, ...], ...]

    def text(self) -> str:
        """The file as CSV."""
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(self.rows)
        return buffer.getvalue()


def list_of_trades(
    trades: Table, initial_cash: float, currency: str, value: float = 1.0
) -> Written:
    """TradingView's list of trades: the exit and the entry of each, oldest first, times in UTC.

    `trades` has the columns of a `Result`; a script's have names of signals, others are called
    by side and reason. `value` is money per point and unit of quantity.
    """
    money = ("Net P&L", "Favorable excursion", "Adverse excursion", "Cumulative P&L")
    pairs = [head for name in money for head in (f"{name} {currency}", f"{name} %")]
    heads = ("Trade #", "Type", "Date and time", "Signal", f"Price {currency}", "Size (qty)")
    rows = [(*heads, "Size (value)", *pairs)]
    totals, values = cumulative(trades), taken(trades, value)
    for at, names in enumerate(zip(*signals(trades), strict=True)):
        figures = (float(values[at]), float(totals[at]), float(totals[at]) / initial_cash)
        rows += _legs(_trade(trades, at), names, at + 1, figures)
    return Written("list-of-trades.csv", tuple(rows))


def cumulative(trades: Table) -> Floats:
    """Net profit after each trade: what is still open then has paid its entry fee (H5)."""
    total = np.cumsum(trades["pnl"])
    open_fees = np.zeros(len(total))
    for at, fee in enumerate(trades["entry_fee"]):
        entered = trades["exit_ms"][:at] > trades["entry_ms"][at]
        open_fees[:at][entered] += fee
    return np.asarray(total - open_fees)


def taken(trades: Table, value: float) -> Floats:
    """Value of each entry, (n_trades,): by its share of profit, as an inverse one is coin."""
    linear = np.asarray(trades["entry_price"] * trades["qty"] * value)
    share = trades.get("pnl_fraction", np.zeros(len(linear)))
    with np.errstate(divide="ignore", invalid="ignore"):
        told = trades["pnl"] / share
    return np.where(np.isfinite(told) & (told > 0.0), told, linear)


def _trade(trades: Table, at: int) -> Mapping[str, Any]:
    return {name: column[at] for name, column in trades.items()}


def _legs(
    trade: Mapping[str, Any],
    names: tuple[str, str],
    number: int,
    figures: tuple[float, float, float],
) -> list[tuple[str, ...]]:
    """Rows of exit and entry; `figures` are the entry's value, and profit so far and its share."""
    side = "long" if trade["side"] > 0 else "short"
    notional, total, total_share = figures
    # TradingView measures a trade by what it took: its entry's value and fee.
    invested = notional + float(trade["entry_fee"])
    money = [float(trade[name]) for name in ("pnl", "mfe", "mae")]
    cells = [text for one in money for text in (printed(one), _percent(one / invested))]
    cells += [printed(total), _percent(total_share)]
    size = (_plain(trade["qty"]), printed(notional))

    def leg(kind: str, price: str, signal: str) -> tuple[str, ...]:
        moment = minute_text(trade[f"{price}_ms"])
        named = (str(number), f"{kind} {side}", moment, signal)
        return (*named, _plain(trade[f"{price}_price"]), *size, *cells)

    return [
        leg("Exit", "exit", names[1]),
        leg("Entry", "entry", names[0]),
    ]


def signals(trades: Table) -> tuple[list[str], list[str]]:
    """Names of what opened and of what closed each trade: a script's own, or side and reason."""
    own = [trades.get(f"{leg}_signal", [""] * len(trades["side"])) for leg in ("entry", "exit")]
    sides = ["Long" if side > 0 else "Short" for side in trades["side"]]
    entry = [str(name) or side for name, side in zip(own[0], sides, strict=True)]
    rows = zip(own[1], trades["reason"], trades["side"], strict=True)
    return entry, [_exit_signal(str(name), int(code), int(side)) for name, code, side in rows]


def _exit_signal(own: str, code: int, side: int) -> str:
    if code == Reason.OPEN:
        return "Open"
    if not own and code == Reason.REVERSAL:
        # D1: what reverses a trade is the entry of the next.
        return "Short" if side > 0 else "Long"
    return own or word_of(code).capitalize()


def performance(metrics: Mapping[str, float], currency: str) -> Written:
    """TradingView's performance summary: its sheets one below the other, all, long and short.

    Fractions are percent here, as there; losses and drawdowns are positive. A figure that is
    undefined is an empty cell.
    """
    heads = [f"{_SIDE_NAMES[side]} {unit}" for side in SIDES for unit in (currency, "%")]
    rows = [("", *heads)]
    rows += [_summary_row(row, metrics) for sheet in SHEETS.values() for row in sheet]
    return Written("performance.csv", tuple(rows))


def _summary_row(row: Row, metrics: Mapping[str, float]) -> tuple[str, ...]:
    given = sides_of(row)
    cells: list[str] = []
    for side in SIDES:
        names = row.metrics(side) if side in given else ("", "")
        cells += [_cell(name, metrics, place == 1) for place, name in enumerate(names)]
    return (row.label, *cells)


def _cell(name: str, metrics: Mapping[str, float], percent: bool) -> str:
    value = metrics.get(name, math.nan)
    if not math.isfinite(value):
        return ""
    if percent:
        return _percent(value)
    unit = METRICS[name].unit
    if unit == "quote":
        return printed(value)
    return _plain(_rounded(value, 0 if unit in ("count", "days", "bars") else _RATIO_DIGITS))


def write_tradingview(files: Iterable[Written], folder: Path) -> list[Path]:
    """Write the files into a folder, made if need be. Raises InvalidInput if the disk refuses."""
    paths = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for one in files:
            path = folder / one.name
            path.write_text(one.text(), encoding="utf-8")
            paths.append(path)
    except OSError as error:
        why = error.strerror or str(error)
        raise InvalidInput("csv", str(folder), f"a folder to write to ({why})") from error
    return paths


def printed(value: float) -> str:
    """Money as TradingView prints it: two decimals, more where those would all be zeros."""
    if not math.isfinite(value):
        return ""
    digits = _MONEY_DIGITS
    while value and digits < _MOST_DIGITS and _rounded(value, digits) == 0.0:
        digits += 1
    return _plain(_rounded(value, digits))


def _rounded(value: float, digits: int) -> float:
    """Halves go up, below zero too, as JavaScript's do; noise beyond ten digits is none (G6)."""
    scale = 10.0**digits
    return math.floor(float(f"{value * scale:.10g}") + 0.5) / scale


def _percent(fraction: float) -> str:
    return _plain(_rounded(100.0 * fraction, 2)) if math.isfinite(fraction) else ""


def _plain(value: float) -> str:
    text = np.format_float_positional(float(value), trim="-")
    return "0" if text == "-0" else text
