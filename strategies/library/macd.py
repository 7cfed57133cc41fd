"""When does the MACD cross its signal?"""

from __future__ import annotations

from strategies.graph import StopLoss, Strategy, TakeProfit, close, param
from strategies.graph.indicators import momentum
from strategies.library.idea import idea


@idea
def macd() -> Strategy:
    """Trades each crossing of the MACD and its signal line, long above and short below.

    A stop and a target in percent may end the trade before the next crossing turns it round.
    """
    fast = param("fast", 12, low=5, high=20)
    slow = param("slow", 26, low=15, high=50, step=3)
    lines = momentum.macd(close, fast, slow, param("signal", 9, low=3, high=15))
    return Strategy(
        "macd",
        enter_long=lines.macd.crosses_above(lines.signal),
        enter_short=lines.macd.crosses_below(lines.signal),
        exits=[
            StopLoss(percent=param("stop", 2.0, low=0.5, high=8.0, step=0.5)),
            TakeProfit(percent=param("target", 6.0, low=1.0, high=20.0, step=1.0)),
        ],
        where=[fast < slow],
    )
