"""When is a position taken away, and at what price? Liquidation and bankruptcy."""

from __future__ import annotations

from fractions import Fraction

from engines.margin.position import (
    Contract,
    Position,
    bankruptcy_rate,
    maintenance_margin,
    own_margin,
    unrealised,
    value,
)
from engines.margin.tiers import ZERO, Tier


def bankruptcy_price(contract: Contract, position: Position) -> Fraction:
    """Price at which the margin is gone; 0 where none is reached (a long without leverage)."""
    return contract.price(bankruptcy_rate(contract, position))


def liquidation_price(contract: Contract, position: Position) -> Fraction:
    """Mark price at which an isolated position no longer keeps its maintenance margin.

    Maintenance margin = margin + unrealised profit, solved in the tier that the value there falls
    into. Long, linear: (sE − sE/L − X − d) / (s(1 − rate)); short: (sE + sE/L + X + d) /
    (s(1 + rate)). 0 where no price liquidates.
    """
    below = ZERO
    for tier in contract.tiers:
        rate = _rate_in(contract, position, tier)
        worth = position.size * rate
        last = tier is contract.tiers[-1]
        if rate <= 0 or (worth > below and (last or tier.limit is None or worth <= tier.limit)):
            return contract.price(rate)
        below = tier.limit or ZERO
    # Values between two tiers belong to both: the deduction leaves no jump.
    return contract.price(rate)


def _rate_in(contract: Contract, position: Position, tier: Tier) -> Fraction:
    direction = contract.direction(position.side)
    entered = value(contract, position, position.entry)
    kept = own_margin(contract, position) + tier.deduction
    return (entered - direction * kept) / (position.size * (1 - direction * tier.maintenance_rate))


def keeps_margin(contract: Contract, position: Position, mark: Fraction) -> bool:
    """Whether an isolated position still has more than its maintenance margin at `mark`."""
    fee = position.size * bankruptcy_rate(contract, position) * contract.taker_fee_rate
    has = own_margin(contract, position) + fee + unrealised(contract, position, mark)
    return has > maintenance_margin(contract, position, mark)


def reduced_units(
    contract: Contract, position: Position, mark: Fraction, lot: Fraction
) -> Fraction:
    """Size, in whole lots, that a partial liquidation sells to come into the next lower tier.

    0 in the lowest tier: there the whole position is taken over at the bankruptcy price.
    """
    worth = value(contract, position, mark)
    lower = ZERO
    for tier in contract.tiers:
        if tier.limit is None or worth <= tier.limit:
            break
        lower = tier.limit
    if lower == 0:
        return ZERO
    surplus = position.size - lower / contract.rate(mark)
    lots = -(-surplus // lot)
    return min(lots * lot, position.size)
