"""How is a sweep run? Planned, estimated, computed on Ray in parts, recorded, gone on with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from actors.clock import SystemClock
from actors.market_data.datasets import DatasetInfo, DatasetRequest, Datasets
from cluster.ray_runtime import Runtime, ray_session
from cluster.settings import Settings, settings_from
from cluster.storage.store import Status, Store, StoredSweep
from engines.bars import Floats
from engines.broker import Broker
from engines.errors import InvalidInput
from serve.commands.backtests import funding_of
from serve.commands.job import Cancelled, Job, Ticket
from serve.commands.markets import Chart, Charts, resolve
from serve.commands.requests import Number, SweepRequest, request_from
from serve.commands.spaces import space_from
from serve.commands.strategies import stored_strategy, strategy_from
from serve.commands.verdicts import verdict_of
from strategies.backtest import Terms, allowed_rows, check_broker, paid_funding
from strategies.graph.strategy import Strategy
from strategies.graph.writing import to_json
from strategies.library import LIBRARY
from tune.errors import DiskFull
from tune.estimate import Estimate, estimate
from tune.parts import SPEC, Parts
from tune.space import Space, rows_of
from tune.sweep import Finished, finished_sweep, run_sweep
from tune.sweep_spec import SweepSpec, SweepWindow
from tune.verdict import Verdict
from tune.windows import sweep_window

if TYPE_CHECKING:
    from actors.market_data.actor import MarketDataHandle

AskInfo = Callable[[DatasetRequest], DatasetInfo]

_SHOWN_DIGITS: Final = 12


@dataclass(frozen=True, eq=False)
class Planned:
    """A sweep that is ready to run: what was asked for, its spec, and all its rows."""

    request: SweepRequest
    strategy: Strategy
    charts: Charts
    spec: SweepSpec
    rows: Mapping[str, Floats]
    folder: Path


class _Search(NamedTuple):
    """What a request means, before any bar is looked at."""

    request: SweepRequest
    strategy: Strategy
    space: Space
    fixed: Mapping[str, Number]
    rows: Mapping[str, Floats]
    broker: Broker
    charts: Charts


@dataclass(frozen=True, eq=False)
class Swept:
    """A sweep that ran to its end."""

    planned: Planned
    finished: Finished
    estimate: Estimate | None
    verdict: Verdict

    @property
    def digest(self) -> str:
        """The sweep's name."""
        return self.planned.spec.digest


def start_sweep(request: SweepRequest, settings: Settings | None = None) -> Job[Swept]:
    """Begin a sweep, or go on with it if parts of it exist: its name follows from the request."""
    known = settings or settings_from()
    return Job(lambda ticket: _sweep(request, known, ticket))


def start_estimate(request: SweepRequest, settings: Settings | None = None) -> Job[Estimate]:
    """Begin to find out what a sweep would need, without running it."""
    known = settings or settings_from()

    def work(ticket: Ticket) -> Estimate:
        search = _searched(request, known, ticket)
        with _session(known) as runtime, _planned(search, known) as (planned, bars):
            ticket.report(0, 0, "measuring a few rows")
            return _estimate(planned, bars, runtime)

    return Job(work)


def resume_sweep(digest_prefix: str, settings: Settings | None = None) -> Job[Swept]:
    """Go on with a recorded sweep. Raises InvalidInput if there is none, or its bars changed."""
    known = settings or settings_from()
    stored = recorded_sweep(digest_prefix, known)
    request = _kept_request(stored)
    return Job(lambda ticket: _sweep(request, known, ticket, stored.digest))


def start_verdict(digest_prefix: str, settings: Settings | None = None) -> Job[Swept]:
    """Begin to judge a recorded sweep. Raises InvalidInput if there is none."""
    known = settings or settings_from()
    stored = recorded_sweep(digest_prefix, known)
    return Job(lambda ticket: finished_before(stored, known, ticket))


def recorded_sweep(digest_prefix: str, settings: Settings) -> StoredSweep:
    """The one recorded sweep whose digest begins so; the newest for "last".

    Raises InvalidInput if there is none, or more than one.
    """
    store = Store(settings.store_url)
    found = store.sweeps("" if digest_prefix == "last" else digest_prefix)
    store.close()
    if not found:
        raise InvalidInput("sweep", digest_prefix, "the beginning of a recorded sweep's digest")
    if len(found) > 1 and digest_prefix != "last":
        names = ", ".join(one.digest[:_SHOWN_DIGITS] for one in found[:4])
        raise InvalidInput("sweep", digest_prefix, f"the beginning of one digest only: {names}")
    return found[0]


def _sweep(
    request: SweepRequest, settings: Settings, ticket: Ticket, digest: str | None = None
) -> Swept:
    # What is wrong with the request or its bars is told before Ray starts.
    search = _searched(request, settings, ticket)
    ticket.report(0, 0, "starting Ray")
    with _session(settings) as runtime, _planned(search, settings) as (planned, bars):
        _check_same(planned, digest)
        parts = Parts(settings.results_folder, planned.spec)
        parts.begin(_pinned(planned))
        needs = None
        if len(parts.finished(planned.spec.chunks())) == 0:
            needs = _estimate(planned, bars, runtime)
            ticket.note(estimate_text(needs))
            _check_disk(needs, settings.results_folder)
        with _recorded(planned, settings):
            finished = run_sweep(
                planned.spec,
                planned.rows,
                lambda window: bars.dataset(planned.charts.charts[window].dataset),
                parts,
                request.objective,
                ticket,
                runtime.cpus,
            )
    return Swept(planned, finished, needs, verdict_of(planned, finished, settings, ticket))


def finished_before(stored: StoredSweep, settings: Settings, ticket: Ticket) -> Swept:
    """A recorded sweep that ran to its end, without Ray. Raises NotFinished, InvalidInput."""
    search = _searched(_kept_request(stored), settings, ticket)
    planned = _plan(search, settings, lambda root: Datasets(root).info)
    _check_same(planned, stored.digest)
    parts = Parts(settings.results_folder, planned.spec)
    finished = finished_sweep(planned.spec, parts, planned.request.objective)
    return Swept(planned, finished, None, verdict_of(planned, finished, settings, ticket))


def _check_same(planned: Planned, digest: str | None) -> None:
    if digest not in (None, planned.spec.digest):
        expected = "bars, rules and engine as they were: start it anew with bst sweep"
        raise InvalidInput("recorded sweep", digest, expected)


@contextmanager
def _session(settings: Settings) -> Iterator[Runtime]:
    with ray_session(settings.ray_address, settings.workers) as runtime:
        yield runtime


@contextmanager
def _planned(search: _Search, settings: Settings) -> Iterator[tuple[Planned, MarketDataHandle]]:
    """The sweep's plan, and the actor that holds its bars while the sweep runs."""
    # Imports Ray, whose core reads its settings at that moment: not before a session is there.
    from actors.market_data.actor import MarketDataHandle

    held: list[MarketDataHandle] = []

    def ask(root: str) -> AskInfo:
        held.append(MarketDataHandle(root))
        return held[0].info

    try:
        planned = _plan(search, settings, ask)
        yield planned, held[0]
    finally:
        for bars in held:
            bars.close()


def _searched(request: SweepRequest, settings: Settings, ticket: Ticket) -> _Search:
    """Rows and charts of a request; bars that are missing have been fetched."""
    strategy = strategy_from(request.strategy)
    space, fixed = space_from(request, strategy)
    broker = request.broker.broker(request.data.category)
    check_broker(broker)
    free = rows_of(space, lambda block: allowed_rows(strategy, {**block, **_whole(fixed, block)}))
    rows = {**free, **_whole(fixed, free)}
    charts = resolve(request, strategy, settings, ticket)
    for note in charts.notes:
        ticket.note(note)
    return _Search(request, strategy, space, fixed, rows, broker, charts)


def _plan(search: _Search, settings: Settings, ask: Callable[[str], AskInfo]) -> Planned:
    """Windows of a search; `ask` makes who tells of a catalog's datasets."""
    request, strategy, space, fixed, rows, broker, charts = search
    info = ask(str(charts.catalog_root))
    windows = tuple(_window(chart, info, request, charts, broker) for chart in charts.charts)
    n_rows = len(next(iter(rows.values())))
    spec = SweepSpec(strategy, space, fixed, n_rows, windows, broker)
    return Planned(request, strategy, charts, spec, rows, settings.results_folder / spec.digest)


def _whole(fixed: Mapping[str, Number], rows: Mapping[str, Floats]) -> dict[str, Floats]:
    n_rows = len(next(iter(rows.values()))) if rows else 1
    return {name: np.full(n_rows, float(value)) for name, value in fixed.items()}


def _window(
    chart: Chart, info: AskInfo, request: SweepRequest, charts: Charts, broker: Broker
) -> SweepWindow:
    digest, open_ms = info(chart.dataset)
    train_fraction = request.train_percent / 100.0
    start_ms = request.data.start
    series = chart.dataset.series
    over = sweep_window(series, digest, open_ms, chart.instrument, start_ms, train_fraction)
    terms = Terms(chart.instrument, broker, funding_of(charts, chart, broker))
    return replace(over, funding=paid_funding(terms, (over.start_ms, over.end_ms)))


def _estimate(planned: Planned, bars: MarketDataHandle, runtime: Runtime) -> Estimate:
    import ray

    dataset = bars.dataset(planned.charts.charts[0].dataset)
    task = ray.remote(estimate).remote(planned.spec, dict(planned.rows), dataset, runtime.cpus)
    found: Estimate = ray.get(task)
    return found


def estimate_text(needs: Estimate) -> str:
    """What a sweep needs, for people."""
    rows = f"{needs.rows:,} rows of {needs.bars:,} bars"
    time = f"about {duration_text(needs.seconds)} on {needs.cpus} cores"
    memory = f"{needs.memory_bytes / 2**20:,.0f} MB of memory"
    return f"{rows}: {time}, {memory}, {needs.disk_bytes / 2**20:,.1f} MB of disk"


def duration_text(seconds: float) -> str:
    """A duration for people: 0.4 s, 12 s, 3 min, 2.5 h."""
    if seconds < 100.0:
        return f"{seconds:.1f} s" if seconds < 10.0 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000.0 else f"{seconds / 3600:.1f} h"


def _check_disk(needs: Estimate, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < needs.disk_bytes:
        raise DiskFull(f"{folder} has {free:,} bytes free, the sweep needs {needs.disk_bytes:,}")


@contextmanager
def _recorded(planned: Planned, settings: Settings) -> Iterator[None]:
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
        {"request": _pinned(planned)},
    )
    status: Status = "failed"
    try:
        yield
        status = "finished"
    except Cancelled:
        status = "cancelled"
        raise
    finally:
        store.end_sweep(spec.digest, status, clock.now_ms())
        store.close()


def _pinned(planned: Planned) -> dict[str, Any]:
    """The request with everything written out that would otherwise change with time."""
    request, windows = planned.request, planned.spec.windows
    data = request.data.model_copy(
        update={
            "symbols": tuple(dict.fromkeys(one.series.symbol for one in windows)),
            "intervals": tuple(dict.fromkeys(one.series.interval for one in windows)),
            "start": min(one.start_ms for one in windows),
            "end": max(one.end_ms for one in windows),
            "source": request.data.source if request.data.file else planned.charts.name,
            "file": None if request.data.file is None else request.data.file.absolute(),
        }
    )
    named = isinstance(request.strategy, str) and request.strategy in LIBRARY
    strategy = request.strategy if named else to_json(planned.strategy)
    pinned = request.model_copy(update={"data": data, "strategy": strategy})
    return pinned.model_dump(mode="json", exclude_unset=False)


def _kept_request(stored: StoredSweep) -> SweepRequest:
    path = Path(stored.folder) / SPEC
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        kept = json.loads(stored.spec)["request"]
    return request_from(SweepRequest, kept)
