"""How do the venues of several legs take turns? What each may fill next, one fill at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from engines.event import Exchange
from engines.event.events import Opened, Place
from engines.event.sizing import affords
from engines.event.working import Touch, Working
from engines.orders import Refusal

Gate = Callable[[Place, float, float], Refusal | None]
Stands = Callable[[float], bool]


class Met(NamedTuple):
    """An order that may fill now, and where."""

    working: Working
    touch: Touch


def _open_gate(order: Place, opening: float, price: float) -> Refusal | None:
    return None


def _not_known(price: float) -> bool:
    return False


@dataclass
class LegVenue(Exchange):
    """The simulated venue of one leg. A round begins, its fills are taken, it ends.

    `gate` may refuse what the account's margin would allow; `stands` tells cheaply that nothing is
    liquidated on the way to a price. `_queue` are the market orders of the
    round, `_goal` the price that it leads to, and orders from `_born_before` on stay out of it.
    """

    gate: Gate = _open_gate
    stands: Stands = _not_known
    _queue: list[Working] = field(default_factory=list)
    _goal: float = 0.0
    _born_before: int = 0

    @property
    def idle(self) -> bool:
        """Whether no price can change anything."""
        return not self.working and not self.account.lots

    def begin_bar(self, event: Opened, number: int) -> None:
        """A bar begins, and with it maybe a day of limits (J2)."""
        self.bar, self.opened_ms = number, event.open_ms
        if self.said.day_orders is not None:
            self._ask(event)

    def settle(self, start_ms: int, end_ms: int, mark: float) -> None:
        """Funding of the settlements in `[start_ms, end_ms)`, on what is held."""
        self._settle(start_ms, end_ms, mark)

    def open_at(self, price: float) -> None:
        """The market opens at `price`: market orders (A1), then what it jumped over (B3)."""
        self._next(price)
        self.account.see(price)
        self._begin([one for one in self.working.values() if one.is_market], price, self.moment + 1)

    def go_to(self, price: float) -> None:
        """The market is about to go to `price` without a gap (B2)."""
        self._begin([], price, self.moment + 1)

    def end_bar(self) -> None:
        """After the decisions of a bar: what may fill at this very close (A2, A3)."""
        at_close = self.account.market.fill_at_close
        self.moment += 1
        orders = [one for one in self.working.values() if one.is_market]
        now = [one for one in orders if at_close or one.order.at_close]
        self._begin(now, self.here, self.moment if at_close else 0)

    def _begin(self, orders: list[Working], goal: float, born_before: int) -> None:
        self._queue = sorted(orders, key=lambda one: one.order.sequence)
        self._goal, self._born_before = goal, born_before

    def next(self) -> Met | None:
        """What fills first in this round; None once nothing does any more."""
        while self._queue:
            working = self._queue[0]
            # What an earlier fill withdrew is gone.
            if self.working.get(working.order.order_id) is working:
                return Met(working, Touch(self.here, self.here, slips=True))
            self._queue.pop(0)
        met = self._nearest(self._goal, self._born_before) if self.working else None
        return None if met is None else Met(*met)

    def take(self, met: Met) -> None:
        """Let it fill."""
        if not met.working.is_market:
            self._come_to(met.touch.at)
        self._fill(met.working, met.touch)

    def liquidate(self, before: Met | None) -> bool:
        """Whether the way takes the position away before that order is met."""
        if self._born_before == 0:
            return False
        first = self._goal if before is None else before.touch.at
        return self._liquidate_on_the_way(self._goal, first)

    def liquidate_here(self) -> bool:
        """Whether the position is taken away where the price stands."""
        return self._liquidate_on_the_way(self.here, self.here)

    def arrive(self) -> None:
        """The end of a round on the way."""
        self._arrive(self._goal)

    def call_margin(self) -> None:
        """Sell what the account can no longer carry (I1 to I4)."""
        self._call_margin()

    def drop_what_cannot_be_carried(self) -> None:
        """I6, at the end of a bar."""
        self._drop_what_cannot_be_carried()

    def _affords(self, order: Place, opening: float, price: float) -> bool:
        rested = self._sized_at_touch(order)
        checks = self.said.margin == "checked" and self.perpetual is None and not rested
        if checks and self.account.elsewhere:
            # What was checked at its signal needs it again only where others took margin since.
            return affords(self.account, self.said, order.side, opening, price)
        return super()._affords(order, opening, price)

    def _liquidate_on_the_way(self, price: float, first: float) -> bool:
        return not self.stands(price) and super()._liquidate_on_the_way(price, first)

    def _refusal(self, order: Place, units: float, opening: float, price: float) -> Refusal | None:
        reason = super()._refusal(order, units, opening, price)
        if reason is not None or opening <= 0.0:
            return reason
        return self.gate(order, opening, price)
