"""`bst tour`: from nothing to the report of a sweep, the main job in one command."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from actors.bybit.venues import MAINNET, probe
from actors.clock import SystemClock
from cluster.settings import Settings, settings_from
from serve.cli.console import say, show_json, wait_for
from serve.cli.options import json_option
from serve.cli.sweep import show_sweep, sweep_content
from serve.commands.reports import write_sweep_report
from serve.commands.requests import SweepRequest, request_from
from serve.commands.sweeps import start_sweep

_PROBE_S: Final = 3.0
_STRATEGY: Final = "sma_cross"
_YEAR: Final = {"start": "2025-01-01", "end": "2026-01-01"}
_SYMBOLS: Final = ("BTCUSDT", "ETHUSDT")


@click.command("tour")
@click.option("--file", type=click.Path(path_type=Path), help="Your own bars, in any known layout.")
@click.option("--symbol", help="What the file holds, if it does not tell.")
@click.option("--report", type=click.Path(path_type=Path), help="Where the page goes.")
@json_option
def tour_command(
    *, file: Path | None, symbol: str | None, report: Path | None, as_json: bool
) -> None:
    """Fetch a year of minute bars, sweep a library strategy over it, write the report.

    Bars come from Bybit if it answers within three seconds, else from the built-in sandbox
    exchange, which makes them up. With --file they are your own.
    """
    settings = settings_from()
    if file is None:
        settings = _with_venue(settings, as_json)
        data: dict[str, Any] = {"symbols": _SYMBOLS, "source": settings.venue, **_YEAR}
        _tell(f"Bars: 1 minute, {' and '.join(_SYMBOLS)}, 2025-01-01 to 2026-01-01 UTC", as_json)
    else:
        data = {"file": file} | ({"symbols": (symbol,)} if symbol else {})
        _tell(f"Bars: {file}", as_json)
    request = request_from(SweepRequest, {"strategy": _STRATEGY, "data": data})
    swept = wait_for(start_sweep(request, settings))
    path = write_sweep_report(swept, settings, SystemClock().now_ms(), report)
    content = sweep_content(swept, path)
    if as_json:
        show_json(content)
        return
    say(f"{swept.finished.computed:,} rows computed in {swept.finished.seconds:.1f} s")
    show_sweep(content)


def _with_venue(settings: Settings, as_json: bool) -> Settings:
    """The settings with Bybit as venue if it answers; a venue that was chosen is kept."""
    if os.environ.get("BST_VENUE"):
        _tell(f"Venue: {settings.venue}, as BST_VENUE says", as_json)
        return settings
    took_s = probe(MAINNET, _PROBE_S)
    if took_s is not None:
        _tell(f"Venue: Bybit answered within {took_s:.1f} s; bars are real", as_json)
        return replace(settings, venue="mainnet")
    _tell(
        f"Venue: Bybit did not answer within {_PROBE_S:g} s, so the built-in sandbox exchange "
        "stands in.\n       ITS BARS ARE SYNTHETIC: nothing below says anything about a real "
        "market.",
        as_json,
    )
    return replace(settings, venue="sandbox")


def _tell(text: str, as_json: bool) -> None:
    click.echo(text, err=as_json)
