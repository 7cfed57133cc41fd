"""How does a sweep run on a cluster that stays? Its coordinator opens it, clients look on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cluster.code import code_digest
from cluster.ray_runtime import ray_session
from cluster.settings import Settings
from engines.errors import InvalidInput
from serve.commands.guidance import resolved_request
from serve.commands.opening import opened, recorded
from serve.commands.planning import portable, searched
from serve.commands.requests import SweepRequest, request_from
from serve.commands.strategies import strategy_from
from tune.coordinator import Ready
from tune.orders import Order
from tune.progress import Ticket
from tune.sweep import Finished

if TYPE_CHECKING:
    from tune.coordinator_actor import CoordinatorHandle

_ORDERS: Final = "orders"


@dataclass(frozen=True)
class Opener:
    """Makes an order ready in the coordinator's process, as a command does in its own."""

    settings: Settings

    @contextmanager
    def __call__(self, order: Order, ticket: Ticket) -> Iterator[Ready]:
        import ray

        request = request_from(SweepRequest, order.request)
        search = searched(request, self.settings, ticket)
        cpus = int(ray.cluster_resources().get("CPU", 1))  # type: ignore[no-untyped-call]
        with opened(search, self.settings, ticket, max(cpus, 1), order.digest) as sweep:
            run = sweep.run(order.priority, order.budget)
            yield Ready(run, lambda: recorded(sweep.planned, self.settings))


def coordinator(settings: Settings) -> CoordinatorHandle:
    """The coordinator of the settings' home on the cluster that is attached.

    Started where it is not there; it then goes on with every sweep that had not ended.
    """
    from tune.coordinator_actor import CoordinatorHandle

    home = hashlib.sha256(str(settings.home).encode()).hexdigest()[:8]
    folder = str(settings.home / _ORDERS)
    return CoordinatorHandle(folder, f"sweeps-{home}", Opener(settings), code_digest())


def coordinated(order: Order, settings: Settings, ticket: Ticket) -> Finished:
    """A sweep that the coordinator ran to its end, while this process looked on."""
    told = coordinator(settings).follow(order, ticket)
    if told.finished is None:
        raise InvalidInput("sweep", told.status, "one that ran to its end")
    return told.finished


def stop_coordinated(request: SweepRequest, settings: Settings) -> bool:
    """Stop a sweep that runs without a client; whether there was one. Its parts are kept."""
    found = resolved_request(request, settings)
    asked = portable(found, strategy_from(found.strategy))
    with ray_session(settings.ray_address, settings.workers):
        return coordinator(settings).cancel(Order(asked, settings.owner, 0).key)
