"""What is a metric? A name, a unit, which way is better, its formula and where that is from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
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


# A figure of one side: its own trades, and the whole run.
SideFigure = Callable[[Material, Material], float]
SideRow = tuple[str, Unit, int, str, str, tuple[Need, ...], SideFigure]
SIDES: Final = ("", "long_", "short_")


def sided(rows: Iterable[SideRow]) -> tuple[Metric, ...]:
    """Each figure three times: of all, of long (`long_…`) and of short trades (`short_…`)."""
    told = tuple(rows)
    return tuple(_of_side(prefix, row) for prefix in SIDES for row in told)


def _of_side(prefix: str, row: SideRow) -> Metric:
    name, unit, better, formula, source, needs, figure = row
    side = prefix.rstrip("_")

    def compute(material: Material) -> float:
        return figure(getattr(material, side) if side else material, material)

    said = f"{formula}, of {side} trades" if side else formula
    return Metric(prefix + name, unit, better, said, source, needs, compute)
