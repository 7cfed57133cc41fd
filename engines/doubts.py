"""How much of a run hangs on the unknown order inside its bars?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Doubts:
    """Exits that the other order would have made otherwise, counted as a run goes along.

    `worse` and `better` are what the worse and the better order would have added to the profit in
    each of them, in account currency.
    """

    exits: int = 0
    worse: float = 0.0
    better: float = 0.0

    def count(self, other: float) -> None:
        """One more, to which the other order would have added so much."""
        self.exits += 1
        self.worse += min(other, 0.0)
        self.better += max(other, 0.0)
