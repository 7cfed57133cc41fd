"""`bst submit` and `bst jobs`: sweeps given to a cluster, and watched from any shell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from cluster.settings import Settings, settings_from
from serve.cli.console import say, show_json, show_table, wait_for
from serve.cli.options import budget_options, json_option
from serve.cli.sweep import budget_from, show_sweep
from serve.commands.jobs import (
    Submitted,
    SweepJob,
    attach,
    fetch_report,
    job_log,
    resume_job,
    stop_job,
    submit_sweep,
    sweep_job,
    sweep_jobs,
)
from serve.commands.requests import SweepRequest, read_request, request_from
from serve.tables import TextTable
from strategies.moments import minute_text

Command = TypeVar("Command", bound=Callable[..., Any])

_LEFT: Final = "Left; the sweep goes on: bst jobs attach"
_address = click.option(
    "--address",
    metavar="URL",
    help="Dashboard of the cluster; RAY_API_SERVER_ADDRESS, or http://127.0.0.1:8265.",
)
_wait = click.option("--attach", "attached", is_flag=True, help="Stay and watch it.")


@click.command("submit")
@click.argument("spec", type=click.Path(path_type=Path))
@budget_options
@_wait
@_address
@json_option
def submit_command(
    *, spec: Path, attached: bool, address: str | None, as_json: bool, **given: Any
) -> None:
    """Give the sweep of the file SPEC (YAML or JSON) to a cluster, and leave.

    A strategy of your own and a file of bars travel along. Submitted again it is joined: nothing
    is computed twice. The cluster's token is taken from RAY_AUTH_TOKEN or ~/.ray/auth_token.

    \b
    bst submit sweep.yaml --priority 2 --address http://127.0.0.1:8265
    bst jobs attach last
    """
    settings = _settings(address)
    request = request_from(SweepRequest, read_request(spec))
    found = submit_sweep(request, settings, given["priority"] or 1.0, budget_from(given))
    _answer(found, settings, attached, as_json)


@click.group("jobs")
def jobs_group() -> None:
    """Sweeps on a cluster: list, watch, stop and go on. KEY is its beginning, or "last"."""


@jobs_group.command("list")
@_address
@json_option
def list_command(*, address: str | None, as_json: bool) -> None:
    """Every sweep that the cluster remembers."""
    found = sweep_jobs(_settings(address))
    if as_json:
        show_json([_content(one) for one in found])
    else:
        show_table(_table(found))


@jobs_group.command("status")
@click.argument("key", default="last")
@_address
@json_option
def status_command(*, key: str, address: str | None, as_json: bool) -> None:
    """How far one sweep is."""
    found = sweep_job(key, _settings(address))
    show_json(_content(found)) if as_json else show_table(_table([found]))


@jobs_group.command("logs")
@click.argument("key", default="last")
@_address
def logs_command(*, key: str, address: str | None) -> None:
    """Everything that the job printed."""
    click.echo(job_log(key, _settings(address)), nl=False)


@jobs_group.command("attach")
@click.argument("key", default="last")
@_address
@json_option
def attach_command(*, key: str, address: str | None, as_json: bool) -> None:
    """Watch a sweep to its end, and print what came out; Ctrl-C leaves it running."""
    _watch(key, _settings(address), as_json)


@jobs_group.command("report")
@click.argument("key", default="last")
@click.option("--to", type=click.Path(path_type=Path), help="Where the page goes.")
@_address
@json_option
def report_command(*, key: str, to: Path | None, address: str | None, as_json: bool) -> None:
    """Bring the page of a finished sweep from the cluster."""
    path = wait_for(fetch_report(key, _settings(address), to))
    show_json({"report": str(path)}) if as_json else say(f"Report: {path}")


@jobs_group.command("stop")
@click.argument("key", default="last")
@_address
@json_option
def stop_command(*, key: str, address: str | None, as_json: bool) -> None:
    """Stop a sweep; finished parts are kept."""
    found = stop_job(key, _settings(address))
    show_json(_content(found)) if as_json else say(f"{found.key} {found.state}: {found.told}")


@jobs_group.command("resume")
@click.argument("key", default="last")
@_wait
@_address
@json_option
def resume_command(*, key: str, attached: bool, address: str | None, as_json: bool) -> None:
    """Go on with a sweep that was stopped or failed; what is finished is not computed again."""
    settings = _settings(address)
    _answer(resume_job(key, settings), settings, attached, as_json)


def _answer(found: Submitted, settings: Settings, attached: bool, as_json: bool) -> None:
    if attached:
        _watch(found.job.key, settings, as_json)
    elif as_json:
        show_json({**_content(found.job), "joined": found.joined})
    else:
        was = f"was submitted before and is {found.job.state}" if found.joined else "submitted"
        say(f"{found.job.key} {was}: bst jobs attach {found.job.key}")


def _watch(key: str, settings: Settings, as_json: bool) -> None:
    content = wait_for(attach(key, settings), f"{_LEFT} {key}")
    show_json(content) if as_json else show_sweep(content)


def _settings(address: str | None) -> Settings:
    found = settings_from()
    return found if address is None else replace(found, jobs_address=address)


def _content(job: SweepJob) -> dict[str, Any]:
    told = asdict(job)
    sent = told.pop("submission")
    return {**told, **{name: sent[name] for name in ("strategy", "owner", "priority", "request")}}


def _table(jobs: list[SweepJob]) -> TextTable:
    rows = tuple(
        (
            job.key,
            job.submission.strategy,
            job.submission.owner,
            f"{job.submission.priority:g}",
            minute_text(job.submitted_ms),
            job.state,
            f"{job.done:,}/{job.total:,}" if job.total else "",
            job.told,
        )
        for job in jobs
    )
    heads = ("key", "strategy", "owner", "priority", "submitted", "state", "rows", "told")
    return TextTable("", heads, rows)
