"""Which measures of momentum are there?

Each function makes the node of one formula of the registry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from strategies.graph.columns import close, high, low, open
from strategies.graph.expressions import Series
from strategies.graph.indicators.outputs import Outputs, all_outputs
from strategies.graph.nodes import indicator
from strategies.graph.scalars import Scalar


@dataclass(frozen=True)
class Macd(Outputs):
    """Outputs of `macd`."""

    outputs: ClassVar[tuple[str, ...]] = ("macd", "signal", "histogram")
    macd: Series
    signal: Series
    histogram: Series


def change(source: Series, length: Scalar = 1) -> Series:
    """Difference to the value `length` bars before: x − x₋ₙ."""
    return indicator("change", {"source": source}, {"length": length})


def momentum(source: Series, length: Scalar = 10) -> Series:
    """Difference to the value `length` bars before: x − x₋ₙ."""
    return indicator("momentum", {"source": source}, {"length": length})


def roc(source: Series, length: Scalar = 10) -> Series:
    """Rate of change: 100·(x − x₋ₙ)/x₋ₙ; NaN where x₋ₙ is zero."""
    return indicator("roc", {"source": source}, {"length": length})


def rsi(source: Series, length: Scalar = 14) -> Series:
    """Wilder's relative strength: 100·up/(up + down), up = rma(rises), down = rma(falls)."""
    return indicator("rsi", {"source": source}, {"length": length})


def cmo(source: Series, length: Scalar = 14) -> Series:
    """Chande's momentum: 100·(rises − falls)/(rises + falls), sums over `length` changes."""
    return indicator("cmo", {"source": source}, {"length": length})


def tsi(source: Series, short: Scalar = 13, long: Scalar = 25) -> Series:
    """True strength: ema(ema(change, long), short) / ema(ema(|change|, long), short)."""
    return indicator("tsi", {"source": source}, {"short": short, "long": long})


def macd(source: Series, fast: Scalar = 12, slow: Scalar = 26, signal: Scalar = 9) -> Macd:
    """MACD = ema(fast) − ema(slow), its signal ema(macd, signal), histogram = macd − signal."""
    return all_outputs(
        Macd, "macd", {"source": source}, {"fast": fast, "slow": slow, "signal": signal}
    )


def relative_volatility(source: Series, length: Scalar = 10, smoothing: Scalar = 14) -> Series:
    """Dorsey's relative volatility: 100·up/(up + down)."""
    return indicator(
        "relative_volatility", {"source": source}, {"length": length, "smoothing": smoothing}
    )


def balance_of_power(
    *, open: Series = open, high: Series = high, low: Series = low, close: Series = close
) -> Series:
    """Livshin's balance of power: (close − open)/(high − low); 0 on a bar without a range."""
    return indicator(
        "balance_of_power", {"open": open, "high": high, "low": low, "close": close}, {}
    )
