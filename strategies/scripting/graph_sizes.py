"""How do a graph's bounds of a size and its Kelly share read in an engine's words?"""

from __future__ import annotations

from collections.abc import Callable

from engines.sizes import KellyRule, SizeBounds
from strategies.graph.scalars import Scalar
from strategies.graph.sizing import Kelly, SizeLimits, Sizing, VolatilityTarget


def size_bounds(
    sizing: Sizing, limits: SizeLimits | None, number: Callable[[Scalar], float]
) -> SizeBounds:
    """The least and the most of the equity: of two limits the lower, zero is none."""
    least = 0.0 if limits is None else number(limits.min_percent)
    said = [] if limits is None else [number(limits.max_percent)]
    if isinstance(sizing, VolatilityTarget):
        said.append(number(sizing.max_percent))
    return SizeBounds(least, min((one for one in said if one > 0.0), default=0.0))


def kelly_rule(sizing: Sizing, number: Callable[[Scalar], float]) -> KellyRule | None:
    """From when on past trades decide; None for other sizings."""
    if not isinstance(sizing, Kelly):
        return None
    return KellyRule(int(number(sizing.trades)), number(sizing.start_percent))
