"""Where does a graph's entry wait, and until when? Limit and stop orders, one a side.

The rules of docs/design/fills.md, a second time: the kernel's `resting` is the other body.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from engines.brackets import Level
from engines.commands import Cancel, CloseAll, Command, Direction, Entry, Refuse
from engines.decisions import Decision
from engines.orders import Refusal
from engines.script import View
from strategies.graph.entries import LimitEntry, StopEntry
from strategies.scripting.graph_limits import earns
from strategies.scripting.graph_rules import GraphRules

_SIDES: Final[tuple[tuple[Direction, int], ...]] = (("long", 1), ("short", -1))
Hindrance = Callable[[int, View, int], Refusal | None]


class RestingEntries:
    """Places a graph's entries at their price, and gives them up.

    `until` is the bar at whose close the order of a side is given up, where there is one.
    """

    def __init__(self, rules: GraphRules) -> None:
        self._rules = rules
        self.until: dict[str, int] = {}

    def give_up(self, decision: Decision, view: View) -> Iterator[Command]:
        """At a close: what waited long enough, or whose side is to be left, is taken back."""
        leave = {"long": decision.exit_long, "short": decision.exit_short}
        for name, side in _SIDES:
            if name not in view.waiting:
                continue
            if self.until.get(name, view.bar + 1) <= view.bar:
                yield Refuse(side, Refusal.EXPIRED)
                yield Cancel(name)
            elif leave[name]:
                yield Cancel(name)

    def ask(
        self,
        decision: Decision,
        view: View,
        side: int,
        leave: CloseAll | None,
        hindrance: Hindrance,
    ) -> Iterator[Command]:
        """Signals become orders at their price, on both sides if both are asked for."""
        asked = {"long": decision.enter_long, "short": decision.enter_short}
        for name, wanted in _SIDES:
            if not asked[name]:
                continue
            reason = hindrance(wanted, view, side)
            if reason is None and wanted == side and leave is not None:
                reason = Refusal.CONFLICT
            if reason is not None:
                yield Refuse(wanted, reason)
            elif wanted == -side and self._rules.on_opposite == "close":
                if earns(view, self._rules.exit_profit):
                    leave = CloseAll("opposite signal")
            else:
                yield self._order(name, wanted, decision, view)
        if leave is not None:
            yield leave

    def _order(self, name: Direction, side: int, decision: Decision, view: View) -> Command:
        bracket = self._rules.bracket(side, decision.levels)
        prices = self._prices(side, decision, view.price)
        ladder = self._rules.ladder(side, decision.levels)
        unknown = ladder is not None and not ladder.is_known
        if bracket is None or prices is None or unknown:
            return Refuse(side, Refusal.BAD_LEVEL)
        limit, stop = prices
        bars = self._rules.entry_bars
        self.until.pop(name, None)
        if bars > 0:
            self.until[name] = view.bar + bars
        over = self._rules.volatility(decision.levels)
        return Entry(
            name, name, limit=limit, stop=stop, bracket=bracket, ladder=ladder, sized_over=over
        )

    def _prices(
        self, side: int, decision: Decision, close: float
    ) -> tuple[float | None, float | None] | None:
        """Limit and stop, off the grid; None where the price is not known, or is none."""
        order = self._rules.entry
        level = None if order is None else self._rules.level(order.distance, side, decision.levels)
        if order is None or level is None:
            return None
        away = -side if isinstance(order, LimitEntry) else side
        price = price_at(level, close, away, self._rules.tick)
        if price <= 0.0:
            return None
        if isinstance(order, LimitEntry):
            return price, None
        share = self._rules.limit_share
        if not isinstance(order, StopEntry) or share is None:
            return None, price
        limit = price * (1.0 + side * share)
        return None if limit <= 0.0 else (limit, price)


def price_at(level: Level, base: float, direction: int, tick: float) -> float:
    """Unrounded price that lies a level's distance from `base` towards `direction` (±1)."""
    if level.form == "fraction":
        return base * (1.0 + direction * level.value)
    if level.form == "ticks":
        return base + direction * level.value * tick
    return base + direction * level.value if level.form == "distance" else level.value
