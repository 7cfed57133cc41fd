"""When does a short exponential average cross a long one, with the trend behind it?"""

from __future__ import annotations

from strategies.graph import StopLoss, Strategy, close, ema, param
from strategies.library.idea import idea


@idea
def ema_cross() -> Strategy:
    """Trades crossings of two exponential averages, but only on the trend's side of a third.

    The opposite crossing ends the trade; a stop of a few ATR guards it until then.
    """
    fast = param("fast", 9, low=3, high=50, step=2)
    slow = param("slow", 21, low=10, high=120, step=5)
    trend = param("trend", 50, low=50, high=400, step=25)
    short, long, base = ema(close, fast), ema(close, slow), ema(close, trend)
    return Strategy(
        "ema_cross",
        enter_long=short.crosses_above(long) & (close > base),
        enter_short=short.crosses_below(long) & (close < base),
        exit_long=short.crosses_below(long),
        exit_short=short.crosses_above(long),
        exits=[StopLoss(atr=param("stop_atr", 3.0, low=1.0, high=6.0, step=0.5))],
        where=[fast < slow],
    )
