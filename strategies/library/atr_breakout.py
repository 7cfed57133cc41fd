"""When does a bar move much further than usual, on volume?"""

from __future__ import annotations

from strategies.graph import (
    StopLoss,
    Strategy,
    TakeProfit,
    atr,
    close,
    high,
    highest,
    low,
    lowest,
    param,
    sma,
    volume,
)
from strategies.library.idea import idea


@idea
def atr_breakout() -> Strategy:
    """Joins a bar that moves more than a multiple of the ATR, to a new extreme, on high volume.

    The stop and the target are multiples of the same ATR.
    """
    length = param("atr_length", 14, low=7, high=21)
    lookback = param("lookback", 20, low=5, high=100, step=5)
    move = param("move_atr", 1.5, low=0.5, high=4.0, step=0.25) * atr(length)[1]
    busy = volume > param("volume_factor", 1.5, low=1.0, high=4.0, step=0.25) * sma(volume, 20)
    return Strategy(
        "atr_breakout",
        enter_long=(close - close[1] > move) & (close > highest(high, lookback)[1]) & busy,
        enter_short=(close[1] - close > move) & (close < lowest(low, lookback)[1]) & busy,
        exits=[
            StopLoss(atr=param("stop_atr", 2.0, low=1.0, high=5.0, step=0.5), length=length),
            TakeProfit(atr=param("target_atr", 4.0, low=1.0, high=12.0, step=1.0), length=length),
        ],
    )
