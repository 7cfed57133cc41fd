"""What does `bst` do? Commands of the terminal; everything they do, `serve.commands` does."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from actors.bybit.errors import VenueError
from engines.errors import InvalidInput, MissingData, TesterError
from serve.cli.backtest import backtest_command
from serve.cli.certify import certify_command
from serve.cli.data import data_group
from serve.cli.jobs import jobs_group, submit_command
from serve.cli.metrics import metrics_command
from serve.cli.portfolio import portfolio_command
from serve.cli.promote import promote_command
from serve.cli.report import report_command
from serve.cli.strategies import strategies_command
from serve.cli.sweep import sweep_command
from serve.cli.tour import tour_command
from serve.cli.tradingview import tradingview_group
from serve.cli.verdict import verdict_command
from serve.commands.job import Cancelled

_EXIT_CODES = """\b
Exit codes: 0 done, 2 something asked for cannot be, 3 data is missing,
4 the venue did not answer, 10 and 20 a verdict of amber and red, 1 anything else,
130 cancelled."""


@click.group(epilog=_EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="bybit-strategy-tester", prog_name="bst")
def bst() -> None:
    """Backtest, sweep and judge strategies for Bybit on a Ray cluster."""


for command in (
    backtest_command,
    portfolio_command,
    sweep_command,
    submit_command,
    jobs_group,
    report_command,
    metrics_command,
    verdict_command,
    promote_command,
    strategies_command,
    data_group,
    tradingview_group,
    tour_command,
    certify_command,
):
    bst.add_command(command)


def main() -> None:
    """Run `bst` with the arguments of the process, and leave with its exit code."""
    sys.exit(run())


def run(arguments: Sequence[str] | None = None) -> int:
    """Run `bst` and return its exit code; errors are one line on stderr."""
    try:
        code = bst.main(arguments, prog_name="bst", standalone_mode=False)
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (Cancelled, click.Abort, KeyboardInterrupt) as stopped:
        click.echo(str(stopped) or "Cancelled.", err=True)
        return 130
    except BrokenPipeError:
        # Nobody reads any more: nothing is to be flushed to them at the end either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except TesterError as error:
        click.secho(f"Error: {error}", fg="red", err=True)
        return _exit_code(error)
    return code if isinstance(code, int) else 0


def _exit_code(error: TesterError) -> int:
    for kind, code in ((MissingData, 3), (InvalidInput, 2), (VenueError, 4)):
        if isinstance(error, kind):
            return code
    return 1
