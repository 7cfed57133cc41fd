"""What is one figure under a verdict? Its value, its light, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Light = Literal["green", "amber", "red"]
Unit = Literal["probability", "ratio", "count", "days", "fraction"]


@dataclass(frozen=True)
class Check:
    """One figure: its light, and in words what it says. Without a light it only informs."""

    name: str
    value: float
    unit: Unit
    light: Light | None
    meaning: str


def graded(value: float, green: float, red: float) -> Light:
    """The light of a value that is good at `green` and bad beyond `red`; NaN is bad."""
    if green > red:
        value, green, red = -value, -green, -red
    if value <= green:
        return "green"
    return "amber" if value <= red else "red"
