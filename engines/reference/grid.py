"""How is a price or quantity put on its grid, exactly? Rules C1 to C3, D12, G6, G7 and H4.

Prices are whole ticks and quantities whole lots; where an instrument has none, both are
fractions of one. Money is a fraction of quote currency.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from engines.commands import Direction
from engines.instrument import Instrument

# C2: a level within 1e-4 of a tick counts as on the grid.
_ON_GRID: Final = Fraction(1, 10_000)
_ONE: Final = Fraction(1)
# What the quotient of two doubles may lack of a whole number and still be one.
_UNITS_NOISE: Final = Fraction(1, 10**8)
_RELATIVE_NOISE: Final = Fraction(1, 2**50)

# Whole numbers on a grid; fractions only without one.
Ticks = int | Fraction
Units = int | Fraction


@dataclass(frozen=True)
class Grid:
    """An instrument's steps as exact numbers; `tick` and `lot` are 1 where it has none.

    `value` is quote currency for one tick of one lot; of an inverse contract, one lot in USD.
    """

    tick: Fraction
    lot: Fraction
    has_tick: bool
    has_lot: bool
    value: Fraction
    inverse: bool = False

    @classmethod
    def of(cls, instrument: Instrument, inverse: bool = False) -> Grid:
        """The grid of an instrument; an inverse contract's money is its coin."""
        tick, lot = Fraction(instrument.tick) or _ONE, Fraction(instrument.lot) or _ONE
        value = lot * Fraction(instrument.contract_value) * (1 if inverse else tick)
        return cls(tick, lot, bool(instrument.tick), bool(instrument.lot), value, inverse)

    def nearest(self, price: float) -> Ticks:
        """The price on the grid (C3)."""
        ticks = Fraction(price) / self.tick
        return round(ticks) if self.has_tick else ticks

    def stop(self, price: float | Fraction, direction: Direction) -> Ticks:
        """A stop order's level: to the worse for whoever buys (long) or sells (C1)."""
        return self._rounded(price, up=direction == "long")

    def limit(self, price: float | Fraction, direction: Direction) -> Ticks:
        """A limit order's level: to the better for whoever buys (long) or sells (C1)."""
        return self._rounded(price, up=direction == "short")

    def _rounded(self, price: float | Fraction, up: bool) -> Ticks:
        ticks = Fraction(price) / self.tick
        if not self.has_tick:
            return ticks
        return math.ceil(ticks - _ON_GRID) if up else math.floor(ticks + _ON_GRID)

    def price(self, ticks: Ticks) -> float:
        """A price as the double that a ledger shows (C3)."""
        return float(ticks) * float(self.tick) if self.has_tick else float(ticks)

    def whole(self, qty: Fraction) -> Units:
        """A quantity in lots, rounded down (G7)."""
        units = qty / self.lot
        if not self.has_lot:
            return units
        return math.floor(units + max(_UNITS_NOISE, units * _RELATIVE_NOISE))

    def units(self, qty: float) -> Units:
        """A script's quantity in lots, by its shortest decimal; 0 for what is no number (D12)."""
        if not math.isfinite(qty) or qty <= 0.0:
            return 0
        return self.whole(Fraction(repr(qty)))

    def money(self, price: Ticks, units: Units) -> Fraction:
        """Value of `units` at `price`: in quote currency, of an inverse contract in coin."""
        if self.inverse:
            return units * self.value / (price * self.tick)
        return price * units * self.value

    def earned(self, side: int, entry: Ticks, price: Ticks, units: Units) -> Fraction:
        """Profit before fees of `units` from `entry` to `price` (C7).

        Inverse: quantity × (1/entry − 1/price) for a long, in coin.
        """
        moved = self.money(price, units) - self.money(entry, units)
        return -side * moved if self.inverse else side * moved

    def average(self, lots: Sequence[tuple[Ticks, Units]]) -> float:
        """Average entry price of (price, units): of an inverse contract the harmonic one (K5)."""
        size = sum(units for _, units in lots)
        if not size:
            return math.nan
        if self.inverse:
            return float(size * self.tick / sum(units / Fraction(price) for price, units in lots))
        return float(sum(price * units for price, units in lots) / size * self.tick)


def distance(one: Ticks, other: Ticks) -> Ticks:
    """How far two prices, or a position and nothing, are apart."""
    return one - other if one > other else other - one


def significant(amount: Fraction, digits: int) -> Fraction:
    """Money rounded half-up to `digits` significant digits; unchanged for 0 (G6, H4)."""
    if digits == 0 or amount == 0:
        return amount
    size = abs(amount)
    power = len(str(int(size))) if size >= 1 else -_leading_zeros(size)
    shift = Fraction(10) ** (digits - power)
    rounded = math.floor(size * shift + Fraction(1, 2)) / shift
    return rounded if amount > 0 else -rounded


def _leading_zeros(size: Fraction) -> int:
    """Zeros after the point of a number below 1."""
    zeros = 0
    while size * 10 < 1:
        size *= 10
        zeros += 1
    return zeros
