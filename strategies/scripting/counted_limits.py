"""Which limits hold a graph's trading back, counted anew at every close? The oracle's body.

The rules of docs/design/fills.md, a third time. It keeps what it saw of every bar and looks all of
it up again, where `GraphLimits` and the kernel carry counters from bar to bar.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from engines.orders import Reason, Refusal
from engines.script import Statement, TradeRow, View
from strategies.evaluation.tracks import Bar
from strategies.graph.exits import ClockExit
from strategies.scripting.graph_limits import LimitNumbers, statement_of, strikes

# What a chain of doubles may lack of a loss that is reached exactly.
_NOISE: Final = 1e-9


class Seen(NamedTuple):
    """A bar: when it opened, what had been done until then, and the equity then."""

    open_ms: int
    entries: int
    orders: int
    equity: float


class CountedLimits:
    """Looks at the whole history whenever it is asked; its clock alone is the calendar's."""

    def __init__(self, numbers: LimitNumbers, clock: ClockExit | None) -> None:
        self._numbers = numbers
        self._clock = clock
        self._zone = ZoneInfo(numbers.timezone)
        self._bars: list[Seen] = []
        self._lost: list[tuple[int, Reason]] = []
        self.strikes = False

    def close_bar(self, bar: Bar, view: View) -> Reason | None:
        """The reason to close everything at this close, if a limit of losses says so."""
        self.strikes = self._clock is not None and strikes(bar, self._clock)
        self._see(bar.open_ms, statement_of(view))
        reason = self._loses(view.equity)
        if reason is not None:
            self._lost.append((bar.open_ms, reason))
        elif view.position_size != 0.0:
            reason = self._lasting()
        return reason

    def hindrance(self, wanted: int, view: View, side: int) -> Refusal | None:
        """Why an entry may not be ordered at this close; None if it may."""
        return Refusal.CLOCK if self.strikes else self._refusal(wanted, view, side)

    def held_back(self, wanted: int, open_ms: int, view: View, side: int) -> Refusal | None:
        """Why an entry that rests may not fill in the bar that opened then; None if it may."""
        self._see(open_ms, statement_of(view))
        return self._refusal(wanted, view, side)

    def snapshot(self) -> dict[str, object]:
        """The history."""
        return {"bars": self._bars, "lost": self._lost}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self._bars = [Seen(*row) for row in state["bars"]]
        self._lost = [(when, Reason(reason)) for when, reason in state["lost"]]

    def _see(self, open_ms: int, statement: Statement) -> None:
        if not self._bars or self._bars[-1].open_ms != open_ms:
            before = statement.tally_before
            self._bars.append(Seen(open_ms, before.entries, before.orders, before.equity))

    def _day(self, open_ms: int) -> date:
        return datetime.fromtimestamp(open_ms / 1000, UTC).astimezone(self._zone).date()

    def _first(self, weekly: bool) -> Seen:
        """The first bar of the present local day, or of its ISO week."""
        today = self._day(self._bars[-1].open_ms)
        for one in self._bars:
            day = self._day(one.open_ms)
            if day == today or (weekly and day.isocalendar()[:2] == today.isocalendar()[:2]):
                return one
        return self._bars[-1]

    def _loses(self, equity: float) -> Reason | None:
        """J3, J4: what this close has lost of the day's start, or of the highest close."""
        highest = max(equity, *(one.equity for one in self._bars))
        for percent, base, reason in (
            (self._numbers.drawdown_percent, highest, Reason.MAX_DRAWDOWN),
            (self._numbers.daily_loss_percent, self._first(False).equity, Reason.DAILY_LOSS),
        ):
            if percent > 0.0 and base - equity >= base * (percent / 100.0 - _NOISE):
                return reason
        return None

    def _lasting(self) -> Reason | None:
        """The loss that nothing may follow, today or ever."""
        if any(reason is Reason.MAX_DRAWDOWN for _, reason in self._lost):
            return Reason.MAX_DRAWDOWN
        today = self._day(self._bars[-1].open_ms)
        over = any(self._day(when) == today for when, _ in self._lost)
        return Reason.DAILY_LOSS if over else None

    def _refusal(self, wanted: int, view: View, side: int) -> Refusal | None:
        lasting, numbers = self._lasting(), self._numbers
        if lasting is not None:
            drawn = lasting is Reason.MAX_DRAWDOWN
            return Refusal.DRAWDOWN_LIMIT if drawn else Refusal.DAILY_LOSS
        now, day, week = statement_of(view).tally, self._first(False), self._first(True)
        for most, done, refusal in (
            (numbers.orders_per_day, now.orders - day.orders, Refusal.ORDER_LIMIT),
            (numbers.trades_per_day, now.entries - day.entries, Refusal.TRADE_LIMIT),
            (numbers.trades_per_week, now.entries - week.entries, Refusal.TRADE_LIMIT),
        ):
            if most > 0.0 and done >= most:
                return refusal
        trades = statement_of(view).closed_from(0)
        if self._pauses(trades, view.bar):
            return Refusal.LOSS_STREAK
        again = side == 0 and bool(trades) and wanted * trades[-1].size > 0.0
        early = again and view.bar - trades[-1].exit_bar_index < numbers.re_entry_bars
        return Refusal.RE_ENTRY if early or (again and numbers.other_side_first) else None

    def _pauses(self, trades: Sequence[TradeRow], bar: int) -> bool:
        """Whether the latest streak of losses still holds entries back."""
        most, pause = self._numbers.losses_in_a_row, self._numbers.loss_pause
        streak, until = 0, -math.inf
        for one in trades if most > 0.0 else []:
            streak = streak + 1 if one.profit < 0.0 else 0
            if streak >= most:
                streak, until = 0, one.exit_bar_index + pause if pause > 0.0 else math.inf
        return bar < until
