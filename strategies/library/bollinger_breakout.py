"""When does the price break out of its Bollinger bands?"""

from __future__ import annotations

from strategies.graph import StopLoss, Strategy, TrailingStop, bollinger, close, param
from strategies.library.idea import idea


@idea
def bollinger_breakout() -> Strategy:
    """Follows a close that crosses out of the Bollinger bands, in the direction of the break.

    Leaves at the middle of the bands; a stop guards the start, a trailing one the profit.
    """
    length = param("length", 20, low=5, high=50, step=5)
    bands = bollinger(close, length, param("width", 2.0, low=1.0, high=4.0, step=0.25))
    return Strategy(
        "bollinger_breakout",
        enter_long=close.crosses_above(bands.upper),
        enter_short=close.crosses_below(bands.lower),
        exit_long=close.crosses_below(bands.basis),
        exit_short=close.crosses_above(bands.basis),
        exits=[
            StopLoss(percent=param("stop", 2.0, low=0.5, high=6.0, step=0.5)),
            TrailingStop(
                percent=param("trail", 3.0, low=0.5, high=10.0, step=0.5), activation_percent=2.0
            ),
        ],
    )
