"""Which measures of volatility, and which bands made of them, are there?

Each function makes the node of one formula of the registry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from strategies.graph.columns import close, high, low
from strategies.graph.expressions import Series
from strategies.graph.indicators.outputs import Outputs, all_outputs
from strategies.graph.nodes import indicator
from strategies.graph.scalars import Scalar


@dataclass(frozen=True)
class Bollinger(Outputs):
    """Outputs of `bollinger`."""

    outputs: ClassVar[tuple[str, ...]] = ("basis", "upper", "lower", "width")
    basis: Series
    upper: Series
    lower: Series
    width: Series


@dataclass(frozen=True)
class Keltner(Outputs):
    """Outputs of `keltner`."""

    outputs: ClassVar[tuple[str, ...]] = ("basis", "upper", "lower", "width")
    basis: Series
    upper: Series
    lower: Series
    width: Series


@dataclass(frozen=True)
class Donchian(Outputs):
    """Outputs of `donchian`."""

    outputs: ClassVar[tuple[str, ...]] = ("upper", "lower", "basis")
    upper: Series
    lower: Series
    basis: Series


def true_range(
    from_first: Scalar = 1, *, high: Series = high, low: Series = low, close: Series = close
) -> Series:
    """Wilder's true range: the largest of high − low, |high − close₋₁| and |low − close₋₁|."""
    return indicator(
        "true_range", {"high": high, "low": low, "close": close}, {"from_first": from_first}
    )


def atr(
    length: Scalar = 14, *, high: Series = high, low: Series = low, close: Series = close
) -> Series:
    """Average true range: rma(true range, length), high − low on the first bar."""
    return indicator("atr", {"high": high, "low": low, "close": close}, {"length": length})


def stdev(source: Series, length: Scalar = 20, sample: Scalar = 0) -> Series:
    """Standard deviation over `length` bars: √(Σ(x − mean)²/n), n−1 where `sample` is 1."""
    return indicator("stdev", {"source": source}, {"length": length, "sample": sample})


def variance(source: Series, length: Scalar = 20, sample: Scalar = 0) -> Series:
    """Variance over `length` bars: Σ(x − mean)²/n, or /(n−1) where `sample` is 1."""
    return indicator("variance", {"source": source}, {"length": length, "sample": sample})


def range_of(source: Series, length: Scalar = 14) -> Series:
    """Highest minus lowest value of the last `length` bars (ta.range)."""
    return indicator("range_of", {"source": source}, {"length": length})


def correlation(a: Series, b: Series, length: Scalar = 20) -> Series:
    """Pearson's correlation of two columns over `length` bars; NaN where one does not vary."""
    return indicator("correlation", {"a": a, "b": b}, {"length": length})


def bollinger(source: Series, length: Scalar = 20, multiplier: Scalar = 2.0) -> Bollinger:
    """Bollinger bands: basis = sma, upper and lower = basis ± multiplier · stdev (population)."""
    return all_outputs(
        Bollinger, "bollinger", {"source": source}, {"length": length, "multiplier": multiplier}
    )


def keltner(
    source: Series,
    length: Scalar = 20,
    multiplier: Scalar = 2.0,
    use_true_range: Scalar = 1,
    *,
    high: Series = high,
    low: Series = low,
    close: Series = close,
) -> Keltner:
    """Keltner channel: basis = ema(source), upper and lower = basis ± multiplier · ema(range)."""
    return all_outputs(
        Keltner,
        "keltner",
        {"source": source, "high": high, "low": low, "close": close},
        {"length": length, "multiplier": multiplier, "use_true_range": use_true_range},
    )


def donchian(length: Scalar = 20, *, high: Series = high, low: Series = low) -> Donchian:
    """Donchian channel: highest high and lowest low of `length` bars, this one included; middle."""
    return all_outputs(Donchian, "donchian", {"high": high, "low": low}, {"length": length})
