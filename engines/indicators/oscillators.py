"""Where does a value stand within its last bars? Oscillators between two bounds."""

from __future__ import annotations

import math
from typing import Final

from engines.compile import F1, OutF1, OutF2, kernel, scalar
from engines.indicators.definition import LONGEST, indicator
from engines.indicators.flows import FLOW, flow_at, leaving
from engines.indicators.steps import (
    STRENGTH,
    move_of,
    ratio,
    strength_column,
    wilder_index,
)
from engines.indicators.windows import (
    EXTREME,
    MEAN,
    extreme_at,
    extreme_from,
    extreme_step,
    extreme_value,
    keep_extreme,
    mean_column,
)

# Ranks are counted by comparing every pair of bars of the window.
_RCI_LONGEST: Final = 500
# Values this close are equal: Pine's tolerance (rule M12). Equal means may differ in a last bit.
_SAME: Final = 1e-10


# Places in `carry` that the raw stochastic takes.
_PLACE: Final = 2 * EXTREME + 1


@scalar
def _place_column(
    source: F1,
    high: F1,
    low: F1,
    length: int,
    carry: OutF1,
    slot: int,
    out: OutF2,
    row: int,
    start: int,
    stop: int,
) -> None:
    """Fill out[row, start:stop] with the raw stochastic, its state kept at `slot`."""
    place = carry[slot + 2 * EXTREME] if start > 0 else math.nan
    top = extreme_from(carry, slot)
    bottom = extreme_from(carry, slot + EXTREME)
    for i in range(start, stop):
        top = extreme_step(top, high, i, length, 1.0)
        bottom = extreme_step(bottom, low, i, length, -1.0)
        floor = extreme_value(bottom, low, length)
        spread = extreme_value(top, high, length) - floor
        known = math.isfinite(spread) and math.isfinite(source[i])
        if known and spread != 0.0:
            place = 100.0 * (source[i] - floor) / spread
        out[row, i] = place if known else math.nan
    keep_extreme(carry, slot, top)
    keep_extreme(carry, slot + EXTREME, bottom)
    carry[slot + 2 * EXTREME] = place


@indicator(
    outputs={"value": "percent"},
    warm_up=lambda length: (length - 1,),
    carry=_PLACE,
    length=(14, 1, LONGEST),
)
@kernel
def stoch(
    source: F1, high: F1, low: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    """Raw stochastic: 100·(source − lowest low)/(highest high − lowest low) over `length` bars.

    A range of zero repeats the value before (rule M6; NaN if there is none yet). G. Lane.
    """
    _place_column(source, high, low, length, carry, 0, out, 0, start, stop)


@indicator(
    outputs={"k": "percent", "d": "percent", "raw": "percent"},
    warm_up=lambda length, smoothing, signal: (
        length + smoothing - 2,
        length + smoothing + signal - 3,
        length - 1,
    ),
    carry=_PLACE + 2 * MEAN,
    length=(14, 1, LONGEST),
    smoothing=(3, 1, LONGEST),
    signal=(3, 1, LONGEST),
)
@kernel
def stochastic(
    source: F1,
    high: F1,
    low: F1,
    length: int,
    smoothing: int,
    signal: int,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Slow stochastic: k = sma(raw, smoothing), d = sma(k, signal), raw as in `stoch`. G. Lane."""
    k, d, raw = 0, 1, 2
    _place_column(source, high, low, length, carry, 0, out, raw, start, stop)
    mean_column(out[raw], smoothing, carry, _PLACE, out, k, start, stop)
    mean_column(out[k], signal, carry, _PLACE + MEAN, out, d, start, stop)


@indicator(
    outputs={"k": "percent", "d": "percent", "raw": "percent", "rsi": "percent"},
    warm_up=lambda rsi_length, length, smoothing, signal: (
        rsi_length + length + smoothing - 2,
        rsi_length + length + smoothing + signal - 3,
        rsi_length + length - 1,
        rsi_length,
    ),
    carry=STRENGTH + _PLACE + 2 * MEAN,
    rsi_length=(14, 1, LONGEST),
    length=(14, 1, LONGEST),
    smoothing=(3, 1, LONGEST),
    signal=(3, 1, LONGEST),
)
@kernel
def stoch_rsi(
    source: F1,
    rsi_length: int,
    length: int,
    smoothing: int,
    signal: int,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Stochastic of the rsi: raw over `length` bars, k = sma(raw, smoothing), d = sma(k, signal).

    The rsi as in `rsi`, raw as in `stoch` with the rsi as source, high and low.
    T. Chande and S. Kroll, The New Technical Trader, 1994.
    """
    k, d, raw, rsi = 0, 1, 2, 3
    places, means = STRENGTH, STRENGTH + _PLACE
    strength_column(source, rsi_length, carry, 0, out, rsi, start, stop)
    _place_column(out[rsi], out[rsi], out[rsi], length, carry, places, out, raw, start, stop)
    mean_column(out[raw], smoothing, carry, means, out, k, start, stop)
    mean_column(out[k], signal, carry, means + MEAN, out, d, start, stop)


@indicator(
    outputs={"value": "percent"},
    warm_up=lambda length: (length - 1,),
    carry=2 * EXTREME,
    length=(14, 1, LONGEST),
)
@kernel
def williams_r(
    high: F1, low: F1, close: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    """Williams' %R: 100·(close − highest high)/(highest high − lowest low), −100 to 0 (rule M6).

    NaN where the range is zero.
    """
    for i in range(start, stop):
        top = extreme_at(carry, 0, high, i, length, 1.0)
        bottom = extreme_at(carry, EXTREME, low, i, length, -1.0)
        out[0, i] = 100.0 * ratio(close[i] - top, top - bottom)


@indicator(
    outputs={"value": "none"},
    warm_up=lambda length: (length - 1,),
    carry=FLOW,
    length=(20, 1, LONGEST),
)
@kernel
def cci(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Commodity channel: (x − mean)/(0.015 · mean absolute deviation) over `length` bars (M6).

    NaN where nothing varies. Usually of hlc3. D. Lambert, 1980.
    """
    for i in range(start, stop):
        gone = leaving(carry, 0, i, length)
        mean = flow_at(carry, 0, source[i], source[gone], length) / length
        out[0, i] = math.nan
        if math.isfinite(mean):
            spread = _absolute_deviation(source, i, length, mean)
            out[0, i] = ratio(source[i] - mean, 0.015 * spread)


@scalar
def _absolute_deviation(column: F1, i: int, length: int, centre: float) -> float:
    # Four running sums hide the latency of the additions.
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    j = i - length + 1
    while j + 3 <= i:
        a += abs(column[j] - centre)
        b += abs(column[j + 1] - centre)
        c += abs(column[j + 2] - centre)
        d += abs(column[j + 3] - centre)
        j += 4
    while j <= i:
        a += abs(column[j] - centre)
        j += 1
    return ((a + b) + (c + d)) / length


@indicator(
    outputs={"value": "percent"},
    warm_up=lambda length: (length - 1,),
    carry=2 * FLOW,
    length=(14, 1, LONGEST),
)
@kernel
def mfi(
    source: F1, volume: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int
) -> None:
    """Money flow: 100·inflow/(inflow + outflow), flows of volume·source over `length` bars.

    A bar whose source rose flows in, one whose source fell flows out; the first bar, whose change
    is unknown, counts in both (rule M7). 100 without outflow. Usually of hlc3.
    """
    for i in range(start, stop):
        gone = leaving(carry, 0, i, length)
        inflow = flow_at(
            carry, 0, _flow(source, volume, i, 1.0), _flow(source, volume, gone, 1.0), length
        )
        outflow = flow_at(
            carry, FLOW, _flow(source, volume, i, -1.0), _flow(source, volume, gone, -1.0), length
        )
        known = math.isfinite(inflow)
        out[0, i] = wilder_index(inflow, outflow) if known else math.nan


@scalar
def _flow(source: F1, volume: F1, i: int, sign: float) -> float:
    """Money of bar `i` that went the way of `sign`."""
    money: float = volume[i] * source[i]
    move = move_of(source, i)
    return 0.0 * money if sign * move <= 0.0 else money


@indicator(
    outputs={"up": "percent", "down": "percent", "oscillator": "percent"},
    warm_up=lambda length: (length, length, length),
    carry=2 * EXTREME,
    length=(14, 1, LONGEST),
)
@kernel
def aroon(high: F1, low: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Aroon: 100·(length − bars since the highest high, or lowest low, of length+1 bars)/length.

    Of equal extremes the oldest counts (rule M11); oscillator = up − down. T. Chande, 1995.
    """
    top = extreme_from(carry, 0)
    bottom = extreme_from(carry, EXTREME)
    for i in range(start, stop):
        top = extreme_step(top, high, i, length + 1, 1.0)
        bottom = extreme_step(bottom, low, i, length + 1, -1.0)
        up, down = math.nan, math.nan
        if top.seen > length:
            up = 100.0 * (length - (i - top.at)) / length
        if bottom.seen > length:
            down = 100.0 * (length - (i - bottom.at)) / length
        out[0, i] = up
        out[1, i] = down
        out[2, i] = up - down
    keep_extreme(carry, 0, top)
    keep_extreme(carry, EXTREME, bottom)


@indicator(
    outputs={"value": "percent"},
    warm_up=lambda length: (length,),
    carry=1,
    length=(14, 1, LONGEST),
)
@kernel
def percent_rank(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Share of the `length` values before that are at or below the current one (rule M8)."""
    seen = carry[0]
    for i in range(start, stop):
        seen = seen + 1.0 if math.isfinite(source[i]) else 0.0
        out[0, i] = math.nan
        if seen > length:
            below = 0
            for j in range(i - length, i):
                below += 1 if source[j] <= source[i] else 0
            out[0, i] = 100.0 * below / length
    carry[0] = seen


@indicator(
    outputs={"value": "percent"},
    warm_up=lambda length: (length,),
    carry=1,
    length=(10, 2, _RCI_LONGEST),
)
@kernel
def rci(source: F1, length: int, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Rank correlation of value and time over `length` bars, −100 to 100 (Spearman).

    Values within 1e-10 share the mean of their ranks (rule M12). TradingView shows it one bar
    later than the window is full. NaN where nothing varies.
    """
    seen = carry[0]
    for i in range(start, stop):
        seen = seen + 1.0 if math.isfinite(source[i]) else 0.0
        out[0, i] = _rank_correlation(source, i, length) if seen > length else math.nan
    carry[0] = seen


@scalar
def _rank_correlation(column: F1, i: int, length: int) -> float:
    centre = 0.5 * (length + 1.0)
    products, squares = 0.0, 0.0
    for j in range(length):
        x = column[i - length + 1 + j]
        below, equal = 0, 0
        for k in range(i - length + 1, i + 1):
            distance = column[k] - x
            below += 1 if distance < -_SAME else 0
            equal += 1 if abs(distance) <= _SAME else 0
        rank = below + 0.5 * (equal + 1.0) - centre
        products += rank * (j + 1.0 - centre)
        squares += rank * rank
    times = length * (length * length - 1.0) / 12.0
    return 100.0 * ratio(products, math.sqrt(squares * times))
