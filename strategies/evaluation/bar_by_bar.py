"""What does a strategy decide at the close of one bar after the other?

The same graph that `plan` evaluates in columns, with the same compiled indicators one bar at a
time: nothing beyond the closed bar is in memory, and every value equals the column's to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from engines.bars import Floats
from engines.decisions import Decision
from engines.errors import MissingData
from engines.intervals import DAY_MS, Interval
from strategies.evaluation.plan import signals_of
from strategies.evaluation.rows import level_nodes
from strategies.evaluation.session_bars import inside_session
from strategies.evaluation.tracks import Bar, Coarser, Column, History, Track
from strategies.graph.conditions import (
    AlignedCondition,
    Compare,
    Cross,
    Logic,
    Session,
    ShiftedCondition,
    Within,
)
from strategies.graph.exits import BreakEven, TrailingStop
from strategies.graph.expressions import Condition, Expression, Series
from strategies.graph.ladders import Ladder
from strategies.graph.levels import Distance
from strategies.graph.node import Node, walk
from strategies.graph.nodes import (
    Aligned,
    Arithmetic,
    AsUnit,
    BarsSince,
    Constant,
    Flag,
    IndicatorNode,
    Shifted,
    Source,
)
from strategies.graph.scalars import Scalar, value_of
from strategies.graph.sizing import VolatilityTarget
from strategies.graph.strategy import Strategy
from strategies.graph.types import CHART, MarketRef, Timeline

_NAN: Final = np.float64("nan")


class Nodes:
    """Series and conditions with their parameters, told one closed bar after the other.

    `values` are the parameters by name, defaults where left out. Raises MissingData for a series
    whose values come from elsewhere.
    """

    def __init__(
        self,
        roots: Sequence[Node],
        values: Mapping[str, float],
        interval: Interval,
        tolerance: float,
    ) -> None:
        self.tolerance = tolerance
        self.values = values
        self._nodes: dict[Timeline, list[Node]] = {CHART: []}
        for node in walk(roots):
            if isinstance(node, (Series, Condition)) and not isinstance(node, Constant):
                self._nodes.setdefault(node.timeline or CHART, []).append(node)
        self.tracks = {timeline: Track() for timeline in self._nodes}
        self._coarser = {
            timeline: Coarser(timeline.interval or interval)
            for timeline in self._nodes
            if timeline != CHART
        }
        self.columns: dict[str, Column] = {}
        self.histories: dict[str, History] = {}
        self.carries: dict[str, Floats] = {}
        self.seen: dict[str, int] = {}

    def close_other(self, market: MarketRef, bar: Bar) -> None:
        """Take a closed bar of another market; call it before the chart's bar closes."""
        for timeline, coarser in self._coarser.items():
            if timeline.market == market:
                self._complete(timeline, coarser.add(bar))

    def advance(self, bar: Bar) -> None:
        """Take the chart's next closed bar."""
        for timeline, coarser in self._coarser.items():
            own = timeline.market is None
            done = coarser.add(bar) if own else coarser.until(bar.close_ms)
            self._complete(timeline, done)
        self._complete(CHART, [bar])

    def holds(self, node: Condition, back: int = 0) -> bool:
        """Whether a condition held `back` bars ago, False before the first."""
        return bool(self.histories[node.key].back(back))

    def _complete(self, timeline: Timeline, bars: list[Bar]) -> None:
        track = self.tracks[timeline]
        for bar in bars:
            track.append(bar)
            for node in self._nodes[timeline]:
                self._advance(node, track)

    def _advance(self, node: Node, track: Track) -> None:
        step = _STEPS.get(type(node))
        if step is None:
            raise MissingData(f"A node of kind {node.kind} has no values bar by bar")
        result = step(self, node, track)
        if isinstance(node, Condition):
            self.histories.setdefault(node.key, History()).append(bool(result))
        elif result is not None:
            column = self.columns.setdefault(node.key, Column())
            column.reserve(track.count)
            column.values[0, track.count - 1] = result

    def number(self, scalar: Scalar) -> float:
        """A number, or the parameter's value."""
        return float(value_of(scalar, self.values))

    def is_fresh(self, node: Node, source: Expression) -> bool:
        """Whether the source's timeline has a bar that `node` had not seen (rule N3)."""
        count = self.tracks[source.timeline or CHART].count
        fresh = count > self.seen.get(node.key, 0)
        self.seen[node.key] = count
        return fresh

    def value(self, node: Series, back: int = 0) -> Any:
        """The value of a series `back` bars ago on its own timeline, NaN before the first."""
        if isinstance(node, Constant):
            return np.float64(self.number(node.value))
        place = self.tracks[node.timeline or CHART].count - 1 - back
        return self.whole(node)[place] if place >= 0 else _NAN

    def whole(self, node: Series) -> Floats:
        """All values of a series so far, with room behind the last."""
        if isinstance(node, AsUnit) and not isinstance(node.source, Constant):
            return self.whole(node.source)
        column = self.columns[node.key].values
        row = 0
        if isinstance(node, IndicatorNode):
            row = node.definition.output_index(node.output)
        return np.asarray(column[row])

    def relation(self, left: Series, right: Series, back: int = 0) -> tuple[bool, bool, bool]:
        """Whether left was above, below, equal to right `back` bars ago (rule M12)."""
        gap = self.value(left, back) - self.value(right, back)
        above, below = bool(gap > self.tolerance), bool(gap < -self.tolerance)
        return above, below, bool(abs(gap) <= self.tolerance)


class Stepper(Nodes):
    """A strategy with its parameters: what it decides at the close of each bar."""

    def __init__(
        self, strategy: Strategy, values: Mapping[str, float], interval: Interval, tolerance: float
    ) -> None:
        self._signals = signals_of(strategy)
        self._levels = level_series(strategy)
        roots = [node for node in self._signals if node is not None]
        super().__init__([*roots, *level_nodes(strategy)], values, interval, tolerance)

    def close_bar(self, bar: Bar) -> Decision:
        """Take the chart's next closed bar; what the strategy decides at its close."""
        self.advance(bar)
        return self.decision()

    def decision(self) -> Decision:
        """What the strategy decides at the close of the last bar taken."""
        held = [node is not None and self.holds(node) for node in self._signals]
        levels = tuple(float(self.value(node)) for node in self._levels)
        return Decision(held[0], held[1], held[2], held[3], levels)


def level_series(strategy: Strategy) -> tuple[Series, ...]:
    """The series that its exits and orders hang on, in the order in which `Decision` lists them."""
    found: dict[str, Series] = {}
    for one in level_nodes(strategy):
        distances: list[Distance | None] = [getattr(one, "distance", None)]
        if isinstance(one, TrailingStop):
            distances.append(one.activation)
        if isinstance(one, BreakEven):
            distances.append(one.trigger)
        if isinstance(one, Ladder):
            distances.append(one.step)
        for distance in distances:
            for series in (distance.long, distance.short) if distance else ():
                if series is not None:
                    found.setdefault(series.key, series)
    if isinstance(strategy.sizing, VolatilityTarget):
        found.setdefault(strategy.sizing.volatility.key, strategy.sizing.volatility)
    return tuple(found.values())


def _source(stepper: Stepper, node: Source, track: Track) -> Any:
    bar = track.bars[-1]
    if node.field == "new_session":
        first = len(track.bars) == 1
        return float(first or bar.open_ms // DAY_MS != track.bars[-2].open_ms // DAY_MS)
    high_low = np.float64(bar.high) + bar.low
    made = {
        "hl2": high_low / 2.0,
        "hlc3": (high_low + bar.close) / 3.0,
        "ohlc4": (np.float64(bar.open) + bar.high + bar.low + bar.close) / 4.0,
    }
    return made[node.field] if node.field in made else getattr(bar, node.field)


def _indicator(stepper: Stepper, node: IndicatorNode, track: Track) -> None:
    found = node.definition
    column = stepper.columns.setdefault(node.key, Column(len(found.outputs)))
    column.reserve(track.count)
    carry = stepper.carries.setdefault(node.key, np.zeros(found.carry))
    numbers = [
        int(stepper.number(number)) if param.kind == "int" else stepper.number(number)
        for param, (_, number) in zip(found.params, node.params, strict=True)
    ]
    inputs = [_whole_input(stepper, one, track) for one in node.inputs]
    found.kernel(*inputs, *numbers, carry, column.values, track.count - 1, track.count)


def _whole_input(stepper: Stepper, node: Series, track: Track) -> Floats:
    if isinstance(node, Constant):
        return np.full(track.count, stepper.number(node.value))
    return stepper.whole(node)


def _arithmetic(stepper: Stepper, node: Arithmetic, _: Track) -> Any:
    values = [np.float64(stepper.value(one)) for one in node.inputs]
    with np.errstate(all="ignore"):
        if len(values) == 1:
            return abs(values[0]) if node.op == "abs" else -values[0]
        result = values[0]
        for other in values[1:]:
            result = _OPERATIONS[node.op](result, other)
    return result


def _shifted(stepper: Stepper, node: Shifted, _: Track) -> Any:
    return stepper.value(node.source, int(stepper.number(node.bars)))


def _aligned(stepper: Stepper, node: Aligned, _: Track) -> Any:
    fresh = stepper.is_fresh(node, node.source)
    return stepper.value(node.source) if node.hold or fresh else _NAN


def _flag(stepper: Stepper, node: Flag, _: Track) -> Any:
    return float(stepper.histories[node.condition.key].back(0))


def _bars_since(stepper: Stepper, node: BarsSince, track: Track) -> Any:
    if stepper.histories[node.condition.key].back(0):
        return 0.0
    return stepper.columns[node.key].values[0, track.count - 2] + 1.0 if track.count > 1 else _NAN


def _as_unit(stepper: Stepper, node: AsUnit, _: Track) -> Any:
    return stepper.value(node.source) if isinstance(node.source, Constant) else None


def _compare(stepper: Stepper, node: Compare, _: Track) -> bool:
    above, below, equal = stepper.relation(node.left, node.right)
    return {
        ">": above,
        "<": below,
        "==": equal,
        ">=": above or equal,
        "<=": below or equal,
        "!=": above or below,
    }[node.op]


def _cross(stepper: Stepper, node: Cross, _: Track) -> bool:
    above, below, _equal = stepper.relation(node.left, node.right)
    was_above, was_below, was_equal = stepper.relation(node.left, node.right, 1)
    up, down = above and (was_below or was_equal), below and (was_above or was_equal)
    return {"above": up, "below": down, "either": up or down}[node.direction]


def _logic(stepper: Stepper, node: Logic, _: Track) -> bool:
    held = [stepper.histories[one.key].back(0) for one in node.inputs]
    return {"and": all(held), "or": any(held), "not": not held[0]}[node.op]


def _shifted_condition(stepper: Stepper, node: ShiftedCondition, _: Track) -> bool:
    return stepper.histories[node.condition.key].back(int(stepper.number(node.bars)))


def _within(stepper: Stepper, node: Within, _: Track) -> bool:
    held = stepper.histories[node.condition.key].last(int(stepper.number(node.bars)))
    return held >= stepper.number(node.at_least)


def _session(stepper: Stepper, node: Session, track: Track) -> bool:
    return bool(inside_session(np.array([track.bars[-1].open_ms]), node)[0])


def _aligned_condition(stepper: Stepper, node: AlignedCondition, _: Track) -> bool:
    fresh = stepper.is_fresh(node, node.condition)
    held = stepper.seen[node.key] > 0 and stepper.histories[node.condition.key].back(0)
    return held and (node.hold or fresh)


_OPERATIONS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "min": np.minimum,
    "max": np.maximum,
}
_STEPS: Final[dict[type[Node], Callable[..., Any]]] = {
    Source: _source,
    IndicatorNode: _indicator,
    Arithmetic: _arithmetic,
    Shifted: _shifted,
    Aligned: _aligned,
    Flag: _flag,
    BarsSince: _bars_since,
    AsUnit: _as_unit,
    Compare: _compare,
    Cross: _cross,
    Logic: _logic,
    ShiftedCondition: _shifted_condition,
    Within: _within,
    Session: _session,
    AlignedCondition: _aligned_condition,
}
