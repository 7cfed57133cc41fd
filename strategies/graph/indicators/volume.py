"""Which measures of volume are there?

Each function makes the node of one formula of the registry.
"""

from __future__ import annotations

from typing import Literal

from strategies.graph.columns import close, high, low, new_session, open, volume
from strategies.graph.expressions import Series
from strategies.graph.nodes import indicator
from strategies.graph.scalars import Scalar


def obv(*, close: Series = close, volume: Series = volume) -> Series:
    """On-balance volume: running sum of the volume with the sign of the close's change."""
    return indicator("obv", {"close": close, "volume": volume}, {})


def accumulation_distribution(
    *, high: Series = high, low: Series = low, close: Series = close, volume: Series = volume
) -> Series:
    """Running sum of volume·((close − low) − (high − close))/(high − low), 0 without a range."""
    return indicator(
        "accumulation_distribution",
        {"high": high, "low": low, "close": close, "volume": volume},
        {},
    )


def cmf(
    length: Scalar = 20,
    *,
    high: Series = high,
    low: Series = low,
    close: Series = close,
    volume: Series = volume,
) -> Series:
    """Chaikin's money flow: Σ money flow volume / Σ volume over `length` bars."""
    return indicator(
        "cmf", {"high": high, "low": low, "close": close, "volume": volume}, {"length": length}
    )


def pvt(*, close: Series = close, volume: Series = volume) -> Series:
    """Price-volume trend: running sum of volume·(close − close₋₁)/close₋₁."""
    return indicator("pvt", {"close": close, "volume": volume}, {})


def nvi(*, close: Series = close, volume: Series = volume) -> Series:
    """Negative volume index: from 1, grows with the close on bars of less volume than before."""
    return indicator("nvi", {"close": close, "volume": volume}, {})


def pvi(*, close: Series = close, volume: Series = volume) -> Series:
    """Positive volume index: from 1, grows with the close on bars of more volume than before."""
    return indicator("pvi", {"close": close, "volume": volume}, {})


def iii(
    *, high: Series = high, low: Series = low, close: Series = close, volume: Series = volume
) -> Series:
    """Intraday intensity: (2·close − high − low)/((high − low)·volume)."""
    return indicator("iii", {"high": high, "low": low, "close": close, "volume": volume}, {})


def wad(*, high: Series = high, low: Series = low, close: Series = close) -> Series:
    """Williams' accumulation: running sum of the close's distance from the true low or high."""
    return indicator("wad", {"high": high, "low": low, "close": close}, {})


def wvad(
    *,
    open: Series = open,
    high: Series = high,
    low: Series = low,
    close: Series = close,
    volume: Series = volume,
) -> Series:
    """Williams' variable accumulation: volume·(close − open)/(high − low); NaN without a range."""
    return indicator(
        "wvad", {"open": open, "high": high, "low": low, "close": close, "volume": volume}, {}
    )


def vwap(
    source: Series,
    multiplier: Scalar = 1.0,
    *,
    output: Literal["value", "upper", "lower"] = "value",
    volume: Series = volume,
    new_session: Series = new_session,
) -> Series:
    """Volume-weighted average price since the session began: Σ source·volume / Σ volume."""
    return indicator(
        "vwap",
        {"source": source, "volume": volume, "new_session": new_session},
        {"multiplier": multiplier},
        output,
    )
