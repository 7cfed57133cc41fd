"""What does a spot account keep in coins? What a purchase leaves, and what is below one lot."""

from __future__ import annotations

from dataclasses import dataclass

from engines.kernel.layout import Market
from engines.kernel.money import quantity
from engines.kernel.rounding import whole_units


@dataclass
class Wallet:
    """Coins beside the lots of a position: parts of a lot that cannot be sold alone.

    A purchase pays its fee in the coins it buys, so what comes in is seldom whole lots. `rest` is
    in lots, `cost` what it cost in quote currency. It counts in the equity, in no trade, and joins
    the next purchase.
    """

    rest: float = 0.0
    cost: float = 0.0

    def gain(self, price: float, market: Market) -> float:
        """What the rest is worth at `price` beyond its cost."""
        return price * quantity(self.rest, market) * market.contract_value - self.cost

    def received(self, units: float, price: float, fee: float, market: Market) -> float:
        """Lots at hand once a purchase of `units` has paid `fee`, parts of one included."""
        worth = price * market.lot_unit * market.contract_value
        return units - fee / worth + self.rest

    def receive(self, units: float, price: float, fee: float, market: Market) -> float:
        """Whole lots that a purchase leaves to sell; the rest stays, valued at its price."""
        held = self.received(units, price, fee, market)
        whole = float(whole_units(quantity(held, market), market))
        self.rest = max(held - whole, 0.0)
        self.cost = price * quantity(self.rest, market) * market.contract_value
        return whole
