"""When has the price left its Bollinger bands and should come back?"""

from __future__ import annotations

from strategies.graph import StopLoss, Strategy, bollinger, close, constant, param, rsi
from strategies.library.idea import idea


@idea
def bollinger_reversion() -> Strategy:
    """Buys below the lower band while the RSI is oversold, sells short above the upper one.

    The middle of the bands is the target; a stop of a few ATR limits the loss in a trend.
    """
    length = param("length", 20, low=5, high=50, step=5)
    bands = bollinger(close, length, param("width", 2.0, low=1.0, high=4.0, step=0.25))
    strength = rsi(close, param("rsi_length", 14, low=5, high=30))
    oversold = param("oversold", 30, low=10, high=45, step=5)
    return Strategy(
        "bollinger_reversion",
        enter_long=(close < bands.lower) & (strength < oversold),
        enter_short=(close > bands.upper) & (strength > constant(100) - oversold),
        exit_long=close > bands.basis,
        exit_short=close < bands.basis,
        exits=[StopLoss(atr=param("stop_atr", 3.0, low=1.0, high=6.0, step=0.5))],
    )
