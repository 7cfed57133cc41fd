"""Which risk tier does a position fall into? Steps of maintenance by its value."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from engines.errors import InvalidInput
from engines.instrument import MarginTier

ZERO = Fraction(0)
_ONE = Fraction(1)


class Tier(NamedTuple):
    """One step, exact: up to a position value of `limit`; None is without an end."""

    limit: Fraction | None
    max_leverage: Fraction
    maintenance_rate: Fraction
    deduction: Fraction


def tiers_from(tiers: Sequence[MarginTier]) -> tuple[Tier, ...]:
    """The venue's tiers, lowest first, with deductions that leave no jump between two of them.

    d_n = limit_(n−1) × (rate_n − rate_(n−1)) + d_(n−1). Raises InvalidInput for a deduction the
    venue gives that is another, and without any tier.
    """
    if not tiers:
        raise InvalidInput("margin_tiers", "none", "at least one tier of the venue's risk limits")
    found: list[Tier] = []
    deduction = ZERO
    for one in tiers:
        rate = Fraction(one.maintenance_rate)
        if found and found[-1].limit is not None:
            deduction += found[-1].limit * (rate - found[-1].maintenance_rate)
        given = Fraction(one.deduction)
        if given not in (ZERO, deduction):
            name = f"deduction of the tier up to {one.limit_notional}"
            raise InvalidInput(name, str(one.deduction), f"{float(deduction):g}")
        limit = Fraction(one.limit_notional)
        found.append(Tier(limit, Fraction(one.max_leverage), rate, deduction))
    return tuple(found)


def tier_of(tiers: Sequence[Tier], value: Fraction) -> Tier:
    """The tier of a position value. Raises InvalidInput above the highest."""
    for tier in tiers:
        if tier.limit is None or value <= tier.limit:
            return tier
    limit = float(tiers[-1].limit or 0)
    raise InvalidInput("position value", float(value), f"at most {limit:g}, the highest risk limit")


def check_leverage(tiers: Sequence[Tier], value: Fraction, leverage: Fraction) -> None:
    """Raise InvalidInput for a leverage that the position's tier does not allow."""
    highest = tier_of(tiers, value).max_leverage
    if not _ONE <= leverage <= highest:
        expected = f"from 1 to {float(highest):g} for a position value of {float(value):g}"
        raise InvalidInput("leverage", float(leverage), expected)
