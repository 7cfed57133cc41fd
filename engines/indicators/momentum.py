"""How fast and how steadily does a column move?"""

from __future__ import annotations

import math

from engines.compile import F1, OutF1, OutF2, kernel
from engines.indicators.definition import LONGEST, indicator
from engines.indicators.flows import FLOW, flow_at, leaving
from engines.indicators.steps import (
    AVERAGE,
    STRENGTH,
    average_at,
    average_from,
    average_step,
    average_value,
    finite,
    keep_average,
    move_of,
    ratio,
    rise,
    strength_column,
    value_before,
)
from engines.indicators.windows import (
    MOMENTS,
    deviation_value,
    keep_moments,
    moments_from,
    moments_step,
)


@kernel
def _difference(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Difference to the value `length` bars before: x − x₋ₙ (rule M13)."""
    for i in range(start, stop):
        out[0, i] = finite(source[i] - value_before(source, i, length))


change = indicator(
    name="change",
    outputs={"value": "source"},
    warm_up=lambda length: (length,),
    length=(1, 1, LONGEST),
)(_difference)

momentum = indicator(
    name="momentum",
    outputs={"value": "source"},
    warm_up=lambda length: (length,),
    length=(10, 1, LONGEST),
)(_difference)


@indicator(
    outputs={"value": "percent"},
    warm_up=lambda length: (length,),
    length=(10, 1, LONGEST),
)
@kernel
def roc(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Rate of change: 100·(x − x₋ₙ)/x₋ₙ; NaN where x₋ₙ is zero (rule M13)."""
    for i in range(start, stop):
        before = value_before(source, i, length)
        out[0, i] = 100.0 * ratio(source[i] - before, before)


@indicator(
    outputs={"value": "percent"},
    warm_up=lambda length: (length,),
    carry=STRENGTH,
    length=(14, 1, LONGEST),
)
@kernel
def rsi(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Wilder's relative strength: 100·up/(up + down), up = rma(rises), down = rma(falls) (M2).

    100 where the average fall is zero, so also on a flat column. J. W. Wilder, New Concepts in
    Technical Trading Systems, 1978.
    """
    strength_column(source, length, carry, 0, out, 0, start, stop)


@indicator(
    outputs={"value": "percent"},
    warm_up=lambda length: (length,),
    carry=2 * FLOW,
    length=(14, 1, LONGEST),
)
@kernel
def cmo(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Chande's momentum: 100·(rises − falls)/(rises + falls), sums over `length` changes (M6).

    NaN where nothing moved. T. Chande, The New Technical Trader, 1994.
    """
    for i in range(start, stop):
        move = move_of(source, i)
        bar = leaving(carry, 0, i, length)
        gone = move_of(source, bar)
        up = flow_at(carry, 0, rise(move), rise(gone), length)
        down = flow_at(carry, FLOW, rise(-move), rise(-gone), length)
        out[0, i] = 100.0 * ratio(up - down, up + down)


@indicator(
    outputs={"value": "ratio"},
    warm_up=lambda short, long: (short + long - 1,),
    carry=4 * AVERAGE,
    short=(13, 1, LONGEST),
    long=(25, 1, LONGEST),
)
@kernel
def tsi(source: F1, short: int, long: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """True strength: ema(ema(change, long), short) / ema(ema(|change|, long), short).

    Between −1 and 1 (rule M8); NaN where nothing moved. W. Blau, 1991.
    """
    long_weight = 2.0 / (long + 1.0)
    short_weight = 2.0 / (short + 1.0)
    for i in range(start, stop):
        move = move_of(source, i)
        smooth = average_at(carry, 0, move, long, long_weight)
        size = average_at(carry, AVERAGE, abs(move), long, long_weight)
        above = average_at(carry, 2 * AVERAGE, smooth, short, short_weight)
        below = average_at(carry, 3 * AVERAGE, size, short, short_weight)
        out[0, i] = ratio(above, below)


@indicator(
    outputs={"macd": "source", "signal": "source", "histogram": "source"},
    warm_up=lambda fast, slow, signal: (
        max(fast, slow) - 1,
        max(fast, slow) + signal - 2,
        max(fast, slow) + signal - 2,
    ),
    carry=3 * AVERAGE,
    fast=(12, 1, LONGEST),
    slow=(26, 1, LONGEST),
    signal=(9, 1, LONGEST),
)
@kernel
def macd(
    source: F1,
    fast: int,
    slow: int,
    signal: int,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """MACD = ema(fast) − ema(slow), its signal ema(macd, signal), histogram = macd − signal (M5).

    G. Appel, 1979.
    """
    fast_average = average_from(carry, 0)
    slow_average = average_from(carry, AVERAGE)
    signal_average = average_from(carry, 2 * AVERAGE)
    for i in range(start, stop):
        x = source[i]
        fast_average = average_step(fast_average, x, fast, 2.0 / (fast + 1.0))
        slow_average = average_step(slow_average, x, slow, 2.0 / (slow + 1.0))
        line = average_value(fast_average, x, fast) - average_value(slow_average, x, slow)
        signal_average = average_step(signal_average, line, signal, 2.0 / (signal + 1.0))
        out[0, i] = line
        out[1, i] = average_value(signal_average, line, signal)
        out[2, i] = line - out[1, i]
    keep_average(carry, 0, fast_average)
    keep_average(carry, AVERAGE, slow_average)
    keep_average(carry, 2 * AVERAGE, signal_average)


@indicator(
    outputs={"value": "percent"},
    warm_up=lambda length, smoothing: (max(length - 1, 1) + smoothing - 1,),
    carry=MOMENTS + 2 * AVERAGE,
    length=(10, 1, LONGEST),
    smoothing=(14, 1, LONGEST),
)
@kernel
def relative_volatility(
    source: F1, length: int, smoothing: int, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    """Dorsey's relative volatility: 100·up/(up + down).

    `up` and `down` are emas over `smoothing` of the population deviation over `length` bars,
    counted as up where the column rose, else as down; NaN where nothing varied.
    D. Dorsey, Technical Analysis of Stocks & Commodities, 1993/6.
    """
    weight = 2.0 / (smoothing + 1.0)
    moments = moments_from(carry, 0)
    for i in range(start, stop):
        moments = moments_step(moments, source, i, length)
        move = move_of(source, i)
        known = math.isfinite(move)
        spread = deviation_value(moments, length, 0) if known else math.nan
        rose = 1.0 if move > 0.0 else 0.0
        above = average_at(carry, MOMENTS, spread * rose, smoothing, weight)
        below = average_at(carry, MOMENTS + AVERAGE, spread * (1.0 - rose), smoothing, weight)
        out[0, i] = 100.0 * ratio(above, above + below)
    keep_moments(carry, 0, moments)


@indicator(outputs={"value": "ratio"}, warm_up=lambda: (0,))
@kernel
def balance_of_power(
    open: F1,
    high: F1,
    low: F1,
    close: F1,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Livshin's balance of power: (close − open)/(high − low); 0 on a bar without a range."""
    for i in range(start, stop):
        spread = high[i] - low[i]
        hole = 0.0 * (open[i] + close[i] + spread)
        share = ratio(close[i] - open[i], spread) if spread != 0.0 else 0.0
        out[0, i] = share + hole
