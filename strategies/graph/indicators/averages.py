"""Which averages are there?

Each function makes the node of one formula of the registry.
"""

from __future__ import annotations

from typing import Literal

from strategies.graph.columns import volume
from strategies.graph.expressions import Series
from strategies.graph.nodes import indicator
from strategies.graph.scalars import Scalar


def sma(source: Series, length: Scalar = 20) -> Series:
    """Simple moving average: the sum of the last `length` values divided by `length`."""
    return indicator("sma", {"source": source}, {"length": length})


def ema(source: Series, length: Scalar = 20) -> Series:
    """Exponential average of weight w = 2/(length+1): w·x + (1−w)·previous."""
    return indicator("ema", {"source": source}, {"length": length})


def rma(source: Series, length: Scalar = 14) -> Series:
    """Wilder's average: exponential with weight 1/length, seeded like the ema."""
    return indicator("rma", {"source": source}, {"length": length})


def dema(source: Series, length: Scalar = 20) -> Series:
    """Double exponential average: 2·e1 − e2 with e1 = ema(source), e2 = ema(e1)."""
    return indicator("dema", {"source": source}, {"length": length})


def tema(source: Series, length: Scalar = 20) -> Series:
    """Triple exponential average: 3·(e1 − e2) + e3, each e the ema of the one before."""
    return indicator("tema", {"source": source}, {"length": length})


def wma(source: Series, length: Scalar = 20) -> Series:
    """Weighted moving average, weights `length` (newest) to 1 over length·(length+1)/2."""
    return indicator("wma", {"source": source}, {"length": length})


def hma(
    source: Series, length: Scalar = 20, *, output: Literal["value", "raw"] = "value"
) -> Series:
    """Hull's average: wma of `raw` over floor(√length), raw = 2·wma(length/2) − wma(length)."""
    return indicator("hma", {"source": source}, {"length": length}, output)


def vwma(source: Series, length: Scalar = 20, *, volume: Series = volume) -> Series:
    """Volume-weighted average: Σ source·volume / Σ volume over `length` bars."""
    return indicator("vwma", {"source": source, "volume": volume}, {"length": length})


def alma(source: Series, length: Scalar = 9, offset: Scalar = 0.85, sigma: Scalar = 6.0) -> Series:
    """Arnaud Legoux average: weights exp(−(j−m)²/(2s²)), j = 0 the oldest bar, over their sum."""
    return indicator(
        "alma", {"source": source}, {"length": length, "offset": offset, "sigma": sigma}
    )


def swma(source: Series) -> Series:
    """Symmetrically weighted average of four bars: (x₋₃ + 2·x₋₂ + 2·x₋₁ + x₀)/6."""
    return indicator("swma", {"source": source}, {})


def linreg(
    source: Series,
    length: Scalar = 14,
    offset: Scalar = 0,
    *,
    output: Literal["value", "slope"] = "value",
) -> Series:
    """Least-squares line through `length` bars, read `offset` bars before the newest; its slope."""
    return indicator("linreg", {"source": source}, {"length": length, "offset": offset}, output)


def cog(source: Series, length: Scalar = 10) -> Series:
    """Ehlers' centre of gravity: −Σ x₍k₎·(k+1) / Σ x₍k₎, k = 0 the newest bar."""
    return indicator("cog", {"source": source}, {"length": length})
