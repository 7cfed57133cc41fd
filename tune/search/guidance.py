"""How does a search choose its next rows? By what came out before, a batch at a time."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from engines.errors import InvalidInput
from tune.conditions import Condition

# The library whose numbers each method depends on: another version is another search.
LIBRARY_OF: Final = {
    "tpe": "optuna",
    "nsga2": "optuna",
    "nsga3": "optuna",
    "cmaes": "cmaes",
    "gp": "scipy",
    "refine": "scipy",
    "genetic": "numpy",
}
# Methods that look at one objective only.
SINGLE: Final = ("cmaes", "gp", "refine", "genetic")
# A Gaussian process of more rows takes longer than most rows do: its cost grows with their cube.
MOST_MODELLED: Final = 500
_BATCHES: Final = 20
_BATCH_LEAST: Final = 8
_BATCH_MOST: Final = 512


@dataclass(frozen=True)
class Guidance:
    """Statistics that a search looks at, rows between two looks, rows that it begins with.

    Each of `start` holds a value for every axis of the space, in its order. `require` are
    conditions on statistics.
    """

    method: str
    objectives: tuple[str, ...]
    batch: int
    start: tuple[tuple[float, ...], ...] = ()
    require: tuple[Condition, ...] = ()

    def canonical(self) -> dict[str, Any]:
        """The guidance as JSON values."""
        library = LIBRARY_OF[self.method]
        required = {"require": [one.text for one in self.require]} if self.require else {}
        return {
            **required,
            "method": self.method,
            "library": f"{library} {version(library)}",
            "objectives": list(self.objectives),
            "batch": self.batch,
            "start": [[float(value) for value in row] for row in self.start],
        }


def batch_for(n_rows: int) -> int:
    """Rows of a batch where none is asked for: about twenty batches."""
    return min(max(-(-n_rows // _BATCHES), _BATCH_LEAST), _BATCH_MOST)


def check_guidance(method: str, rows: int, objectives: tuple[str, ...]) -> None:
    """Raise InvalidInput for a method that does not do what is asked of it."""
    if method == "gp" and rows > MOST_MODELLED:
        expected = f"at most {MOST_MODELLED} for gp, which does not scale: use tpe or cmaes"
        raise InvalidInput("rows", rows, expected)
    if method in SINGLE and len(objectives) > 1:
        raise InvalidInput("search", method, "nsga2, nsga3 or tpe for more than one objective")
