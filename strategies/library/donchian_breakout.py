"""When does the price leave the range of the last bars?"""

from __future__ import annotations

from strategies.graph import RiskPercent, StopLoss, Strategy, close, donchian, param
from strategies.library.idea import idea


@idea
def donchian_breakout() -> Strategy:
    """Buys a close above the highest high of the bars before, sells short below the lowest low.

    A shorter range the other way ends the trade; each entry risks one percent on its ATR stop.
    """
    entry = param("entry", 20, low=10, high=200, step=10)
    leave = param("leave", 10, low=5, high=100, step=5)
    # The range before this bar: a close cannot be above a high that includes its own.
    outer, inner = donchian(entry), donchian(leave)
    return Strategy(
        "donchian_breakout",
        enter_long=close.crosses_above(outer.upper[1]),
        enter_short=close.crosses_below(outer.lower[1]),
        exit_long=close < inner.lower[1],
        exit_short=close > inner.upper[1],
        exits=[
            StopLoss(
                atr=param("stop_atr", 2.0, low=1.0, high=6.0, step=0.5),
                length=param("atr_length", 14, low=7, high=21),
            )
        ],
        sizing=RiskPercent(1),
        where=[leave < entry],
    )
