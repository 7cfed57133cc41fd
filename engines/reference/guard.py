"""When must a script stop? Its risk rules, watched along the path (J2 to J5)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from engines.reference.account import Account
from engines.reference.grid import Ticks
from engines.risk_rules import (
    TOO_DEEP,
    TOO_MANY_LOSING_DAYS,
    TOO_MANY_ORDERS,
    TOO_MUCH_LOST_TODAY,
    LossLimit,
    RiskRules,
)


@dataclass
class Guard:
    """Watches an account.

    `no_orders_on` is a day on which nothing more may fill (J2), `lost_on` one on which nothing
    more may be called (J3); `stopped` is for good (J4, J5).
    """

    account: Account
    rules: RiskRules
    day: int | None = None
    orders: int = 0
    day_equity: Fraction = Fraction(0)
    losing_days: int = 0
    closed_before: int = 0
    no_orders_on: int | None = None
    lost_on: int | None = None
    stopped: bool = False

    def open_bar(self, day: int, price: Ticks) -> str | None:
        """A bar opens, before its fills; the reason why trading ends here, if it does (J5)."""
        self.closed_before = len(self.account.trades)
        if day == self.day:
            return None
        equity = self.account.equity(price)
        if self.day is not None:
            # J5, [D]: a day whose equity fell, marked at both opens, is a losing one.
            self.losing_days = self.losing_days + 1 if equity < self.day_equity else 0
        # J3: the day begins at its first price, before the fills there.
        self.day, self.orders, self.day_equity = day, 0, equity
        limit = self.rules.max_cons_loss_days
        if limit is None or self.stopped or self.losing_days < limit:
            return None
        self.stopped = True
        return TOO_MANY_LOSING_DAYS

    def fill(self) -> str | None:
        """An order has filled; a reversal is one (J1). The reason to close, if it was the last."""
        self.orders += 1
        limit = self.rules.max_intraday_filled_orders
        if limit is None or self.orders < limit or self.no_orders_on == self.day:
            return None
        self.no_orders_on = self.day
        return TOO_MANY_ORDERS

    def mark(self, price: Ticks) -> str | None:
        """The path is at `price`: the reason to close there, if too much is lost today (J3)."""
        limit = self.rules.max_intraday_loss
        if limit is None or self.stopped or self.lost_on == self.day:
            return None
        # Not settled by the rules: percent of the day's first equity, not of its highest.
        if not reached(limit, self.day_equity - self.account.equity(price), self.day_equity):
            return None
        self.lost_on = self.day
        return TOO_MUCH_LOST_TODAY

    def close_bar(self, close: Ticks) -> str | None:
        """The bar is over: the reason to end trading (J4), on bars that booked a close only."""
        limit, account = self.rules.max_drawdown, self.account
        if limit is None or self.stopped or len(account.trades) == self.closed_before:
            return None
        peak = account.record.peak
        if not reached(limit, peak - account.equity(close), peak):
            return None
        self.stopped = True
        return TOO_DEEP

    def refuses(self, next_day: int) -> bool:
        """Whether a call is ignored whose order could fill on `next_day` at the soonest."""
        # J3: on the day of the loss every call is dropped, that of its last close too.
        return self.stopped or self.lost_on == self.day or self.no_orders_on == next_day


def reached(limit: LossLimit, loss: Fraction, base: Fraction) -> bool:
    """Whether a loss is as large as the limit allows none to be."""
    most = Fraction(repr(limit.value))
    if limit.type == "percent_of_equity":
        most = base * most / 100
    # Doubles may lack their last bits of a loss that is exactly the limit.
    return loss > 0 and loss + Fraction(1, 10**9) * max(Fraction(1), abs(most)) >= most
