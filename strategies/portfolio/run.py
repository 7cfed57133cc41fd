"""How do strategies run on one account? Legs made of datasets, and a result of them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from engines.bars import dataset_digest
from engines.broker import Broker
from engines.canonical import digest_of
from engines.commands import Properties
from engines.errors import InvalidInput
from engines.funding import FundingRates
from engines.instrument import Instrument, unrounded
from engines.legs import Leg
from engines.portfolio import simulate
from engines.risk import NO_LIMITS, Limits
from engines.script import Script
from engines.spec import Spec
from strategies.allocation import Policy, Rebalancer
from strategies.backtest import Terms, bar_range, check_ticks, checked_values
from strategies.evaluation.dataset import Dataset
from strategies.graph.numbers import Number
from strategies.graph.strategy import Strategy
from strategies.portfolio.results import PortfolioResult, result_of_portfolio
from strategies.portfolio.timeline import TOGETHER
from strategies.scripting import EventStrategy
from strategies.scripting.graph_rules import GraphRules
from strategies.scripting.graph_run import graph_script
from strategies.scripting.run import Running


@dataclass(frozen=True, eq=False)
class PortfolioLeg:
    """One symbol of a portfolio: its bars, its rules, and the strategy that trades it, if any.

    `parameters` are those of a graph; an event strategy holds its own.
    """

    dataset: Dataset
    instrument: Instrument
    strategy: EventStrategy | Strategy | None = None
    funding: FundingRates | None = None
    parameters: Mapping[str, Number] = field(default_factory=dict)

    @property
    def values(self) -> Mapping[str, Number]:
        """All parameters of the strategy by name; none without one."""
        if isinstance(self.strategy, Strategy):
            return checked_values(self.strategy, self.parameters)
        return {} if self.strategy is None else self.strategy.values

    @property
    def symbol(self) -> str:
        """The leg's name."""
        return self.dataset.bars.series.symbol


@dataclass(frozen=True)
class PortfolioTerms:
    """Under whose rules, to which weights, and within which limits."""

    broker: Broker
    policy: Policy | None = None
    limits: Limits = NO_LIMITS


def backtest_portfolio(
    legs: Sequence[PortfolioLeg],
    terms: PortfolioTerms,
    start_ms: int | None = None,
    end_ms: int | None = None,
) -> PortfolioResult:
    """Run legs on one account and keep everything.

    Trading happens in `[start_ms, end_ms)`; indicators and look-backs see the datasets from their
    first bars on. Without strategies a policy trades by itself; with them it weighs their sizes.
    Raises InvalidInput for legs that do not fit together and ranges without bars, MissingData
    for funding with holes.
    """
    ordered = sorted(legs, key=lambda leg: leg.symbol)
    _check(ordered, terms.policy)
    ready = [_leg_of(leg, terms.broker, start_ms, end_ms) for leg in ordered]
    spec = _spec_of(ordered, ready, terms)
    conductor = None
    if terms.policy is not None:
        bars = {leg.symbol: leg.dataset.bars for leg in ordered}
        conductor = Rebalancer(terms.policy, bars, trades=ordered[0].strategy is None)
    outcome = simulate(ready, terms.broker, conductor, terms.limits, spec.digest)
    history = () if conductor is None else tuple(conductor.history)
    specs = [_spec_of_leg(leg, one, spec) for leg, one in zip(ordered, ready, strict=True)]
    return result_of_portfolio(spec, specs, ready, outcome, history)


def _check(legs: Sequence[PortfolioLeg], policy: Policy | None) -> None:
    trading = [leg.symbol for leg in legs if leg.strategy is not None]
    idle = [leg.symbol for leg in legs if leg.strategy is None]
    if trading and idle:
        expected = f"one for every leg, or for none: {', '.join(idle)} has none"
        raise InvalidInput("legs.strategy", ", ".join(trading), expected)
    if policy is None:
        if idle:
            raise InvalidInput("allocation", None, "given, where no leg has a strategy")
        return
    intervals = {leg.dataset.bars.series.interval for leg in legs}
    if len(intervals) > 1:
        expected = "one interval for all legs: weights are compared at common closes"
        raise InvalidInput("legs.interval", ", ".join(sorted(intervals)), expected)
    strangers = set(policy.allocation.fixed) - {leg.symbol for leg in legs}
    if strangers:
        known = ", ".join(leg.symbol for leg in legs)
        raise InvalidInput("allocation.weights", ", ".join(sorted(strangers)), f"of {known}")
    if trading and policy.schedule.threshold:
        expected = "0 where the legs' own strategies trade: their weights are not held, but scaled"
        raise InvalidInput("allocation.threshold", policy.schedule.threshold, expected)


def _leg_of(leg: PortfolioLeg, broker: Broker, start_ms: int | None, end_ms: int | None) -> Leg:
    bars = leg.dataset.bars
    start, stop = bar_range(bars, start_ms, end_ms)
    script, properties = _script_of(leg, broker, start)
    funding = leg.funding if broker.funding == "history" else None
    return Leg(bars, leg.instrument, script, properties, leg.dataset.finer, funding, start, stop)


def _script_of(leg: PortfolioLeg, broker: Broker, start: int) -> tuple[Script | None, Properties]:
    """What trades a leg, its indicators warmed up, and what it says of itself."""
    strategy, dataset, tolerance = leg.strategy, leg.dataset, broker.compare_tolerance
    if strategy is None:
        return None, Properties()
    if isinstance(strategy, EventStrategy):
        said = strategy.properties
        if said.risk.watches or said.calc_on_order_fills:
            expected = "without risk rules and calc_on_order_fills: a portfolio's legs take turns"
            raise InvalidInput(f"properties of {strategy.name}", "set", expected)
        running = Running(strategy, dataset, Terms(leg.instrument, broker))
        running.warm_up(start)
        return running, strategy.properties
    check_ticks(strategy, leg.instrument)
    rules = GraphRules(strategy, leg.values, float(leg.instrument.tick))
    return graph_script(strategy, rules, leg.values, dataset, tolerance, start), rules.properties


def _spec_of(legs: Sequence[PortfolioLeg], ready: Sequence[Leg], terms: PortfolioTerms) -> Spec:
    """The name of the whole: everything that its ledger depends on."""
    content = {
        "kind": "portfolio",
        "legs": [_canonical(leg) for leg in legs],
        "policy": None if terms.policy is None else terms.policy.canonical(),
        "limits": asdict(terms.limits),
    }
    data = [leg.dataset.digest for leg in legs]
    data += [leg.funding.digest for leg in ready if leg.funding is not None]
    return Spec(
        strategy_digest=digest_of(content),
        parameters=(),
        dataset_digest=dataset_digest(data),
        instrument=replace(unrounded(TOGETHER), quote=legs[0].instrument.quote),
        broker=terms.broker,
        anchor_ms=min(leg.dataset.bars.start_ms for leg in legs),
        start_ms=min(leg.span_ms[0] for leg in ready),
        end_ms=max(leg.span_ms[1] for leg in ready),
        path="portfolio",
    )


def _canonical(leg: PortfolioLeg) -> dict[str, object]:
    series, strategy = leg.dataset.bars.series, leg.strategy
    return {
        "series": str(series),
        "instrument": leg.instrument.canonical(),
        "strategy": None if strategy is None else strategy.digest,
        "parameters": dict(leg.values),
    }


def _spec_of_leg(leg: PortfolioLeg, ready: Leg, whole: Spec) -> Spec:
    """The name of a leg within the whole: alone it would be another run."""
    start_ms, end_ms = ready.span_ms
    return replace(
        whole,
        strategy_digest=digest_of({"kind": "leg", "of": whole.digest, "symbol": leg.symbol}),
        parameters=tuple(sorted(leg.values.items())),
        dataset_digest=leg.dataset.digest,
        instrument=leg.instrument,
        anchor_ms=leg.dataset.bars.start_ms,
        start_ms=start_ms,
        end_ms=end_ms,
    )
