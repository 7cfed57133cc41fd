"""Random limits, clocks, sizes and asked-for profits: what holds a graph's trading back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from strategies.graph import (
    ClockExit,
    Exit,
    Kelly,
    Limits,
    OnlyInProfit,
    ReEntry,
    SafetyClose,
    SizeLimits,
    Strategy,
    TimeExit,
    VolatilityTarget,
    close,
)
from strategies.graph import (
    open as opened,
)

Rng = np.random.Generator
ZONES = ("UTC", "America/New_York", "Asia/Kolkata")


def with_rules(strategy: Strategy, rng: Rng) -> Strategy:
    """The strategy, in four of ten cases with rules that hold it back."""
    if rng.random() < 0.6:
        return strategy
    changes: dict[str, Any] = {"exits": _exits(strategy.exits, rng)}
    if rng.random() < 0.5:
        changes["limits"] = _limits(rng)
    if rng.random() < 0.3:
        changes["re_entry"] = ReEntry(int(rng.integers(0, 9)), bool(rng.random() < 0.3))
    if rng.random() < 0.4:
        changes["exits"] = anchored(changes["exits"], rng)
        changes["pyramiding"] = int(rng.integers(1, 5))
    draw = rng.random()
    if draw < 0.2:
        # Zero in a bar that did not move: no volatility at all.
        moved, most = abs(close - opened), float(rng.choice([20.0, 100.0]))
        changes["sizing"] = VolatilityTarget(float(rng.choice([0.1, 1.0])), moved, most)
    elif draw < 0.4:
        # Few trades decide, so that an edge comes and goes.
        share, start = float(rng.choice([0.5, 1.0])), float(rng.choice([10.0, 60.0]))
        changes["sizing"] = Kelly(share, int(rng.integers(1, 5)), start)
    if rng.random() < 0.3:
        least = float(rng.choice([0.0, 5.0, 20.0]))
        changes["size_limits"] = SizeLimits(least, float(rng.choice([0.0, 20.0, 50.0])))
    return strategy.edit(**changes)


def _exits(exits: Sequence[Exit], rng: Rng) -> list[Exit]:
    found = list(exits)
    if rng.random() < 0.3:
        found.append(OnlyInProfit(float(rng.choice([0.0, 0.5]))))
    if rng.random() < 0.3:
        hour, zone = int(rng.integers(0, 25)), str(rng.choice(ZONES))
        found.append(ClockExit(f"{hour:02d}:00", timezone=zone))
    if rng.random() < 0.4:
        found = [one for one in found if not isinstance(one, TimeExit)]
        found.append(TimeExit(int(rng.integers(1, 9)), float(rng.choice([0.0, 0.5]))))
    return found


def _limits(rng: Rng) -> Limits:
    """Each limit now and then, low enough to be reached within a day of bars."""

    def maybe(*values: float) -> float:
        return float(rng.choice(values)) if rng.random() < 0.4 else 0.0

    return Limits(
        trades_per_day=maybe(1, 3, 6),
        trades_per_week=maybe(4, 8),
        orders_per_day=maybe(1, 4, 9),
        losses_in_a_row=maybe(1, 2, 3),
        loss_pause=maybe(3, 10),
        daily_loss_percent=maybe(0.1, 1.0, 5.0),
        drawdown_percent=maybe(0.2, 2.0, 10.0),
        timezone=str(rng.choice(ZONES)),
    )


def anchored(exits: Sequence[Exit], rng: Rng) -> list[Exit]:
    """Exits of which some count from the average price or the latest fill, and a safety close."""
    found = [_anchored(one, str(rng.choice(["entry", "average", "last"]))) for one in exits]
    if rng.random() < 0.4:
        found.append(SafetyClose(float(rng.choice([2.0, 20.0, 60.0]))))
    return found


def _anchored(exit_: Exit, anchor: str) -> Exit:
    fixed = getattr(exit_, "price", None) is not None or getattr(exit_, "follow", False)
    if fixed or not hasattr(exit_, "anchor"):
        return exit_
    return replace(exit_, anchor=anchor)  # type: ignore[type-var]
