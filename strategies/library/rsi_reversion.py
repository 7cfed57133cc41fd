"""When has the price gone too far and begun to come back, by its RSI?"""

from __future__ import annotations

from strategies.graph import StopLoss, Strategy, close, param, rsi
from strategies.library.idea import idea


@idea
def rsi_reversion() -> Strategy:
    """Buys when the RSI comes back up out of oversold, sells short when it leaves overbought.

    Takes the way back to the middle; a stop of a few ATR ends the trade if the move goes on.
    """
    strength = rsi(close, param("length", 14, low=7, high=100))
    oversold = param("oversold", 30, low=10, high=45, step=5)
    overbought = param("overbought", 70, low=55, high=90, step=5)
    middle = param("middle", 50, low=40, high=60, step=5)
    return Strategy(
        "rsi_reversion",
        enter_long=strength.crosses_above(oversold),
        enter_short=strength.crosses_below(overbought),
        exit_long=strength.crosses_above(middle),
        exit_short=strength.crosses_below(middle),
        exits=[StopLoss(atr=param("stop_atr", 2.0, low=1.0, high=5.0, step=0.5))],
        where=[oversold < middle, middle < overbought],
    )
