"""What do the charts of a page draw? Columns, few and short enough to travel inside it.

Times are UTC seconds. Candles are whole numbers of their smallest price step, each told from the
one before: most need two or three digits instead of six. `assets/decode.js` reads this back.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engines.bars import Bars, Floats
from engines.batch.summary import STATISTICS
from engines.intervals import Times
from engines.result import Table
from serve import tradingview_csv
from serve.reports import words
from serve.reports.content import Currency, Report, Run, Scatter, Surface, Sweep
from serve.reports.decimation import CANDLES, candle_of, candles, decimate
from serve.reports.figures import setting

Json = dict[str, Any]

# All runs of a page share this many candles, so that a page with many symbols stays small.
_ALL_CANDLES: Final = 60_000
_FEWEST_CANDLES: Final = 2_000
_MOST_DIGITS: Final = 10
_SIGNIFICANT: Final = 6


def payload(report: Report) -> Json:
    """Everything that the page's scripts draw, as JSON values without NaN."""
    most = min(CANDLES, max(_FEWEST_CANDLES, _ALL_CANDLES // max(1, len(report.runs))))
    return {
        "synthetic": report.source.synthetic,
        "runs": [_run(run, most) for run in report.runs],
        "sweep": None if report.sweep is None else _sweep(report.sweep),
    }


def encode(values: Json) -> str:
    """Compact JSON that can stand inside a script element: no character there ends it."""
    text = json.dumps(values, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _run(run: Run, most: int) -> Json:
    drawn = candles(run.bars, most) if run.bars is not None and len(run.bars) else None
    return {
        "name": run.name,
        "quote": {"code": run.quote.code, "digits": run.quote.digits},
        "split": None if run.split_ms is None else run.split_ms // 1000,
        "equity": _equity(run),
        "candles": None if drawn is None else _candles(drawn),
        "trades": _trades(run, drawn),
        "cash": run.initial_cash,
        "rolling": _rolling(run),
    }


def _rolling(run: Run) -> Json | None:
    if not run.rolling or not len(run.rolling["time_ms"]):
        return None
    columns = {name: column for name, column in run.rolling.items() if name != "time_ms"}
    return {
        "time": _times(run.rolling["time_ms"]),
        **{name: _rounded(column, 5) for name, column in columns.items()},
    }


def _equity(run: Run) -> Json | None:
    if len(run.equity) == 0:
        return None
    peak = np.maximum.accumulate(np.maximum(run.equity, run.initial_cash))
    time, equity = decimate(run.open_ms, run.equity)
    _, drawdown = decimate(run.open_ms, run.equity / peak - 1.0)
    hold = None if run.hold is None else decimate(run.open_ms, run.hold)[1]
    return {
        "time": _times(time),
        "equity": _rounded(equity, run.quote.digits),
        "hold": None if hold is None else _rounded(hold, run.quote.digits),
        "drawdown": _rounded(drawdown, 6),
    }


def _candles(bars: Bars) -> Json:
    columns = (bars.open, bars.high, bars.low, bars.close)
    digits = decimals(np.concatenate(columns))
    scale = 10**digits
    open_, high, low, close = (np.rint(column * scale).astype(np.int64) for column in columns)
    return {
        "interval": bars.series.interval,
        "digits": digits,
        "time": _times(bars.open_ms),
        "open": (open_ - np.append(0, close[:-1])).tolist(),
        "high": (high - np.maximum(open_, close)).tolist(),
        "low": (np.minimum(open_, close) - low).tolist(),
        "close": (close - open_).tolist(),
        "volume": _significant(bars.volume, 3),
    }


def decimals(values: Floats) -> int:
    """Decimals that all values fit into; of unrounded ones enough for six significant digits."""
    for digits in range(_MOST_DIGITS + 1):
        scaled = values * 10**digits
        if (np.abs(scaled - np.rint(scaled)) < 1e-6 * np.maximum(1.0, np.abs(scaled) * 1e-9)).all():
            return digits
    leading = math.floor(math.log10(np.abs(values).max()))
    return min(max(_SIGNIFICANT - 1 - leading, 0), _MOST_DIGITS)


def _trades(run: Run, drawn: Bars | None) -> Json:
    table, digits = run.trades, run.quote.digits + 2
    reasons = np.unique(table["reason"])
    columns: Json = {
        "number": _whole(table["number"]),
        "side": _whole(table["side"]),
        "entryTime": _whole(table["entry_ms"] // 1000),
        "entryPrice": _significant(table["entry_price"], 10),
        "exitTime": _whole(table["exit_ms"] // 1000),
        "exitPrice": _significant(table["exit_price"], 10),
        "qty": _significant(table["qty"], 10),
        "pnl": _rounded(table["pnl"], digits),
        "pnlFraction": _rounded(table["pnl_fraction"], 6),
        "mfe": _rounded(table["mfe"], digits),
        "mae": _rounded(table["mae"], digits),
        "bars": _whole(table["exit_bar"] - table["entry_bar"]),
        "fees": _rounded(table["entry_fee"] + table["exit_fee"], digits),
        "funding": _rounded(table["funding"], digits),
        "reason": _whole(np.searchsorted(reasons, table["reason"])),
        "priceDigits": decimals(np.concatenate([table["entry_price"], table["exit_price"]])),
        "qtyDigits": decimals(table["qty"]),
        "reasons": [words.reason(int(code)) for code in reasons],
        **_listed(run),
        **_symbols(table),
    }
    if drawn is not None:
        columns["entryCandle"] = _whole(candle_of(drawn.open_ms, table["entry_ms"]))
        columns["exitCandle"] = _whole(candle_of(drawn.open_ms, table["exit_ms"]))
    return columns


def _symbols(table: Table) -> Json:
    """Whose trade each is, where the account has several symbols."""
    if "symbol" not in table:
        return {}
    names, place = np.unique(table["symbol"], return_inverse=True)
    return {"symbol": _whole(place), "symbols": names.tolist()}


def _listed(run: Run) -> Json:
    """What TradingView's list of trades tells beyond the columns above."""
    table = run.trades
    value = tradingview_csv.taken(table, run.value)
    entry, leave = tradingview_csv.signals(table)
    names = sorted({*entry, *leave})
    place = {name: at for at, name in enumerate(names)}
    return {
        "row": list(range(1, len(entry) + 1)),
        "cumulative": _rounded(tradingview_csv.cumulative(table), run.quote.digits + 2),
        "value": _significant(value, 12),
        "invested": _significant(value + table["entry_fee"], 12),
        "signals": names,
        "entrySignal": [place[name] for name in entry],
        "exitSignal": [place[name] for name in leave],
    }


def _sweep(sweep: Sweep) -> Json:
    return {
        "scatter": None if sweep.scatter is None else _scatter(sweep.scatter, sweep.quote),
        "surfaces": [_surface(surface, sweep.quote) for surface in sweep.surfaces],
    }


def _scatter(scatter: Scatter, quote: Currency) -> Json:
    return {
        **_statistic(scatter.statistic, quote),
        "x": _significant(scatter.in_sample, 5),
        "y": _significant(scatter.out_of_sample, 5),
        "best": list(scatter.best),
    }


def _surface(surface: Surface, quote: Currency) -> Json:
    return {
        **_statistic(surface.statistic, quote),
        "xName": surface.x_name,
        "x": [setting(value) for value in surface.x_values],
        "yName": surface.y_name,
        "y": [setting(value) for value in surface.y_values],
        "values": [_significant(row, 5) for row in surface.values],
        "aggregation": surface.aggregation,
        "best": surface.best,
    }


def _statistic(name: str, quote: Currency) -> Json:
    return {
        "label": words.label(name),
        "unit": STATISTICS[name].unit,
        "better": STATISTICS[name].better,
        "digits": quote.digits,
    }


def _times(open_ms: Times) -> Json:
    """Times as steps of their common divisor: {"first", "step", "steps"}."""
    seconds = open_ms // 1000
    gaps = np.diff(seconds)
    step = int(np.gcd.reduce(gaps)) if len(gaps) else 1
    return {"first": int(seconds[0]), "step": step, "steps": (gaps // step).tolist()}


def _whole(values: NDArray[Any]) -> list[int]:
    return [int(value) for value in values]


def _rounded(values: Floats, digits: int) -> list[float | int | None]:
    return [_compact(value) for value in np.round(values, digits).tolist()]


def _significant(values: Iterable[float], digits: int) -> list[float | int | None]:
    return [_compact(float(f"{value:.{digits}g}")) for value in values]


def _compact(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() else value
