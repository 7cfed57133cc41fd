"""TradingView's exported cases: settings, bars and trades as they were recorded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from engines.bars import Bars, Series
from engines.broker import TRADINGVIEW, Broker
from engines.instrument import Instrument
from engines.intervals import parse_interval

PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True)
class Recorded:
    """A case as it was exported; `trades` holds the closed ones."""

    meta: dict[str, Any]
    bars: Bars
    finer: Bars | None
    trades: pl.DataFrame

    @property
    def settings(self) -> dict[str, Any]:
        """The script's properties."""
        found: dict[str, Any] = self.meta["settings"]
        return found

    @property
    def pyramiding(self) -> int:
        """Entries per direction; exports write Pine's default as text."""
        value = self.settings["pyramiding"]
        return value if isinstance(value, int) else 0

    @property
    def instrument(self) -> Instrument:
        """The symbol's steps and point value."""
        meta = self.meta
        return Instrument(
            "linear",
            "TV",
            Decimal(format(meta["mintick"], "f")),
            Decimal(str(meta["qty_step"])),
            contract_value=Decimal(str(meta["pointvalue"])),
        )

    @property
    def broker(self) -> Broker:
        """Cash, commission and slippage."""
        rate = self.settings["commission_value"] / 100
        return Broker(
            "tradingview",
            float(self.settings["initial_capital"]),
            taker_fee_rate=rate,
            maker_fee_rate=rate,
            slippage_ticks=float(self.settings["slippage"]),
            money_digits=TRADINGVIEW.money_digits,
        )


def read_case(folder: Path) -> Recorded:
    """A case by its folder."""
    meta = json.loads((folder / "case.json").read_text())
    tick = float(meta["mintick"])
    interval = {"1D": "D"}.get(meta["timeframe"], meta["timeframe"])
    path = folder / "bars.csv"
    if not path.exists():
        path = folder / (folder / "bars.path").read_text().strip()
    sub_bars = folder / "bars_60m.csv"
    trades = pl.read_csv(folder / "trades.csv", infer_schema_length=None)
    return Recorded(
        meta,
        _read_bars(path, interval, tick),
        _read_bars(sub_bars, "60", tick) if sub_bars.exists() else None,
        trades.filter(pl.col("status") == "closed"),
    )


def _read_bars(path: Path, interval: str, tick: float) -> Bars:
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
