"""When do three exponential averages stand in order?"""

from __future__ import annotations

from strategies.graph import StopLoss, Strategy, TrailingStop, close, ema, param
from strategies.library.idea import idea


@idea
def triple_ema() -> Strategy:
    """Enters when a short, a middle and a long average have just come to stand in order.

    Leaves when the short one falls back through the middle one, or by a trailing stop.
    """
    fast = param("fast", 5, low=3, high=20)
    middle = param("middle", 13, low=8, high=50, step=3)
    slow = param("slow", 34, low=20, high=200, step=10)
    short, mid, long = ema(close, fast), ema(close, middle), ema(close, slow)
    rising = (short > mid) & (mid > long)
    falling = (short < mid) & (mid < long)
    return Strategy(
        "triple_ema",
        enter_long=rising & ~rising[1],
        enter_short=falling & ~falling[1],
        exit_long=short.crosses_below(mid),
        exit_short=short.crosses_above(mid),
        exits=[
            StopLoss(percent=param("stop", 2.0, low=0.5, high=6.0, step=0.5)),
            TrailingStop(
                atr=param("trail_atr", 3.0, low=1.0, high=8.0, step=0.5), activation_atr=2.0
            ),
        ],
        where=[fast < middle, middle < slow],
    )
