"""How is it used from Python? `backtest`, `sweep` and `portfolio`; results show themselves.

from serve.notebook import backtest, sweep

result = backtest("sma_cross", symbols=["ETHUSDT"], start="2025-01-01", end="2025-07-01")
result.trades()          # a polars table
result.plot()            # the report, in the notebook
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from actors.clock import SystemClock
from cluster.settings import Settings, settings_from
from engines.errors import InvalidInput
from engines.result import Result
from serve.commands.backtests import Backtested, start_backtest
from serve.commands.reports import backtest_report, sweep_report
from serve.commands.requests import (
    BacktestRequest,
    BrokerRequest,
    DataRequest,
    InstrumentRequest,
    Model,
    SweepRequest,
    request_from,
)
from serve.commands.run_pages import write_csv
from serve.commands.sweeps import start_sweep
from serve.commands.swept import Swept
from serve.notebook_portfolio import PortfolioRunResult, portfolio
from serve.notebook_views import Page, frame_of, html_of
from serve.tables import backtest_table, best_table
from strategies.graph.strategy import Strategy
from strategies.graph.writing import to_json

__all__ = [
    "BacktestResult",
    "Page",
    "PortfolioRunResult",
    "SweepResult",
    "backtest",
    "portfolio",
    "sweep",
]

_SHOWN_ROWS: Final = 10


@dataclass(frozen=True, eq=False)
class BacktestResult:
    """What a backtest gave; `chart` picks one of several by number in the methods below."""

    backtested: Backtested

    @property
    def results(self) -> tuple[Result, ...]:
        """The engine's results, one for each chart."""
        return tuple(run.result for run in self.backtested.runs)

    @property
    def statistics(self) -> Mapping[str, float]:
        """Statistics of the first chart."""
        return self.results[0].statistics

    def metrics(self, chart: int = 0) -> dict[str, float]:
        """Every figure of docs/reference/metrics.md, NaN where undefined."""
        return self.backtested.runs[chart].metrics

    def trades(self, chart: int = 0) -> pl.DataFrame:
        """Trades with times as UTC datetimes."""
        return frame_of(self.results[chart].trades)

    def fills(self, chart: int = 0) -> pl.DataFrame:
        """The ledger."""
        return frame_of(self.results[chart].fills)

    def equity(self, chart: int = 0) -> pl.DataFrame:
        """Equity at every close: time (the bar's open) and equity."""
        result = self.results[chart]
        return frame_of({"time_ms": result.open_ms, "equity": result.equity})

    def to_polars(self) -> pl.DataFrame:
        """Statistics, a row for each chart."""
        return pl.DataFrame(
            [
                {
                    "symbol": run.chart.dataset.series.symbol,
                    "interval": run.chart.dataset.series.interval,
                    **run.result.statistics,
                }
                for run in self.backtested.runs
            ]
        )

    def to_arrow(self) -> pa.Table:
        """As `to_polars`, in Arrow."""
        return self.to_polars().to_arrow()

    def save_csv(self, folder: str | Path) -> list[Path]:
        """Write the list of trades and the summary as TradingView does. Raises InvalidInput."""
        return write_csv(self.backtested, Path(folder))

    def plot(self) -> Page:
        """The report: equity, candles with trades, costs."""
        return Page(backtest_report(self.backtested, SystemClock().now_ms()))

    def _repr_html_(self) -> str:
        return html_of(backtest_table(self.backtested))


@dataclass(frozen=True, eq=False)
class SweepResult:
    """What a sweep gave: a row for every set of parameters and chart."""

    swept: Swept

    @property
    def digest(self) -> str:
        """The sweep's name, for `bst sweep --resume` and `bst report`."""
        return self.swept.digest

    @property
    def best(self) -> list[dict[str, Any]]:
        """The best rows by the objective in sample, best first."""
        return self.swept.finished.best

    def to_arrow(self) -> pa.Table:
        """All rows: parameters as param_*, statistics as train_* and test_*."""
        return pq.read_table(self.swept.finished.table)

    def to_polars(self) -> pl.DataFrame:
        """As `to_arrow`, in polars; only what is used is read."""
        return pl.read_parquet(self.swept.finished.table)

    def plot(self) -> Page:
        """The report: best rows, in sample against out of sample, the parameter surface."""
        return Page(sweep_report(self.swept, SystemClock().now_ms()))

    def _repr_html_(self) -> str:
        return html_of(best_table(self.swept, _SHOWN_ROWS))


def backtest(
    strategy: str | Strategy,
    parameters: Mapping[str, float] | None = None,
    settings: Settings | None = None,
    **options: Any,
) -> BacktestResult:
    """Run a strategy, of the library or your own; options are those of the command line.

    For example symbols, intervals, start, end, file, leverage, taker_fee_percent, tick. Raises
    InvalidInput naming the option that is wrong.
    """
    fields = _fields(strategy, options, parameters)
    request = request_from(BacktestRequest, fields)
    return BacktestResult(start_backtest(request, settings or settings_from()).result())


def sweep(
    strategy: str | Strategy,
    space: Mapping[str, Any] | None = None,
    settings: Settings | None = None,
    **options: Any,
) -> SweepResult:
    """Sweep parameters on Ray; asked again for the same, it computes only what is missing.

    `space` maps names to values, lists or {"low", "high", "step", "log"}; parameters left out are
    searched over their own ranges. Options as for `backtest`, and search, rows, seed,
    batch, start_from, where, require, train_percent, objective, trade_off.
    """
    fields = _fields(strategy, options, None) | ({"space": dict(space)} if space else {})
    request = request_from(SweepRequest, fields)
    return SweepResult(start_sweep(request, settings or settings_from()).result())


def _fields(
    strategy: str | Strategy, options: Mapping[str, Any], parameters: Mapping[str, float] | None
) -> dict[str, Any]:
    """Options sorted into the parts of a request."""
    parts: dict[str, type[Model]] = {
        "data": DataRequest,
        "broker": BrokerRequest,
        "instrument": InstrumentRequest,
    }
    fields: dict[str, Any] = {
        "strategy": strategy if isinstance(strategy, str) else to_json(strategy)
    }
    if parameters:
        fields["parameters"] = dict(parameters)
    top = (
        "engine",
        *("search", "rows", "seed", "batch", "start_from", "where", "require"),
        *("train_percent", "objective", "trade_off"),
    )
    for name, value in options.items():
        part = next((part for part, kind in parts.items() if name in kind.model_fields), None)
        if part is not None:
            fields.setdefault(part, {})[name] = value
        elif name in top:
            fields[name] = value
        else:
            known = [one for kind in parts.values() for one in kind.model_fields]
            raise InvalidInput("option", name, f"one of {', '.join([*known, *top])}")
    return fields
