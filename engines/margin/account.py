"""When is a whole account in cross margin taken away? All its positions against one balance.

The account is liquidated once the maintenance margin of all positions reaches the margin balance
(`maintenance_rate` of 1). For positions of one symbol, long and short at once in hedge mode, the
prices where that happens are found exactly: between them the account stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from engines.margin.position import (
    Contract,
    Position,
    fee_to_close,
    initial_margin,
    maintenance_margin,
    value,
)
from engines.margin.tiers import ZERO, Tier


class Holding(NamedTuple):
    """A position of an account, its contract and its mark price."""

    contract: Contract
    position: Position
    mark: Fraction


class Bounds(NamedTuple):
    """Mark prices at or beyond which an account is liquidated; None where none does."""

    low: Fraction | None
    high: Fraction | None


# Nothing is left at any price.
NOWHERE: Final = Bounds(Fraction(10**18), Fraction(1, 10**18))


def total_initial(holdings: Iterable[Holding]) -> Fraction:
    """Initial margin of all positions; longs and shorts of one symbol are not set off."""
    return sum((initial_margin(*one) for one in holdings), ZERO)


def total_maintenance(holdings: Iterable[Holding]) -> Fraction:
    """Maintenance margin of all positions. Raises InvalidInput above a highest risk limit."""
    return sum((maintenance_margin(*one) for one in holdings), ZERO)


def must_liquidate(holdings: Iterable[Holding], margin_balance: Fraction) -> bool:
    """Whether the maintenance margin has reached the balance, which includes open profit."""
    return total_maintenance(holdings) >= margin_balance


def bounds_of(contract: Contract, positions: Sequence[Position], cash: Fraction) -> Bounds:
    """Between which mark prices an account of these positions and so much cash stands.

    What it has beyond its maintenance margin is concave in the value of a unit, in a straight line
    from one tier to the next.
    """
    fees = sum((fee_to_close(contract, one) for one in positions), ZERO)
    lower: Fraction | None = None
    upper: Fraction | None = None
    standing = False
    edges = sorted({tier_end for one in positions for tier_end in _ends(contract, one)})
    for start, end in zip([ZERO, *edges], [*edges, None], strict=True):
        inside = start + 1 if end is None else (start + end) / 2
        base, slope = _spare(contract, positions, cash - fees, inside)
        root = None if slope == 0 else -base / slope
        if root is not None and root >= start and (end is None or root <= end):
            lower, upper = (root, upper) if slope > 0 else (lower, root)
        standing = standing or base + slope * inside > 0
    if not standing and lower is None and upper is None:
        return NOWHERE
    if contract.payoff.inverse:
        lower, upper = (None if one is None or one == 0 else 1 / one for one in (upper, lower))
    return Bounds(lower, upper)


def bankruptcy_price_of(
    contract: Contract, positions: Sequence[Position], cash: Fraction
) -> Fraction:
    """Price at which closing all positions leaves nothing; 0 where there is none."""
    base, slope = cash, ZERO
    for one in positions:
        direction = contract.direction(one.side)
        base -= direction * value(contract, one, one.entry)
        slope += one.size * (direction - contract.taker_fee_rate)
    return ZERO if slope == 0 else contract.price(-base / slope)


def _ends(contract: Contract, position: Position) -> Iterable[Fraction]:
    return (one.limit / position.size for one in contract.tiers[:-1] if one.limit is not None)


def _spare(
    contract: Contract, positions: Sequence[Position], money: Fraction, rate: Fraction
) -> tuple[Fraction, Fraction]:
    """What there is beyond the maintenance margin, as a line through the tiers at `rate`."""
    base, slope = money, ZERO
    for one in positions:
        tier = _tier(contract, one.size * rate)
        direction = contract.direction(one.side)
        base += tier.deduction - direction * value(contract, one, one.entry)
        slope += one.size * (direction - tier.maintenance_rate)
    return base, slope


def _tier(contract: Contract, worth: Fraction) -> Tier:
    """The tier of a value; the highest also beyond its end."""
    return next(
        (one for one in contract.tiers if one.limit is None or worth <= one.limit),
        contract.tiers[-1],
    )
