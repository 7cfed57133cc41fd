"""Which entries does the account's owner not want? Limits over all legs, checked at the fill."""

from __future__ import annotations

from collections.abc import Sequence

from engines.event.events import Place
from engines.orders import Refusal
from engines.portfolio.heat import heat_of_entry, heat_of_position
from engines.portfolio.leg import RunningLeg
from engines.portfolio.venue import Gate
from engines.risk import Correlations, Limits

# What a chain of doubles may lack of the exact sum, as a share of the limit.
_NOISE = 1e-9


class Entrance:
    """Refuses entries that would lead beyond `Limits`."""

    def __init__(self, legs: Sequence[RunningLeg], limits: Limits) -> None:
        self._legs = legs
        self._limits = limits
        bars = {leg.symbol: leg.leg.bars for leg in legs}
        self._correlations = Correlations(bars, limits.correlation_bars)

    @property
    def refuses_anything(self) -> bool:
        """Whether any limit is set."""
        limits = self._limits
        return bool(
            limits.max_open_positions
            or limits.max_correlated_positions
            or limits.portfolio_heat_limit
        )

    def gate_of(self, leg: RunningLeg) -> Gate:
        """What a leg's venue asks before an order of `opening` lots fills."""

        def gate(order: Place, opening: float, price: float) -> Refusal | None:
            entry_id = leg.entry_id_of(order)
            if entry_id is None:
                return None
            if self._too_many(leg):
                return Refusal.OPEN_POSITIONS
            if self._too_alike(leg, order.side):
                return Refusal.CORRELATED_POSITIONS
            if self._too_hot(leg, order.side, entry_id, opening, price):
                return Refusal.PORTFOLIO_HEAT
            return None

        return gate

    def _others(self, leg: RunningLeg) -> list[RunningLeg]:
        return [one for one in self._legs if one is not leg and one.side != 0]

    def _too_many(self, leg: RunningLeg) -> bool:
        most = self._limits.max_open_positions
        return 0 < most <= len(self._others(leg)) and leg.side == 0

    def _too_alike(self, leg: RunningLeg, side: int) -> bool:
        most, least = self._limits.max_correlated_positions, self._limits.correlation
        if most == 0 or leg.side == side:
            return False
        alike = 0
        for one in self._others(leg):
            found = self._correlations.at(leg.symbol, one.symbol, leg.known_ms)
            # What is not known (NaN) is not taken for alike.
            alike += found * side * one.side >= least
        return alike >= most

    def _too_hot(
        self, leg: RunningLeg, side: int, entry_id: str, opening: float, price: float
    ) -> bool:
        limit = self._limits.portfolio_heat_limit
        if limit == 0.0:
            return False
        held = [one for one in self._legs if one.side != 0]
        if leg.side == -side:
            # A reversal leaves its own position first.
            held = [one for one in held if one is not leg]
        heat = sum(heat_of_position(one.trader) for one in held)
        heat += heat_of_entry(leg.trader, entry_id, side, opening, price)
        allowed = limit * leg.account.equity(price)
        return heat > allowed + _NOISE * abs(allowed)
