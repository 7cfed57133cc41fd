"""When is the price strong and still gaining, by its RSI?"""

from __future__ import annotations

from strategies.graph import StopLoss, Strategy, close, constant, ema, param, rsi
from strategies.library.idea import idea


@idea
def rsi_momentum() -> Strategy:
    """Joins a move when the RSI shows strength on the trend's side of an average.

    Leaves when the strength is gone; shorts use the same levels mirrored at 50.
    """
    strength = rsi(close, param("length", 14, low=5, high=40))
    base = ema(close, param("trend", 50, low=20, high=300, step=20))
    enter = param("enter", 60, low=52, high=80, step=2)
    leave = param("leave", 50, low=40, high=60, step=2)
    return Strategy(
        "rsi_momentum",
        enter_long=strength.crosses_above(enter) & (close > base),
        enter_short=strength.crosses_below(constant(100) - enter) & (close < base),
        exit_long=strength < leave,
        exit_short=strength > constant(100) - leave,
        exits=[StopLoss(atr=param("stop_atr", 2.5, low=1.0, high=6.0, step=0.5))],
        where=[leave < enter],
    )
