"""When must a script stop trading? Pine's `strategy.risk.*`, as values (rules J1 to J5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from engines.errors import InvalidInput

LossType = Literal["cash", "percent_of_equity"]

# What the list of trades calls a close that a rule forced, as TradingView prints it.
TOO_MANY_ORDERS: Final = "Close Position (Max number of filled orders in one day)"
TOO_MUCH_LOST_TODAY: Final = "Close Position (Max intraday Loss)"
TOO_DEEP: Final = "Close Position (Maximum drawdown)"
TOO_MANY_LOSING_DAYS: Final = "Close Position (Max consecutive loss days)"


@dataclass(frozen=True)
class LossLimit:
    """A loss that must not be reached: account currency, or percent of equity."""

    value: float
    type: LossType = "percent_of_equity"

    def __post_init__(self) -> None:
        if self.type not in get_args(LossType):
            expected = f"one of {', '.join(get_args(LossType))}"
            raise InvalidInput("risk loss type", self.type, expected)
        highest = 100.0 if self.type == "percent_of_equity" else float("inf")
        if not 0.0 < self.value <= highest:
            raise InvalidInput("risk loss", self.value, f"above zero, at most {highest:g}")


@dataclass(frozen=True)
class DayOrders:
    """So many orders may fill in one local day: the last closes everything there, slipped (J2).

    Not Pine's, which does not slip and has the exchange's days.
    """

    most: int
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        if self.most < 1:
            raise InvalidInput("day_orders.most", self.most, "one or more")


@dataclass(frozen=True)
class RiskRules:
    """Limits of a script; None where it sets none.

    `max_position_size` cuts or drops entries (J1). `max_intraday_filled_orders` orders may fill in
    one exchange day: the last one closes the position (J2). `max_intraday_loss` counts from the
    equity at the day's first price (J3). `max_drawdown` (J4) and `max_cons_loss_days` (J5) end
    trading for good. The day is the instrument's: its `timezone` and `day_start`.
    """

    max_position_size: float | None = None
    max_intraday_filled_orders: int | None = None
    max_intraday_loss: LossLimit | None = None
    max_drawdown: LossLimit | None = None
    max_cons_loss_days: int | None = None

    def __post_init__(self) -> None:
        for name in ("max_position_size", "max_intraday_filled_orders", "max_cons_loss_days"):
            value = getattr(self, name)
            if value is not None and not 0.0 < value < float("inf"):
                raise InvalidInput(f"risk {name}", value, "above zero")

    @property
    def watches(self) -> bool:
        """Whether something has to be looked at while the market moves."""
        limits = (
            self.max_intraday_filled_orders,
            self.max_intraday_loss,
            self.max_drawdown,
            self.max_cons_loss_days,
        )
        return any(limit is not None for limit in limits)


NO_RULES: Final = RiskRules()
