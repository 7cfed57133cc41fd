"""Which orders does `strategy.exit` rest? A leg for each entry, of three orders at most."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from engines.commands import Exit, ExitLevels, ExitPart
from engines.event.account import Lot
from engines.event.sizing import lots_of
from engines.kernel.exits import level_from
from engines.kernel.layout import TICKS, Market
from engines.kernel.money import quantity
from engines.kernel.rounding import round_against, round_in_favour, round_price, whole_units

Part = ExitPart
PARTS: Final[tuple[Part, ...]] = ("stop", "limit", "trail")
LegKey = tuple[str, str, int]


@dataclass
class Standing:
    """An exit as it was called last; `only_side` limits one that was called in a position (E1)."""

    command: Exit
    only_side: int
    sequence: int

    def covers(self, lot: Lot) -> bool:
        """Whether the exit is meant for that entry."""
        if self.command.from_entry:
            return self.command.from_entry == lot.entry_id
        return self.only_side in (0, lot.side)


@dataclass
class Leg:
    """One exit on one entry: lots it reserves (E2), and its orders at the venue by part.

    `working` is how many lots those orders are for.
    """

    lot_number: int
    reserved: float
    working: float = 0.0
    done: bool = False
    orders: dict[str, str] = field(default_factory=dict)
    levels: dict[str, float] = field(default_factory=dict)

    def part_of(self, order_id: str) -> Part:
        """Which part of the leg an order is."""
        return next(part for part in PARTS if self.orders.get(part) == order_id)


def levels_of(
    command: Exit, lot: Lot, market: Market, held: ExitLevels = "first"
) -> dict[Part, float]:
    """Prices of a leg; of two forms of one part the one met first, or the absolute one (E4)."""
    side, tick = float(lot.side), market.tick
    stops, limits, trails = [], [], []
    absolute = held == "absolute"
    if command.stop is not None:
        stops.append(round_against(command.stop, side, tick))
    if command.loss is not None and not (absolute and stops):
        stops.append(_away(lot, command.loss, -side, tick))
    if command.limit is not None:
        limits.append(round_in_favour(command.limit, side, tick))
    if command.profit is not None and not (absolute and limits):
        limits.append(_away(lot, command.profit, side, tick))
    if command.trail_price is not None:
        trails.append(round_in_favour(command.trail_price, side, tick))
    if command.trail_points is not None and not (absolute and trails):
        trails.append(_away(lot, command.trail_points, side, tick))
    found: dict[Part, float] = {}
    if stops:
        found["stop"] = max(stops, key=lambda level: side * level)
    if limits:
        found["limit"] = min(limits, key=lambda level: side * level)
    if trails:
        found["trail"] = min(trails, key=lambda level: side * level)
    return found


def _away(lot: Lot, ticks: float, direction: float, tick: float) -> float:
    """A level so many ticks from the entry; a part of a tick counts as a whole one (C1)."""
    whole = float(math.ceil(ticks))
    return float(round_price(level_from(TICKS, whole, math.nan, lot.price, direction, tick), tick))


def says_something(command: Exit) -> bool:
    """Whether a call gives any level (E6)."""
    given = (
        command.profit,
        command.limit,
        command.loss,
        command.stop,
        command.trail_price,
        command.trail_points,
    )
    return any(level is not None for level in given)


def trail_of(command: Exit) -> tuple[float | None, ...]:
    """The numbers that a trailing stop is made of; others start it anew (E11)."""
    return command.trail_price, command.trail_points, command.trail_offset


def reserved_lots(command: Exit, lot: Lot, held_by_others: float, market: Market) -> float:
    """Lots of an entry that a leg takes (E2)."""
    free = max(lot.claim - held_by_others, 0.0)
    if command.qty is not None:
        return min(lots_of(command.qty, market), free)
    if command.qty_percent is not None:
        part = quantity(lot.entry_units, market) * (command.qty_percent / 100.0)
        return min(float(whole_units(part, market)), free)
    return free
