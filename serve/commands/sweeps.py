"""How is a sweep run? Planned, estimated, computed on Ray in parts, recorded, gone on with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from actors.clock import SystemClock
from actors.market_data.datasets import Datasets
from cluster.ray_runtime import Runtime, ray_session
from cluster.settings import Settings, settings_from
from cluster.storage.store import StoredSweep
from engines.errors import InvalidInput
from serve.commands.coordinated import coordinated
from serve.commands.guidance import answered
from serve.commands.job import Job, Ticket
from serve.commands.opening import dispatching, opened, recorded
from serve.commands.planning import (
    Planned,
    Search,
    check_same,
    estimated,
    plan,
    planned_with_bars,
    portable,
    searched,
)
from serve.commands.recorded_sweeps import recorded_sweep
from serve.commands.reoptimisation import Reoptimiser
from serve.commands.requests import SweepRequest, request_from
from serve.commands.swept import Swept
from serve.commands.tracking import Promoted, promote, track
from serve.commands.verdicts import judged
from tune.budget import NO_LIMIT, Budget
from tune.estimate import Estimate, duration_text, estimate_text
from tune.explanation import Explanation, explain, explanation_text
from tune.graphs import write_graphs
from tune.orders import Order
from tune.parts import SPEC, Parts
from tune.sweep import Finished, finished_sweep, run_sweep

__all__ = ["Planned", "duration_text", "estimate_text", "explanation_text"]

_SHOWN_DIGITS: Final = 12
_NOT_RED: Final = "one whose verdict is not red (--anyway promotes it all the same)"


def start_sweep(
    request: SweepRequest,
    settings: Settings | None = None,
    priority: float = 1.0,
    budget: Budget = NO_LIMIT,
) -> Job[Swept]:
    """Begin a sweep, or go on with it if parts of it exist: its name follows from the request.

    With a Ray address its coordinator runs it, and asked twice it is joined. Cancelling stops it.
    """
    known = settings or settings_from()
    return Job(lambda ticket: _sweep(request, known, ticket, None, priority, budget))


def start_estimate(request: SweepRequest, settings: Settings | None = None) -> Job[Estimate]:
    """Begin to find out what a sweep would need, without running it."""
    known = settings or settings_from()

    def work(ticket: Ticket) -> Estimate:
        search = searched(request, known, ticket)
        with _session(known) as runtime, planned_with_bars(search, known) as (planned, bars):
            ticket.report(0, 0, "measuring a few rows")
            return estimated(planned, bars, runtime.cpus)

    return Job(work)


def start_explanation(request: SweepRequest, settings: Settings | None = None) -> Job[Explanation]:
    """Begin to find out how a sweep would be computed; only a few rows are run, without Ray."""
    known = settings or settings_from()

    def work(ticket: Ticket) -> Explanation:
        search = searched(request, known, ticket)
        datasets = Datasets(str(search.charts.catalog_root))
        planned = plan(search, known, lambda root: datasets.info)
        ticket.report(0, 0, "running a few rows")
        dataset = datasets.take(planned.charts.charts[0].dataset)
        return explain(planned.spec, planned.rows, dataset)

    return Job(work)


def resume_sweep(digest_prefix: str, settings: Settings | None = None) -> Job[Swept]:
    """Go on with a recorded sweep. Raises InvalidInput if there is none, or its bars changed."""
    known = settings or settings_from()
    stored = recorded_sweep(digest_prefix, known)
    request = _kept_request(stored)
    return Job(lambda ticket: _sweep(request, known, ticket, stored.digest))


def start_verdict(
    digest_prefix: str, settings: Settings | None = None, reoptimise: bool = False
) -> Job[Swept]:
    """Begin to judge a recorded sweep; `reoptimise` searches anew before each test.

    Raises InvalidInput if there is none.
    """
    known = settings or settings_from()
    stored = recorded_sweep(digest_prefix, known)

    def work(ticket: Ticket) -> Swept:
        swept = finished_before(stored, known, ticket, reoptimise)
        track(swept, known, ticket)
        return swept

    return Job(work)


def start_promotion(
    digest_prefix: str, name: str, anyway: bool = False, settings: Settings | None = None
) -> Job[Promoted]:
    """Begin to register a recorded sweep's best row as the next version of `name`.

    Raises InvalidInput if there is no such sweep, and for a red verdict unless `anyway`.
    """
    known = settings or settings_from()
    stored = recorded_sweep(digest_prefix, known)

    def work(ticket: Ticket) -> Promoted:
        swept = finished_before(stored, known, ticket)
        if swept.verdict.light == "red" and not anyway:
            raise InvalidInput("sweep", stored.digest[:_SHOWN_DIGITS], _NOT_RED)
        return promote(swept, known, name)

    return Job(work)


def _sweep(
    request: SweepRequest,
    settings: Settings,
    ticket: Ticket,
    digest: str | None = None,
    priority: float = 1.0,
    budget: Budget = NO_LIMIT,
) -> Swept:
    budget.check()
    # What is wrong with the request or its bars is told before Ray starts.
    search = searched(request, settings, ticket)
    ticket.report(0, 0, "starting Ray")
    with _session(settings) as runtime:
        if settings.ray_address is None:
            planned, needs, finished = _here(
                search, settings, ticket, runtime.cpus, digest, priority, budget
            )
        else:
            asked, now_ms = portable(search.request, search.strategy), SystemClock().now_ms()
            order = Order(asked, settings.owner, now_ms, digest, priority, budget)
            finished = coordinated(order, settings, ticket)
            planned, needs = plan(search, settings, lambda root: Datasets(root).info), None
    planned = answered(planned, finished)
    write_graphs(planned.folder, planned.spec.family, planned.rows)
    swept = Swept(planned, finished, needs, judged(planned, finished, settings, ticket))
    track(swept, settings, ticket)
    return swept


def _here(
    search: Search,
    settings: Settings,
    ticket: Ticket,
    cpus: int,
    digest: str | None,
    priority: float,
    budget: Budget,
) -> tuple[Planned, Estimate | None, Finished]:
    """The sweep run by this process, on a Ray that ends with it."""
    with (
        dispatching(cpus) as dispatch,
        opened(search, settings, ticket, cpus, digest) as sweep,
    ):
        with recorded(sweep.planned, settings):
            finished = run_sweep(sweep.run(priority, budget), dispatch, ticket)
        return sweep.planned, sweep.needs, finished


def finished_before(
    stored: StoredSweep, settings: Settings, ticket: Ticket, reoptimise: bool = False
) -> Swept:
    """A recorded sweep that ran to its end, without Ray unless it is searched anew.

    Raises NotFinished, InvalidInput.
    """
    search = searched(_kept_request(stored), settings, ticket)
    planned = plan(search, settings, lambda root: Datasets(root).info)
    check_same(planned, stored.digest)
    parts = Parts(settings.results_folder, planned.spec)
    finished = finished_sweep(planned.spec, parts, planned.request.wanted)
    planned = answered(planned, finished)
    if not reoptimise:
        return Swept(planned, finished, None, judged(planned, finished, settings, ticket))
    with _session(settings) as runtime, dispatching(runtime.cpus) as dispatch:
        anew = Reoptimiser(planned, settings, ticket, dispatch, runtime.cpus)
        found = judged(planned, finished, settings, ticket, anew.tests)
    return Swept(planned, finished, None, found)


@contextmanager
def _session(settings: Settings) -> Iterator[Runtime]:
    with ray_session(settings.ray_address, settings.workers) as runtime:
        yield runtime


def _kept_request(stored: StoredSweep) -> SweepRequest:
    path = Path(stored.folder) / SPEC
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        kept = json.loads(stored.spec)["request"]
    return request_from(SweepRequest, kept)
