"""How does a command run? Started, watched, cancelled, awaited: the same for every door."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from tune.progress import Cancelled, Progress, Ticket

__all__ = ["Cancelled", "Job", "Progress", "Ticket"]

Result = TypeVar("Result")


class Job(Generic[Result]):
    """A command that runs in the background of this process.

    `result()` blocks, `await job` does not; both raise what the command raised.
    """

    def __init__(self, work: Callable[[Ticket], Result]) -> None:
        self._ticket = Ticket()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="bst-command")
        self._future: Future[Result] = self._pool.submit(work, self._ticket)
        self._pool.shutdown(wait=False)

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return self._ticket.progress

    @property
    def notes(self) -> tuple[str, ...]:
        """What it told so far, in order."""
        return self._ticket.notes

    @property
    def done(self) -> bool:
        """Whether it has ended, in whatever way."""
        return self._future.done()

    def cancel(self) -> None:
        """Ask it to stop; what is finished is kept, and `result` raises Cancelled."""
        self._ticket.cancel()

    def result(self, timeout_s: float | None = None) -> Result:
        """Wait for the end. Raises TimeoutError after `timeout_s` seconds."""
        return self._future.result(timeout_s)

    def __await__(self) -> Generator[Any, None, Result]:
        return asyncio.wrap_future(self._future).__await__()
