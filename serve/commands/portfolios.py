"""How is a portfolio run? Every leg's bars, one account, a result of each and of all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import yaml

from actors.clock import SystemClock
from actors.market_data.datasets import DatasetRequest, load_dataset
from actors.market_data.store import Catalog
from cluster.settings import Settings, settings_from
from cluster.storage.store import Store, StoredStrategy
from engines.canonical import digest_of
from engines.errors import InvalidInput
from engines.metrics.material import Material
from serve.commands.backtests import Run, funding_of
from serve.commands.job import Job, Ticket
from serve.commands.markets import Chart, Charts, resolve, source_of
from serve.commands.portfolio_requests import LegRequest, PortfolioRequest
from serve.commands.requests import BacktestRequest, DataRequest, Number
from serve.commands.strategies import any_strategy_from
from strategies.graph.strategy import Strategy
from strategies.portfolio import (
    PortfolioLeg,
    PortfolioResult,
    PortfolioTerms,
    backtest_portfolio,
)
from strategies.portfolio.figures import figures_of_portfolio, material_of_portfolio
from strategies.scripting import EventStrategy


@dataclass(frozen=True, eq=False)
class WholeRun(Run):
    """The account as a run: its figures are those that an account of several symbols has."""

    portfolio: PortfolioResult
    legs: Mapping[str, Run]

    @cached_property
    def material(self) -> Material:
        """What its figures are made of."""
        bars = {name: one.bars for name, one in self.legs.items()}
        return material_of_portfolio(self.portfolio, bars)

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Figures by name, NaN where undefined."""
        return figures_of_portfolio(self.material)


@dataclass(frozen=True, eq=False)
class PortfolioRun:
    """A portfolio that ran: what was asked for, where the bars are from, and what came of it."""

    request: PortfolioRequest
    charts: Mapping[str, Charts]
    strategies: Mapping[str, EventStrategy | Strategy | None]
    values: Mapping[str, Mapping[str, Number]]
    legs: Mapping[str, Run]
    result: PortfolioResult

    @cached_property
    def together(self) -> WholeRun:
        """The whole account as a run."""
        whole = self.result.whole
        series = self.result.bars.series
        start_ms, end_ms = whole.spec.start_ms, whole.spec.end_ms
        dataset = DatasetRequest(series, None, (), start_ms, end_ms)
        chart = Chart(dataset, whole.spec.instrument)
        return WholeRun(chart, self.result.bars, whole, self.result, self.legs)

    @property
    def synthetic(self) -> bool:
        """Whether any leg's bars were made up."""
        return any(one.synthetic for one in self.charts.values())

    @property
    def source(self) -> str:
        """Where the bars are from, in words."""
        return "; ".join(dict.fromkeys(one.source for one in self.charts.values()))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was told of the legs' markets."""
        return tuple(dict.fromkeys(note for one in self.charts.values() for note in one.notes))


def start_portfolio(
    request: PortfolioRequest, settings: Settings | None = None
) -> Job[PortfolioRun]:
    """Begin a portfolio's run; its job tells how far it is and gives the result."""
    known = settings or settings_from()
    return Job(lambda ticket: run_portfolio(request, known, ticket))


def run_portfolio(request: PortfolioRequest, settings: Settings, ticket: Ticket) -> PortfolioRun:
    """Fetch what is missing, run the legs on one account and record the run."""
    check_symbols(request)
    strategies = {leg.symbol: _strategy_of(request, leg) for leg in request.legs}
    source = _common_source(request, settings)
    charts = {}
    for number, leg in enumerate(request.legs):
        ticket.report(number, len(request.legs), f"bars of {leg.symbol}")
        asked = _chart_request(request, leg, source)
        charts[leg.symbol] = resolve(asked, strategies[leg.symbol], settings, ticket)
    broker = request.broker.broker(request.data.category)
    parameters = {leg.symbol: leg.parameters for leg in request.legs}
    legs = []
    for name, found in charts.items():
        chart = found.charts[0]
        dataset = load_dataset(Catalog(found.catalog_root), chart.dataset)
        funding = funding_of(found, chart, broker)
        given = {**request.parameters, **parameters[name]}
        legs.append(PortfolioLeg(dataset, chart.instrument, strategies[name], funding, given))
    ticket.report(len(legs), len(legs), "one account")
    policy = None if request.allocation is None else request.allocation.policy()
    terms = PortfolioTerms(broker, policy, request.limits.limits())
    result = backtest_portfolio(legs, terms, request.data.start, request.data.end)
    bars = {leg.symbol: leg.dataset.bars for leg in legs}
    runs = {name: Run(charts[name].charts[0], bars[name], one) for name, one in result.legs.items()}
    values = {leg.symbol: leg.values for leg in legs}
    done = PortfolioRun(request, charts, strategies, values, runs, result)
    _record(done, settings)
    return done


def check_symbols(request: PortfolioRequest) -> None:
    """Raise InvalidInput for a symbol that is there twice."""
    names = [leg.symbol for leg in request.legs]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput("legs.symbol", f"{name} twice", "each symbol once")


def _strategy_of(request: PortfolioRequest, leg: LegRequest) -> EventStrategy | Strategy | None:
    said = request.strategy if leg.strategy is None else leg.strategy
    if said is None:
        if leg.parameters or request.parameters:
            expected = "left out: there is no strategy"
            raise InvalidInput(f"parameters of {leg.symbol}", dict(leg.parameters), expected)
        return None
    return any_strategy_from(said, {**request.parameters, **leg.parameters})


def _common_source(request: PortfolioRequest, settings: Settings) -> str:
    """One source for all legs that bring no file."""
    symbols = tuple(leg.symbol for leg in request.legs if leg.file is None)
    if not symbols:
        return "imported"
    data = request.data
    asked = DataRequest(symbols=symbols, category=data.category, source=data.source)
    return source_of(asked, settings)


def _chart_request(request: PortfolioRequest, leg: LegRequest, source: str) -> BacktestRequest:
    """A leg's bars as a backtest asks for them."""
    data = request.data.model_dump(exclude_unset=True, exclude={"interval", "source"})
    interval = leg.interval or request.data.interval
    said = request.strategy if leg.strategy is None else leg.strategy
    fields = {**data, "symbols": (leg.symbol,), "intervals": (interval,), "source": source}
    return BacktestRequest(
        strategy="" if said is None else said,
        data=DataRequest(**fields, file=leg.file),
        broker=request.broker,
        instrument=leg.instrument,
    )


def pinned(run: PortfolioRun) -> dict[str, object]:
    """The request with its range written out, so that it means the same later."""
    spec = run.result.whole.spec
    data = run.request.data.model_copy(update={"start": spec.start_ms, "end": spec.end_ms})
    fixed = run.request.model_copy(update={"data": data})
    return fixed.model_dump(mode="json", exclude_defaults=True)


def spec_text(run: PortfolioRun) -> str:
    """The request as a spec file."""
    return yaml.safe_dump(pinned(run), sort_keys=False, allow_unicode=True)


def _record(run: PortfolioRun, settings: Settings) -> None:
    whole = run.result.whole
    request = pinned(run)
    lineage = digest_of({"kind": "portfolio", "name": run.request.name})
    strategy = StoredStrategy(
        whole.spec.strategy_digest,
        whole.spec.strategy_digest,
        lineage,
        run.request.name,
        json.dumps({"kind": "portfolio", **request}),
    )
    store = Store(settings.store_url)
    store.keep_backtest(
        whole.spec.digest,
        strategy,
        settings.owner,
        SystemClock().now_ms(),
        whole.ledger_digest,
        {"portfolio": request},
        whole.statistics,
    )
    store.close()
