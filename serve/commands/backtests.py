"""How is a backtest run? One result per chart, kept in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from actors.clock import SystemClock
from actors.market_data.datasets import load_dataset
from actors.market_data.store import Catalog
from cluster.settings import Settings, settings_from
from cluster.storage.store import Store
from engines.bars import Bars
from engines.broker import Broker
from engines.errors import InvalidInput
from engines.funding import FundingRates
from engines.metrics.material import Material
from engines.metrics.of_result import material_of
from engines.metrics.registry import figures
from engines.result import Result
from serve.commands.files import rates_of
from serve.commands.job import Job, Ticket
from serve.commands.markets import Chart, Charts, resolve
from serve.commands.requests import BacktestRequest, Number
from serve.commands.strategies import any_strategy_from, stored_strategy
from strategies.backtest import Terms, checked_values
from strategies.graph.strategy import Strategy
from strategies.running import Engine, engine_for, run_strategy
from strategies.scripting import EventStrategy


@dataclass(frozen=True, eq=False)
class Run:
    """One chart's result, with the bars it ran on."""

    chart: Chart
    bars: Bars
    result: Result

    @cached_property
    def material(self) -> Material:
        """What its figures are made of."""
        return material_of(self.result, self.bars)

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Every figure of docs/reference/metrics.md, NaN where undefined."""
        return figures(self.material)


@dataclass(frozen=True, eq=False)
class Backtested:
    """A backtest that ran: what was asked for, and a run for each chart."""

    request: BacktestRequest
    strategy: Strategy | EventStrategy
    values: Mapping[str, Number]
    charts: Charts
    runs: tuple[Run, ...]


def start_backtest(request: BacktestRequest, settings: Settings | None = None) -> Job[Backtested]:
    """Begin a backtest; its job tells how far it is and gives the result."""
    known = settings or settings_from()
    return Job(lambda ticket: run_backtest(request, known, ticket))


def run_backtest(request: BacktestRequest, settings: Settings, ticket: Ticket) -> Backtested:
    """Fetch what is missing, run every chart and record the runs."""
    strategy = any_strategy_from(request.strategy, request.parameters)
    values: Mapping[str, Number] = (
        strategy.values
        if isinstance(strategy, EventStrategy)
        else checked_values(strategy, request.parameters)
    )
    broker = request.broker.broker(request.data.category)
    # Before any bar is fetched.
    engine_for(strategy, broker, request.engine)
    rates = rates_of(request.data, settings)
    if rates is not None and not isinstance(strategy, EventStrategy):
        expected = "left out: only an event strategy's account has a currency of its own"
        raise InvalidInput("data.account_currency", rates.currency, expected)
    charts = resolve(request, strategy, settings, ticket)
    for note in charts.notes:
        ticket.note(note)
    runs = []
    for number, chart in enumerate(charts.charts):
        ticket.report(number, len(charts.charts), f"backtest of {chart.name}")
        paid, marks = funding_of(charts, chart, broker), marks_of(charts, chart, broker)
        terms = Terms(chart.instrument, broker, paid, marks, rates)
        start_ms = request.data.start
        runs.append(run_chart(strategy, values, charts, chart, terms, start_ms, request.engine))
    backtested = Backtested(request, strategy, values, charts, tuple(runs))
    _record(backtested, settings)
    return backtested


def funding_of(charts: Charts, chart: Chart, broker: Broker) -> FundingRates | None:
    """The chart's stored funding, where the broker's rules pay it."""
    if broker.funding == "none":
        return None
    series = chart.dataset.series
    return Catalog(charts.catalog_root).funding.read(series.category, series.symbol)


def marks_of(charts: Charts, chart: Chart, broker: Broker) -> Bars | None:
    """Bars of the mark price, as fine as the path that fills walk."""
    if broker.mark_price == "last":
        return None
    asked = chart.dataset
    series = asked.series._replace(kind="mark", interval=asked.finer or asked.series.interval)
    return Catalog(charts.catalog_root).resampled(series, asked.start_ms, asked.end_ms)


def run_chart(
    strategy: Strategy | EventStrategy,
    values: Mapping[str, Number],
    charts: Charts,
    chart: Chart,
    terms: Terms,
    start_ms: int | None,
    engine: Engine = "auto",
) -> Run:
    """One row of parameters over one chart, everything kept."""
    dataset = load_dataset(Catalog(charts.catalog_root), chart.dataset)
    result = run_strategy(strategy, values, dataset, terms, start_ms, engine=engine)
    return Run(chart, dataset.bars, result)


def _record(backtested: Backtested, settings: Settings) -> None:
    store = Store(settings.store_url)
    strategy = stored_strategy(backtested.strategy)
    for run in backtested.runs:
        store.keep_backtest(
            run.result.spec.digest,
            strategy,
            settings.owner,
            SystemClock().now_ms(),
            run.result.ledger_digest,
            {"request": pinned(backtested.request, run)},
            run.result.statistics,
        )
    store.close()


def pinned(request: BacktestRequest, run: Run) -> dict[str, object]:
    """The request of this run alone, its range written out, so that it means the same later."""
    series = run.chart.dataset.series
    data = request.data.model_copy(
        update={
            "symbols": (series.symbol,),
            "intervals": (series.interval,),
            "start": run.result.spec.start_ms,
            "end": run.result.spec.end_ms,
        }
    )
    fixed = request.model_copy(update={"data": data})
    return fixed.model_dump(mode="json", exclude_defaults=True)
