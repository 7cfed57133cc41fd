"""How is the coordinator reached? A detached actor by name, made anew where it is not there."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import ray
from ray.exceptions import RayActorError, RayTaskError

from cluster.ray_runtime import NAMESPACE
from engines.errors import TesterError
from tune.coordinator import ENDED, Coordinator, Open, Told
from tune.errors import CoordinatorBusy, CoordinatorLost
from tune.orders import Order
from tune.progress import Ticket

Found = TypeVar("Found")

_POLL_S: Final = 0.3
_TRIES: Final = 60
# Calls that wait for an answer, at once: each client asks a few times a second.
_CALLS: Final = 16
CoordinatorActor = ray.remote(Coordinator)


class CoordinatorHandle:
    """The coordinator of a folder of orders, as its clients hold it.

    It outlives its clients, is started again where it dies, and then goes on from its folder.
    `code` names the sources it has to run from.
    """

    def __init__(self, folder: str, name: str, open_: Open, code: str) -> None:
        self._make: Callable[[], Any] = lambda: CoordinatorActor.options(
            name=name,
            namespace=NAMESPACE,
            lifetime="detached",
            get_if_exists=True,
            max_restarts=-1,
            max_task_retries=-1,
            max_concurrency=_CALLS,
            num_cpus=0,
        ).remote(folder, open_, code)
        self._actor: Any = self._make()
        self._replace_older(code)

    def submit(self, order: Order) -> str:
        """Run a sweep, or join the one that runs already; its key."""
        key: str = self._ask("submit", order)
        return key

    def told(self, key: str) -> Told | None:
        """How far a sweep is."""
        found: Told | None = self._ask("told", key)
        return found

    def sweeps(self) -> list[Told]:
        """All sweeps since the coordinator started."""
        found: list[Told] = self._ask("sweeps")
        return found

    def cancel(self, key: str) -> bool:
        """Stop a sweep; whether there was one to stop."""
        return bool(self._ask("cancel", key))

    def follow(self, order: Order, ticket: Ticket) -> Told:
        """Watch a sweep to its end, whatever becomes of the coordinator meanwhile.

        Cancelling the ticket stops the sweep. Raises what ended it.
        """
        key, shown = self.submit(order), 0
        while True:
            told = self.told(key)
            if told is None:
                # It had ended when its coordinator started anew: asked again, it only joins parts.
                key, shown = self.submit(order), 0
                continue
            for note in told.notes[shown:]:
                ticket.note(note)
            shown = len(told.notes)
            if told.status in ENDED:
                if told.error is not None:
                    raise told.error
                return told
            if ticket.cancelled:
                self.cancel(key)
            else:
                at = told.progress
                ticket.report(at.done, at.total, at.text or told.status, at.best)
            time.sleep(_POLL_S)

    def _replace_older(self, code: str) -> None:
        if self._ask("code") == code:
            return
        if any(told.status not in ENDED for told in self.sweeps()):
            raise CoordinatorBusy(
                "The cluster's coordinator runs sweeps from other sources than these: "
                "wait for them, or stop them where they were started"
            )
        ray.kill(self._actor)
        self._actor = self._make()

    def _ask(self, method: str, *arguments: Any) -> Any:
        for _ in range(_TRIES):
            try:
                return ray.get(getattr(self._actor, method).remote(*arguments))
            except RayTaskError as error:
                cause = error.cause
                raise (cause if isinstance(cause, TesterError) else error) from error
            except (RayActorError, ValueError):
                time.sleep(_POLL_S)
                self._actor = self._make()
        raise CoordinatorLost("The cluster's coordinator could not be started")
