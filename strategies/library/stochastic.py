"""When does the stochastic turn at the edge of its range?"""

from __future__ import annotations

from strategies.graph import BreakEven, StopLoss, Strategy, TakeProfit, close, constant, param
from strategies.graph.indicators import oscillators
from strategies.library.idea import idea


@idea
def stochastic() -> Strategy:
    """Trades crossings of the stochastic's lines near an edge: up from the low, down from the high.

    Half is sold at the first target, which also moves the stop to break-even.
    """
    lines = oscillators.stochastic(
        close,
        param("length", 14, low=3, high=30),
        param("smoothing", 3, low=1, high=7),
        param("signal", 3, low=1, high=7),
    )
    edge = param("edge", 20, low=5, high=40, step=5)
    target = param("target", 2.0, low=0.5, high=10.0, step=0.5)
    last_target = param("last_target", 5.0, low=2.0, high=20.0, step=1.0)
    return Strategy(
        "stochastic",
        enter_long=lines.k.crosses_above(lines.d) & (lines.d < edge),
        enter_short=lines.k.crosses_below(lines.d) & (lines.d > constant(100) - edge),
        exits=[
            StopLoss(percent=param("stop", 2.0, low=0.5, high=8.0, step=0.5)),
            TakeProfit(percent=target, portion=50),
            TakeProfit(percent=last_target, portion=50),
            BreakEven(after_target=1, offset_percent=0.2),
        ],
        where=[target < last_target],
    )
