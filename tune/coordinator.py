"""Who runs the sweeps when their clients are away? One object that promises them on disk first.

Starting and recovering are the same: what is promised and has not ended is run, and a sweep
computes only the parts that are missing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from cluster.capacity import Capacity
from engines.errors import TesterError
from tune.dispatch import Dispatch
from tune.orders import Order, Orders
from tune.progress import Cancelled, Progress, Ticket
from tune.run import Run
from tune.sweep import Finished, run_sweep

Status = Literal["planning", "running", "finished", "cancelled", "failed"]
ENDED: Final = ("finished", "cancelled", "failed")


@dataclass(frozen=True)
class Told:
    """A sweep as its coordinator knows it. `error` is what ended it, `finished` what came out."""

    key: str
    digest: str | None
    owner: str
    submitted_ms: int
    priority: float
    status: Status
    progress: Progress
    notes: tuple[str, ...]
    error: Exception | None
    finished: Finished | None


@dataclass(frozen=True)
class Ready:
    """A sweep that is ready to run, and who records that it does."""

    run: Run
    recorded: Callable[[], AbstractContextManager[None]]


Open = Callable[[Order, Ticket], AbstractContextManager[Ready]]


@dataclass
class _Entry:
    order: Order
    ticket: Ticket = field(default_factory=Ticket)
    status: Status = "planning"
    digest: str | None = None
    error: Exception | None = None
    finished: Finished | None = None

    def told(self) -> Told:
        order = self.order
        return Told(
            order.key, self.digest, order.owner, order.submitted_ms, order.priority, self.status,
            self.ticket.progress, self.ticket.notes, self.error, self.finished,
        )  # fmt: skip


class Coordinator:
    """Runs every sweep that was ordered, each in a thread, all through one dispatch.

    `folder` keeps the orders; `open_` makes a sweep ready. Ray is attached already.
    """

    def __init__(self, folder: str, open_: Open, code: str, cpus: int = 1) -> None:
        self._code = code
        self._orders = Orders(Path(folder))
        self._open = open_
        self._entries: dict[str, _Entry] = {}
        self._active: dict[str, _Entry] = {}
        self._lock = threading.Lock()
        self._capacity = Capacity(cpus)
        self._dispatch = Dispatch(lambda: self._capacity.in_flight)
        for order in self._orders.open():
            self._start(order)

    def code(self) -> str:
        """Which sources it runs from."""
        return self._code

    def submit(self, order: Order) -> str:
        """Run a sweep, or join the one that runs already; its key. Raises DiskFull."""
        with self._lock:
            known = self._entries.get(order.key)
            if known is not None and known.status not in ENDED:
                return order.key
            self._orders.keep(order)
            self._start(order)
        return order.key

    def told(self, key: str) -> Told | None:
        """How far a sweep is; None if this coordinator never ran it."""
        entry = self._entries.get(key)
        return None if entry is None else entry.told()

    def sweeps(self) -> list[Told]:
        """All sweeps since the coordinator started, in the order in which they came."""
        return [entry.told() for entry in list(self._entries.values())]

    def cancel(self, key: str) -> bool:
        """Stop a sweep, its finished parts are kept; whether there was one to stop."""
        entry = self._entries.get(key)
        if entry is None or entry.status in ENDED:
            return False
        entry.ticket.cancel()
        return True

    def _start(self, order: Order) -> None:
        entry = self._entries[order.key] = _Entry(order)
        threading.Thread(target=self._work, args=(entry,), daemon=True).start()

    def _work(self, entry: _Entry) -> None:
        try:
            with self._open(entry.order, entry.ticket) as ready:
                entry.digest = ready.run.name
                with self._alone(entry), ready.recorded():
                    entry.status = "running"
                    entry.finished = run_sweep(ready.run, self._dispatch, entry.ticket)
            status: Status = "finished"
        except Cancelled as error:
            entry.error, status = error, "cancelled"
        except (TesterError, OSError) as error:
            entry.error, status = error, "failed"
        except Exception as error:  # noqa: BLE001 (the rim of an actor: the client is told)
            entry.error, status = TesterError(f"{type(error).__name__}: {error}"), "failed"
        self._orders.forget(entry.order.key)
        entry.status = status

    @contextmanager
    def _alone(self, entry: _Entry) -> Iterator[None]:
        """Wait while another order runs the same sweep: then its parts are there."""
        digest = str(entry.digest)
        while not self._takes(digest, entry):
            entry.ticket.check()
            threading.Event().wait(0.1)
        try:
            yield
        finally:
            with self._lock:
                del self._active[digest]

    def _takes(self, digest: str, entry: _Entry) -> bool:
        with self._lock:
            return self._active.setdefault(digest, entry) is entry
