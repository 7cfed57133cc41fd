"""In which markets did a trial earn? Its days split by the market's trend and volatility."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from engines.bars import Floats
from tune.validation import DAYS_PER_YEAR, yearly_sharpe

# Days before a day that tell its regime.
_LOOK_BACK: Final = 30
REGIMES: Final = ("rising", "falling", "calm", "wild")


class Regime(NamedTuple):
    """A trial in one kind of market: its annualised Sharpe ratio, and the days that tell it."""

    sharpe: float
    days: int

    @property
    def score(self) -> float:
        """How many deviations of its own error the ratio is from 0."""
        return self.sharpe * float(np.sqrt(self.days / DAYS_PER_YEAR))


def regimes_of(returns: Floats, market: Floats) -> dict[str, Regime]:
    """Daily `returns` (n_days,) of a trial in each regime of the `market`'s.

    A day is rising or falling by the market's sum of the 30 days before it, calm or wild by their
    deviation against its median over all days: what was known on the evening before, the median
    apart. NaN where a regime has no days, or nothing varied in it.
    """
    if len(market) <= _LOOK_BACK:
        return dict.fromkeys(REGIMES, Regime(float("nan"), 0))
    before = np.lib.stride_tricks.sliding_window_view(market, _LOOK_BACK)[:-1]
    trend, deviation = before.sum(axis=1), before.std(axis=1)
    own, typical = returns[_LOOK_BACK:], np.median(deviation)
    days = {
        "rising": trend > 0.0,
        "falling": trend < 0.0,
        "calm": deviation <= typical,
        "wild": deviation > typical,
    }
    return {name: _regime(own[inside]) for name, inside in days.items()}


def _regime(daily: Floats) -> Regime:
    return Regime(yearly_sharpe(daily) if len(daily) > 1 else float("nan"), len(daily))
