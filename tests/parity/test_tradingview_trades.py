"""Strategies that traded on TradingView trade the same here, to the bar, the tick and the lot."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from engines.bars import Bars, Floats, Series
from engines.batch.cpu import run_recorded, window
from engines.batch.ledger import result_of
from engines.broker import TRADINGVIEW, Broker
from engines.decisions import DecisionTable, pack_bits
from engines.indicators.registry import compute
from engines.instrument import Instrument
from engines.intervals import parse_interval
from engines.kernel import layout as at
from engines.kernel.market import market_for
from engines.kernel.rows import neutral_rows
from engines.orders import Reason
from engines.result import Result
from engines.spec import Spec

pytestmark = pytest.mark.shared
PRICES = ("open", "high", "low", "close")
# Two numbers this close are equal in Pine (rule M12).
TOLERANCE = 1e-10
# Trades that hang on two averages being equal to the last bit: TradingView's own sum carries
# noise there, ours is exact.
TIES = {"pyne_futures_qm": [280, 281]}
Columns = dict[str, Floats]
Signals = dict[str, np.typing.NDArray[np.bool_]]


@dataclass(frozen=True)
class Recorded:
    """A case as it was exported: settings, bars and trades."""

    meta: dict[str, Any]
    bars: Bars
    finer: Bars | None
    trades: pl.DataFrame


def above(a: Floats, b: Floats | float) -> np.typing.NDArray[np.bool_]:
    """Where `a` crosses above `b`."""
    gap = a - b
    crossed = np.zeros(len(a), dtype=bool)
    crossed[1:] = (gap[1:] > TOLERANCE) & (gap[:-1] <= TOLERANCE)
    return crossed


def sma(bars: Columns, length: int) -> Floats:
    column: Floats = compute("sma", {"source": bars["close"]}, {"length": length})[0]
    return column


def macd_signals(bars: Columns) -> Signals:
    histogram = compute("macd", {"source": bars["close"]})[2]
    return {"enter_long": above(histogram, 0.0), "enter_short": above(-histogram, 0.0)}


def rsi_signals(bars: Columns) -> Signals:
    rsi = compute("rsi", {"source": bars["close"]}, {"length": 14})[0]
    return {"enter_long": above(rsi, 30.0), "enter_short": above(-rsi, -70.0)}


def bar_up_down_signals(bars: Columns) -> Signals:
    before = np.append(np.nan, bars["close"][:-1])
    up = (bars["close"] > bars["open"]) & (bars["open"] > before)
    down = (bars["close"] < bars["open"]) & (bars["open"] < before)
    return {"enter_long": up, "enter_short": down}


def supertrend_signals(bars: Columns) -> Signals:
    params = {"factor": 3.0, "length": 10}
    direction = compute("supertrend", bars, params)[1]
    change = np.diff(direction, prepend=np.nan)
    return {"enter_long": change < 0, "enter_short": change > 0}


def sma_signals(fast: int, slow: int) -> Callable[[Columns], Signals]:
    def signals(bars: Columns) -> Signals:
        quick, lazy = sma(bars, fast), sma(bars, slow)
        return {"enter_long": above(quick, lazy), "enter_short": above(lazy, quick)}

    return signals


def at_bars(**places: list[int] | range) -> Callable[[Columns], Signals]:
    def signals(bars: Columns) -> Signals:
        n_bars = len(bars["close"])
        made = {name: np.zeros(n_bars, dtype=bool) for name in places}
        for name, bar_numbers in places.items():
            made[name][[bar for bar in bar_numbers if bar < n_bars]] = True
        return made

    return signals


CASES: dict[str, Callable[[Columns], Signals]] = {
    "pyne_macd": macd_signals,
    "pyne_rsi": rsi_signals,
    "pyne_barupdn": bar_up_down_signals,
    "pyne_supertrend": supertrend_signals,
    "pyne_futures_qm": sma_signals(10, 30),
    "pyne_bar_magnifier": sma_signals(3, 10),
    "pyne_slippage_basic": at_bars(
        enter_long=[10], exit_long=[20], enter_short=[40], exit_short=[50]
    ),
    "pyne_slippage_direction": at_bars(
        enter_long=range(20, 1 << 20, 20), enter_short=range(30, 1 << 20, 20)
    ),
    "pyne_slippage_pyramiding": at_bars(enter_long=[20, 25, 30], exit_long=[40]),
}


def read_bars(path: Path, interval: str, tick: float) -> Bars:
    table = pl.read_csv(path, infer_schema_length=None)
    series = Series("linear", "TV", parse_interval(interval))
    # Some exports went through float32: the tick grid is where TradingView's prices were.
    prices = {name: np.rint(table[name].to_numpy() / tick) * tick for name in PRICES}
    return Bars(
        series,
        table["time"].to_numpy(),
        **prices,
        volume=np.zeros(len(table)),
        turnover=np.zeros(len(table)),
        checked=True,
    )


def read_case(folder: Path) -> Recorded:
    meta = json.loads((folder / "case.json").read_text())
    tick = float(meta["mintick"])
    interval = {"1D": "D"}.get(meta["timeframe"], meta["timeframe"])
    path = folder / "bars.csv"
    if not path.exists():
        path = folder / (folder / "bars.path").read_text().strip()
    sub_bars = folder / "bars_60m.csv"
    return Recorded(
        meta,
        read_bars(path, interval, tick),
        read_bars(sub_bars, "60", tick) if sub_bars.exists() else None,
        pl.read_csv(folder / "trades.csv", infer_schema_length=None).filter(
            pl.col("status") == "closed"
        ),
    )


def table_of(case: Recorded, name: str) -> DecisionTable:
    bars = {column: getattr(case.bars, column) for column in PRICES}
    n_bars = len(case.bars)
    signals = CASES[name](bars)
    nothing = np.zeros(n_bars, dtype=bool)
    params, choices = neutral_rows(1)
    kinds = ("enter_long", "enter_short", "exit_long", "exit_short")
    bitmaps = [pack_bits(nothing), *(pack_bits(signals.get(kind, nothing)) for kind in kinds)]
    choices[0, :4] = [1, 2, 3, 4]
    settings = case.meta["settings"]
    fixed = settings["default_qty_type"] == "fixed"
    choices[0, at.SIZE_MODE] = at.SIZE_FIXED if fixed else at.SIZE_EQUITY
    params[0, at.SIZE] = settings["default_qty_value"] * (1.0 if fixed else 0.01)
    choices[0, at.PYRAMIDING] = 3 if settings["pyramiding"] == 3 else 1
    if case.finer is None:
        return DecisionTable(np.array(bitmaps), np.zeros((1, n_bars)), params, choices, False)
    # The magnifier's case: exit(limit=close±1500, stop=close∓1000), issued with the entry.
    close = case.bars.close
    levels = np.array([close + 1500, close - 1500, close - 1000, close + 1000])
    choices[0, at.STOP_KIND] = choices[0, at.TARGET_KIND] = at.PRICE
    choices[0, at.TARGET_COLUMN : at.TARGET_COLUMN + 2] = [0, 1]
    choices[0, at.STOP_COLUMN : at.STOP_COLUMN + 2] = [2, 3]
    choices[0, at.N_TARGETS] = 1
    params[0, at.PORTION] = 1.0
    return DecisionTable(np.array(bitmaps), levels, params, choices, True)


def run(case: Recorded, name: str) -> Result:
    meta, settings = case.meta, case.meta["settings"]
    instrument = Instrument(
        "linear",
        "TV",
        Decimal(format(meta["mintick"], "f")),
        Decimal(str(meta["qty_step"])),
        contract_value=Decimal(str(meta["pointvalue"])),
    )
    rate = settings["commission_value"] / 100
    broker = Broker(
        "tradingview",
        float(settings["initial_capital"]),
        taker_fee_rate=rate,
        maker_fee_rate=rate,
        slippage_ticks=float(settings["slippage"]),
        money_digits=TRADINGVIEW.money_digits,
    )
    market = market_for(broker, instrument)
    ready = window(case.bars, market.tick, case.finer)
    recorded = run_recorded(ready, table_of(case, name), market, 0, len(case.bars))
    bars = case.bars
    spec = Spec(
        "0" * 64, (), "0" * 64, instrument, broker, bars.start_ms, bars.start_ms, bars.end_ms, "-"
    )
    return result_of(spec, recorded, market, bars.open_ms, 0, bars.series.interval)


@pytest.fixture(scope="module", params=CASES)
def compared(request: pytest.FixtureRequest, shared: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """TradingView's closed trades beside ours."""
    case = read_case(shared / "tv_cases" / request.param)
    ours = pl.DataFrame(dict(run(case, request.param).trades))
    ours = ours.filter(pl.col("reason") != int(Reason.OPEN))
    assert len(ours) == len(case.trades)
    keep = np.ones(len(ours), dtype=bool)
    keep[TIES.get(request.param, [])] = False
    return case.trades.filter(keep), ours.filter(keep)


def test_trades_are_the_same_to_bar_tick_and_lot(
    compared: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    theirs, ours = compared
    side = np.where(theirs["side"].to_numpy() == "long", 1, -1)
    np.testing.assert_array_equal(ours["side"], side)
    np.testing.assert_array_equal(ours["entry_ms"], theirs["entry_time"])
    np.testing.assert_array_equal(ours["exit_ms"], theirs["exit_time"])
    np.testing.assert_allclose(ours["entry_price"], theirs["entry_price"], rtol=1e-12)
    np.testing.assert_allclose(ours["exit_price"], theirs["exit_price"], rtol=1e-12)
    np.testing.assert_allclose(ours["qty"], theirs["qty"], rtol=1e-12)


def test_profits_and_excursions_agree_to_the_cent(
    compared: tuple[pl.DataFrame, pl.DataFrame],
) -> None:
    theirs, ours = compared
    for name in ("pnl", "mfe", "mae"):
        np.testing.assert_allclose(ours[name], theirs[name], atol=0.0053, rtol=1e-6)
