"""What does the terminal show? Progress while a job runs, tables and JSON when it is done."""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

from serve.commands.job import Cancelled, Job
from serve.commands.job import Progress as Told
from serve.tables import TextTable
from tune.chunk import parameters_of
from tune.estimate import duration_text

Result = TypeVar("Result")

_POLL_S: Final = 0.1
# Where nobody watches a bar move, in the log of a cluster's job, a line this often.
_LINE_S: Final = 5.0
_PIPE_WIDTH: Final = 240


def wait_for(job: Job[Result], leaving: str | None = None) -> Result:
    """Show a job's progress on stderr until it ends; Ctrl-C cancels it. Raises what it raised.

    `leaving` says what becomes of the work where it is somewhere else and goes on after Ctrl-C.
    """
    console = Console(stderr=True)
    try:
        return _draw(job, console) if console.is_terminal else _log(job, console)
    except KeyboardInterrupt:
        if leaving is None:
            console.print("Stopping; what is finished is kept …")
        job.cancel()
        try:
            return job.result()
        except Cancelled:
            raise Cancelled(leaving or "Cancelled; what was finished is kept") from None


def show_json(content: object) -> None:
    """Print JSON on stdout; NaN and infinite numbers are null."""
    json.dump(plain(content), sys.stdout, indent=1)
    sys.stdout.write("\n")


def show_table(content: TextTable) -> None:
    """Print a table on stdout; columns but the first are aligned to the right."""
    table = Table(title=content.title or None, title_justify="left", header_style="bold")
    for place, head in enumerate(content.heads):
        table.add_column(head, justify="left" if place == 0 else "right")
    for row in content.rows:
        table.add_row(*row)
    console = Console()
    if not console.is_terminal:
        # A pipe has no width: nothing is cut for it.
        console = Console(width=_PIPE_WIDTH)
    console.print(table)


def say(text: str) -> None:
    """Print a line on stdout."""
    sys.stdout.write(f"{text}\n")


def _draw(job: Job[Result], console: Console) -> Result:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[state]}"),
    )
    shown = 0
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None, state="")
        while not job.done:
            for note in job.notes[shown:]:
                console.print(note)
            shown = len(job.notes)
            told = job.progress
            bar.update(
                task,
                description=told.text or "starting",
                total=told.total or None,
                completed=told.done,
                state=_state(told),
            )
            time.sleep(_POLL_S)
    for note in job.notes[shown:]:
        console.print(note)
    return job.result()


def _log(job: Job[Result], console: Console) -> Result:
    shown, next_s = 0, time.monotonic() + _LINE_S
    while True:
        done = job.done
        for note in job.notes[shown:]:
            console.print(note, soft_wrap=True)
        shown = len(job.notes)
        if done:
            return job.result()
        if time.monotonic() >= next_s:
            told = job.progress
            console.print(f"{told.text or 'starting'} {_state(told)}", soft_wrap=True)
            next_s += _LINE_S
        time.sleep(_POLL_S)


def _state(told: Told) -> str:
    if told.total == 0:
        return ""
    parts = [f"{told.done:,}/{told.total:,}", f"{told.per_second:,.0f}/s"]
    if told.left_s is not None:
        parts.append(f"{duration_text(told.left_s)} left")
    if told.best:
        parts.append(f"best {_best(told.best)}")
    return "  ".join(parts)


def _best(row: Mapping[str, Any]) -> str:
    settings = [f"{name} {value:g}" for name, value in parameters_of(row).items()]
    return f"{row['symbol']} {' '.join(settings)}: Sharpe {row['train_sharpe']:.2f}"


def plain(value: object) -> object:
    """A value as JSON takes it: NaN and infinite numbers are null, what JSON lacks is text."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
