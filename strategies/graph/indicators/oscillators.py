"""Which oscillators are there?

Each function makes the node of one formula of the registry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from strategies.graph.columns import close, high, low, volume
from strategies.graph.expressions import Series
from strategies.graph.indicators.outputs import Outputs, all_outputs
from strategies.graph.nodes import indicator
from strategies.graph.scalars import Scalar


@dataclass(frozen=True)
class Stochastic(Outputs):
    """Outputs of `stochastic`."""

    outputs: ClassVar[tuple[str, ...]] = ("k", "d", "raw")
    k: Series
    d: Series
    raw: Series


@dataclass(frozen=True)
class StochRsi(Outputs):
    """Outputs of `stoch_rsi`."""

    outputs: ClassVar[tuple[str, ...]] = ("k", "d", "raw", "rsi")
    k: Series
    d: Series
    raw: Series
    rsi: Series


@dataclass(frozen=True)
class Aroon(Outputs):
    """Outputs of `aroon`."""

    outputs: ClassVar[tuple[str, ...]] = ("up", "down", "oscillator")
    up: Series
    down: Series
    oscillator: Series


@dataclass(frozen=True)
class Qqe(Outputs):
    """Outputs of `qqe`."""

    outputs: ClassVar[tuple[str, ...]] = (
        "smooth",
        "line",
        "upper",
        "lower",
        "histogram",
        "direction",
        "rsi",
    )
    smooth: Series
    line: Series
    upper: Series
    lower: Series
    histogram: Series
    direction: Series
    rsi: Series


def stoch(source: Series, length: Scalar = 14, *, high: Series = high, low: Series = low) -> Series:
    """Raw stochastic: 100·(source − lowest low)/(highest high − lowest low) over `length` bars."""
    return indicator("stoch", {"source": source, "high": high, "low": low}, {"length": length})


def stochastic(
    source: Series,
    length: Scalar = 14,
    smoothing: Scalar = 3,
    signal: Scalar = 3,
    *,
    high: Series = high,
    low: Series = low,
) -> Stochastic:
    """Slow stochastic: k = sma(raw, smoothing), d = sma(k, signal), raw as in `stoch`. G. Lane."""
    return all_outputs(
        Stochastic,
        "stochastic",
        {"source": source, "high": high, "low": low},
        {"length": length, "smoothing": smoothing, "signal": signal},
    )


def stoch_rsi(
    source: Series,
    rsi_length: Scalar = 14,
    length: Scalar = 14,
    smoothing: Scalar = 3,
    signal: Scalar = 3,
) -> StochRsi:
    """Stochastic of the rsi: raw over `length`, k = sma(raw, smoothing), d = sma(k, signal)."""
    return all_outputs(
        StochRsi,
        "stoch_rsi",
        {"source": source},
        {"rsi_length": rsi_length, "length": length, "smoothing": smoothing, "signal": signal},
    )


def williams_r(
    length: Scalar = 14, *, high: Series = high, low: Series = low, close: Series = close
) -> Series:
    """Williams' %R: 100·(close − highest high)/(highest high − lowest low), −100 to 0."""
    return indicator("williams_r", {"high": high, "low": low, "close": close}, {"length": length})


def cci(source: Series, length: Scalar = 20) -> Series:
    """Commodity channel: (x − mean)/(0.015 · mean absolute deviation) over `length` bars."""
    return indicator("cci", {"source": source}, {"length": length})


def mfi(source: Series, length: Scalar = 14, *, volume: Series = volume) -> Series:
    """Money flow: 100·inflow/(inflow + outflow), flows of volume·source over `length` bars."""
    return indicator("mfi", {"source": source, "volume": volume}, {"length": length})


def aroon(length: Scalar = 14, *, high: Series = high, low: Series = low) -> Aroon:
    """Aroon: 100·(length − bars since the highest high, or lowest low, of length+1 bars)/length."""
    return all_outputs(Aroon, "aroon", {"high": high, "low": low}, {"length": length})


def percent_rank(source: Series, length: Scalar = 14) -> Series:
    """Share of the `length` values before that are at or below the current one."""
    return indicator("percent_rank", {"source": source}, {"length": length})


def rci(source: Series, length: Scalar = 10) -> Series:
    """Rank correlation of value and time over `length` bars, −100 to 100 (Spearman)."""
    return indicator("rci", {"source": source}, {"length": length})


def qqe(source: Series, length: Scalar = 14, smoothing: Scalar = 5, factor: Scalar = 4.238) -> Qqe:
    """Quantitative qualitative estimation: the smoothed rsi and a line that trails it."""
    return all_outputs(
        Qqe, "qqe", {"source": source}, {"length": length, "smoothing": smoothing, "factor": factor}
    )
