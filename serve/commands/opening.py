"""What does a sweep need before its first chunk? A plan, a folder, bars that tasks can read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from actors.clock import SystemClock
from cluster.capacity import Capacity
from cluster.settings import Settings
from cluster.storage.store import Status, Store
from serve.commands.planning import (
    Planned,
    Search,
    check_disk,
    check_same,
    estimated,
    pinned,
    planned_with_bars,
)
from serve.commands.strategies import stored_strategy
from tune.budget import Budget
from tune.dispatch import Dispatch
from tune.errors import BudgetSpent
from tune.estimate import Estimate, estimate_text
from tune.parts import Parts
from tune.progress import Cancelled, Ticket
from tune.ranking import Best
from tune.run import Run, Windows
from tune.search.asking import Asking
from tune.survivors import Survivors

if TYPE_CHECKING:
    from actors.market_data.actor import MarketDataHandle


@dataclass(frozen=True, eq=False)
class Opened:
    """A sweep whose folder is there and whose bars are held."""

    planned: Planned
    parts: Parts
    bars: MarketDataHandle
    needs: Estimate | None

    def run(self, priority: float, budget: Budget) -> Run:
        """The sweep as it is given to Ray."""
        charts = self.planned.charts.charts
        windows = Windows(
            lambda number: self.bars.dataset(charts[number].dataset),
            lambda number: self.bars.release(charts[number].dataset),
        )
        best = Best(self.planned.request.wanted)
        planned = self.planned
        run = Run(planned.spec, planned.rows, self.parts, best, windows, priority, budget)
        if planned.spec.guidance is not None:
            run.asking = Asking(planned.spec, planned.spec.guidance, planned.rows)
        elif planned.spec.halving is not None:
            run.asking = Survivors(planned.spec, planned.spec.halving, planned.rows)
        if run.asking is not None:
            run.rows = run.asking.rows
        return run


@contextmanager
def opened(
    search: Search, settings: Settings, ticket: Ticket, cpus: int, digest: str | None = None
) -> Iterator[Opened]:
    """Plan a sweep and hold its bars while it runs; Ray is attached.

    Raises InvalidInput if it is not the sweep named by `digest`, DiskFull if it cannot fit.
    """
    with planned_with_bars(search, settings) as (planned, bars):
        check_same(planned, digest)
        parts = Parts(settings.results_folder, planned.spec)
        parts.begin(pinned(planned))
        needs = None
        if len(parts.finished(planned.spec.chunks())) == 0:
            ticket.report(0, 0, "measuring a few rows")
            needs = estimated(planned, bars, cpus)
            ticket.note(estimate_text(needs))
            check_disk(needs, settings.results_folder)
        yield Opened(planned, parts, bars, needs)


@contextmanager
def dispatching(cpus: int) -> Iterator[Dispatch]:
    """Who gives chunks to the Ray that is attached, as many as it has room for."""
    capacity = Capacity(cpus)
    dispatch = Dispatch(lambda: capacity.in_flight)
    try:
        yield dispatch
    finally:
        dispatch.close()
        capacity.close()


@contextmanager
def recorded(planned: Planned, settings: Settings) -> Iterator[None]:
    """Tell the store that the sweep runs, and how it ended."""
    store, clock, spec = Store(settings.store_url), SystemClock(), planned.spec
    rows = spec.total_rows
    store.begin_sweep(
        spec.digest,
        stored_strategy(planned.strategy),
        settings.owner,
        clock.now_ms(),
        rows,
        rows,
        str(planned.folder),
        {"request": pinned(planned)},
    )
    status: Status = "failed"
    try:
        yield
        status = "finished"
    except (Cancelled, BudgetSpent):
        status = "cancelled"
        raise
    finally:
        store.end_sweep(spec.digest, status, clock.now_ms())
        store.close()
