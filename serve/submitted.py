"""What runs as a submitted sweep's job? `python -m serve.submitted run`, `stop` or `page`.

It tells what it does in lines of JSON, for whoever is attached.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, Final

from actors.clock import SystemClock
from cluster.ray_runtime import IN_JOB
from cluster.settings import Settings, settings_from
from engines.errors import InvalidInput, TesterError
from serve.cli.console import plain
from serve.cli.sweep import sweep_content
from serve.commands.coordinated import stop_coordinated
from serve.commands.job import Job
from serve.commands.job_events import Kind, error_content, event_line, progress_content
from serve.commands.job_pages import PAGE_FIELD, page_parts
from serve.commands.reports import write_sweep_report
from serve.commands.submission import SWEEP_FIELD, Submission, read_submission, unpacked
from serve.commands.sweeps import start_sweep
from serve.commands.swept import Swept
from tune.progress import Progress

_UPLOADS: Final = "uploads"
_EVERY_S: Final = 1.0
_POLL_S: Final = 0.1


def main() -> int:
    """Do what the job was submitted for; the exit code is 0 when it is done."""
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        if what == "page":
            for part in page_parts(Path(_metadata(PAGE_FIELD)), settings_from()):
                _tell("page", part)
            return 0
        submission = read_submission(_metadata(SWEEP_FIELD))
        settings = replace(settings_from(), owner=submission.owner)
        if what == "run":
            swept = _watched(_started(submission, settings))
            report = write_sweep_report(swept, settings, SystemClock().now_ms())
            _tell("result", sweep_content(swept, report))
        elif what == "stop":
            request = unpacked(submission, settings.home / _UPLOADS)
            _tell("note", {"text": f"stopped: {stop_coordinated(request, settings)}"})
        else:
            raise InvalidInput("argument", what, "run, stop or page")
    except (TesterError, OSError) as error:
        _tell("error", error_content(error))
        return 1
    return 0


def _metadata(field: str) -> str:
    told = json.loads(os.environ.get(IN_JOB, "{}")).get("metadata", {})
    if field not in told:
        raise InvalidInput("job", "nothing", "one that bst submit or bst jobs sent")
    return str(told[field])


def _started(submission: Submission, settings: Settings) -> Job[Swept]:
    request = unpacked(submission, settings.home / _UPLOADS)
    return start_sweep(request, settings, submission.priority, submission.budget)


def _watched(job: Job[Swept]) -> Swept:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        job.cancel()

    shown, last, next_s = 0, Progress(), 0.0
    while not job.done:
        # Again and again, because Ray puts a handler of its own in its place when it attaches.
        signal.signal(signal.SIGTERM, stop)
        notes = job.notes
        for text in notes[shown:]:
            _tell("note", {"text": text})
        shown = len(notes)
        at, now_s = job.progress, time.monotonic()
        if now_s >= next_s and (at.done, at.text) != (last.done, last.text):
            _tell("progress", progress_content(at))
            last, next_s = at, now_s + _EVERY_S
        time.sleep(_POLL_S)
    for text in job.notes[shown:]:
        _tell("note", {"text": text})
    return job.result()


def _tell(kind: Kind, content: dict[str, Any]) -> None:
    told = plain(content)
    sys.stdout.write(event_line(kind, told if isinstance(told, dict) else {}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
