"""From when is a value known? Timelines a strategy needs, its warm-up, and what cannot run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from engines.errors import InvalidInput
from engines.intervals import DAY_MS, Interval, interval_ms
from strategies.graph.conditions import AlignedCondition, Cross, ShiftedCondition, Within
from strategies.graph.expressions import Expression
from strategies.graph.node import Node
from strategies.graph.nodes import Aligned, ExternalColumn, IndicatorNode, Shifted, Source
from strategies.graph.scalars import Values, value_of
from strategies.graph.strategy import EventStrategy, Strategy
from strategies.graph.types import CHART, Timeline

_LONGEST_MONTH_MS: Final = 31 * DAY_MS


def timelines(strategy: Strategy) -> tuple[Timeline, ...]:
    """The sequences of bars that the strategy reads: the chart first, others by first use."""
    used = [node.timeline or CHART for node in strategy.nodes if isinstance(node, Source)]
    return tuple(dict.fromkeys([CHART, *used]))


def check_runnable(strategy: Strategy, chart: Interval) -> None:
    """Raise InvalidInput unless the strategy can be evaluated on bars of the `chart` interval.

    Series of finer bars have several values inside a bar of the chart; external columns and
    event strategies cannot be evaluated yet.
    """
    for node in strategy.nodes:
        if isinstance(node, (ExternalColumn, EventStrategy)):
            expected = "a kind that can be evaluated: this one can only be stored so far"
            raise InvalidInput(f"node {node.name}", node.kind, expected)
    for timeline in timelines(strategy):
        interval = timeline.interval
        if interval is not None and interval_ms(interval) < interval_ms(chart):
            expected = f"{chart} or coarser: the chart's bars cannot be looked into"
            raise InvalidInput(f"interval of {timeline}", interval, expected)


def warm_up(strategy: Strategy, chart: Interval, values: Values | None = None) -> int:
    """Bars of the chart that pass before every part of the strategy is known; an upper bound.

    All timelines are taken to begin at the same moment. Parameters left out of `values` have
    their defaults.
    """
    bars = warm_ups(strategy, chart, values)
    return max((bars[root] for root in strategy.roots), default=0)


def warm_ups(
    strategy: Strategy, chart: Interval, values: Values | None = None
) -> Mapping[Node, int]:
    """Bars of its own timeline that pass before each node has a value; upper bounds."""
    bars: dict[Node, int] = {}
    for node in strategy.nodes:
        before = max((bars[child] for child in node.children), default=0)
        if isinstance(node, (Aligned, AlignedCondition)):
            bars[node] = _bars_of_chart(before, cast(Expression, node.children[0]), chart)
        else:
            bars[node] = before + _own_warm_up(node, values or {})
    return bars


def _own_warm_up(node: Node, values: Values) -> int:
    if isinstance(node, IndicatorNode):
        numbers = {
            one.name: int(value) if one.kind == "int" else float(value)
            for one, (_, scalar) in zip(node.definition.params, node.params, strict=True)
            for value in [value_of(scalar, values)]
        }
        return node.definition.warm_up(numbers, node.output)
    if isinstance(node, (Shifted, ShiftedCondition)):
        return int(value_of(node.bars, values))
    if isinstance(node, Within):
        return int(value_of(node.bars, values)) - 1
    return 1 if isinstance(node, Cross) else 0


def _bars_of_chart(bars: int, source: Expression, chart: Interval) -> int:
    interval = (source.timeline or CHART).interval or chart
    length = _LONGEST_MONTH_MS if interval == "M" else interval_ms(interval)
    inside = -(-length // interval_ms(chart))
    # A coarser bar that the chart begins inside of is left out; its value comes with its close.
    return (bars + 2) * inside - 2
