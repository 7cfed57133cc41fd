"""Where does a bracket's level lie, and how much is it for? In the kernel's scalars."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from engines.brackets import Bracket, Form, Level
from engines.event.account import Lot
from engines.kernel import layout as at
from engines.kernel.exits import WHOLE, distance_to, level_from
from engines.kernel.layout import Market
from engines.kernel.money import quantity
from engines.kernel.rounding import whole_units

_KINDS: Final[dict[Form, int]] = {
    "fraction": at.FRACTION,
    "ticks": at.TICKS,
    "distance": at.MULTIPLE,
    "price": at.PRICE,
}


def price_of(level: Level, entry: float, direction: float, market: Market) -> float:
    """Unrounded price of a level, counted from `entry` towards `direction` (±1)."""
    kind, value, column = _as_kernel(level)
    return float(level_from(kind, value, column, entry, direction, market.tick))


def stop_distance(level: Level | None, side: int, price: float, market: Market) -> float:
    """Quote currency from an entry at `price` to its stop; NaN without one that is worse."""
    if level is None:
        return math.nan
    kind, value, column = _as_kernel(level)
    return float(distance_to(kind, value, column, price, float(side), market.tick))


def _as_kernel(level: Level) -> tuple[int, float, float]:
    kind = _KINDS[level.form]
    # A distance is once what its column says.
    return kind, 1.0 if kind == at.MULTIPLE else level.value, level.value


def target_units(bracket: Bracket, lot: Lot, market: Market) -> Iterator[tuple[int, float]]:
    """Targets by number, and the lots that each reserves of an entry (E2)."""
    left = lot.entry_units
    entry_qty = quantity(left, market)
    reserved = 0.0
    for number, target in enumerate(bracket.targets, 1):
        reserved += target.portion
        units = min(float(whole_units(entry_qty * target.portion, market)), left)
        if reserved >= WHOLE:
            units = left
        if units > 0.0:
            yield number, units
            left -= units
