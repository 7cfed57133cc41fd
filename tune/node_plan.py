"""Which nodes finish a sweep by a deadline, and what do they cost? From a list of prices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engines.errors import InvalidInput
from tune.estimate import Estimate, wall_seconds

# From asking for a machine to its first chunk: it boots, takes the image, starts Ray.
START_HOURS: Final = 5.0 / 60.0


@dataclass(frozen=True)
class NodeKind:
    """A machine that can be had: `price` is of an hour, `most` how many there are.

    `speed` is that of a core, in cores of the machine that made the estimate.
    """

    name: str
    cores: int
    price: float
    most: int = 100
    speed: float = 1.0


@dataclass(frozen=True)
class NodePlan:
    """So many nodes of one kind: `hours` from asking for them to the end, `cost` of all of them.

    `in_time` tells whether that is within the deadline.
    """

    kind: str
    nodes: int
    cores: int
    hours: float
    cost: float
    in_time: bool


def node_plans(
    needs: Estimate, kinds: Sequence[NodeKind], deadline_hours: float | None
) -> tuple[NodePlan, ...]:
    """One plan for each kind of node, the best first.

    With a deadline the fewest nodes that meet it, as many as help where none do; without one a
    single node. Those in time come first, then the cheaper, then the faster.
    """
    if deadline_hours is not None and not deadline_hours > 0:
        raise InvalidInput("deadline_hours", deadline_hours, "a number above 0")
    found = [_plan(needs, kind, deadline_hours) for kind in kinds]
    return tuple(sorted(found, key=lambda one: (not one.in_time, one.cost, one.hours)))


def _plan(needs: Estimate, kind: NodeKind, deadline_hours: float | None) -> NodePlan:
    # More nodes than this have nothing to do.
    most = min(kind.most, -(-max(needs.chunks, 1) // kind.cores))
    limit = math.inf if deadline_hours is None else deadline_hours
    # More nodes are never slower: the fewest in time are found by halving.
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        if _hours(needs, kind, middle) <= limit:
            high = middle
        else:
            low = middle + 1
    hours = _hours(needs, kind, low)
    cost = low * hours * kind.price
    return NodePlan(kind.name, low, low * kind.cores, hours, cost, hours <= limit)


def _hours(needs: Estimate, kind: NodeKind, nodes: int) -> float:
    cpu_s = needs.cpu_seconds / kind.speed
    return START_HOURS + wall_seconds(cpu_s, needs.chunks, nodes * kind.cores) / 3600.0
