"""How is work given to a cluster from outside? Over Ray's Jobs API, with the cluster's token."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import requests

from cluster.errors import ClusterRefused, ClusterUnreachable
from cluster.ray_runtime import uploaded_code

JobStatus = Literal["PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED"]
ENDED: Final = ("STOPPED", "SUCCEEDED", "FAILED")
_TOKEN_FILE: Final = "~/.ray/auth_token"  # noqa: S105 (where Ray keeps it)
_CONNECT_S: Final = 10.0
# How Ray's client words the answer of a server that knows no such job.
_NOT_THERE: Final = "status code 404"
_POLL_S: Final = 0.5
# A head that has just started takes jobs before the agent that runs them listens.
_NO_AGENT: Final = "No available agent"
_AGENT_S: Final = 60.0


@dataclass(frozen=True)
class ClusterJob:
    """A job as the cluster knows it; `metadata` is what it was submitted with."""

    id: str
    status: JobStatus
    message: str
    started_ms: int
    ended_ms: int | None
    metadata: Mapping[str, str] = field(default_factory=dict)


class Jobs:
    """The jobs of the cluster whose dashboard is at `address`.

    Raises ClusterUnreachable where nothing answers, ClusterRefused for a token that is missing or
    wrong, and for a cluster that asks for none unless RAY_AUTH_MODE=disabled says it is meant.
    """

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        headers = _authorised(self._address)
        from ray.job_submission import JobSubmissionClient

        _hush_ray()
        with self._errors():
            self._client: Any = JobSubmissionClient(self._address, headers=headers)

    def submit(
        self,
        job_id: str,
        entrypoint: str,
        metadata: Mapping[str, str],
        modules: tuple[Path, ...] = (),
    ) -> bool:
        """Run a command among our sources, with folders of modules beside; False if it is there."""
        environment = {**uploaded_code(), "py_modules": [str(path) for path in modules]}
        until_s = time.monotonic() + _AGENT_S
        with self._errors():
            while True:
                try:
                    self._client.submit_job(
                        entrypoint=entrypoint,
                        submission_id=job_id,
                        metadata=dict(metadata),
                        runtime_env=environment if modules else uploaded_code(),
                    )
                    return True
                except RuntimeError as error:
                    # A name that is taken answers as any other error: with status 500.
                    if self.told(job_id) is not None:
                        return False
                    if _NO_AGENT not in str(error) or time.monotonic() > until_s:
                        raise
                time.sleep(_POLL_S)

    def told(self, job_id: str) -> ClusterJob | None:
        """A job by its id, None if there is none."""
        with self._errors():
            try:
                return _job(self._client.get_job_info(job_id))
            except RuntimeError as error:
                if _NOT_THERE in str(error):
                    return None
                raise

    def all(self) -> list[ClusterJob]:
        """Every job that was submitted here, the oldest first."""
        with self._errors():
            found = [one for one in self._client.list_jobs() if one.submission_id]
        return sorted(map(_job, found), key=lambda job: (job.started_ms, job.id))

    def stop(self, job_id: str) -> bool:
        """Ask a job to end, by SIGTERM; whether it was still running."""
        with self._errors():
            return bool(self._client.stop_job(job_id))

    def log(self, job_id: str) -> str:
        """What a job has printed so far; nothing where its node is gone."""
        with self._errors():
            try:
                return str(self._client.get_job_logs(job_id))
            except RuntimeError:
                return ""

    def lines(self, job_id: str, enough: Callable[[], bool]) -> Iterator[str]:
        """What a job prints, line by line, from its beginning to its end, or until `enough`."""
        loop = asyncio.new_event_loop()
        stream = self._client.tail_job_logs(job_id)
        rest = ""
        try:
            while not enough():
                step = loop.create_task(anext(stream))
                while not step.done() and not enough():
                    loop.run_until_complete(asyncio.wait({step}, timeout=_POLL_S))
                if not step.done():
                    return
                try:
                    *whole, rest = (rest + step.result()).split("\n")
                except (StopAsyncIteration, RuntimeError, OSError):
                    # The stream ends with the job, or with the node that ran it.
                    break
                yield from whole
            if rest:
                yield rest
        finally:
            _end_tasks(loop)
            loop.run_until_complete(loop.shutdown_asyncgens())
            # What closing the connection has begun.
            _end_tasks(loop)
            loop.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        from ray.exceptions import AuthenticationError

        try:
            yield
        except AuthenticationError as error:
            raise ClusterRefused(f"{self._address}: {str(error).splitlines()[0]}") from error
        except (ConnectionError, requests.RequestException) as error:
            raise ClusterUnreachable(f"No cluster takes jobs at {self._address}") from error
        except RuntimeError as error:
            raise ClusterUnreachable(f"{self._address} answered: {error}") from error


def _end_tasks(loop: asyncio.AbstractEventLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left))


def _job(told: Any) -> ClusterJob:
    return ClusterJob(
        told.submission_id,
        told.status.value,
        told.message or "",
        told.start_time or 0,
        told.end_time,
        told.metadata or {},
    )


def _hush_ray() -> None:
    # Which files it packs and which streams it opens: its modules each set a level of their own.
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("ray."):
            logging.getLogger(name).setLevel(logging.ERROR)


def _authorised(address: str) -> dict[str, str]:
    """Headers with the token; none where it was switched off by name."""
    if os.environ.get("RAY_AUTH_MODE", "token").lower() == "disabled":
        return {}
    token = _token()
    if token is None:
        raise ClusterRefused(
            "There is no token for the cluster: put its own into ~/.ray/auth_token, RAY_AUTH_TOKEN "
            "or the file named by RAY_AUTH_TOKEN_PATH"
        )
    try:
        open_to_all = requests.get(f"{address}/api/jobs/", timeout=_CONNECT_S).ok
    except requests.RequestException as error:
        raise ClusterUnreachable(f"No cluster takes jobs at {address}: {error}") from error
    if open_to_all:
        raise ClusterRefused(
            f"The cluster at {address} takes jobs from anybody: start it with RAY_AUTH_MODE=token, "
            "or set RAY_AUTH_MODE=disabled here to use it as it is"
        )
    return {"Authorization": f"Bearer {token}"}


def _token() -> str | None:
    said = os.environ.get("RAY_AUTH_TOKEN")
    if said:
        return said.strip()
    path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or _TOKEN_FILE).expanduser()
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except OSError:
        return None
