"""`bst report`: the page of a sweep or a backtest that ran before."""

from __future__ import annotations

from pathlib import Path

import click

from actors.clock import SystemClock
from cluster.settings import settings_from
from serve.cli.console import say, show_json, wait_for
from serve.cli.options import json_option
from serve.commands.recorded_reports import start_report


@click.command("report")
@click.argument("digest", default="last")
@click.option("--to", type=click.Path(path_type=Path), help="Where the page goes.")
@json_option
def report_command(*, digest: str, to: Path | None, as_json: bool) -> None:
    """Write the page of a finished run again. DIGEST is the beginning of its name.

    Without DIGEST it is the newest sweep.
    """
    settings = settings_from()
    path = wait_for(start_report(digest, settings, SystemClock().now_ms(), to))
    if as_json:
        show_json({"report": str(path)})
    else:
        say(f"Report: {path}")
