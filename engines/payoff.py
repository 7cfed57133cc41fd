"""How does a price turn into money? Linear contracts and spot, or inverse ones in their coin."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeVar

from engines.bars import Category, Floats
from engines.errors import InvalidInput

Number = TypeVar("Number", float, Fraction, Floats)


@dataclass(frozen=True)
class Payoff:
    """What one unit of quantity is worth, and the scale on which its profit is a difference.

    A linear unit is worth its price in quote currency. An inverse unit, one USD, is worth
    1 / price in coin: a long earns 1 / entry − 1 / exit. On the scale of −1 / price that is a
    difference like any other, so every formula that is linear in a price serves both.
    """

    inverse: bool = False

    def worth(self, price: Number) -> Number:
        """Value of one unit at `price`, in the account's currency. The price is above zero."""
        return 1 / price if self.inverse else price

    def level(self, price: Number) -> Number:
        """Where `price` lies on the scale of the payoff, which rises with it."""
        return -1 / price if self.inverse else price

    def price(self, level: Number) -> Number:
        """The price at a level; the inverse of `level`."""
        return -1 / level if self.inverse else level

    def quoted(self, price: float) -> float:
        """Value of one unit in quote currency, as a venue's smallest order is given."""
        return 1.0 if self.inverse else price


LINEAR: Final = Payoff()
INVERSE: Final = Payoff(inverse=True)
# A coin traded as if it could be shorted is a choice; an inverse contract's money is another.
_CATEGORIES: Final[dict[str, tuple[Category, ...]]] = {
    "bybit_linear": ("linear", "spot"),
    "bybit_inverse": ("inverse",),
    "bybit_spot": ("spot",),
    "tradingview": ("linear", "inverse", "spot"),
}


def payoff_of(profile: str) -> Payoff:
    """The payoff under a broker's profile; TradingView counts every contract as a linear one."""
    return INVERSE if profile == "bybit_inverse" else LINEAR


def check_profile(profile: str, category: Category, symbol: str) -> None:
    """Raise InvalidInput for a profile that does not fit the market's category."""
    if category not in _CATEGORIES[profile]:
        fitting = [name for name, kinds in _CATEGORIES.items() if category in kinds]
        expected = f"{' or '.join(fitting)} for {symbol}, which is {category}"
        raise InvalidInput("broker.profile", profile, expected)
