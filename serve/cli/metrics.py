"""`bst metrics`: every figure of a list of trades that TradingView exported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from actors.clock import SystemClock
from cluster.settings import settings_from
from serve.cli.console import say, show_json, show_table, wait_for
from serve.cli.options import csv_option, json_option
from serve.commands.requests import request_from
from serve.commands.trade_list import TradeListRequest, TradesMeasured, start_trade_list
from serve.commands.trade_list_report import trade_table, write_trade_list_report
from serve.reports.content import Currency
from serve.tables import summary_tables
from serve.tradingview_csv import list_of_trades, performance, write_tradingview


@click.command("metrics")
@click.argument("trades", type=click.Path(path_type=Path))
@click.option("--bars", required=True, type=click.Path(path_type=Path), help="The chart's bars.")
@click.option("--symbol", help="Of the bars, if their file does not tell.")
@click.option("--category", help="linear, inverse or spot.")
@click.option("--interval", help="Of the chart, if it is coarser than the bars.")
@click.option("--start", help="First day or moment of the range, UTC.")
@click.option("--end", help="End of the range, UTC, exclusive.")
@click.option("--initial-cash", type=float, help="The account at first; 10000 if left out.")
@click.option("--leverage", type=float)
@click.option("--contract-value", type=float, help="Money per point, instead of what it shows.")
@click.option("--currency", help="Of the account, if no header tells.")
@click.option("--time-zone", help="Of the export: IANA name or UTC+3, instead of the one found.")
@click.option("--report", type=click.Path(path_type=Path), help="Where the page goes.")
@csv_option
@json_option
def metrics_command(*, report: Path | None, csv: Path | None, as_json: bool, **given: Any) -> None:
    """Tell every figure of a list of TRADES, and write its report.

    TRADES is the strategy tester's exported list of trades, CSV or XLSX, in any language; its time
    zone is found from the bars.

    \b
    bst metrics trades.csv --bars ETHUSDT-60.csv --initial-cash 1000
    bst metrics trades.xlsx --bars ES-60.csv --symbol ES --contract-value 50 --json
    """
    fields = {name: value for name, value in given.items() if value is not None}
    measured = wait_for(start_trade_list(request_from(TradeListRequest, fields)))
    path = write_trade_list_report(measured, settings_from(), SystemClock().now_ms(), report)
    written = () if csv is None else _write(measured, csv)
    if as_json:
        show_json(_content(measured, path, written))
        return
    for table in summary_tables(measured.metrics, Currency(measured.currency)):
        show_table(table)
    say(measured.zone)
    for file in written:
        say(f"CSV: {file}")
    say(f"Report: {path}")


def _write(measured: TradesMeasured, folder: Path) -> list[Path]:
    material = measured.material
    listed = list_of_trades(
        trade_table(measured), material.initial_cash, measured.currency, material.value
    )
    return write_tradingview((listed, performance(measured.metrics, measured.currency)), folder)


def _content(measured: TradesMeasured, path: Path, written: Any) -> dict[str, Any]:
    series = measured.bars.series
    return {
        "trades": len(measured.material.closed),
        "open_trades": len(measured.material.open),
        "symbol": series.symbol,
        "interval": series.interval,
        "time_zone": measured.zone,
        "trades_digest": measured.trades_digest,
        "bars_digest": measured.bars.digest,
        "metrics": measured.metrics,
        "csv": [str(file) for file in written],
        "report": str(path),
    }
