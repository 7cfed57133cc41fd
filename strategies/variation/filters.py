"""Which filters may be put before an entry? Conditions that mirror themselves for the short side.

A filter is a state of the market, not a signal: it only takes entries away. Its numbers are
parameters, so that a later sweep can look around them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from strategies.graph.columns import close, volume
from strategies.graph.conditions import Session
from strategies.graph.expressions import Condition
from strategies.graph.functions import constant
from strategies.graph.indicators.averages import ema, sma
from strategies.graph.indicators.momentum import macd, rsi
from strategies.graph.indicators.trend import dmi, supertrend
from strategies.graph.indicators.volatility import atr, bollinger
from strategies.graph.scalars import Param, param

# The condition of a long entry and of a short one; parameters are called after the prefix.
Filter = Callable[[str], tuple[Condition, Condition]]


def _length(prefix: str, bars: int, high: int = 400) -> Param:
    return param(f"{prefix}_length", bars, low=5, high=high)


def _with_trend(bars: int) -> Filter:
    def make(prefix: str) -> tuple[Condition, Condition]:
        base = ema(close, _length(prefix, bars))
        return close > base, close < base

    return make


def _against_trend(bars: int) -> Filter:
    def make(prefix: str) -> tuple[Condition, Condition]:
        base = ema(close, _length(prefix, bars))
        return close < base, close > base

    return make


def _rising(bars: int) -> Filter:
    def make(prefix: str) -> tuple[Condition, Condition]:
        base = ema(close, _length(prefix, bars))
        return base > base[1], base < base[1]

    return make


def _directed(level: int) -> Filter:
    def make(prefix: str) -> tuple[Condition, Condition]:
        strong = dmi(14, 14).adx > param(f"{prefix}_level", level, low=5, high=60)
        return strong, strong

    return make


def _undirected(level: int) -> Filter:
    def make(prefix: str) -> tuple[Condition, Condition]:
        weak = dmi(14, 14).adx < param(f"{prefix}_level", level, low=5, high=60)
        return weak, weak

    return make


def _strong(level: int) -> Filter:
    def make(prefix: str) -> tuple[Condition, Condition]:
        force, least = rsi(close, 14), param(f"{prefix}_level", level, low=5, high=95)
        return force > least, force < constant(100) - least

    return make


def _not_stretched(level: int) -> Filter:
    def make(prefix: str) -> tuple[Condition, Condition]:
        force, most = rsi(close, 14), param(f"{prefix}_level", level, low=5, high=95)
        return force < most, force > constant(100) - most

    return make


def _volatile(factor: float) -> Filter:
    def make(prefix: str) -> tuple[Condition, Condition]:
        usual = param(f"{prefix}_factor", factor, low=0.2, high=5.0) * sma(atr(14), 100)
        wide = atr(14) > usual
        return wide, wide

    return make


def _calm(factor: float) -> Filter:
    def make(prefix: str) -> tuple[Condition, Condition]:
        usual = param(f"{prefix}_factor", factor, low=0.2, high=5.0) * sma(atr(14), 100)
        narrow = atr(14) < usual
        return narrow, narrow

    return make


def _busy(factor: float) -> Filter:
    def make(prefix: str) -> tuple[Condition, Condition]:
        usual = param(f"{prefix}_factor", factor, low=0.2, high=5.0) * sma(volume, 20)
        traded = volume > usual
        return traded, traded

    return make


def _squeezed(bars: int) -> Filter:
    def make(prefix: str) -> tuple[Condition, Condition]:
        width = bollinger(close, 20, 2.0).width
        narrow = width < sma(width, _length(prefix, bars))
        return narrow, narrow

    return make


def _macd_side(_: str) -> tuple[Condition, Condition]:
    rest = macd(close, 12, 26, 9).histogram
    return rest > 0, rest < 0


def _supertrend_side(_: str) -> tuple[Condition, Condition]:
    # TradingView's direction: -1 while the trend is up.
    way = supertrend(3.0, 10).direction
    return way < 0, way > 0


def _hours(start: str, end: str) -> Filter:
    def make(_: str) -> tuple[Condition, Condition]:
        open_hours = Session("UTC", start, end)
        return open_hours, open_hours

    return make


FILTERS: Final[Mapping[str, Filter]] = {
    **{f"with ema {bars}": _with_trend(bars) for bars in (20, 50, 100, 200)},
    **{f"against ema {bars}": _against_trend(bars) for bars in (50, 200)},
    **{f"ema {bars} turning its way": _rising(bars) for bars in (50, 200)},
    **{f"adx above {level}": _directed(level) for level in (20, 25, 30)},
    **{f"adx below {level}": _undirected(level) for level in (20, 25)},
    "rsi on its side of 50": _strong(50),
    "rsi not beyond 70": _not_stretched(70),
    **{f"atr above {factor:g} of usual": _volatile(factor) for factor in (1.0, 1.3)},
    "atr below usual": _calm(1.0),
    **{f"volume above {factor:g} of usual": _busy(factor) for factor in (1.0, 1.5)},
    "bands narrow": _squeezed(100),
    "macd on its side": _macd_side,
    "supertrend on its side": _supertrend_side,
    "hours 00-08 UTC": _hours("00:00", "08:00"),
    "hours 07-16 UTC": _hours("07:00", "16:00"),
    "hours 13-21 UTC": _hours("13:00", "21:00"),
}
