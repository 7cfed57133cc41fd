"""What holds trading back? Limits a day and a week, losses, drawdown, and when to come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from engines.errors import InvalidInput
from engines.zones import check_zone
from strategies.graph.node import Node
from strategies.graph.scalars import Range, Scalar

_COUNT: Final = Range(0, 1_000_000, whole=True)
_PERCENT: Final = Range(0, 100)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Limits(Node):
    """Limits of trading; 0 is none. Days and weeks (from Monday) are those of `timezone`.

    At most so many entries a day and a week. After `orders_per_day` filled orders of any kind
    everything is closed and withdrawn until the next day. After `losses_in_a_row` closed trades
    nothing is entered for `loss_pause` bars, or (0) any more. At a close that has lost
    `daily_loss_percent` of the equity at the day's start everything is closed and nothing entered
    until the next day; at one that lies `drawdown_percent` below the equity's peak, for good.
    """

    kind: ClassVar[str] = "limits"
    trades_per_day: Scalar = 0
    trades_per_week: Scalar = 0
    orders_per_day: Scalar = 0
    losses_in_a_row: Scalar = 0
    loss_pause: Scalar = 0
    daily_loss_percent: Scalar = 0
    drawdown_percent: Scalar = 0
    timezone: str = "UTC"

    def _check(self) -> None:
        for name in ("trades_per_day", "trades_per_week", "orders_per_day"):
            self._set(**{name: _COUNT.checked(f"limits.{name}", getattr(self, name))})
        for name in ("losses_in_a_row", "loss_pause"):
            self._set(**{name: _COUNT.checked(f"limits.{name}", getattr(self, name))})
        for name in ("daily_loss_percent", "drawdown_percent"):
            self._set(**{name: _PERCENT.checked(f"limits.{name}", getattr(self, name))})
        check_zone("limits.timezone", self.timezone)


@dataclass(frozen=True, eq=False, repr=False)
class ReEntry(Node):
    """When the side that was left last may be entered again.

    Not within so many `bars` of the exit; with `other_side_first` not before a position of the
    other side has been closed.
    """

    kind: ClassVar[str] = "re_entry"
    bars: Scalar = 0
    other_side_first: bool = False

    def _check(self) -> None:
        self._set(bars=_COUNT.checked("re_entry.bars", self.bars))
        if not isinstance(self.other_side_first, bool):
            raise InvalidInput("re_entry.other_side_first", self.other_side_first, "true or false")
