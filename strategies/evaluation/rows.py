"""How does a strategy read as rows of the kernel? Exits, sizing and limits in their slots."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from engines.bars import Floats
from engines.kernel import layout as at
from engines.kernel.rows import neutral_rows
from strategies.evaluation.columns import Columns, Indices
from strategies.graph.entries import EntryOrder, StopEntry
from strategies.graph.exits import (
    BreakEven,
    ClockExit,
    Exit,
    OnlyInProfit,
    SafetyClose,
    StopLoss,
    TakeProfit,
    TimeExit,
    TrailingStop,
)
from strategies.graph.ladders import Ladder, LadderOrders, SafetyOrders, steps_of, volumes_of
from strategies.graph.levels import Distance
from strategies.graph.limits import Limits
from strategies.graph.node import Node
from strategies.graph.scalars import Scalar
from strategies.graph.sizing import (
    Cash,
    CoolDown,
    FixedQty,
    Kelly,
    PercentOfEquity,
    RiskPercent,
    SizeLimits,
    Sizing,
    VolatilityTarget,
)
from strategies.graph.strategy import Strategy

_KINDS: Final = {
    "percent": at.FRACTION,
    "ticks": at.TICKS,
    "multiple": at.MULTIPLE,
    "price": at.PRICE,
}
_ANCHORS: Final = {"entry": at.FROM_ENTRY, "average": at.FROM_AVERAGE, "last": at.FROM_LAST}
# Exits that rest nowhere: they are looked at on closes.
AT_CLOSES: Final = (TimeExit, OnlyInProfit, ClockExit)
_ON_OPPOSITE: Final = {"reverse": at.REVERSE, "close": at.CLOSE_ONLY, "ignore": at.IGNORE}


class KernelRows:
    """Parameters and choices of some rows; `params` and `choices` are what the kernel reads."""

    def __init__(self, strategy: Strategy, columns: Columns, row_ids: Indices) -> None:
        self._columns = columns
        self._row_ids = row_ids
        self.params, self.choices = neutral_rows(len(row_ids))
        self._targets = 0
        self.choices[:, at.ON_OPPOSITE] = _ON_OPPOSITE[strategy.on_opposite]
        self.choices[:, at.PYRAMIDING] = self.scalar(strategy.pyramiding)
        self._size(strategy.sizing)
        if strategy.size_limits is not None:
            self._size_limits(strategy.size_limits)
        if strategy.cool_down is not None:
            self._cool_down(strategy.cool_down)
        if strategy.entry is not None:
            self._entry(strategy.entry)
        if strategy.ladder is not None:
            self._ladder(strategy.ladder)
        for one in strategy.exits:
            _EXITS[type(one)](self, one)
        self.choices[:, at.N_TARGETS] = self._targets

    def scalar(self, number: Scalar) -> Floats:
        """A number or parameter for each row."""
        return self._columns.scalars(number, self._row_ids)

    def level(self, distance: Distance, param: int, kind: int, column: int) -> None:
        """Put a distance into its slots."""
        self.choices[:, kind] = _KINDS[distance.form]
        if distance.value is not None:
            scale = 0.01 if distance.form == "percent" else 1.0
            self.params[:, param] = self.scalar(distance.value) * scale
        for slot, series in ((column, distance.long), (column + 1, distance.short)):
            if series is not None:
                self.choices[:, slot] = self._columns.placed(series).rows(self._row_ids)

    def _entry(self, order: EntryOrder) -> None:
        self.choices[:, at.ENTRY_TYPE] = at.LIMIT_ENTRY
        if isinstance(order, StopEntry):
            limit = order.limit_percent
            self.choices[:, at.ENTRY_TYPE] = at.STOP_ENTRY if limit is None else at.STOP_LIMIT_ENTRY
            self.params[:, at.ENTRY_LIMIT] = self.scalar(limit or 0.0) * 0.01
        self.level(order.distance, at.ENTRY_DISTANCE, at.ENTRY_KIND, at.ENTRY_COLUMN)
        self.choices[:, at.ENTRY_BARS] = self.scalar(order.bars)

    def _ladder(self, ladder: SafetyOrders) -> None:
        self.choices[:, at.LADDER_WINDOW] = self.scalar(ladder.window)
        self.params[:, at.LADDER_TRAIL] = self.scalar(ladder.trailing_percent) * 0.01
        self.params[:, at.LADDER_PULL_BACK] = self.scalar(ladder.pull_back_percent) * 0.01
        if isinstance(ladder, Ladder):
            self._stepped(ladder)
        elif isinstance(ladder, LadderOrders):
            self._listed(ladder)

    def _stepped(self, ladder: Ladder) -> None:
        count = self.scalar(ladder.orders) - 1
        self.level(ladder.step, at.LADDER_STEP, at.LADDER_KIND, at.LADDER_COLUMN)
        first = self.params[:, at.LADDER_STEP].copy()
        steps = steps_of(self.scalar(ladder.step_scale))
        if ladder.range_percent is not None:
            # The steps of these orders make up the range.
            first = first / np.choose(count.astype(int) - 1, steps)
        volumes = volumes_of(self.scalar(ladder.volume_scale), ladder.martingale)
        self._safety_orders(count, [first * step for step in steps], volumes)

    def _listed(self, ladder: LadderOrders) -> None:
        self.choices[:, at.LADDER_KIND] = at.FRACTION
        offsets = [self.scalar(one) * 0.01 for one in ladder.offsets]
        volumes = [self.scalar(one) for one in (ladder.first_volume, *ladder.volumes)]
        self._safety_orders(np.full(len(self._row_ids), len(offsets)), offsets, volumes)

    def _safety_orders(
        self, count: Floats, far: Sequence[Floats], volumes: Sequence[Floats]
    ) -> None:
        """Put each safety order's distance and share into its slot; the first takes its part."""
        self.choices[:, at.LADDER_ORDERS] = count
        total = volumes[0]
        for number, distance in enumerate(far):
            volume = np.where(number < count, volumes[number + 1], 0.0)
            total = total + volume
            self.params[:, at.LADDER_STEP + number] = distance
            self.params[:, at.LADDER_SHARE + number] = volume / volumes[0]
        for slot in (at.SIZE, at.KELLY_START):
            self.params[:, slot] *= volumes[0] / total

    def _size(self, sizing: Sizing) -> None:
        mode, size, scale = _SIZES[type(sizing)](sizing)
        self.choices[:, at.SIZE_MODE] = mode
        self.params[:, at.SIZE] = self.scalar(size) * scale
        if isinstance(sizing, VolatilityTarget):
            column = self._columns.placed(sizing.volatility).rows(self._row_ids)
            self.choices[:, at.SIZE_COLUMN : at.SIZE_COLUMN + 2] = column[:, None]
            self.params[:, at.SIZE_CAP] = self.scalar(sizing.max_percent) * 0.01
        elif isinstance(sizing, Kelly):
            self.choices[:, at.KELLY_TRADES] = self.scalar(sizing.trades)
            self.params[:, at.KELLY_START] = self.scalar(sizing.start_percent) * 0.01

    def _size_limits(self, limits: SizeLimits) -> None:
        self.params[:, at.SIZE_FLOOR] = self.scalar(limits.min_percent) * 0.01
        most, own = self.scalar(limits.max_percent) * 0.01, self.params[:, at.SIZE_CAP]
        # Of two limits the lower; zero is none.
        both = np.minimum(np.where(own > 0.0, own, np.inf), np.where(most > 0.0, most, np.inf))
        self.params[:, at.SIZE_CAP] = np.where(np.isfinite(both), both, 0.0)

    def _cool_down(self, rule: CoolDown) -> None:
        self.choices[:, at.COOL_DOWN] = self.scalar(rule.bars)
        after = at.AFTER_LOSS if rule.after == "loss" else at.AFTER_ANY
        self.choices[:, at.COOL_DOWN_AFTER] = after

    def stop_loss(self, exit_: StopLoss) -> None:
        """A stop, which may follow its series."""
        self.level(exit_.distance, at.STOP, at.STOP_KIND, at.STOP_COLUMN)
        self.choices[:, at.STOP_FOLLOWS] = int(exit_.follow)
        self.choices[:, at.STOP_ANCHOR] = _ANCHORS[exit_.anchor]

    def take_profit(self, exit_: TakeProfit) -> None:
        """The next target."""
        target = self._targets
        kind, column = at.TARGET_KIND + target, at.TARGET_COLUMN + 2 * target
        self.level(exit_.distance, at.TARGET + target, kind, column)
        self.params[:, at.PORTION + target] = self.scalar(exit_.portion) * 0.01
        self.choices[:, at.TARGET_ANCHOR + target] = _ANCHORS[exit_.anchor]
        self._targets += 1

    def trailing_stop(self, exit_: TrailingStop) -> None:
        """A trailing stop and what arms it."""
        self.level(exit_.distance, at.TRAIL_DISTANCE, at.TRAIL_KIND, at.TRAIL_COLUMN)
        if exit_.activation is not None:
            column = at.ACTIVATION_COLUMN
            self.level(exit_.activation, at.TRAIL_ACTIVATION, at.ACTIVATION_KIND, column)
        self.choices[:, at.ACTIVATION_ANCHOR] = _ANCHORS[exit_.anchor]

    def break_even(self, exit_: BreakEven) -> None:
        """What moves the stop to the entry, and the offset beyond it."""
        if exit_.trigger is not None:
            column = at.BREAK_EVEN_COLUMN
            self.level(exit_.trigger, at.BREAK_EVEN_TRIGGER, at.BREAK_EVEN_KIND, column)
        else:
            self.choices[:, at.BREAK_EVEN_KIND] = at.AFTER_TARGET
            self.params[:, at.BREAK_EVEN_TRIGGER] = self.scalar(exit_.after_target or 1)
        self.choices[:, at.BREAK_EVEN_ANCHOR] = _ANCHORS[exit_.anchor]
        offset = exit_.offset
        self.choices[:, at.OFFSET_KIND] = _KINDS[offset.form]
        scale = 0.01 if offset.form == "percent" else 1.0
        self.params[:, at.BREAK_EVEN_OFFSET] = self.scalar(offset.value or 0.0) * scale

    def safety_close(self, exit_: SafetyClose) -> None:
        """The loss of margin at which all is closed."""
        self.params[:, at.SAFETY_CLOSE] = self.scalar(exit_.percent) * 0.01

    def time_exit(self, exit_: TimeExit) -> None:
        """Bars after which the position closes."""
        self.choices[:, at.MAX_BARS] = self.scalar(exit_.bars)
        if exit_.min_profit_percent is not None:
            self.params[:, at.TIME_PROFIT] = self.scalar(exit_.min_profit_percent) * 0.01

    def only_in_profit(self, exit_: OnlyInProfit) -> None:
        """The profit that exit signals ask for."""
        self.params[:, at.EXIT_PROFIT] = self.scalar(exit_.percent) * 0.01

    def clock_exit(self, exit_: ClockExit) -> None:
        """The clock's column is the calendar's."""

    def follow_rules(self, strategy: Strategy, first_column: int) -> None:
        """Limits, re-entry and clock; the calendar's columns begin at `first_column`."""
        day, week, clock = range(first_column, first_column + 3)
        self.choices[:, at.RULES] = 1
        self.choices[:, at.DAY_COLUMN], self.choices[:, at.WEEK_COLUMN] = day, week
        self.choices[:, at.CLOCK_COLUMN] = -1 if clock_of(strategy) is None else clock
        if strategy.limits is not None:
            self._limits(strategy.limits)
        if strategy.re_entry is not None:
            self.choices[:, at.RE_ENTRY_BARS] = self.scalar(strategy.re_entry.bars)
            self.choices[:, at.OTHER_SIDE_FIRST] = int(strategy.re_entry.other_side_first)

    def _limits(self, limits: Limits) -> None:
        self.choices[:, at.MAX_DAY_ENTRIES] = self.scalar(limits.trades_per_day)
        self.choices[:, at.MAX_WEEK_ENTRIES] = self.scalar(limits.trades_per_week)
        self.choices[:, at.MAX_DAY_ORDERS] = self.scalar(limits.orders_per_day)
        self.choices[:, at.MAX_LOSSES] = self.scalar(limits.losses_in_a_row)
        self.choices[:, at.LOSS_PAUSE] = self.scalar(limits.loss_pause)
        self.params[:, at.MAX_DAY_LOSS] = self.scalar(limits.daily_loss_percent) * 0.01
        self.params[:, at.MAX_DRAWDOWN] = self.scalar(limits.drawdown_percent) * 0.01


def clock_of(strategy: Strategy) -> ClockExit | None:
    """The exit by the clock, if there is one."""
    return next((one for one in strategy.exits if isinstance(one, ClockExit)), None)


def has_rules(strategy: Strategy) -> bool:
    """Whether limits, re-entry rules or the clock hold trading back."""
    told = strategy.limits is not None or strategy.re_entry is not None
    return told or clock_of(strategy) is not None


def level_nodes(strategy: Strategy) -> list[Node]:
    """The nodes whose series are levels of the market's orders."""
    rest = (strategy.sizing, strategy.entry, strategy.ladder)
    return [*strategy.exits, *(one for one in rest if one is not None)]


_EXITS: Final[dict[type[Exit], Callable[..., None]]] = {
    StopLoss: KernelRows.stop_loss,
    TakeProfit: KernelRows.take_profit,
    TrailingStop: KernelRows.trailing_stop,
    BreakEven: KernelRows.break_even,
    TimeExit: KernelRows.time_exit,
    SafetyClose: KernelRows.safety_close,
    OnlyInProfit: KernelRows.only_in_profit,
    ClockExit: KernelRows.clock_exit,
}
_SIZES: Final[dict[type[Sizing], Callable[[Any], tuple[int, Scalar, float]]]] = {
    FixedQty: lambda size: (at.SIZE_FIXED, size.qty, 1.0),
    Cash: lambda size: (at.SIZE_CASH, size.amount, 1.0),
    PercentOfEquity: lambda size: (at.SIZE_EQUITY, size.percent, 0.01),
    RiskPercent: lambda size: (at.SIZE_RISK, size.percent, 0.01),
    VolatilityTarget: lambda size: (at.SIZE_VOLATILITY, size.percent, 0.01),
    Kelly: lambda size: (at.SIZE_KELLY, size.fraction, 1.0),
}
