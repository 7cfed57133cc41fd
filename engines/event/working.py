"""When does an order that works at the venue meet the price? Its levels, and how it trails."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

from engines.event.events import Amend, Place
from engines.kernel.rounding import round_against, round_price


class Touch(NamedTuple):
    """Where on the way an order triggers, at what price it fills, and whether it slips (C4).

    `level` is where it would have liked to trigger.
    """

    at: float
    price: float
    slips: bool
    level: float = 0.0


@dataclass
class Working:
    """An order at the venue: as it was placed, and what the price has done to it since.

    `water` is a trailing stop's best price, None until it is armed. `stop` is gone once it has
    activated its limit (C6). `since` numbers the moment it came.
    """

    order: Place
    units: float | None
    limit: float | None
    stop: float | None
    activation: float | None
    offset: float
    since: int
    rests_from: int = -1
    water: float | None = None
    took: bool = False
    begun: bool = False
    against: float = 0.0
    flips: bool = False

    @classmethod
    def of(cls, order: Place, since: int, here: float = math.nan) -> Working:
        """A fresh order; a trailing one looks from its reference price on.

        `took` tells that the market, at `here`, was through its limit when it came.
        """
        working = cls(
            order,
            order.units,
            order.limit,
            order.stop,
            order.activation,
            order.offset,
            since,
            order.rests_from,
            took=order.limit is not None and order.side * here < order.side * order.limit,
            against=order.against,
            flips=order.flips,
        )
        if order.reference is not None:
            working.pass_by(order.reference)
        return working

    @property
    def is_market(self) -> bool:
        """Whether it waits for nothing but a price."""
        levels = (self.limit, self.stop, self.activation, self.order.watch)
        return all(level is None for level in levels)

    @property
    def trails(self) -> bool:
        """Whether it follows the price."""
        return self.activation is not None

    def reached(self, price: float) -> bool:
        """Whether it only watches for a price in its favour that is now there."""
        watch, side = self.order.watch, self.order.side
        return watch is not None and side * price <= side * watch

    def amend(self, change: Amend, here: float) -> None:
        """Take over what the change gives; the market is at `here`."""
        if change.limit is not None and change.limit != self.limit:
            self.took = self.order.side * here < self.order.side * change.limit
        names = ("units", "limit", "stop", "activation", "offset", "rests_from", "against", "flips")
        for name in names:
            value = getattr(change, name)
            if value is not None:
                setattr(self, name, value)

    def after(self, part: float, own: float, against: float, closing: float) -> Working:
        """What goes on working once `part` of it has filled, `closing` of that against a position.

        `own` are the lots that it was for itself, `against` those of the other side.
        """
        if self.order.reduce_only:
            return replace(self, units=own - part, begun=True)
        left = max(against - closing, 0.0)
        rest = own + against - part - left
        return replace(self, against=left, flips=False, units=rest, begun=True)

    def pass_by(self, price: float) -> None:
        """The price went to `price`: it may arm, raise or activate."""
        side = self.order.side
        if self.activation is not None:
            # The order leaves a position of the other side: its favour is against its own.
            mark = self.activation if self.water is None else self.water
            if side * price <= side * mark:
                self.water = price
        elif self.stop is not None and self.limit is not None and side * price >= side * self.stop:
            self.stop = None

    def touch(self, here: float, there: float, tick: float) -> Touch | None:
        """Where the way from `here` to `there` triggers it."""
        if self.activation is not None:
            return self._trailing(here, there, tick)
        start = here
        if self.stop is not None:
            met = self._stop(self.stop, here, there)
            if met is None or self.limit is None:
                return met
            start = met.at
        if self.limit is not None:
            return self._limit(self.limit, start, there, self.order.verified_by * tick, tick)
        return None

    def _stop(self, level: float, here: float, there: float) -> Touch | None:
        side = self.order.side
        if side * here >= side * level:
            return Touch(here, here, True, level)
        if side * there >= side * level:
            return Touch(level, level, True, level)
        return None

    def _limit(
        self, level: float, here: float, there: float, beyond: float, tick: float
    ) -> Touch | None:
        side = self.order.side
        trigger = float(round_price(level - side * beyond, tick)) if beyond else level
        if side * here <= side * trigger:
            return Touch(here, here, False, level)
        if side * there <= side * trigger:
            return Touch(trigger, level, False, level)
        return None

    def _trailing(self, here: float, there: float, tick: float) -> Touch | None:
        if self.activation is None:
            return None
        if self.order.lets_run and self.order.side * (there - here) < 0.0:
            return None
        if self.water is not None:
            return self._stop(self._behind(self.water, tick), here, there)
        if self.offset == 0.0 and self.order.offset_fraction == 0.0:
            # E9: without an offset the activation itself is the exit.
            met = self._limit(self.activation, here, there, 0.0, 0.0)
            return None if met is None else met._replace(slips=True)
        return None

    def _behind(self, water: float, tick: float) -> float:
        side = -self.order.side
        offset = self.order.offset_fraction * water or self.offset
        return float(round_against(water - side * offset, float(side), tick))
