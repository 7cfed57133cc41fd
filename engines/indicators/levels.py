"""Which price levels does the last session leave behind? Pivot points."""

from __future__ import annotations

import math
from typing import Final

from engines.compile import F1, OutF1, OutF2, kernel, scalar
from engines.indicators.definition import Unit, indicator
from engines.indicators.steps import finite, ratio

TRADITIONAL: Final = 0
FIBONACCI: Final = 1
WOODIE: Final = 2
CLASSIC: Final = 3
DEMARK: Final = 4
CAMARILLA: Final = 5

_LEVELS: Final[dict[str, Unit]] = dict.fromkeys(
    ("p", "r1", "s1", "r2", "s2", "r3", "s3", "r4", "s4", "r5", "s5"), "price"
)
_N_LEVELS: Final = 11
# In `carry`: the levels, then open, high, low, close and number of bars of the running session.
_SESSION: Final = _N_LEVELS


@indicator(
    outputs=_LEVELS,
    warm_up=lambda formula: (1,) * _N_LEVELS,
    carry=_SESSION + 5,
    formula=(TRADITIONAL, TRADITIONAL, CAMARILLA),
)
@kernel
def pivot_points(
    open: F1,
    high: F1,
    low: F1,
    close: F1,
    new_session: F1,
    formula: int,
    carry: OutF1,
    out: OutF2,
    start: int,
    stop: int,
) -> None:
    """Pivot levels of the session before, from the bar that begins a new one (new_session not 0).

    `formula` is 0 traditional, 1 Fibonacci, 2 Woodie, 3 classic, 4 DM, 5 Camarilla, with the
    formulas of ta.pivot_point_levels; a level that a formula does not have is NaN. Bars before the
    first flag count as a session. A bar with a hole does not count and leaves the levels; only
    Woodie's need the first open of the new session.
    """
    if start == 0:
        for k in range(_N_LEVELS):
            carry[k] = math.nan
    for i in range(start, stop):
        if math.isfinite(new_session[i]) and new_session[i] != 0.0 and carry[_SESSION + 4] > 0.0:
            _set_levels(carry, formula, finite(open[i]))
        _extend_session(carry, open[i], high[i], low[i], close[i])
        for k in range(_N_LEVELS):
            out[k, i] = carry[k]


@scalar
def _extend_session(carry: OutF1, open: float, high: float, low: float, close: float) -> None:
    if math.isfinite(open + high + low + close):
        first = carry[_SESSION + 4] == 0.0
        carry[_SESSION] = open if first else carry[_SESSION]
        carry[_SESSION + 1] = high if first else max(carry[_SESSION + 1], high)
        carry[_SESSION + 2] = low if first else min(carry[_SESSION + 2], low)
        carry[_SESSION + 3] = close
        carry[_SESSION + 4] += 1.0


@scalar
def _set_levels(carry: OutF1, formula: int, opened: float) -> None:
    """Levels of the session in `carry`, which ends; `opened` is the first open of the next."""
    begun, high, low = carry[_SESSION], carry[_SESSION + 1], carry[_SESSION + 2]
    close = carry[_SESSION + 3]
    carry[_SESSION + 4] = 0.0
    if formula == DEMARK:
        _set_demark(carry, begun, high, low, close)
    elif formula == WOODIE:
        p = (high + low + 2.0 * opened) / 4.0
        _set_mirrored(carry, p, high, low)
        _set_level(carry, 3, high + 2.0 * (p - low), low - 2.0 * (high - p))
        _set_level(carry, 4, carry[5] + (high - low), carry[6] - (high - low))
    else:
        p = (high + low + close) / 3.0
        _set_mirrored(carry, p, high, low)
        if formula == TRADITIONAL:
            for k in range(3, 6):
                n = k - 1.0
                _set_level(carry, k, n * p + (high - n * low), n * p - (n * high - low))
        elif formula == CLASSIC:
            for k in range(3, 5):
                reach = (k - 1.0) * (high - low)
                _set_level(carry, k, p + reach, p - reach)
        elif formula == FIBONACCI:
            _set_around(carry, 1, p, 0.382 * (high - low))
            _set_around(carry, 2, p, 0.618 * (high - low))
            _set_around(carry, 3, p, high - low)
        else:
            _set_camarilla(carry, high, low, close)


@scalar
def _set_level(carry: OutF1, rank: int, resistance: float, support: float) -> None:
    carry[2 * rank - 1] = resistance
    carry[2 * rank] = support


@scalar
def _set_around(carry: OutF1, rank: int, centre: float, reach: float) -> None:
    _set_level(carry, rank, centre + reach, centre - reach)


@scalar
def _set_mirrored(carry: OutF1, p: float, high: float, low: float) -> None:
    """The pivot and its first two levels, which most formulas share."""
    carry[0] = p
    _set_level(carry, 1, 2.0 * p - low, 2.0 * p - high)
    _set_around(carry, 2, p, high - low)


@scalar
def _set_demark(carry: OutF1, open: float, high: float, low: float, close: float) -> None:
    total = high + low + 2.0 * close
    if close > open:
        total = 2.0 * high + low + close
    elif close < open:
        total = 2.0 * low + high + close
    carry[0] = total / 4.0
    _set_level(carry, 1, total / 2.0 - low, total / 2.0 - high)


@scalar
def _set_camarilla(carry: OutF1, high: float, low: float, close: float) -> None:
    reach = 1.1 * (high - low)
    _set_around(carry, 1, close, reach / 12.0)
    _set_around(carry, 2, close, reach / 6.0)
    _set_around(carry, 3, close, reach / 4.0)
    _set_around(carry, 4, close, reach / 2.0)
    _set_around(carry, 5, close, finite(ratio(high, low) * close - close))
