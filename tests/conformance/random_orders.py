"""Random orders that wait for their price, on top of a random graph."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np

from strategies.graph import (
    Ladder,
    LadderOrders,
    LimitEntry,
    RiskPercent,
    SafetyClose,
    Series,
    StopEntry,
    Strategy,
    close,
    high,
    low,
)
from strategies.graph.entries import EntryOrder
from strategies.graph.ladders import Martingale, SafetyOrders
from tests.conformance.random_rules import anchored

Rng = np.random.Generator


def with_orders(strategy: Strategy, rng: Rng, ticks: bool) -> Strategy:
    """The same strategy, now and then with entries that rest, or a ladder; `ticks`: has a grid."""
    draw = float(rng.random())
    if draw < 0.6:
        return strategy
    changes: dict[str, Any] = {}
    if draw < 0.85:
        changes["entry"] = _entry(rng, ticks)
    if draw >= 0.75 and not isinstance(strategy.sizing, RiskPercent):
        changes["ladder"], changes["pyramiding"] = _ladder(rng, ticks), 1
        if rng.random() < 0.5:
            exits = [one for one in strategy.exits if not isinstance(one, SafetyClose)]
            changes["exits"] = anchored(exits, rng)
    return strategy.edit(**changes)


def _ladder(rng: Rng, ticks: bool) -> SafetyOrders:
    moves: dict[str, Any] = {
        "window": int(rng.choice([0, 1, 2])),
        # Percentages that meet no grid by chance.
        "trailing_percent": float(rng.choice([0.0, 0.83, 2.17])),
        "pull_back_percent": float(rng.choice([0.0, 0.57, 1.31])),
    }
    if rng.random() < 0.3:
        count = int(rng.integers(1, 5))
        far = np.cumsum(rng.integers(300, 1500, count)) / 1000.0
        volumes = [float(one) for one in rng.integers(1, 5, count)]
        return LadderOrders(offsets=far.tolist(), volumes=volumes, first_volume=2.0, **moves)
    shape: dict[str, Any] = {
        "orders": int(rng.integers(2, 6)),
        "step_scale": float(rng.choice([1.0, 1.37, 0.8])),
        "volume_scale": float(rng.choice([1.0, 1.5, 2.0])),
        "martingale": str(rng.choice(get_args(Martingale))),
    }
    if rng.random() < 0.3:
        return Ladder(range_percent=float(rng.choice([3.1, 8.3])), **shape, **moves)
    distance = _distance(rng, ticks)
    if distance.get("percent", distance.get("ticks")) == 0.0:
        distance = {"percent": 0.93}
    return Ladder(**{f"step_{name}": one for name, one in distance.items()}, **shape, **moves)


def _entry(rng: Rng, ticks: bool) -> EntryOrder:
    waits: dict[str, Any] = {"bars": int(rng.choice([0, 1, 3, 8]))}
    if rng.random() < 0.4:
        # Now and then the market is through it already.
        prices: dict[str, Any] = {"price": low - 0.5, "short_price": high + 0.5}
        return LimitEntry(**(prices if rng.random() < 0.3 else _distance(rng, ticks)), **waits)
    beyond: dict[str, Any] = {}
    if rng.random() < 0.5:
        beyond["limit_percent"] = float(rng.choice([0.0, 0.4, 1.5]))
    above: dict[str, Any] = {"price": high.shift(1) + 0.25, "short_price": low.shift(1) - 0.25}
    given = above if rng.random() < 0.3 else _distance(rng, ticks)
    return StopEntry(**given, **beyond, **waits)


def _distance(rng: Rng, ticks: bool) -> dict[str, Any]:
    form = int(rng.integers(3))
    if form == 0 or (form == 1 and not ticks):
        return {"percent": float(rng.choice([0.0, 0.3, 0.9]))}
    if form == 1:
        return {"ticks": float(rng.choice([0.0, 2.5, 6.0]))}
    spread: Series = close - close.shift(1)
    # Zero or less: no distance at all.
    return {"multiple": 0.7, "of": spread if rng.random() < 0.3 else high - low}
