"""When has a local day had all the orders that may fill in it? (J2)"""

from __future__ import annotations

from dataclasses import dataclass

from engines.reference.account import Account
from engines.risk_rules import DayOrders
from engines.zones import local_day


@dataclass
class DayBook:
    """Orders of one day: those of the account less those before the day."""

    account: Account
    rule: DayOrders
    day: int | None = None
    earlier: int = 0

    def open_bar(self, open_ms: int) -> None:
        """A bar belongs to the day in which it opens."""
        day = local_day(open_ms, self.rule.timezone)
        if self.day != day:
            self.day, self.earlier = day, self.account.orders

    @property
    def full(self) -> bool:
        """Whether no more may fill; a reversal is one order, exits count (J2)."""
        return self.account.orders >= self.earlier + self.rule.most
