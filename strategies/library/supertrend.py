"""When does the supertrend turn?"""

from __future__ import annotations

from strategies.graph import StopLoss, Strategy, param
from strategies.graph.indicators import trend
from strategies.library.idea import idea


@idea
def supertrend() -> Strategy:
    """Turns with the supertrend: long when its line flips below the price, short above it.

    The line itself is the stop and moves with every bar.
    """
    length = param("length", 10, low=5, high=30)
    line = trend.supertrend(length, param("factor", 3.0, low=0.5, high=6.0, step=0.25))
    return Strategy(
        "supertrend",
        # A direction of −1 is an up-trend, as in Pine.
        enter_long=line.direction.crosses_below(0),
        enter_short=line.direction.crosses_above(0),
        exits=[StopLoss(price=line.value, follow=True)],
    )
