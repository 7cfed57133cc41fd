"""Does the volume confirm the price? Columns of volume, single and accumulated."""

from __future__ import annotations

import math

from engines.compile import F1, OutF1, OutF2, kernel, scalar
from engines.indicators.definition import LONGEST, indicator
from engines.indicators.flows import FLOW, flow_at, leaving
from engines.indicators.steps import (
    finite,
    move_of,
    ratio,
    value_before,
)


@scalar
def _accumulate(carry: OutF1, x: float) -> float:
    """Add `x` to the running total and return it; NaN for a hole, which adds nothing."""
    if not math.isfinite(x):
        return math.nan
    carry[0] += x
    total: float = carry[0]
    return total


@scalar
def _money_flow_volume(high: float, low: float, close: float, volume: float) -> float:
    """Volume times the close's place in the bar, −1 at its low to 1 at its high; 0 for no range."""
    spread = high - low
    place = ((close - low) - (high - close)) / spread if spread != 0.0 else 0.0 * close
    return place * volume


@indicator(outputs={"value": "volume"}, warm_up=lambda: (1,), carry=1)
@kernel
def obv(close: F1, volume: F1, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """On-balance volume: running sum of the volume with the sign of the close's change.

    J. Granville, 1963.
    """
    for i in range(start, stop):
        move = move_of(close, i)
        # No move gives 0, an unknown one NaN.
        sign = 1.0 if move > 0.0 else (-1.0 if move < 0.0 else move)
        out[0, i] = _accumulate(carry, sign * volume[i])


@indicator(outputs={"value": "volume"}, warm_up=lambda: (0,), carry=1)
@kernel
def accumulation_distribution(
    high: F1,
    low: F1,
    close: F1,
    volume: F1,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Running sum of volume·((close − low) − (high − close))/(high − low), 0 without a range.

    Known as A/D line or accdist. M. Chaikin.
    """
    for i in range(start, stop):
        out[0, i] = _accumulate(carry, _money_flow_volume(high[i], low[i], close[i], volume[i]))


@indicator(
    outputs={"value": "ratio"},
    warm_up=lambda length: (length - 1,),
    carry=2 * FLOW,
    length=(20, 1, LONGEST),
)
@kernel
def cmf(
    high: F1,
    low: F1,
    close: F1,
    volume: F1,
    length: int,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Chaikin's money flow: Σ money flow volume / Σ volume over `length` bars.

    The flow as in `accumulation_distribution`; NaN where nothing was traded.
    """
    for i in range(start, stop):
        flow = _money_flow_volume(high[i], low[i], close[i], volume[i])
        traded = volume[i] if math.isfinite(flow) else math.nan
        j = leaving(carry, 0, i, length)
        gone = _money_flow_volume(high[j], low[j], close[j], volume[j])
        above = flow_at(carry, 0, flow, gone, length)
        out[0, i] = ratio(above, flow_at(carry, FLOW, traded, volume[j], length))


@indicator(outputs={"value": "volume"}, warm_up=lambda: (1,), carry=1)
@kernel
def pvt(close: F1, volume: F1, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Price-volume trend: running sum of volume·(close − close₋₁)/close₋₁."""
    for i in range(start, stop):
        before = value_before(close, i, 1)
        out[0, i] = _accumulate(carry, ratio(close[i] - before, before) * volume[i])


@scalar
def _volume_index(close: F1, volume: F1, i: int, sign: float, carry: OutF1) -> float:
    """The index after bar `i`, grown with the close if the volume moved the way of `sign`."""
    if i == 0 or carry[0] == 0.0:
        carry[0] = 1.0
    growth = ratio(move_of(close, i), value_before(close, i, 1))
    counts = sign * move_of(volume, i) > 0.0 and close[i] != 0.0
    if counts and math.isfinite(growth):
        carry[0] += growth * carry[0]
    index: float = carry[0] + 0.0 * (close[i] + volume[i])
    return index


@indicator(outputs={"value": "ratio"}, warm_up=lambda: (0,), carry=1)
@kernel
def nvi(close: F1, volume: F1, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Negative volume index: from 1, grows with the close on bars of less volume than before.

    P. Dysart, 1936.
    """
    for i in range(start, stop):
        out[0, i] = _volume_index(close, volume, i, -1.0, carry)


@indicator(outputs={"value": "ratio"}, warm_up=lambda: (0,), carry=1)
@kernel
def pvi(close: F1, volume: F1, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Positive volume index: from 1, grows with the close on bars of more volume than before.

    P. Dysart, 1936.
    """
    for i in range(start, stop):
        out[0, i] = _volume_index(close, volume, i, 1.0, carry)


@indicator(outputs={"value": "none"}, warm_up=lambda: (0,))
@kernel
def iii(
    high: F1,
    low: F1,
    close: F1,
    volume: F1,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Intraday intensity: (2·close − high − low)/((high − low)·volume).

    NaN on a bar without range or volume. D. Bostian.
    """
    for i in range(start, stop):
        place = 2.0 * close[i] - high[i] - low[i]
        out[0, i] = ratio(place, (high[i] - low[i]) * volume[i]) + 0.0 * volume[i]


@indicator(outputs={"value": "price"}, warm_up=lambda: (0,), carry=1)
@kernel
def wad(high: F1, low: F1, close: F1, carry: OutF1, out: OutF2, start: int, stop: int) -> None:
    """Williams' accumulation: running sum of the close's distance from the true low or high.

    On a rise the lower of low and the close before counts, on a fall the higher of high and the
    close before; the first bar adds nothing.
    """
    for i in range(start, stop):
        before = value_before(close, i, 1)
        hole = 0.0 * (high[i] + low[i] + close[i])
        gain = 0.0
        if close[i] > before:
            gain = close[i] - min(low[i], before)
        elif close[i] < before:
            gain = close[i] - max(high[i], before)
        out[0, i] = _accumulate(carry, gain + hole)


@indicator(outputs={"value": "volume"}, warm_up=lambda: (0,))
@kernel
def wvad(
    open: F1,
    high: F1,
    low: F1,
    close: F1,
    volume: F1,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Williams' variable accumulation: volume·(close − open)/(high − low); NaN without a range."""
    for i in range(start, stop):
        spread = high[i] - low[i]
        out[0, i] = finite(ratio(close[i] - open[i], spread) * volume[i] + 0.0 * spread)


@indicator(
    outputs={"value": "source", "upper": "source", "lower": "source"},
    warm_up=lambda multiplier: (0, 0, 0),
    carry=5,
    multiplier=(1.0, 0.0, 50.0),
)
@kernel
def vwap(
    source: F1,
    volume: F1,
    new_session: F1,
    multiplier: float,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Volume-weighted average price since the session began: Σ source·volume / Σ volume.

    `new_session` is not zero on a session's first bar; before the first such bar there is no
    value, nor while nothing was traded. Bands = vwap ± multiplier·√(Σ volume·(source − vwap)²/Σ
    volume). A hole adds nothing (rule M13). Usually of hlc3.
    """
    opened, reference, volumes, moments, squares = carry[0], carry[1], carry[2], carry[3], carry[4]
    for i in range(start, stop):
        if math.isfinite(new_session[i]) and new_session[i] != 0.0:
            opened, reference, volumes, moments, squares = 1.0, math.nan, 0.0, 0.0, 0.0
        known = math.isfinite(source[i]) and math.isfinite(volume[i]) and opened != 0.0
        if known and not math.isfinite(reference):
            reference = source[i]
        if known:
            # About the session's first price, so that the squares do not cancel.
            distance = source[i] - reference
            volumes += volume[i]
            moments += volume[i] * distance
            squares += volume[i] * distance * distance
        mean = ratio(moments, volumes) if known else math.nan
        spread = max(ratio(squares, volumes) - mean * mean, 0.0) if known else math.nan
        reach = multiplier * math.sqrt(spread)
        out[0, i] = reference + mean
        out[1, i] = reference + mean + reach
        out[2, i] = reference + mean - reach
    carry[0], carry[1], carry[2], carry[3], carry[4] = opened, reference, volumes, moments, squares
