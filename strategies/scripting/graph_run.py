"""How does a graph run on the event engine or the oracle? Bar by bar, traded as a script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from engines import reference
from engines.event import perpetual_for
from engines.kernel.market import market_for
from engines.result import Result
from engines.spec import Spec
from strategies.backtest import Terms, bar_range, check_ticks, checked_values, name_of_data
from strategies.evaluation.bar_by_bar import Stepper
from strategies.evaluation.dataset import Dataset
from strategies.graph.numbers import Number
from strategies.graph.strategy import Strategy
from strategies.scripting.counted_limits import CountedLimits
from strategies.scripting.graph_limits import GraphLimits
from strategies.scripting.graph_rules import GraphRules
from strategies.scripting.graph_script import GraphScript, Turn
from strategies.scripting.results import from_oracle, result_of
from strategies.scripting.run import Feed, traded

Witness = Literal["event", "reference"]


def backtest_graph(
    strategy: Strategy,
    values: Mapping[str, Number],
    dataset: Dataset,
    terms: Terms,
    start_ms: int | None = None,
    end_ms: int | None = None,
    engine: Witness = "event",
) -> Result:
    """Run one parameter row bar by bar and keep everything, as `strategies.backtest.backtest`.

    Raises InvalidInput for values out of range and ranges without bars, and for rules that the
    oracle does not know.
    """
    check_ticks(strategy, terms.instrument)
    full = checked_values(strategy, values)
    start, stop = bar_range(dataset.bars, start_ms, end_ms)
    bars, broker, traded_as = dataset.bars, terms.broker, terms.instrument
    span_ms = int(bars.open_ms[start]), int(bars.close_ms[stop - 1])
    perpetual = perpetual_for(traded_as, broker, terms.funding, span_ms)
    paid = None if perpetual is None else perpetual.funding
    spec = Spec(
        strategy_digest=strategy.digest,
        parameters=tuple(sorted(full.items())),
        dataset_digest=name_of_data(dataset, paid, terms.marks),
        instrument=traded_as,
        broker=broker,
        anchor_ms=bars.start_ms,
        start_ms=span_ms[0],
        end_ms=span_ms[1],
        path=engine,
    )
    rules = GraphRules(strategy, full, float(traded_as.tick))
    counts = GraphLimits if engine == "event" else CountedLimits
    script = graph_script(strategy, rules, full, dataset, broker.compare_tolerance, start, counts)
    if engine == "event":
        outcome = traded(
            script, dataset, terms, rules.properties, spec.digest, perpetual, start, stop
        )
    else:
        found = reference.simulate(
            script,
            bars.rows(0, stop),
            traded_as,
            broker,
            rules.properties,
            dataset.finer,
            start=start,
        )
        outcome = from_oracle(found)
    return result_of(spec, outcome, market_for(broker, traded_as), bars, start)


def graph_script(
    strategy: Strategy,
    rules: GraphRules,
    values: Mapping[str, Number],
    dataset: Dataset,
    tolerance: float,
    warm_up: int = 0,
    limits: type[GraphLimits] | type[CountedLimits] = GraphLimits,
) -> GraphScript:
    """A strategy over a dataset as a script, whose indicators have seen the first bars.

    The oracle's `limits` are counted by a body of its own.
    """
    feed = Feed(dataset)
    stepper = Stepper(strategy, values, dataset.bars.series.interval, tolerance)
    for _ in range(warm_up):
        feed.next_into(stepper)

    def next_turn() -> Turn:
        bar = feed.next_into(stepper)
        return Turn(bar, stepper.decision())

    return GraphScript(rules, next_turn, limits)
