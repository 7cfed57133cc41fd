"""`bst tradingview`: what TradingView exported, held against what happens here."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from cluster.settings import settings_from
from engines.errors import InvalidInput
from serve.cli.console import say, show_json, show_table, wait_for
from serve.cli.options import fields_from, run_options
from serve.commands.requests import request_from
from serve.commands.trade_diff import TradeDiffRequest, TradesDiffered, start_trade_diff
from serve.tradingview_words import as_json_values, diff_table, differences_text, headline

_AGREES: Final = 0
_DIFFERS: Final = 1


@click.group("tradingview")
def tradingview_group() -> None:
    """Hold strategies against TradingView's exports."""


@tradingview_group.command("diff")
@click.argument("trades", type=click.Path(path_type=Path))
@click.option("--strategy", required=False, help="Library name, JSON file or Python file.")
@click.option("--bars", type=click.Path(), help="The chart's bars, a file in any known layout.")
@click.option("--time-zone", help="Of the export: IANA name or UTC+3, instead of the one found.")
@click.option("--first", type=click.IntRange(min=0), default=10, help="Differences to print.")
@run_options
def diff_command(*, trades: Path, bars: str | None, first: int, as_json: bool, **given: Any) -> int:
    """Run a strategy and compare it, trade by trade, with TradingView's list of TRADES.

    TRADES is the strategy tester's exported list of trades, CSV or XLSX, in any language. The
    first differences are printed, each with its likely cause. Exit code 0: all trades agree;
    1: some do not.

    \b
    bst tradingview diff trades.csv --strategy breakout.py --bars ETHUSDT-60.csv --tick 0.01
    bst tradingview diff trades.xlsx --strategy supertrend --symbol ETHUSDT --interval 60
    """
    given["file"] = bars
    finer_file = _finer_file(given)
    fields = fields_from(given)
    fields["broker"] = {"profile": "tradingview", **(fields.get("broker") or {})}
    fields |= {"trades": trades, "time_zone": given.get("time_zone"), "finer_file": finer_file}
    request = request_from(TradeDiffRequest, fields)
    differed = wait_for(start_trade_diff(request, settings_from()))
    if as_json:
        show_json(as_json_values(differed))
    else:
        _show(differed, first)
    return _DIFFERS if differed.diagnosis.differences else _AGREES


def _finer_file(given: dict[str, Any]) -> Path | None:
    """The file that --finer names, taken out of the options; None for an interval."""
    said = given.get("finer")
    if said is None or said in ("auto", "none") or not ("." in said or "/" in said):
        return None
    given["finer"] = None
    if not Path(said).exists():
        raise InvalidInput("--finer", said, "a file that exists, or an interval")
    return Path(said)


def _show(differed: TradesDiffered, first: int) -> None:
    for note in differed.notes:
        say(note)
    say(headline(differed.diagnosis))
    show_table(diff_table(differed.diagnosis))
    for line in differences_text(differed.diagnosis, first):
        say(line)
