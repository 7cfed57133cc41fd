"""How does a graph read in an engine's words? Its sizing as properties, its exits as brackets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from engines.brackets import Anchor, Bracket, Level, Target
from engines.commands import Properties, QtyType
from engines.ladders import Ladder
from strategies.evaluation.bar_by_bar import level_series
from strategies.evaluation.rows import has_rules
from strategies.graph.entries import StopEntry
from strategies.graph.exits import (
    BreakEven,
    ClockExit,
    Exit,
    OnlyInProfit,
    SafetyClose,
    StopLoss,
    TimeExit,
    TrailingStop,
)
from strategies.graph.levels import Distance
from strategies.graph.scalars import Scalar, value_of
from strategies.graph.sizing import (
    Cash,
    FixedQty,
    Kelly,
    PercentOfEquity,
    RiskPercent,
    Sizing,
    VolatilityTarget,
)
from strategies.graph.strategy import OnOpposite, Strategy
from strategies.scripting.graph_limits import LimitNumbers
from strategies.scripting.graph_sizes import kelly_rule, size_bounds
from strategies.scripting.ladder_rules import LadderNumbers

X = TypeVar("X", bound=Exit)
_SIZES: Final[dict[type[Sizing], tuple[QtyType, str]]] = {
    FixedQty: ("fixed", "qty"),
    Cash: ("cash", "amount"),
    PercentOfEquity: ("percent_of_equity", "percent"),
    RiskPercent: ("risk_percent", "percent"),
    # A volatility target is a risk over another distance.
    VolatilityTarget: ("risk_percent", "percent"),
    Kelly: ("kelly", "fraction"),
}


@dataclass(frozen=True)
class CoolDownRule:
    """No entry for so many bars after a position ended, or ended with a loss."""

    bars: int
    only_loss: bool


class GraphRules:
    """What a strategy with its parameters says beside its signals.

    `values` are the parameters by name, defaults where left out; `tick` is the instrument's.
    """

    def __init__(self, strategy: Strategy, values: Mapping[str, float], tick: float) -> None:
        self._values = values
        self.tick = tick
        self._strategy = strategy
        self._places = {one.key: place for place, one in enumerate(level_series(strategy))}
        self.on_opposite: OnOpposite = strategy.on_opposite
        self.pyramiding = int(self._number(strategy.pyramiding))
        time_exit = self._exit(TimeExit)
        self.max_bars = 0 if time_exit is None else int(self._number(time_exit.bars))
        # The profits that exits ask for, in percent of the cost.
        self.time_profit = self._asked(None if time_exit is None else time_exit.min_profit_percent)
        only_in_profit = self._exit(OnlyInProfit)
        self.exit_profit = self._asked(None if only_in_profit is None else only_in_profit.percent)
        self.clock = self._exit(ClockExit)
        self.limits: LimitNumbers | None = None
        if has_rules(strategy):
            self.limits = LimitNumbers.of(strategy.limits, strategy.re_entry, values)
        self.entry = strategy.entry
        self.entry_bars = 0 if self.entry is None else int(self._number(self.entry.bars))
        # How far beyond its stop a stop-limit's limit lies.
        self.limit_share: float | None = None
        if isinstance(self.entry, StopEntry) and self.entry.limit_percent is not None:
            self.limit_share = self._number(self.entry.limit_percent) * 0.01
        self._ladder: LadderNumbers | None = None
        if strategy.ladder is not None:
            self._ladder = LadderNumbers.of(strategy.ladder, self._number)
        self.cool_down: CoolDownRule | None = None
        if strategy.cool_down is not None:
            rule = strategy.cool_down
            self.cool_down = CoolDownRule(int(self._number(rule.bars)), rule.after == "loss")

    @property
    def properties(self) -> Properties:
        """What the strategy declares about itself, as a script does."""
        sizing = self._strategy.sizing
        kind, field = _SIZES[type(sizing)]
        return Properties(
            kind,
            self._number(getattr(sizing, field)),
            self.pyramiding,
            # Each entry of a pyramid has exits of its own (E7).
            close_rule="ANY",
            margin="checked",
            bounds=size_bounds(sizing, self._strategy.size_limits, self._number),
            kelly=kelly_rule(sizing, self._number),
            first_share=1.0 if self._ladder is None else self._ladder.first_share,
            day_orders=None if self.limits is None else self.limits.day_orders,
        )

    def volatility(self, levels: tuple[float, ...]) -> float | None:
        """The move that a size is measured over, 0 for none known; None for other sizings."""
        sizing = self._strategy.sizing
        if not isinstance(sizing, VolatilityTarget):
            return None
        found = levels[self._places[sizing.volatility.key]]
        return found if found > 0.0 else 0.0

    def bracket(self, side: int, levels: tuple[float, ...]) -> Bracket | None:
        """What rests on an entry; None when a series behind a level has no value (yet)."""
        stop, trail, break_even = (
            self._exit(StopLoss),
            self._exit(TrailingStop),
            self._exit(BreakEven),
        )
        targets = self._strategy.targets
        distances = {
            "stop": None if stop is None else stop.distance,
            "trail": None if trail is None else trail.distance,
            "activation": None if trail is None else trail.activation,
            "break_even": None if break_even is None else break_even.trigger,
            **{f"target {number}": one.distance for number, one in enumerate(targets)},
        }
        found = {
            name: self.level(distance, side, levels)
            for name, distance in distances.items()
            if distance is not None
        }
        if None in found.values():
            return None
        aims = tuple(
            Target(level, self._number(one.portion) * 0.01, one.anchor)
            for number, one in enumerate(targets)
            if (level := found[f"target {number}"]) is not None
        )
        return Bracket(
            found.get("stop"),
            aims,
            found.get("trail"),
            found.get("activation"),
            found.get("break_even"),
            self._after_target(break_even),
            self._offset(break_even, side, levels),
            _anchor_of(stop),
            _anchor_of(trail),
            _anchor_of(break_even),
            self._safety(),
        )

    def ladder(self, side: int, levels: tuple[float, ...]) -> Ladder | None:
        """What adds to an entry of a side, its steps as the series are now; NaN where unknown."""
        said = self._ladder
        if said is None:
            return None
        series = said.step.long if side > 0 else said.step.short
        column = math.nan if series is None else levels[self._places[series.key]]
        return said.ladder(column)

    def moved_stop(self, side: int, levels: tuple[float, ...]) -> Level | None:
        """Where a stop that follows its series now belongs; None to leave it."""
        stop = self._exit(StopLoss)
        if stop is None or not stop.follow:
            return None
        return self.level(stop.distance, side, levels)

    def _exit(self, kind: type[X]) -> X | None:
        return next((one for one in self._strategy.exits if isinstance(one, kind)), None)

    def _safety(self) -> float | None:
        """The share of the margin whose loss leaves all."""
        said = self._exit(SafetyClose)
        return None if said is None else self._number(said.percent) * 0.01

    def _after_target(self, said: BreakEven | None) -> int:
        return 0 if said is None or said.after_target is None else int(said.after_target)

    def _offset(self, said: BreakEven | None, side: int, levels: tuple[float, ...]) -> Level:
        found = None if said is None else self.level(said.offset, side, levels)
        return found or Level("fraction", 0.0)

    def level(self, distance: Distance, side: int, levels: tuple[float, ...]) -> Level | None:
        """A distance as its level at a close; None where its series has no value."""
        value = 0.0 if distance.value is None else self._number(distance.value)
        if distance.form == "percent":
            return Level("fraction", value * 0.01)
        if distance.form == "ticks":
            return Level("ticks", value)
        series = distance.long if side > 0 else distance.short
        column = math.nan if series is None else levels[self._places[series.key]]
        if distance.form == "price":
            return None if math.isnan(column) else Level("price", column)
        # A distance of nothing, or less, is none.
        return Level("distance", value * column) if column > 0.0 else None

    def _asked(self, percent: Scalar | None) -> float | None:
        return None if percent is None else self._number(percent)

    def _number(self, scalar: Scalar) -> float:
        return float(value_of(scalar, self._values))


def _anchor_of(said: StopLoss | TrailingStop | BreakEven | None) -> Anchor:
    return "entry" if said is None else said.anchor
