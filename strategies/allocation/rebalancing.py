"""How does a portfolio get to its target weights? Looks back, and orders the difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Final

import numpy as np

from engines.bars import Bars, Floats
from engines.commands import Close, CloseAll, Command, Order
from engines.errors import InvalidInput
from engines.legs import LegView, PortfolioView, Turn
from engines.portfolio.allocation import Allocation, Weights
from engines.risk import common_returns
from strategies.allocation.schedule import Schedule

ENTRY_ID: Final = "rebalance"
_EQUAL: Final = Allocation()
_MONTHLY: Final = Schedule()


@dataclass(frozen=True)
class Rebalance:
    """One rebalancing: what it was for, the weights aimed at, and what has to be said of it."""

    time_ms: int
    cause: str
    weights: Mapping[str, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Policy:
    """What to hold, when to come back to it, and how exactly.

    Weights are shares of `exposure` × equity, of which `keep_cash` (a fraction) stays for costs.
    Changes below `min_trade` (quote currency) are left.
    """

    allocation: Allocation = _EQUAL
    schedule: Schedule = _MONTHLY
    exposure: float = 1.0
    keep_cash: float = 0.01
    min_trade: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 < self.exposure <= 1000.0:
            raise InvalidInput("allocation.exposure", self.exposure, "above 0, at most 1000")
        if not 0.0 <= self.keep_cash < 1.0:
            raise InvalidInput("allocation.keep_cash", self.keep_cash, "from 0 to below 1")
        if not 0.0 <= self.min_trade < float("inf"):
            raise InvalidInput("allocation.min_trade", self.min_trade, "zero or more")

    @property
    def invested(self) -> float:
        """What share of the equity all weights together stand for."""
        return self.exposure * (1.0 - self.keep_cash)

    def canonical(self) -> dict[str, object]:
        """Everything that decides an order, as JSON values."""
        return {**asdict(self)}


@dataclass
class Rebalancer:
    """Conducts legs towards target weights, at closes, by market orders or by shares.

    Looks back over `bars` that have closed, nothing later. With `trades` False the legs' own
    scripts trade, each at its weight of its default size.
    """

    policy: Policy
    bars: Mapping[str, Bars]
    trades: bool = True
    history: list[Rebalance] = field(default_factory=list)
    _period: int | None = None
    _closes: int = 0
    _waits: str = ""

    def on_close(self, view: PortfolioView) -> Turn:
        """What to do at a moment at which bars close."""
        period = self.policy.schedule.period_of(view.time_ms, self._closes)
        self._closes += 1
        cause = self._cause(view, period)
        if not cause:
            return Turn()
        found = self._weights(view)
        if found is None:
            return Turn()
        self._period = period
        notes = (*([f"waited: {self._waits}"] if self._waits else []), *found.notes)
        self._waits = ""
        self.history.append(Rebalance(view.time_ms, cause, found.shares, notes))
        if not self.trades:
            return Turn(shares=found.shares)
        orders = {
            name: self._orders(view, name, weight)
            for name, weight in found.shares.items()
            if view.legs[name].closed
        }
        return Turn(commands=orders)

    def _cause(self, view: PortfolioView, period: int) -> str:
        if self._period is None:
            return "start"
        if period != self._period:
            return self.policy.schedule.every
        if self.trades and self._has_drifted(view):
            return "drift"
        return ""

    def _has_drifted(self, view: PortfolioView) -> bool:
        targets = {
            name: self.policy.invested * share for name, share in self.history[-1].weights.items()
        }
        weights = {name: _value(view.legs[name]) / view.equity for name in targets}
        return view.equity > 0.0 and self.policy.schedule.has_drifted(weights, targets)

    def _weights(self, view: PortfolioView) -> Weights | None:
        """Target weights as of now; None while none can be told."""
        ready = [name for name, leg in view.legs.items() if leg.closed]
        notes: list[str] = []
        if self.policy.allocation.needs_past:
            wanted = self.policy.allocation.lookback_bars
            known = {name: self._closes_of(name, view.time_ms) for name in ready}
            notes = [
                f"{name} has {known[name]} of {wanted + 1} closes: left out"
                for name in ready
                if known[name] <= wanted
            ]
            ready = [name for name in ready if known[name] > wanted]
        stuck = self._stuck(view, ready)
        returns = self._returns(ready, view.time_ms) if ready else None
        if returns is None:
            self._waits = "; ".join(notes) or "the symbols share too few closes"
            return None
        found = self.policy.allocation.weights(returns)
        free, total = max(1.0 - sum(stuck.values()), 0.0), sum(found.shares.values())
        part = free / total if total > free else 1.0
        shares = {name: share * part for name, share in found.shares.items()}
        notes += [f"{name} did not close now: its part stays" for name in stuck]
        return Weights({**shares, **stuck}, (*notes, *found.notes))

    def _stuck(self, view: PortfolioView, ready: list[str]) -> dict[str, float]:
        """Targets for what cannot be traded now: what is held, or else is on order still."""
        if not self.trades or view.equity <= 0.0:
            return {}
        before = self.history[-1].weights if self.history else {}
        kept = {}
        for name, leg in view.legs.items():
            if name in ready or leg.closed:
                continue
            held = _value(leg) / view.equity / self.policy.invested
            if held or before.get(name, 0.0):
                kept[name] = held or before[name]
        return kept

    def _closes_of(self, name: str, now_ms: int) -> int:
        return int(np.searchsorted(self.bars[name].close_ms, now_ms, side="right"))

    def _returns(self, names: list[str], now_ms: int) -> dict[str, Floats] | None:
        """The last returns of closes that all have; None with too few."""
        wanted = self.policy.allocation.lookback_bars
        if not self.policy.allocation.needs_past:
            return {name: np.zeros(0) for name in names}
        # A close of each more than is looked back on may be missing from others: twice as many.
        parts = [
            self.bars[name].rows(max(stop - 2 * wanted - 2, 0), stop)
            for name in names
            for stop in [self._closes_of(name, now_ms)]
        ]
        _, table = common_returns(parts)
        if len(table) < wanted:
            return None
        return dict(zip(names, table[-wanted:].T, strict=True))

    def _orders(self, view: PortfolioView, name: str, weight: float) -> list[Command]:
        """The difference between what a leg holds and what it should, as a market order."""
        leg = view.legs[name]
        target = weight * self.policy.invested * view.equity / leg.price
        missing = target - leg.position_size
        if weight == 0.0:
            return [CloseAll(comment=ENTRY_ID)] if leg.position_size else []
        if missing == 0.0 or abs(missing) * leg.price < self.policy.min_trade:
            return []
        if missing > 0.0:
            return [Order(ENTRY_ID, "long", qty=missing)]
        return [Close(ENTRY_ID, qty=-missing, comment=ENTRY_ID)]


def _value(leg: LegView) -> float:
    return leg.position_size * leg.price if leg.position_size else 0.0
