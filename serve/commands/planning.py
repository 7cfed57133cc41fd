"""What would a sweep run? Its rows, its windows of bars, its name, and what it needs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from actors.market_data.datasets import DatasetInfo, DatasetRequest
from cluster.settings import Settings
from engines.bars import Floats
from engines.broker import Broker
from engines.errors import InvalidInput
from serve.commands.backtests import funding_of
from serve.commands.guidance import guidance_of, resolved_request
from serve.commands.job import Ticket
from serve.commands.markets import Chart, Charts, resolve
from serve.commands.requests import Number, SweepRequest
from serve.commands.spaces import space_from
from serve.commands.strategies import strategy_from
from strategies.backtest import Device, Terms, check_broker, paid_funding
from strategies.graph.strategy import Strategy
from strategies.graph.writing import to_json
from strategies.library import LIBRARY
from strategies.variation.family import Family, Limits
from tune.conditions import Condition, condition_of
from tune.errors import DiskFull
from tune.estimate import Estimate, estimate
from tune.search.guidance import Guidance
from tune.space import Space, rows_of
from tune.sweep_spec import SweepSpec, SweepWindow, allowed_by, whole
from tune.windows import sweep_window

if TYPE_CHECKING:
    from actors.market_data.actor import MarketDataHandle

AskInfo = Callable[[DatasetRequest], DatasetInfo]


@dataclass(frozen=True, eq=False)
class Planned:
    """A sweep that is ready to run: what was asked for, its spec, and all its rows."""

    request: SweepRequest
    strategy: Strategy
    charts: Charts
    spec: SweepSpec
    rows: Mapping[str, Floats]
    folder: Path


class Meaning(NamedTuple):
    """What a request means, whatever bars there are."""

    strategy: Strategy
    space: Space
    fixed: Mapping[str, Number]
    rows: Mapping[str, Floats]
    broker: Broker
    where: tuple[Condition, ...]
    vary: Limits | None


class Search(NamedTuple):
    """What a request means and the charts it is about, before any bar is looked at."""

    request: SweepRequest
    strategy: Strategy
    space: Space
    fixed: Mapping[str, Number]
    rows: Mapping[str, Floats]
    broker: Broker
    where: tuple[Condition, ...]
    vary: Limits | None
    charts: Charts
    guidance: Guidance | None


def searched(request: SweepRequest, settings: Settings, ticket: Ticket) -> Search:
    """Rows and charts of a request; bars that are missing have been fetched."""
    request = resolved_request(request, settings)
    meant = meaning(request)
    charts = resolve(request, meant.strategy, settings, ticket)
    for note in charts.notes:
        ticket.note(note)
    n_rows = len(next(iter(meant.rows.values())))
    guidance = guidance_of(request, meant.strategy, meant.space, n_rows, settings)
    return Search(request, *meant, charts, guidance)


def meaning(request: SweepRequest) -> Meaning:
    """What a request means, whatever bars there are. Raises InvalidInput naming the field."""
    strategy = strategy_from(request.strategy)
    vary = request.limits
    family = Family(strategy, vary)
    space, fixed = space_from(request, family)
    broker = request.broker.broker(request.data.category)
    check_broker(broker)
    where = tuple(condition_of("where", one, _names(strategy)) for one in request.where)
    free = rows_of(space, allowed_by(family, fixed, where))
    rows = {**free, **whole(fixed, free)}
    return Meaning(strategy, space, fixed, rows, broker, where, vary)


def _names(strategy: Strategy) -> tuple[str, ...]:
    return tuple(one.name for one in strategy.params)


def plan(search: Search, settings: Settings, ask: Callable[[str], AskInfo]) -> Planned:
    """Windows of a search; `ask` makes who tells of a catalog's datasets."""
    request, strategy, space, fixed, rows, broker, where, vary, charts, guidance = search
    info = ask(str(charts.catalog_root))
    windows = tuple(_window(chart, info, request, charts, broker) for chart in charts.charts)
    n_rows = len(next(iter(rows.values())))
    device: Device = "gpu" if request.engine == "gpu" else "cpu"
    spec = SweepSpec(
        strategy, space, fixed, n_rows, windows, broker, guidance, device, where, vary,
        request.halving,
    )  # fmt: skip
    return Planned(request, strategy, charts, spec, rows, settings.results_folder / spec.digest)


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


def check_gpus(request: SweepRequest) -> None:
    """Raise InvalidInput for a sweep on GPUs of a cluster that has none. Ray is attached."""
    import ray

    if request.engine != "gpu":
        return
    have: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    if have.get("GPU", 0.0) == 0.0:
        raise InvalidInput("engine", "gpu", "auto or cpu: no node of the cluster has a GPU")


@contextmanager
def planned_with_bars(
    search: Search, settings: Settings
) -> Iterator[tuple[Planned, MarketDataHandle]]:
    """The sweep's plan, and the actor that holds its bars while the sweep runs."""
    # Imports Ray, whose core reads its settings at that moment: not before a session is there.
    from actors.market_data.actor import MarketDataHandle

    check_gpus(search.request)
    held: list[MarketDataHandle] = []

    def ask(root: str) -> AskInfo:
        held.append(MarketDataHandle(root))
        return held[0].info

    try:
        planned = plan(search, settings, ask)
        yield planned, held[0]
    finally:
        for bars in held:
            bars.close()


def estimated(planned: Planned, bars: MarketDataHandle, cpus: int) -> Estimate:
    """What the sweep needs on `cpus` cores, by a few of its rows."""
    import ray

    dataset = bars.dataset(planned.charts.charts[0].dataset)
    task = ray.remote(estimate).remote(planned.spec, dict(planned.rows), dataset, cpus)
    found: Estimate = ray.get(task)
    return found


def check_disk(needs: Estimate, folder: Path) -> None:
    """Raise DiskFull where the sweep's parts would not fit."""
    free = shutil.disk_usage(folder).free
    if free < needs.disk_bytes:
        raise DiskFull(f"{folder} has {free:,} bytes free, the sweep needs {needs.disk_bytes:,}")


def check_same(planned: Planned, digest: str | None) -> None:
    """Raise InvalidInput if a recorded sweep has become another one."""
    if digest not in (None, planned.spec.digest):
        expected = "bars, rules and engine as they were: start it anew with bst sweep"
        raise InvalidInput("recorded sweep", digest, expected)


def pinned(planned: Planned) -> dict[str, Any]:
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
    update = {"data": data, "strategy": _travelling(request, planned.strategy)}
    return request.model_copy(update=update).model_dump(mode="json", exclude_unset=False)


def portable(request: SweepRequest, strategy: Strategy) -> dict[str, Any]:
    """The request as another process of the cluster can read it: a graph for a strategy's file.

    What was left out stays out: a file's symbols are all of it, unless some are named.
    """
    update: dict[str, Any] = {"strategy": _travelling(request, strategy)}
    if request.data.file is not None:
        update["data"] = request.data.model_copy(update={"file": request.data.file.absolute()})
    return request.model_copy(update=update).model_dump(mode="json", exclude_unset=True)


def _travelling(request: SweepRequest, strategy: Strategy) -> Any:
    named = isinstance(request.strategy, str) and request.strategy in LIBRARY
    return request.strategy if named else to_json(strategy)
