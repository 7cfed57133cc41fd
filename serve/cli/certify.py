"""`bst certify`: do this machine's GPU and its CPU keep the same ledgers?"""

from __future__ import annotations

from pathlib import Path

import click

from serve.cli.console import say, show_json, wait_for
from serve.cli.options import json_option
from serve.commands.certificates import Certified, start_certificate


@click.command("certify")
@click.option(
    "--out", type=click.Path(path_type=Path), default="certificate.json", show_default=True
)
@click.option("--cases", type=int, help="Random cases of eight rows; 500, simulated 12.")
@click.option("--simulator", is_flag=True, help="A small corpus in numba's simulator, no GPU.")
@json_option
def certify_command(*, out: Path, cases: int | None, simulator: bool, as_json: bool) -> int:
    """Run random strategies, bars and brokers on GPU and CPU and compare every ledger to the bit.

    Writes the certificate as a file that names the device, versions and counts. Leaves with 0 if
    all agreed, 1 if not, 2 without a GPU.

    \b
    bst certify --simulator --cases 3
    """
    found = wait_for(start_certificate(out, cases, simulator))
    if as_json:
        show_json(found.content)
    else:
        _show(found)
    return 0 if found.passed else 1


def _show(found: Certified) -> None:
    content, corpus = found.content, found.content["corpus"]
    light = "EQUAL" if found.passed else "DIFFERENT"
    click.secho(light, fg="green" if found.passed else "red", bold=True, nl=False)
    say(
        f"  {corpus['rows']:,} rows of {corpus['seeds']:,} cases, {corpus['fills']:,} fills, "
        f"on {content['device']['device']}; {content['different']} differ"
    )
    say(f"{found.file}")
