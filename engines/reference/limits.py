"""Which entries lead beyond the account's limits? Positions, likeness and heat, exactly."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import partial
from typing import Protocol

from engines.legs import Leg
from engines.orders import Refusal
from engines.reference.account import ZERO, Lot
from engines.reference.brackets import Rest
from engines.reference.desk import Desk
from engines.reference.exits import levels_of, reserved_units
from engines.reference.grid import Ticks, Units
from engines.reference.leg_market import LegMarket
from engines.reference.pending import Pending
from engines.reference.shared_account import SharedAccount
from engines.risk import Correlations, Limits


class Guarded(Protocol):
    """A leg whose entries are looked at."""

    leg: Leg
    account: SharedAccount
    desk: Desk
    market: LegMarket

    @property
    def known_ms(self) -> int:
        """Up to when bars are known."""
        ...


class Doorman:
    """Looks at every entry before it fills."""

    def __init__(self, sides: Iterable[Guarded], limits: Limits) -> None:
        self.sides = list(sides)
        self.limits = limits
        bars = {side.leg.symbol: side.leg.bars for side in self.sides}
        self.correlations = Correlations(bars, limits.correlation_bars)

    def guard(self) -> None:
        """Stand at every leg's door."""
        for side in self.sides:
            side.market.gate = partial(self.refusal, side)

    def refusal(
        self, side: Guarded, order: Pending, opening: Units, price: Ticks
    ) -> Refusal | None:
        """Why the entry stays out; None if it may come in."""
        limits, position = self.limits, side.account.position
        others = [one for one in self.sides if one is not side and one.account.lots]
        if position == 0 and 0 < limits.max_open_positions <= len(others):
            return Refusal.OPEN_POSITIONS
        if limits.max_correlated_positions and order.side * position <= 0:
            alike = [one for one in others if self._alike(side, one, order.side)]
            if len(alike) + 1 > limits.max_correlated_positions:
                return Refusal.CORRELATED_POSITIONS
        most = Fraction(repr(limits.portfolio_heat_limit)) * side.account.equity(price)
        if limits.portfolio_heat_limit and self._heat(side, order, opening, price) > most:
            return Refusal.PORTFOLIO_HEAT
        return None

    def _alike(self, side: Guarded, other: Guarded, direction: int) -> bool:
        found = self.correlations.at(side.leg.symbol, other.leg.symbol, side.known_ms)
        return found * direction * other.account.lots[0].side >= self.limits.correlation

    def _heat(self, side: Guarded, order: Pending, opening: Units, price: Ticks) -> Fraction:
        total = self._of_entry(side.desk, order, opening, price)
        for one in self.sides:
            reversed_away = one is side and order.side * one.account.position < 0
            if not reversed_away:
                total += sum((self._of_lot(one.desk, lot) for lot in one.account.lots), ZERO)
        return total

    def _of_lot(self, desk: Desk, lot: Lot) -> Fraction:
        legs = [one for one in desk.legs.values() if one.lot is lot and not one.done]
        stops = [
            (min(one.reserved, lot.claim), one.levels.stop)
            for one in legs
            if one.levels.stop is not None
        ]
        rest = desk.rests.get(lot.number)
        if rest is not None and rest.standing_stop is not None:
            stops.append((lot.units, rest.standing_stop))
        return self._at_risk(desk, lot, stops)

    def _of_entry(self, desk: Desk, order: Pending, units: Units, price: Ticks) -> Fraction:
        lot = Lot(
            -1, order.command.id, "", order.side, units, units, price, ZERO, -1, price, price, units
        )
        reserved: Units = 0
        stops = []
        for standing in desk.standing.values():
            if standing.covers(lot):
                part = reserved_units(standing.command, lot, reserved, desk.grid)
                reserved += part
                stop = levels_of(standing.command, lot, desk.grid).stop
                if stop is not None:
                    stops.append((part, stop))
        if order.command.bracket is not None:
            rest = Rest(lot, order.command.bracket, desk.grid, None)
            # A guess: what anchors make of it shows with the fill.
            rest.measure([lot], desk.broker.leverage, price, anew=True)
            stop = rest.stop
            stops += [] if stop is None else [(units, stop)]
        return self._at_risk(desk, lot, stops)

    @staticmethod
    def _at_risk(desk: Desk, lot: Lot, stops: list[tuple[Units, Ticks]]) -> Fraction:
        """Down to the stops for what they guard; the margin of the rest."""
        left, risk = lot.units, ZERO
        for units, stop in stops:
            part = min(units, left)
            left -= part
            risk += max(desk.grid.money(lot.side * (lot.price - stop), part), ZERO)
        return risk + desk.grid.money(lot.price, left) / Fraction(desk.broker.leverage)
