"""`bst verdict`: is the best row of a sweep an edge, or luck?"""

from __future__ import annotations

import math
from typing import Any, Final

import click

from cluster.settings import settings_from
from serve.cli.console import show_json, show_table, wait_for
from serve.cli.options import json_option
from serve.commands.sweeps import start_verdict
from serve.reports.figures import number, of_verdict, setting
from serve.tables import TextTable
from tune.verdict import Verdict

EXIT_CODES: Final = {"green": 0, "amber": 10, "red": 20}
_WALKED: Final = "Walk-forward: chosen anew from the days before"
_ANEW: Final = "Walk-forward: searched anew on the days before"
_COLOURS: Final = {"green": "green", "amber": "yellow", "red": "red"}


@click.command("verdict")
@click.argument("digest", default="last")
@click.option(
    "--reoptimise", is_flag=True, help="Search the space anew before each test of the walk-forward."
)
@json_option
def verdict_command(*, digest: str, reoptimise: bool, as_json: bool) -> int:
    """Judge the best row of a finished sweep: green, amber or red, and why.

    DIGEST is the beginning of the sweep's name; without it, it is the newest. All trials of the
    same idea count, those of earlier sweeps too. Leaves with 0 for green, 10 for amber and 20 for
    red.

    \b
    bst verdict && bst report
    """
    swept = wait_for(start_verdict(digest, settings_from(), reoptimise))
    if as_json:
        said = swept.verdict.canonical()
        anew = {"reoptimised": swept.anew} if reoptimise else {}
        show_json({"sweep": swept.digest, **said, "walk_forward": swept.folds, **anew})
    else:
        show_light(swept.verdict.light, swept.verdict.sentence)
        show_table(_table(swept.verdict))
        for title, folds in ((_WALKED, swept.folds), (_ANEW, swept.anew)):
            if folds:
                show_table(_walk(title, folds))
    return EXIT_CODES[swept.verdict.light]


def show_light(light: str, sentence: str) -> None:
    """Print the light and the sentence of a verdict."""
    click.echo(f"{click.style(light.upper(), fg=_COLOURS[light], bold=True)}  {sentence}")


def _table(verdict: Verdict) -> TextTable:
    rows = tuple(
        (one.light or "", one.name.replace("_", " "), of_verdict(one), one.meaning)
        for one in verdict.checks
    )
    return TextTable("Under the verdict", ("", "figure", "value", "what it says"), rows)


def _walk(title: str, folds: list[dict[str, Any]]) -> TextTable:
    names = tuple(folds[0]["parameters"])
    rows = tuple(
        (
            f"{fold['test_start']} to {fold['test_end']}",
            f"{fold['symbol']} {fold['interval']}",
            *(setting(fold["parameters"][name]) for name in names),
            *(_ratio(fold[name]) for name in ("train_sharpe", "test_sharpe")),
        )
        for fold in folds
    )
    heads = ("tested", "market", *names, "Sharpe before", "Sharpe tested")
    return TextTable(title, heads, rows)


def _ratio(value: float | None) -> str:
    return number(math.nan if value is None else value, 2)
