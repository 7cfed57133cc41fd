"""Which trend followers are there?

Each function makes the node of one formula of the registry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from strategies.graph.columns import close, high, low
from strategies.graph.expressions import Series
from strategies.graph.indicators.outputs import Outputs, all_outputs
from strategies.graph.nodes import indicator
from strategies.graph.scalars import Scalar


@dataclass(frozen=True)
class Dmi(Outputs):
    """Outputs of `dmi`."""

    outputs: ClassVar[tuple[str, ...]] = ("plus", "minus", "adx")
    plus: Series
    minus: Series
    adx: Series


@dataclass(frozen=True)
class Supertrend(Outputs):
    """Outputs of `supertrend`."""

    outputs: ClassVar[tuple[str, ...]] = ("value", "direction", "upper", "lower")
    value: Series
    direction: Series
    upper: Series
    lower: Series


@dataclass(frozen=True)
class Ichimoku(Outputs):
    """Outputs of `ichimoku`."""

    outputs: ClassVar[tuple[str, ...]] = (
        "tenkan",
        "kijun",
        "leading_a",
        "leading_b",
        "cloud_a",
        "cloud_b",
    )
    tenkan: Series
    kijun: Series
    leading_a: Series
    leading_b: Series
    cloud_a: Series
    cloud_b: Series


def dmi(
    length: Scalar = 14,
    smoothing: Scalar = 14,
    *,
    high: Series = high,
    low: Series = low,
    close: Series = close,
) -> Dmi:
    """Directional movement: plus and minus = 100·rma(movement)/rma(true range); their adx."""
    return all_outputs(
        Dmi,
        "dmi",
        {"high": high, "low": low, "close": close},
        {"length": length, "smoothing": smoothing},
    )


def supertrend(
    length: Scalar = 10,
    factor: Scalar = 3.0,
    *,
    high: Series = high,
    low: Series = low,
    close: Series = close,
) -> Supertrend:
    """Supertrend: the band (high+low)/2 ± factor·atr that the price has not closed beyond."""
    return all_outputs(
        Supertrend,
        "supertrend",
        {"high": high, "low": low, "close": close},
        {"factor": factor, "length": length},
    )


def parabolic_sar(
    first: Scalar = 0.02,
    increment: Scalar = 0.02,
    highest: Scalar = 0.2,
    *,
    output: Literal["value", "direction"] = "value",
    high: Series = high,
    low: Series = low,
    close: Series = close,
) -> Series:
    """Wilder's stop and reverse: value + acceleration·(extreme − value), reversed when touched."""
    return indicator(
        "parabolic_sar",
        {"high": high, "low": low, "close": close},
        {"first": first, "increment": increment, "highest": highest},
        output,
    )


def ichimoku(
    tenkan: Scalar = 9,
    kijun: Scalar = 26,
    senkou: Scalar = 52,
    displacement: Scalar = 26,
    *,
    high: Series = high,
    low: Series = low,
) -> Ichimoku:
    """Ichimoku: middles of the last `tenkan`, `kijun` and `senkou` bars, and the cloud."""
    return all_outputs(
        Ichimoku,
        "ichimoku",
        {"high": high, "low": low},
        {"tenkan": tenkan, "kijun": kijun, "senkou": senkou, "displacement": displacement},
    )
