"""`bst backtest`: one row of parameters over one or several charts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from actors.clock import SystemClock
from cluster.settings import settings_from
from serve.cli.console import say, show_json, show_table, wait_for
from serve.cli.options import csv_option, fields_from, request_options
from serve.commands.backtests import Backtested, start_backtest
from serve.commands.reports import write_backtest_report
from serve.commands.requests import BacktestRequest, request_from
from serve.commands.run_pages import write_csv
from serve.tables import backtest_table


@click.command("backtest")
@request_options
@csv_option
def backtest_command(*, as_json: bool, report: Path | None, csv: Path | None, **given: Any) -> None:
    """Run STRATEGY, a name of the library or a JSON or Python file, and write its report.

    \b
    bst backtest sma_cross --symbol ETHUSDT --start 2025-01-01 --end 2025-07-01 --set fast=30
    bst backtest supertrend --file ETHUSDT-15m.csv --symbol ETHUSDT
    bst backtest breakout.py --symbol ETHUSDT --start 2025-01-01 --end 2025-07-01
    """
    settings = settings_from()
    request = request_from(BacktestRequest, fields_from(given))
    backtested = wait_for(start_backtest(request, settings))
    path = write_backtest_report(backtested, settings, SystemClock().now_ms(), report)
    written = [] if csv is None else write_csv(backtested, csv)
    if as_json:
        files = {"csv": [str(file) for file in written]} if written else {}
        show_json({**_content(backtested), "report": str(path), **files})
        return
    show_table(backtest_table(backtested))
    if backtested.charts.synthetic:
        say(f"Synthetic data: {backtested.charts.source}.")
    for file in written:
        say(f"CSV: {file}")
    say(f"Report: {path}")


def _content(backtested: Backtested) -> dict[str, Any]:
    return {
        "strategy": backtested.strategy.name,
        "strategy_digest": backtested.strategy.digest,
        "parameters": dict(backtested.values),
        "source": backtested.charts.source,
        "synthetic": backtested.charts.synthetic,
        "runs": [
            {
                "symbol": run.chart.dataset.series.symbol,
                "interval": run.chart.dataset.series.interval,
                "digest": run.result.spec.digest,
                "ledger_digest": run.result.ledger_digest,
                "statistics": dict(run.result.statistics),
                "metrics": run.metrics,
            }
            for run in backtested.runs
        ],
    }
