"""What else decides how much an entry buys? Bounds of a size, and a share by past trades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engines.errors import InvalidInput


@dataclass(frozen=True)
class SizeBounds:
    """The least and the most of the equity that an entry commits as margin, percent; 0 is none."""

    least_percent: float = 0.0
    most_percent: float = 0.0

    def __post_init__(self) -> None:
        for name in ("least_percent", "most_percent"):
            if not getattr(self, name) >= 0.0:
                raise InvalidInput(f"bounds.{name}", getattr(self, name), "percent, zero or more")


@dataclass(frozen=True)
class KellyRule:
    """From how many closed trades on the Kelly share counts, and the percentage before."""

    trades: int
    start_percent: float

    def __post_init__(self) -> None:
        if self.trades < 1:
            raise InvalidInput("kelly.trades", self.trades, "one or more")
        if not self.start_percent > 0.0:
            raise InvalidInput("kelly.start_percent", self.start_percent, "percent, above zero")


NO_BOUNDS: Final = SizeBounds()
