"""Where does a resting order stand among others at its price? Models of what a book does not show.

A book tells how much rests at a price, not who. Quantities are lots.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from engines.errors import InvalidInput


class QueueModel(Protocol):
    """Lots that stand before an order; below zero the last trade has reached it by so many."""

    def joined(self, resting: float) -> float:
        """What stands before an order that joins `resting` lots."""
        ...

    def traded(self, ahead: float, units: float) -> float:
        """What stands before it after a trade of `units` at its price."""
        ...

    def changed(self, ahead: float, before: float, after: float) -> float:
        """What stands before it when the level went from `before` to `after` without trades.

        Both leave the order itself out.
        """
        ...


@dataclass(frozen=True)
class RiskAverse:
    """The order joins behind everybody, and only trades bring it forward.

    What is cancelled is taken from behind it, as long as there is anything behind it.
    """

    def joined(self, resting: float) -> float:
        """See `QueueModel`."""
        return resting

    def traded(self, ahead: float, units: float) -> float:
        """See `QueueModel`."""
        return ahead - units

    def changed(self, ahead: float, before: float, after: float) -> float:
        """See `QueueModel`."""
        return min(ahead, after)


@dataclass(frozen=True)
class Probabilistic(RiskAverse):
    """Cancellations fall before the order with a probability that grows with what is there.

    The share of a cancelled lot that stood before it is f(a) / (f(a) + f(b)) for `a` lots before
    and `b` behind, with f(x) = x ** `power`: 1 is in proportion, more favours the longer side.
    After the quantitative finance exchange's question 3782, as hftbacktest has it.
    """

    power: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 < self.power <= 10.0:
            raise InvalidInput("queue.power", self.power, "above 0 and at most 10")

    def changed(self, ahead: float, before: float, after: float) -> float:
        """See `QueueModel`."""
        gone = before - after
        if gone <= 0.0 or ahead <= 0.0:
            return min(ahead, after)
        behind = max(before - ahead, 0.0)
        if ahead > behind:
            share = 1.0 / (1.0 + math.pow(behind / ahead, self.power))
        else:
            share = 1.0 - 1.0 / (1.0 + math.pow(ahead / behind, self.power))
        from_before = gone * share
        # Nobody can cancel more than what stood behind.
        from_before = max(from_before, gone - behind)
        return min(max(ahead - from_before, 0.0), after)


@dataclass(frozen=True)
class AtTheFront(RiskAverse):
    """The order is first at its price: what a backtest on trades alone tends to assume."""

    def joined(self, resting: float) -> float:
        """See `QueueModel`."""
        return 0.0
