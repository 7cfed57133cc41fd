"""What does somebody's list of trades say? Every figure of an export, on the bars of its chart."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from actors.trade_lists import load_trade_list
from engines.bars import Bars
from engines.errors import InvalidInput
from engines.metrics.material import Material
from engines.metrics.registry import figures
from serve.commands.chart_files import dataset_of_files
from serve.commands.job import Job, Ticket
from serve.commands.requests import DataRequest, IntervalCode, Model, MomentMs
from strategies.tradingview.comparison import within
from strategies.tradingview.material import material_of_export
from strategies.tradingview.trades import TradeList
from strategies.tradingview.zone import find_zone, fit_of, in_utc, zone_named


class TradeListRequest(Model):
    """An exported list of trades, and the bars that it was traded on."""

    trades: Path = Field(description="TradingView's list of trades, CSV or XLSX")
    bars: Path = Field(description="the chart's bars, a file in any layout that can be imported")
    symbol: str | None = None
    category: Literal["linear", "inverse", "spot"] = "linear"
    interval: IntervalCode | None = Field(default=None, description="of the chart, if coarser")
    start: MomentMs | None = Field(default=None, description="UTC; first bar of the range")
    end: MomentMs | None = Field(default=None, description="UTC, exclusive")
    initial_cash: float = Field(default=10_000.0, gt=0)
    leverage: float = Field(default=1.0, gt=0, le=1000)
    contract_value: float | None = Field(default=None, gt=0, description="money per point")
    currency: str | None = Field(default=None, description="of the account, if no header tells")
    time_zone: str | None = Field(default=None, description="of the export's times")


@dataclass(frozen=True, eq=False)
class TradesMeasured:
    """An export as it was read, in UTC, the sentence about its time zone, and its figures."""

    request: TradeListRequest
    listed: TradeList
    bars: Bars
    material: Material
    zone: str
    trades_digest: str

    @property
    def name(self) -> str:
        """BTCUSDT 60."""
        return f"{self.bars.series.symbol} {self.bars.series.interval}"

    @property
    def currency(self) -> str:
        """What its money is."""
        return self.request.currency or self.listed.currency or "USDT"

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Every figure of docs/reference/metrics.md, NaN where undefined."""
        return figures(self.material)


def start_trade_list(request: TradeListRequest) -> Job[TradesMeasured]:
    """Begin to measure an export; its job gives the figures."""
    return Job(lambda ticket: measure_trades(request, ticket))


def measure_trades(request: TradeListRequest, ticket: Ticket) -> TradesMeasured:
    """Read export and bars, bring its times to UTC, and lay its trades on the bars.

    Raises InvalidInput for what cannot be read or does not fit together.
    """
    export = load_trade_list(request.trades)
    ticket.report(1, 2, "bars")
    bars = _bars(request)
    listed, sentence = _in_utc(export, bars, request.time_zone)
    listed = within(listed, request.start, request.end)
    bars = _range(bars, listed, request)
    material = material_of_export(
        listed, bars, request.initial_cash, request.contract_value, request.leverage
    )
    digest = hashlib.sha256(request.trades.read_bytes()).hexdigest()
    return TradesMeasured(request, listed, bars, material, sentence, digest)


def _bars(request: TradeListRequest) -> Bars:
    said: dict[str, object] = {"file": request.bars, "category": request.category, "finer": "none"}
    if request.symbol is not None:
        said["symbols"] = (request.symbol,)
    if request.interval is not None:
        said["intervals"] = (request.interval,)
    return dataset_of_files(DataRequest.model_validate(said), None, 0.0).bars


def _in_utc(export: TradeList, bars: Bars, zone: str | None) -> tuple[TradeList, str]:
    # Slippage and rounding carry a fill a little beyond its bar.
    slack = 1e-3 * float(np.median(bars.high - bars.low))
    if not export.wall_clock:
        if zone is not None:
            raise InvalidInput("time zone", zone, "left out: the export tells its offsets")
        return export, fit_of(export, UTC, bars, slack).sentence
    if zone is not None:
        found = zone_named(zone)
        return in_utc(export, found), fit_of(export, found, bars, slack).sentence
    best = find_zone(export, bars, slack)
    return in_utc(export, zone_named(best.name)), best.sentence


def _range(bars: Bars, listed: TradeList, request: TradeListRequest) -> Bars:
    """The bars of the range; a trade that is still open tells where the chart ended (A8)."""
    ends = [one.exit_ms + 1 for one in listed.trades if one.is_open and one.exit_ms is not None]
    start_ms = bars.start_ms if request.start is None else request.start
    end_ms = request.end if request.end is not None else max(ends, default=bars.end_ms)
    found = bars.between(start_ms, end_ms)
    if not len(found):
        raise InvalidInput("range", (request.start, request.end), "one that holds bars")
    return found
