"""How is a portfolio run from Python? `portfolio`, with a result that shows itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from actors.clock import SystemClock
from cluster.settings import Settings, settings_from
from serve.commands.portfolio_reports import portfolio_report
from serve.commands.portfolio_requests import PortfolioRequest
from serve.commands.portfolios import PortfolioRun, start_portfolio
from serve.commands.requests import read_request, request_from
from serve.notebook_views import Page, frame_of, html_of
from serve.portfolio_tables import ledger_frame, portfolio_table


@dataclass(frozen=True, eq=False)
class PortfolioRunResult:
    """What a portfolio gave: `symbol` picks a leg in the methods below, None is the account."""

    run: PortfolioRun

    @property
    def symbols(self) -> tuple[str, ...]:
        """The legs."""
        return tuple(self.run.result.legs)

    def statistics(self, symbol: str | None = None) -> Mapping[str, float]:
        """Statistics of the account or of what a leg brought."""
        result = self.run.result
        return (result.whole if symbol is None else result.legs[symbol]).statistics

    def metrics(self, symbol: str | None = None) -> dict[str, float]:
        """Every figure of docs/reference/metrics.md, NaN where undefined."""
        return (self.run.together if symbol is None else self.run.legs[symbol]).metrics

    def trades(self, symbol: str | None = None) -> pl.DataFrame:
        """Trades with times as UTC datetimes; those of the account tell their symbols."""
        result = self.run.result
        return frame_of((result.whole if symbol is None else result.legs[symbol]).trades)

    def fills(self) -> pl.DataFrame:
        """The ledger of all legs, as it happened."""
        return ledger_frame(self.run)

    def equity(self) -> pl.DataFrame:
        """At every close: time (the bar's open), equity, and what each leg had brought."""
        result = self.run.result
        brought = dict(zip(self.symbols, result.contributions.T, strict=True))
        return frame_of({"time_ms": result.whole.open_ms, "equity": result.whole.equity, **brought})

    def correlation(self) -> pl.DataFrame:
        """How the markets' returns moved together: a row and a column for each symbol."""
        table = self.run.result.market_correlation
        columns = {name: table[:, number] for number, name in enumerate(self.symbols)}
        return pl.DataFrame({"symbol": self.symbols, **columns})

    def rebalances(self) -> pl.DataFrame:
        """When weights were put right, why, and to what; a symbol that took no part is null."""
        rows = self.run.result.rebalances
        weights = {name: [one.weights.get(name) for one in rows] for name in self.symbols}
        return frame_of(
            {
                "time_ms": [one.time_ms for one in rows],
                "cause": [one.cause for one in rows],
                **weights,
                "notes": ["; ".join(one.notes) for one in rows],
            }
        )

    def plot(self) -> Page:
        """The report: legs, correlation, rebalancing, and a tab for the account and each leg."""
        return Page(portfolio_report(self.run, SystemClock().now_ms()))

    def _repr_html_(self) -> str:
        return html_of(portfolio_table(self.run))


def portfolio(
    spec: Mapping[str, Any] | str | Path, settings: Settings | None = None
) -> PortfolioRunResult:
    """Run a portfolio: the fields of a spec file, or the path of one.

    Raises InvalidInput naming the field that is wrong.
    """
    fields = spec if isinstance(spec, Mapping) else read_request(Path(spec))
    request = request_from(PortfolioRequest, fields)
    return PortfolioRunResult(start_portfolio(request, settings or settings_from()).result())
