"""Which sweeps run on a cluster, for whom, and how far are they? Asked from any shell."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from cluster.jobs import ENDED, ClusterJob, Jobs
from cluster.settings import Settings
from engines.errors import InvalidInput, TesterError
from serve.commands.job import Job, Ticket
from serve.commands.job_events import Event, error_of, event_of
from serve.commands.job_pages import PAGE_FIELD, page_of
from serve.commands.requests import SweepRequest
from serve.commands.submission import (
    SWEEP_FIELD,
    Submission,
    pack_bars,
    read_submission,
    submission_of,
)
from tune.budget import NO_LIMIT, Budget
from tune.progress import Cancelled

State = Literal["waiting", "running", "finished", "stopped", "failed"]
_STATES: Final[Mapping[str, State]] = {
    "PENDING": "waiting",
    "RUNNING": "running",
    "SUCCEEDED": "finished",
    "STOPPED": "stopped",
    "FAILED": "failed",
}
_KEY: Final = "bst_key"
_ATTEMPT: Final = "bst_attempt"
_RUN: Final = "python -m serve.submitted"
_STOP_S: Final = 300.0
_POLL_S: Final = 0.5


@dataclass(frozen=True)
class SweepJob:
    """The latest job of a sweep. `done` of `total` rows; `told` is what ended it, or its stage."""

    key: str
    id: str
    attempt: int
    state: State
    submission: Submission
    submitted_ms: int
    ended_ms: int | None
    done: int
    total: int
    told: str


@dataclass(frozen=True)
class Submitted:
    """A sweep that the cluster has. `joined`: it had been asked for before, nothing new began."""

    job: SweepJob
    joined: bool


def submit_sweep(
    request: SweepRequest, settings: Settings, priority: float = 1.0, budget: Budget = NO_LIMIT
) -> Submitted:
    """Give a sweep to the cluster that takes jobs at the settings' address.

    Asked for again it is joined while it runs and once it is finished; stopped or failed it goes
    on. Raises InvalidInput naming the field before anything is sent.
    """
    submission = submission_of(request, settings.owner, priority, budget)
    text, jobs = submission.text(), Jobs(settings.jobs_address)
    latest = _latest(jobs).get(submission.key)
    if latest is not None and latest.status not in ("STOPPED", "FAILED"):
        return Submitted(_sweep_job(jobs, latest), joined=True)
    with tempfile.TemporaryDirectory() as folder:
        file = request.data.file if submission.bars else None
        packed = () if file is None else (pack_bars(file, Path(folder)),)
        return _begun(jobs, submission.key, text, latest, packed)


def sweep_jobs(settings: Settings) -> list[SweepJob]:
    """The latest job of every sweep that the cluster remembers, the oldest first."""
    jobs = Jobs(settings.jobs_address)
    return [_sweep_job(jobs, one) for one in _latest(jobs).values()]


def sweep_job(prefix: str, settings: Settings) -> SweepJob:
    """The job whose key begins so, the newest for "last". Raises InvalidInput if none does."""
    return _found(prefix, settings)[1]


def job_log(prefix: str, settings: Settings) -> str:
    """Everything that a job printed."""
    jobs, job = _found(prefix, settings)
    return jobs.log(job.id)


def stop_job(prefix: str, settings: Settings) -> SweepJob:
    """End a sweep; its finished parts are kept. The job after it.

    Raises InvalidInput for one that has finished.
    """
    jobs, job = _found(prefix, settings)
    if job.state == "finished":
        raise InvalidInput("job", job.key, "one that has not finished")
    jobs.stop(job.id)
    _wait_for(jobs, job.id)
    if not _told_its_end(jobs, job.id):
        # Its driver went away, so the sweep may go on without it: another tells the coordinator.
        stopper = f"stop-{job.id}-{int(time.time())}"
        jobs.submit(stopper, f"{_RUN} stop", {SWEEP_FIELD: job.submission.text()})
        _wait_for(jobs, stopper)
    return _found(job.key, settings)[1]


def resume_job(prefix: str, settings: Settings) -> Submitted:
    """Go on with a sweep that was stopped or failed; parts that exist are not computed again.

    Raises InvalidInput for one that runs or has finished.
    """
    jobs, job = _found(prefix, settings)
    if job.state not in ("stopped", "failed"):
        raise InvalidInput("job", f"{job.key}, {job.state}", "one that was stopped or failed")
    return _begun(jobs, job.key, job.submission.text(), _latest(jobs)[job.key])


def attach(prefix: str, settings: Settings) -> Job[dict[str, Any]]:
    """Watch a job to its end: its progress, and its result as JSON values.

    Cancelling leaves it: the sweep goes on.
    """
    jobs, job = _found(prefix, settings)
    return Job(lambda ticket: _watched(jobs, job.id, ticket))


def fetch_report(prefix: str, settings: Settings, to: Path | None = None) -> Job[Path]:
    """Begin to bring a finished sweep's report here; its path, `to` or in the reports of our home.

    Raises InvalidInput for a sweep that has not finished.
    """
    jobs, job = _found(prefix, settings)
    result = _last(_events(jobs.log(job.id)), "result")
    if result is None:
        raise InvalidInput("job", f"{job.key}, {job.state}", "one that has finished")
    there = Path(result.content["report"])
    here = to or settings.reports_folder / there.name

    def work(ticket: Ticket) -> Path:
        ticket.report(0, 0, "fetching the report")
        sender = f"page-{job.id}-{time.time_ns()}"
        jobs.submit(sender, f"{_RUN} page", {PAGE_FIELD: str(there)})
        _wait_for(jobs, sender)
        events = _events(jobs.log(sender))
        failed = _last(events, "error")
        if failed is not None:
            raise error_of(failed.content)
        page = page_of(dict(one.content) for one in events if one.kind == "page")
        here.parent.mkdir(parents=True, exist_ok=True)
        here.write_bytes(page)
        return here

    return Job(work)


def _watched(jobs: Jobs, job_id: str, ticket: Ticket) -> dict[str, Any]:
    shown = 0
    while True:
        for number, line in enumerate(jobs.lines(job_id, lambda: ticket.cancelled)):
            # A stream that broke off is read again from its beginning.
            if number < shown:
                continue
            shown += 1
            event = event_of(line)
            if event is not None:
                _pass_on(event, ticket)
        ticket.check()
        told = jobs.told(job_id)
        if told is None or told.status in ENDED:
            break
        ticket.report(0, 0, _STATES[told.status])
        time.sleep(_POLL_S)
    last = _last(_events(jobs.log(job_id)), "result", "error")
    if last is not None and last.kind == "result":
        return dict(last.content)
    if last is not None:
        raise error_of(last.content)
    message = "it is gone" if told is None else told.message.partition(", last available logs")[0]
    raise TesterError(f"The job ended without a result: {message}")


def _pass_on(event: Event, ticket: Ticket) -> None:
    if event.kind == "note":
        ticket.note(event.content["text"])
    elif event.kind == "progress":
        at = event.content
        ticket.report(at["done"], at["total"], at["text"], at["best"])


def _begun(
    jobs: Jobs, key: str, text: str, latest: ClusterJob | None, modules: tuple[Path, ...] = ()
) -> Submitted:
    attempt = 1 if latest is None else int(latest.metadata[_ATTEMPT]) + 1
    job_id = f"sweep-{key}-{attempt}"
    metadata = {SWEEP_FIELD: text, _KEY: key, _ATTEMPT: str(attempt)}
    new = jobs.submit(job_id, f"{_RUN} run", metadata, modules)
    told = jobs.told(job_id)
    if told is None:
        raise TesterError(f"The cluster lost the job {job_id}")
    return Submitted(_sweep_job(jobs, told), joined=not new)


def _latest(jobs: Jobs) -> dict[str, ClusterJob]:
    """The last attempt of each sweep, by key."""
    found: dict[str, ClusterJob] = {}
    for one in jobs.all():
        key = one.metadata.get(_KEY)
        if key is None:
            continue
        known = found.get(key)
        if known is None or int(known.metadata[_ATTEMPT]) < int(one.metadata[_ATTEMPT]):
            found[key] = one
    return dict(sorted(found.items(), key=lambda item: (item[1].started_ms, item[0])))


def _found(prefix: str, settings: Settings) -> tuple[Jobs, SweepJob]:
    jobs = Jobs(settings.jobs_address)
    latest = _latest(jobs)
    fitting = list(latest) if prefix == "last" else [k for k in latest if k.startswith(prefix)]
    if not fitting or (len(fitting) > 1 and prefix != "last"):
        names = ", ".join(fitting or latest) or "there is none"
        raise InvalidInput("job", prefix, f"the beginning of one key: {names}")
    return jobs, _sweep_job(jobs, latest[fitting[-1]])


def _sweep_job(jobs: Jobs, job: ClusterJob) -> SweepJob:
    events = _events(jobs.log(job.id)) if job.status != "PENDING" else []
    at = _last(events, "progress")
    end = _last(events, "error", "result")
    done, total = (0, 0) if at is None else (at.content["done"], at.content["total"])
    state = _STATES[job.status]
    # Ray adds what was printed last, which `bst jobs logs` shows.
    message = job.message.partition(", last available logs")[0]
    told = message if state == "failed" else "" if at is None else at.content["text"]
    if end is not None and end.kind == "error":
        told = end.content["text"]
        state = "stopped" if end.content["error"] in ("Cancelled", "BudgetSpent") else "failed"
    elif end is not None:
        done = total = end.content["rows"]
        told = f"{end.content['verdict']['light']}, sweep {end.content['digest'][:12]}"
    submission = read_submission(job.metadata[SWEEP_FIELD])
    attempt, key = int(job.metadata[_ATTEMPT]), job.metadata[_KEY]
    return SweepJob(
        key, job.id, attempt, state, submission, job.started_ms, job.ended_ms, done, total, told
    )


def _events(log: str) -> list[Event]:
    return [event for event in map(event_of, log.splitlines()) if event is not None]


def _last(events: list[Event], *kinds: str) -> Event | None:
    return next((event for event in reversed(events) if event.kind in kinds), None)


def _told_its_end(jobs: Jobs, job_id: str) -> bool:
    return _last(_events(jobs.log(job_id)), "error", "result") is not None


def _wait_for(jobs: Jobs, job_id: str) -> None:
    until_s = time.monotonic() + _STOP_S
    while time.monotonic() < until_s:
        told = jobs.told(job_id)
        if told is None or told.status in ENDED:
            return
        time.sleep(_POLL_S)
    raise Cancelled(f"The job {job_id} has not ended within {_STOP_S:.0f} s; ask again")
