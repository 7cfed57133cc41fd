"""`bst portfolio`: several symbols on one account."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from actors.clock import SystemClock
from cluster.settings import settings_from
from serve.cli.console import say, show_json, show_table, wait_for
from serve.cli.options import json_option
from serve.commands.portfolio_reports import write_portfolio_report
from serve.commands.portfolio_requests import PortfolioRequest
from serve.commands.portfolios import start_portfolio
from serve.commands.requests import read_request, request_from
from serve.portfolio_tables import (
    correlation_table,
    portfolio_content,
    portfolio_table,
    write_ledger,
)


@click.command("portfolio")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--start", help="First day or moment, UTC; overrules the spec.")
@click.option("--end", help="End, UTC, exclusive; overrules the spec.")
@click.option("--initial-cash", type=float, help="Quote currency; overrules the spec.")
@click.option("--leverage", type=float, help="Overrules the spec.")
@click.option("--fetch/--no-fetch", default=None, help="Fetch bars that are missing.")
@click.option("--ledger", type=click.Path(path_type=Path), help="Write every fill to a CSV file.")
@click.option("--report", type=click.Path(path_type=Path), help="Where the page goes.")
@json_option
def portfolio_command(
    *, spec: Path, ledger: Path | None, report: Path | None, as_json: bool, **given: Any
) -> None:
    """Run the portfolio of SPEC, a YAML or JSON file, on one account, and write its report.

    Its legs share cash, equity and margin. Either each has a strategy, or an allocation trades
    them to target weights. docs/guides/portfolios.md shows spec files.

    \b
    bst portfolio majors.yaml
    bst portfolio majors.yaml --start 2025-01-01 --end 2025-07-01 --ledger fills.csv
    """
    settings = settings_from()
    request = request_from(PortfolioRequest, _overruled(read_request(spec), given))
    run = wait_for(start_portfolio(request, settings))
    path = write_portfolio_report(run, settings, SystemClock().now_ms(), report)
    if ledger is not None:
        write_ledger(run, ledger)
    if as_json:
        show_json({**portfolio_content(run), "report": str(path)})
        return
    show_table(portfolio_table(run))
    if len(run.legs) > 1:
        show_table(correlation_table(run))
    if run.synthetic:
        say(f"Synthetic data: {run.source}.")
    say(f"Report: {path}")


def _overruled(fields: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The spec's fields, with the options that were given in their places."""
    parts = {"data": ("start", "end", "fetch"), "broker": ("initial_cash", "leverage")}
    for part, names in parts.items():
        said = {name: given[name] for name in names if given.get(name) is not None}
        if said and isinstance(fields.get(part) or {}, dict):
            fields[part] = {**(fields.get(part) or {}), **said}
    return fields
