"""When has a day had all its orders? Counted from the local day's first bar on (J2)."""

from __future__ import annotations

from dataclasses import dataclass

from engines.event.account import Account
from engines.risk_rules import DayOrders
from engines.zones import local_day

_NEVER = -(2**62)


@dataclass
class DayCount:
    """The orders that had filled before the present day began."""

    account: Account
    rule: DayOrders
    day: int = _NEVER
    before: int = 0

    def open_bar(self, open_ms: int) -> None:
        """A bar begins, and maybe a day."""
        day = local_day(open_ms, self.rule.timezone)
        if day != self.day:
            self.day, self.before = day, self.account.orders

    @property
    def over(self) -> bool:
        """Whether as many orders as allowed have filled on this day."""
        return self.account.orders - self.before >= self.rule.most
