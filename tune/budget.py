"""How much may a sweep cost? Limits of time, money and rows, which stop it between two chunks."""

from __future__ import annotations

from dataclasses import dataclass

from engines.errors import InvalidInput


@dataclass(frozen=True)
class Budget:
    """Limits of one run of a sweep; None is no limit. Chunks in flight may still end.

    `money` is in the currency of `core_hour_price`, what a core costs an hour.
    """

    hours: float | None = None
    money: float | None = None
    core_hour_price: float | None = None
    rows: int | None = None

    def check(self) -> None:
        """Raise InvalidInput for limits that cannot be kept."""
        for name in ("hours", "money", "core_hour_price", "rows"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InvalidInput(f"budget.{name}", value, "a number above 0")
        if self.money is not None and self.core_hour_price is None:
            raise InvalidInput("budget.core_hour_price", None, "a price, to count money by")

    def spent(self, seconds: float, core_seconds: float, rows: int) -> str | None:
        """Which limit `seconds` of time, `core_seconds` of work or `rows` break; None for none."""
        if self.hours is not None and seconds >= self.hours * 3600.0:
            return f"{self.hours:g} hours have passed"
        if self.rows is not None and rows > self.rows:
            return f"more than {self.rows:,} rows would be computed"
        if self.money is not None and self.core_hour_price is not None:
            cost = core_seconds / 3600.0 * self.core_hour_price
            if cost >= self.money:
                return f"{cost:.2f} of {self.money:g} are spent"
        return None


NO_LIMIT = Budget()
