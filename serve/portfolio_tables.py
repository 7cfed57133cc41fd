"""Which few figures tell a portfolio at a glance? Tables for the terminal and the notebook."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final

import polars as pl

from engines.errors import InvalidInput
from engines.orders import Reason, Refusal
from engines.result import Result
from serve.commands.portfolios import PortfolioRun
from serve.reports.content import Currency
from serve.reports.figures import number, shown
from serve.reports.words import label
from serve.tables import TextTable

_SHOWN: Final = (
    "net_profit",
    "total_return",
    "max_drawdown",
    "sharpe",
    "profit_factor",
    "trades",
    "win_rate",
    "exposure",
    "fees",
    "refusals",
)


def portfolio_table(run: PortfolioRun) -> TextTable:
    """Figures of the account, and of what each leg brought, a column each."""
    columns = {"together": run.result.whole.statistics} | {
        name: one.statistics for name, one in run.result.legs.items()
    }
    rows = tuple(
        (label(name), *(shown(name, one[name], Currency()).text for one in columns.values()))
        for name in _SHOWN
    )
    profit = run.result.contributions[-1]
    values = (float(profit.sum()), *profit.tolist())
    brought = ("Brought at the end", *(number(one, 2, signed=True) for one in values))
    return TextTable(run.request.name, ("", *columns), (*rows, brought))


def correlation_table(run: PortfolioRun) -> TextTable:
    """How the symbols' returns moved together."""
    names = tuple(run.result.legs)
    rows = tuple(
        (name, *(f"{value:.2f}" if value == value else "–" for value in row))
        for name, row in zip(names, run.result.market_correlation.tolist(), strict=True)
    )
    return TextTable("Correlation of returns", ("", *names), rows)


def portfolio_content(run: PortfolioRun) -> dict[str, Any]:
    """Everything about a run that `--json` tells."""
    result = run.result
    return {
        "name": run.request.name,
        "digest": result.whole.spec.digest,
        "ledger_digest": result.whole.ledger_digest,
        "source": run.source,
        "synthetic": run.synthetic,
        "together": {
            "statistics": dict(result.whole.statistics),
            "metrics": run.together.metrics,
            "refusals": refusals_of(result.whole),
        },
        "legs": [_leg_content(run, number, name) for number, name in enumerate(result.legs)],
        "correlation": {
            "symbols": list(result.legs),
            "markets": result.market_correlation.tolist(),
            "profits": result.profit_correlation.tolist(),
        },
        "rebalances": [
            {
                "time_ms": one.time_ms,
                "cause": one.cause,
                "weights": dict(one.weights),
                "notes": list(one.notes),
            }
            for one in result.rebalances
        ],
    }


def _leg_content(run: PortfolioRun, number: int, name: str) -> dict[str, Any]:
    result, strategy = run.result.legs[name], run.strategies[name]
    return {
        "symbol": name,
        "interval": run.legs[name].bars.series.interval,
        "strategy": None if strategy is None else strategy.name,
        "strategy_digest": None if strategy is None else strategy.digest,
        "parameters": dict(run.values[name]),
        "contribution": float(run.result.contributions[-1, number]),
        "statistics": dict(result.statistics),
        "metrics": run.legs[name].metrics,
        "refusals": refusals_of(result),
    }


def refusals_of(result: Result) -> dict[str, int]:
    """How often entries were refused, by reason."""
    reasons = [Refusal(code).name for code in result.refusals["reason"].tolist()]
    return dict(sorted(Counter(reasons).items()))


def ledger_frame(run: PortfolioRun) -> pl.DataFrame:
    """Every fill of every leg, as they happened; times are the opens of their legs' bars."""
    fills = run.result.whole.fills
    frame = pl.DataFrame({name: pl.Series(column) for name, column in fills.items()})
    reasons = [Reason(code).name for code in fills["reason"].tolist()]
    return frame.with_columns(
        pl.col("time_ms").cast(pl.Datetime("ms", "UTC")).alias("time"),
        pl.Series("reason", reasons, dtype=pl.String),
    ).select("time", "symbol", *(one for one in frame.columns if one not in ("time_ms", "symbol")))


def write_ledger(run: PortfolioRun, path: Path) -> None:
    """Write the ledger as CSV. Raises InvalidInput for a path that cannot be written."""
    try:
        ledger_frame(run).write_csv(path)
    except OSError as error:
        raise InvalidInput("ledger", str(path), f"a file that can be written ({error})") from error
