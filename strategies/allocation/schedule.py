"""When is a portfolio rebalanced? By the calendar (UTC), by count of closes, by drift."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from engines.errors import InvalidInput
from engines.intervals import DAY_MS, Interval, floor_open_ms

Period = Literal["never", "daily", "weekly", "monthly", "quarterly", "bars"]
PERIODS: Final[tuple[Period, ...]] = get_args(Period)
_FLOORS: Final[dict[Period, Interval]] = {
    "daily": "D",
    "weekly": "W",
    "monthly": "M",
    "quarterly": "M",
}
_MONTHS_A_QUARTER: Final = 3


@dataclass(frozen=True)
class Schedule:
    """`every` tells the rhythm, `every_bars` that of "bars".

    The first close at or after the start of a new day, week (Monday), month or quarter is due,
    and so is any at which a weight is more than `threshold` (a fraction of the equity; 0 is
    never) from its target. Money is spread first as soon as it can be.
    """

    every: Period = "monthly"
    every_bars: int = 1
    threshold: float = 0.0

    def __post_init__(self) -> None:
        if self.every not in PERIODS:
            raise InvalidInput("allocation.rebalance", self.every, f"one of {', '.join(PERIODS)}")
        if self.every_bars < 1:
            raise InvalidInput("allocation.every_bars", self.every_bars, "1 or more")
        if not 0.0 <= self.threshold < 1.0:
            raise InvalidInput("allocation.threshold", self.threshold, "from 0 to below 1")

    def period_of(self, time_ms: int, closes: int) -> int:
        """A number that changes when the next rebalancing is due.

        `closes` counts those since the start. Equal for all times under "never".
        """
        if self.every == "never":
            return 0
        if self.every == "bars":
            return closes // self.every_bars
        start_ms = int(floor_open_ms(np.array([time_ms], dtype=np.int64), _FLOORS[self.every])[0])
        if self.every == "quarterly":
            months = np.datetime64(start_ms, "ms").astype("datetime64[M]").astype(int)
            return int(months) // _MONTHS_A_QUARTER
        return start_ms // DAY_MS

    def has_drifted(self, weights: dict[str, float], targets: dict[str, float]) -> bool:
        """Whether any weight is beyond the threshold."""
        if self.threshold == 0.0:
            return False
        return any(abs(weights[name] - targets[name]) > self.threshold for name in targets)
