"""Which limits hold a graph's trading back? Trades, losses, re-entry and the clock, at closes.

The rules of docs/design/fills.md, a second time, for the event engine: the kernel's `limits` and
the oracle's `counted_limits` are the other bodies. What may be reached between closes, a day's last
order, is the engines' own business.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from engines.errors import InvalidInput
from engines.orders import Reason, Refusal
from engines.risk_rules import DayOrders
from engines.script import Statement, View
from engines.zones import local_day
from strategies.evaluation.calendar import struck
from strategies.evaluation.session_bars import FIRST_WEEKDAY
from strategies.evaluation.tracks import Bar
from strategies.graph.exits import ClockExit
from strategies.graph.limits import Limits, ReEntry
from strategies.graph.scalars import Scalar, value_of

_NEVER: Final = -(2**62)
# What a chain of doubles may lack of a loss that is reached exactly.
_NOISE: Final = 1e-9


@dataclass(frozen=True)
class LimitNumbers:
    """`Limits` and `ReEntry` with their parameters' values; 0 is no limit."""

    trades_per_day: float = 0.0
    trades_per_week: float = 0.0
    orders_per_day: float = 0.0
    losses_in_a_row: float = 0.0
    loss_pause: float = 0.0
    daily_loss_percent: float = 0.0
    drawdown_percent: float = 0.0
    timezone: str = "UTC"
    re_entry_bars: float = 0.0
    other_side_first: bool = False

    @classmethod
    def of(
        cls, limits: Limits | None, re_entry: ReEntry | None, values: Mapping[str, float]
    ) -> LimitNumbers:
        """What a strategy says."""

        def number(scalar: Scalar) -> float:
            return float(value_of(scalar, values))

        given: dict[str, Any] = {}
        if limits is not None:
            names = [name for name in cls.__dataclass_fields__ if hasattr(limits, name)]
            given = {name: number(getattr(limits, name)) for name in names if name != "timezone"}
            given["timezone"] = limits.timezone
        if re_entry is not None:
            given["re_entry_bars"] = number(re_entry.bars)
            given["other_side_first"] = re_entry.other_side_first
        return cls(**given)

    @property
    def day_orders(self) -> DayOrders | None:
        """What the engines are to watch between closes."""
        most = int(self.orders_per_day)
        return DayOrders(most, self.timezone) if most > 0 else None


@dataclass
class Memory:
    """What has been counted: all of it JSON values."""

    day: int = _NEVER
    week: int = _NEVER
    day_entries: int = 0
    week_entries: int = 0
    day_orders: int = 0
    day_equity: float = 0.0
    day_over: bool = False
    stopped: bool = False
    losses: int = 0
    paused_until: float = -math.inf
    last_side: int = 0
    last_exit: int = -1
    seen_trades: int = 0


class GraphLimits:
    """Looks at the account at every close, and says what may not be done."""

    def __init__(self, numbers: LimitNumbers, clock: ClockExit | None) -> None:
        self._numbers = numbers
        self._clock = clock
        self._memory = Memory()
        self._strikes = False

    def close_bar(self, bar: Bar, view: View) -> Reason | None:
        """Take a closed bar in; the reason to close everything, if a limit of losses says so."""
        statement = statement_of(view)
        self._strikes = self._clock is not None and strikes(bar, self._clock)
        self._begin_day(bar.open_ms, statement)
        self._read_trades(view, statement)
        return self._losses(view, statement)

    @property
    def strikes(self) -> bool:
        """Whether the clock asks to leave at this close."""
        return self._strikes

    def hindrance(self, wanted: int, view: View, side: int) -> Refusal | None:
        """Why an entry may not be ordered at this close; None if it may."""
        return Refusal.CLOCK if self._strikes else self._held_back(wanted, view, side)

    def held_back(self, wanted: int, open_ms: int, view: View, side: int) -> Refusal | None:
        """Why an entry that rests may not fill in the bar that opened then; None if it may."""
        statement = statement_of(view)
        self._begin_day(open_ms, statement)
        self._read_trades(view, statement)
        return self._held_back(wanted, view, side)

    def _held_back(self, wanted: int, view: View, side: int) -> Refusal | None:
        held_back = self._lasting() or self._counted(view)
        if held_back is None and view.bar < self._memory.paused_until:
            return Refusal.LOSS_STREAK
        if held_back is None and side == 0 and wanted == self._memory.last_side:
            return self._re_entry(view.bar)
        return held_back

    def snapshot(self) -> dict[str, object]:
        """What has been counted."""
        return asdict(self._memory)

    def restore(self, state: dict[str, Any]) -> None:
        """Count on from there."""
        self._memory = Memory(**state)

    def _begin_day(self, open_ms: int, statement: Statement) -> None:
        """Days and weeks are local ones; a bar is of the day in which it opens."""
        memory = self._memory
        day = local_day(open_ms, self._numbers.timezone)
        if day == memory.day:
            return
        # J3: what was filled and lost before this bar is of another day.
        before = statement.tally_before
        memory.day, memory.day_over = day, False
        memory.day_entries, memory.day_orders = before.entries, before.orders
        memory.day_equity = before.equity
        week = (day + FIRST_WEEKDAY) // 7
        if week != memory.week:
            memory.week, memory.week_entries = week, before.entries

    def _read_trades(self, view: View, statement: Statement) -> None:
        """Losses in a row, and what was left last, trade by trade as they are listed (K1)."""
        memory, numbers = self._memory, self._numbers
        if memory.seen_trades == view.closedtrades:
            return
        for trade in statement.closed_from(memory.seen_trades):
            memory.last_side = 1 if trade.size > 0.0 else -1
            memory.last_exit = trade.exit_bar_index
            memory.losses = memory.losses + 1 if trade.profit < 0.0 else 0
            if 0.0 < numbers.losses_in_a_row <= memory.losses:
                memory.losses = 0
                pause = numbers.loss_pause
                memory.paused_until = trade.exit_bar_index + pause if pause > 0.0 else math.inf
        memory.seen_trades = view.closedtrades

    def _losses(self, view: View, statement: Statement) -> Reason | None:
        """J3, J4: looked at on closes; what could not be closed at once goes at the next."""
        numbers, memory = self._numbers, self._memory
        fall, loss = numbers.drawdown_percent * 0.01, numbers.daily_loss_percent * 0.01
        if fall > 0.0 and view.equity <= statement.tally.highest * (1.0 - fall + _NOISE):
            memory.stopped = True
            return Reason.MAX_DRAWDOWN
        if loss > 0.0 and view.equity <= memory.day_equity * (1.0 - loss + _NOISE):
            memory.day_over = True
            return Reason.DAILY_LOSS
        if view.position_size == 0.0:
            return None
        if memory.stopped:
            return Reason.MAX_DRAWDOWN
        return Reason.DAILY_LOSS if memory.day_over else None

    def _lasting(self) -> Refusal | None:
        if self._memory.stopped:
            return Refusal.DRAWDOWN_LIMIT
        return Refusal.DAILY_LOSS if self._memory.day_over else None

    def _counted(self, view: View) -> Refusal | None:
        """J2 and its like: as many orders or entries as a day or a week may have."""
        numbers, memory, now = self._numbers, self._memory, statement_of(view).tally
        if 0.0 < numbers.orders_per_day <= now.orders - memory.day_orders:
            return Refusal.ORDER_LIMIT
        daily, weekly = numbers.trades_per_day, numbers.trades_per_week
        if 0.0 < daily <= now.entries - memory.day_entries:
            return Refusal.TRADE_LIMIT
        if 0.0 < weekly <= now.entries - memory.week_entries:
            return Refusal.TRADE_LIMIT
        return None

    def _re_entry(self, bar: int) -> Refusal | None:
        """The side that was left last, while nothing is open."""
        numbers = self._numbers
        early = bar < self._memory.last_exit + numbers.re_entry_bars
        return Refusal.RE_ENTRY if numbers.other_side_first or early else None


def statement_of(view: View) -> Statement:
    """What is rarely asked for. Raises InvalidInput for an engine that does not tell."""
    if view.statement is None:
        raise InvalidInput("view.statement", None, "there: limits and profits are read from it")
    return view.statement


def strikes(bar: Bar, clock: ClockExit) -> bool:
    """Whether a bar is the last to close by the time of the clock."""
    return bool(struck(np.array([bar.open_ms]), np.array([bar.close_ms]), clock)[0])


def earns(view: View, least: float | None) -> bool:
    """Whether the position has the profit that an exit asks for at the close, if it asks."""
    return least is None or statement_of(view).earns(least)
