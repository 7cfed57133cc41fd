"""Where do a ladder's safety orders rest? At steps from an anchor that closes may move, exactly.

The section "Ladders" of docs/design/fills.md; levels are limits (C1) and fill as such (B2, B3, C4).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from engines.brackets import Level
from engines.commands import Entry
from engines.ladders import Ladder
from engines.orders import Refusal
from engines.reference.account import Account, Lot
from engines.reference.grid import Grid, Ticks
from engines.reference.pending import Pending

# What rests a safety order: the first entry, its side, number, price, share and sizing equity.
Rest = Callable[[Entry, int, int, Ticks, float, Fraction | None], None]


@dataclass
class Standing:
    """The ladder of the position that is open.

    Steps count from `anchor`, pull-backs from `reference`: the latest fill, or the close that
    took its place. Both in ticks. `placed` counts the safety orders so far.
    """

    first: Entry
    ladder: Ladder
    side: int
    anchor: Fraction
    reference: Fraction
    equity: Fraction | None
    placed: int = 0


class Ladders:
    """Begins, moves and ends the ladder of a position; `pending` are all orders that wait."""

    def __init__(
        self, grid: Grid, account: Account, pending: dict[str, Pending], rest: Rest
    ) -> None:
        self._grid, self._account, self._pending, self._rest = grid, account, pending, rest
        self._now: Standing | None = None

    def after_entry(self, filled: Pending, lot: Lot, bar: int) -> None:
        """A first entry has filled and its ladder begins; or a safety order has."""
        ladder, price = filled.command.ladder, Fraction(lot.price)
        if ladder is None:
            return
        if filled.safety == 0:
            self._end()
            self._now = Standing(filled.command, ladder, lot.side, price, price, filled.equity)
            for _ in range(min(ladder.window, len(ladder.steps)) or len(ladder.steps)):
                self._rest_next(bar)
        elif self._now is not None:
            self._now.reference = price
            if ladder.window:
                self._rest_next(bar)

    def _rest_next(self, bar: int) -> None:
        now = self._now
        if now is None or now.placed == len(now.ladder.steps):
            return
        step = now.ladder.steps[now.placed]
        now.placed += 1
        price = self._price(now, step.level)
        if price is None or price <= 0:
            self._account.refuse(bar, now.side, Refusal.BAD_LEVEL)
        else:
            self._rest(now.first, now.side, now.placed, price, step.share, now.equity)

    def _price(self, now: Standing, level: Level) -> Ticks | None:
        """A step from the anchor against the position; a limit, rounded to the better (C1)."""
        if math.isnan(level.value):
            return None
        anchor, away, tick = now.anchor, now.side * Fraction(level.value), self._grid.tick
        price = {
            "fraction": anchor * (1 - away) * tick,
            "ticks": (anchor - away) * tick,
            "distance": anchor * tick - away,
            "price": Fraction(level.value),
        }[level.form]
        return self._grid.limit(price, "long" if now.side > 0 else "short")

    def close_bar(self, close: Ticks) -> None:
        """Only closes move a ladder: first a pull-back, then trailing; what waits goes along."""
        now = self._now
        if now is None:
            return
        side, pull_back = now.side, Fraction(now.ladder.pull_back)
        trailing, before = Fraction(now.ladder.trailing), now.anchor
        if pull_back and side * close >= side * now.reference * (1 + side * pull_back):
            now.anchor, now.reference = now.anchor * close / now.reference, Fraction(close)
        if trailing and side * close > side * now.anchor * (1 + side * trailing):
            now.anchor = close / (1 + side * trailing)
        if now.anchor == before:
            return
        for order in self._pending.values():
            if order.safety:
                order.move(self._price(now, now.ladder.steps[order.safety - 1].level), close)

    def end_with_position(self) -> None:
        """It ends when its position is gone, or reversed."""
        if self._now is not None and self._now.side * self._account.position <= 0:
            self._end()

    def _end(self) -> None:
        self._now = None
        for name in [name for name, order in self._pending.items() if order.safety]:
            del self._pending[name]
