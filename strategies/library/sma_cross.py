"""When does a short simple average cross a long one?"""

from __future__ import annotations

from strategies.graph import PercentOfEquity, StopLoss, Strategy, close, param, sma
from strategies.library.idea import idea


@idea
def sma_cross() -> Strategy:
    """Follows the trend from the bar on which a short moving average crosses a long one.

    Always in the market, long or short, unless a percentage stop has ended a false start.
    """
    fast = param("fast", 20, low=5, high=100, step=5)
    slow = param("slow", 50, low=20, high=200, step=10)
    return Strategy(
        "sma_cross",
        enter_long=sma(close, fast).crosses_above(sma(close, slow)),
        enter_short=sma(close, fast).crosses_below(sma(close, slow)),
        exits=[StopLoss(percent=param("stop", 2.0, low=0.5, high=10.0, step=0.5))],
        sizing=PercentOfEquity(100),
        where=[fast < slow],
    )
