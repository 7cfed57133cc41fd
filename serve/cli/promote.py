"""`bst promote`: put a sweep's best row into the registry, for paper and live."""

from __future__ import annotations

import click

from cluster.settings import settings_from
from serve.cli.console import say, show_json, wait_for
from serve.cli.options import json_option
from serve.commands.sweeps import start_promotion


@click.command("promote")
@click.argument("digest", default="last")
@click.option("--name", required=True, help="What the strategy is called in the registry.")
@click.option("--anyway", is_flag=True, help="Even if the verdict is red.")
@json_option
def promote_command(*, digest: str, name: str, anyway: bool, as_json: bool) -> None:
    """Register the best row of a finished sweep in MLflow's model registry.

    DIGEST is the beginning of the sweep's name; without it, it is the newest. The version holds the
    strategy, the row's parameters and the verdict, and points to the run that is their proof.

    \b
    bst promote 9a8a56 --name btc-trend
    """
    promoted = wait_for(start_promotion(digest, name, anyway, settings_from()))
    if as_json:
        show_json(promoted._asdict())
    else:
        say(f"Promoted: {promoted.name}, version {promoted.version}")
