"""Random orders that wait for their price, on top of a random graph."""

from __future__ import annotations

from typing import Any

import numpy as np

from strategies.graph import LimitEntry, Series, StopEntry, Strategy, close, high, low
from strategies.graph.entries import EntryOrder

Rng = np.random.Generator


def with_orders(strategy: Strategy, rng: Rng, ticks: bool) -> Strategy:
    """The same strategy, whose entries rest now and then; `ticks` tells of a price grid."""
    if rng.random() < 0.65:
        return strategy
    return strategy.edit(entry=_entry(rng, ticks))


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
