"""What is a metric? A name, a unit, which way is better, its formula and where that is from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from engines.metrics.material import Material

Unit = Literal["quote", "fraction", "ratio", "count", "bars", "days", "hours", "quantity"]
Need = Literal["trades", "equity", "bars", "benchmark"]
Compute = Callable[[Material], float]

NAN: Final = float("nan")


class Metric(NamedTuple):
    """One figure of a run. `better` is +1 where more is better, −1 where less is, 0 for neither.

    `compute` gives NaN where the figure is undefined, never a silent 0.
    """

    name: str
    unit: Unit
    better: int
    formula: str
    source: str
    needs: tuple[Need, ...]
    compute: Compute
