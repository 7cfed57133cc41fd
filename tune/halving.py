"""How much of the history does a row see? All rows its first part, the best of them more of it.

Successive halving: Jamieson and Talwalkar (2016), AISTATS 51.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Halving:
    """Shares of the in-sample history at which rows are judged, and the share that goes on.

    `at` rises and lies between 0 and 1; after it the whole history follows. Rows are judged by
    the mean of `objective` over the markets.
    """

    at: tuple[float, ...]
    keep: float
    objective: str

    def canonical(self) -> dict[str, Any]:
        """The settings as JSON values."""
        return {"at": list(self.at), "keep": self.keep, "objective": self.objective}

    def stages(self, n_rows: int) -> list[Stage]:
        """Every stage of a sweep of so many rows, in order."""
        found, size, first = [], n_rows, 0
        for number, share in enumerate((*self.at, 1.0)):
            found.append(Stage(number, first, first + size, share))
            first += size
            size = max(math.ceil(self.keep * size), 1)
        return found

    def work(self, n_rows: int) -> float:
        """The share of all rows' bars that is looked at."""
        stages = self.stages(n_rows)
        return sum((one.last - one.first) * one.share for one in stages) / n_rows


class Stage(NamedTuple):
    """A share of the history for some rows; its evaluations are those from `first` to `last`."""

    number: int
    first: int
    last: int
    share: float

    @property
    def whole(self) -> bool:
        """Whether its rows see everything."""
        return self.share == 1.0
