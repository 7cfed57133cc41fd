"""When must a script stop? Its risk rules, told of days, fills and prices (J2 to J5)."""

from __future__ import annotations

from dataclasses import dataclass

from engines.event.account import Account
from engines.risk_rules import (
    TOO_DEEP,
    TOO_MANY_LOSING_DAYS,
    TOO_MANY_ORDERS,
    TOO_MUCH_LOST_TODAY,
    LossLimit,
    RiskRules,
)

_NEVER = -(2**62)


@dataclass
class Guard:
    """Counts a day's filled orders and measures losses.

    Each method gives the reason to close everything, empty for none. `full_day` is a day on which
    no further order may fill, `lost_day` one on which no further call is taken.
    """

    account: Account
    rules: RiskRules
    day: int = _NEVER
    orders: int = 0
    day_equity: float = 0.0
    losing_days: int = 0
    trades_before: int = 0
    full_day: int = _NEVER
    lost_day: int = _NEVER
    stopped: bool = False

    def open_bar(self, day: int, price: float) -> str:
        """A bar begins: maybe a new day, whose equity is that of its first price (J3, J5)."""
        self.trades_before = len(self.account.trades)
        if day == self.day:
            return ""
        equity = self.account.equity(price)
        if self.day != _NEVER:
            fell = equity < self.day_equity - _noise(self.day_equity)
            self.losing_days = self.losing_days + 1 if fell else 0
        self.day, self.orders, self.day_equity = day, 0, equity
        limit = self.rules.max_cons_loss_days
        if limit is None or self.stopped or self.losing_days < limit:
            return ""
        self.stopped = True
        return TOO_MANY_LOSING_DAYS

    def fill(self) -> str:
        """An order of the script has filled (J1, J2)."""
        self.orders += 1
        limit = self.rules.max_intraday_filled_orders
        if limit is None or self.orders < limit or self.full_day == self.day:
            return ""
        self.full_day = self.day
        return TOO_MANY_ORDERS

    def mark(self, price: float) -> str:
        """The price has come here (J3)."""
        limit = self.rules.max_intraday_loss
        if limit is None or self.stopped or self.lost_day == self.day:
            return ""
        loss = self.day_equity - self.account.equity(price)
        if not _reached(limit, loss, self.day_equity):
            return ""
        self.lost_day = self.day
        return TOO_MUCH_LOST_TODAY

    def close_bar(self, close: float) -> str:
        """A bar is over; only one that booked a close is looked at (J4)."""
        limit, account = self.rules.max_drawdown, self.account
        if limit is None or self.stopped or len(account.trades) == self.trades_before:
            return ""
        peak = account.record.peak
        if not _reached(limit, peak - account.equity(close), peak):
            return ""
        self.stopped = True
        return TOO_DEEP

    def refuses(self, next_day: int) -> bool:
        """Whether a call comes to nothing whose order could fill on `next_day` at the soonest."""
        return self.stopped or self.lost_day == self.day or self.full_day == next_day


def _reached(limit: LossLimit, loss: float, base: float) -> bool:
    percent = limit.type == "percent_of_equity"
    most = base * limit.value / 100.0 if percent else limit.value
    return loss > _noise(base) and loss + 1e-9 * max(1.0, abs(most)) >= most


def _noise(base: float) -> float:
    """What a chain of doubles may be off."""
    return 1e-12 * max(1.0, abs(base))
