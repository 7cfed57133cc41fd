"""What does Bybit ask of a linear position, exactly? Order cost, maintenance, where it is taken.

Source: Bybit's help pages "The New Margin Calculation" and "Liquidation price"; s size, E entry,
M mark, L leverage, f taker fee, in the comments.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from engines.broker import Broker
from engines.instrument import Instrument
from engines.orders import Refusal


class Step(NamedTuple):
    """A risk tier: up to `limit` (None: without end), with a deduction that leaves no jump."""

    limit: Fraction | None
    max_leverage: Fraction
    rate: Fraction
    deduction: Fraction


class Held(NamedTuple):
    """A position: `side` +1 or −1, size and average entry."""

    side: int
    size: Fraction
    entry: Fraction


@dataclass(frozen=True)
class Futures:
    """The rules of one linear contract under a broker's leverage."""

    steps: tuple[Step, ...]
    leverage: Fraction
    fee_rate: Fraction
    cross: bool

    @classmethod
    def of(cls, instrument: Instrument, broker: Broker) -> Futures:
        """The rules of an instrument. Without tiers: 0.5 % and 100 times, as most have first."""
        fee = instrument.taker_fee_rate if broker.taker_fee_rate is None else broker.taker_fee_rate
        steps = [Step(None, Fraction(100), Fraction(1, 200), Fraction(0))]
        if instrument.margin_tiers:
            steps = []
        for tier in instrument.margin_tiers:
            rate, deduction = Fraction(tier.maintenance_rate), Fraction(0)
            if steps:
                below = steps[-1]
                deduction = below.deduction + (below.limit or 0) * (rate - below.rate)
            limit, most = Fraction(tier.limit_notional), Fraction(tier.max_leverage)
            steps.append(Step(limit, most, rate, deduction))
        cross = broker.margin_mode != "isolated"
        return cls(tuple(steps), Fraction(broker.leverage), Fraction(fee), cross)

    def step_of(self, worth: Fraction) -> Step | None:
        """The tier of a value; None above the highest risk limit."""
        for step in self.steps:
            if step.limit is None or worth <= step.limit:
                return step
        return None

    def objection(self, worth: Fraction) -> Refusal | None:
        """Why a position may not become so large: the highest limit, or its tier's leverage."""
        step = self.step_of(worth)
        if step is None:
            return Refusal.RISK_LIMIT
        return Refusal.LEVERAGE if self.leverage > step.max_leverage else None

    def _fee_to_close(self, held: Held) -> Fraction:
        # s·E·(1 ∓ 1/L)·f
        return held.size * held.entry * (1 - held.side / self.leverage) * self.fee_rate

    def cost(self, side: int, size: Fraction, price: Fraction) -> Fraction:
        """What an opening order takes: s·P/L + s·P·f + the fee to close."""
        worth = size * price
        close = self._fee_to_close(Held(side, size, price))
        return worth / self.leverage + worth * self.fee_rate + close

    def used(self, held: Held, mark: Fraction) -> Fraction:
        """Margin that a position holds back."""
        if self.cross:
            return held.size * mark / self.leverage
        return held.size * held.entry / self.leverage + self._fee_to_close(held)

    def maintenance(self, held: Held, mark: Fraction) -> Fraction:
        """s·M·rate − deduction + the fee to close."""
        worth = held.size * mark
        step = self.step_of(worth) or self.steps[-1]
        return worth * step.rate - step.deduction + self._fee_to_close(held)

    def own_margin(self, held: Held, backing: Fraction) -> Fraction:
        """s·E/L, and in cross margin what else stands behind the position (X = added / (1 ∓ f))."""
        initial = held.size * held.entry / self.leverage
        if not self.cross:
            return initial
        added = backing - initial - self._fee_to_close(held)
        return initial + added / (1 - held.side * self.fee_rate)

    def level(self, held: Held, backing: Fraction) -> Fraction:
        """Mark price at which the margin is down to what maintains it; zero or less: none."""
        own, below = self.own_margin(held, backing), Fraction(0)
        level = Fraction(0)
        for step in self.steps:
            # (s·E ∓ own ∓ d) / (s·(1 ∓ rate)), the step that the value there falls into.
            kept = held.size * held.entry - held.side * (own + step.deduction)
            level = kept / (held.size * (1 - held.side * step.rate))
            worth, last = held.size * level, step is self.steps[-1]
            inside = step.limit is None or worth <= step.limit or last
            if level <= 0 or (worth > below and inside):
                return level
            below = step.limit or Fraction(0)
        return level

    def bankrupt(self, held: Held, backing: Fraction) -> Fraction:
        """Price at which the margin is gone: E ∓ own / s."""
        return held.entry - held.side * self.own_margin(held, backing) / held.size

    def lots_to_reduce(self, held: Held, mark: Fraction, lot: Fraction) -> int:
        """Lots that lead into the next lower tier; 0 in the lowest."""
        lower = Fraction(0)
        for step in self.steps:
            if step.limit is None or held.size * mark <= step.limit:
                break
            lower = step.limit
        return math.ceil((held.size - lower / mark) / lot) if lower else 0
