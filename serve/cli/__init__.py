"""What does `bst` do? Commands of the terminal; everything they do, `serve.commands` does."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final

import click

from actors.bybit.errors import VenueError
from engines.errors import InvalidInput, MissingData, TesterError
from serve.commands.job import Cancelled

_EXIT_CODES = """\b
Exit codes: 0 done, 2 something asked for cannot be, 3 data is missing,
4 the venue did not answer, 10 and 20 a verdict of amber and red, 1 anything else,
130 cancelled."""


# The module of each command and its name there: only the one that is asked for is imported.
_COMMANDS: Final = {
    "backtest": ("backtest", "backtest_command"),
    "portfolio": ("portfolio", "portfolio_command"),
    "sweep": ("sweep", "sweep_command"),
    "submit": ("jobs", "submit_command"),
    "jobs": ("jobs", "jobs_group"),
    "report": ("report", "report_command"),
    "metrics": ("metrics", "metrics_command"),
    "verdict": ("verdict", "verdict_command"),
    "promote": ("promote", "promote_command"),
    "strategies": ("strategies", "strategies_command"),
    "data": ("data", "data_group"),
    "tradingview": ("tradingview", "tradingview_group"),
    "tour": ("tour", "tour_command"),
    "certify": ("certify", "certify_command"),
}


class _Commands(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        found: click.Command = getattr(import_module(f"serve.cli.{module}"), name)
        return found


@click.group(
    cls=_Commands, epilog=_EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="bybit-strategy-tester", prog_name="bst")
def bst() -> None:
    """Backtest, sweep and judge strategies for Bybit on a Ray cluster."""


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
