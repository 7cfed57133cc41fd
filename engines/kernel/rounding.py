"""How is a price or quantity put on its grid? Thresholds of rules C1 to C3, D12, G6 and G7.

A rounded price is `n * tick` and a rounded quantity `n * lot` with a whole n, as doubles: two
prices on the same grid compare exactly as their whole numbers do.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engines.compile import scalar
from engines.kernel.layout import Market

# C2: a level within 1e-4 of a tick counts as on the grid.
_ON_GRID: Final = 1e-4
# What a quotient of an account's money may lack of the exact one, in lots: equity is a small
# difference of large sums under leverage, and a stop's distance one of two prices.
_UNITS_NOISE: Final = 1e-8
_RELATIVE_NOISE: Final = 2.0**-50
_POWERS: Final = tuple(float(f"1e{power}") for power in range(23))


@scalar
def round_price(price: float, tick: float) -> float:
    """Nearest price on the grid (C3); unchanged when `tick` is 0."""
    if tick == 0.0:
        return price
    return float(np.rint(price / tick)) * tick


@scalar
def high_comes_first(open_: float, high: float, low: float, tick: float) -> bool:
    """Whether a bar's path goes to its high first: it is nearer to the open, a tie goes low (B1).

    Equal numbers of ticks may differ in the last bits of their doubles: less than a quarter of a
    tick is a tie.
    """
    return (high - open_) - (open_ - low) < -0.25 * tick


@scalar
def round_up(price: float, tick: float) -> float:
    """Lowest price on the grid not below `price` (C1, C2)."""
    if tick == 0.0:
        return price
    return float(np.ceil(price / tick - _ON_GRID)) * tick


@scalar
def round_down(price: float, tick: float) -> float:
    """Highest price on the grid not above `price` (C1, C2)."""
    if tick == 0.0:
        return price
    return float(np.floor(price / tick + _ON_GRID)) * tick


@scalar
def round_against(price: float, side: float, tick: float) -> float:
    """A stop's price for a position of `side`: rounded to the worse (long down, short up)."""
    if side > 0.0:
        return round_down(price, tick)
    return round_up(price, tick)


@scalar
def round_in_favour(price: float, side: float, tick: float) -> float:
    """A take-profit's price for a position of `side`: rounded to the better."""
    if side > 0.0:
        return round_up(price, tick)
    return round_down(price, tick)


@scalar
def whole_units(qty: float, market: Market) -> float:
    """Quantity in lots, rounded down (D12, G7); the quantity itself when `lot` is 0."""
    if market.lot == 0.0:
        return qty
    units = qty / market.lot
    noise = max(_UNITS_NOISE, units * _RELATIVE_NOISE)
    return float(np.floor(units + noise))


@scalar
def round_digits(amount: float, digits: int) -> float:
    """Money rounded half-up to `digits` significant digits (H4, G6); 0 digits: unchanged."""
    if digits == 0 or amount == 0.0:
        return amount
    size = abs(amount)
    if not size < _POWERS[22]:
        return amount
    power = 0
    while size >= _POWERS[power]:
        power += 1
    # `power` digits stand before the point.
    if power == 0:
        while size * _POWERS[-power] < 0.1 and power > -12:
            power -= 1
    shift = digits - power
    if shift >= 0:
        rounded = float(np.floor(size * _POWERS[min(shift, 22)] + 0.5)) / _POWERS[min(shift, 22)]
    else:
        rounded = float(np.floor(size / _POWERS[-shift] + 0.5)) * _POWERS[-shift]
    return rounded if amount > 0.0 else -rounded
