"""What must a position on Bybit keep, and when is it taken away? Exact formulas, no float.

Linear and inverse contracts share one body: what is linear in the price of the one is linear in
its reciprocal for the other. Source: Bybit's help pages "The New Margin Calculation" (in force
from September 2025), "Liquidation price under isolated margin" and "Order cost".
"""

from engines.margin.liquidation import (
    bankruptcy_price,
    liquidation_price,
    must_liquidate,
    reduced_units,
)
from engines.margin.position import (
    Contract,
    Position,
    initial_margin,
    maintenance_margin,
    order_cost,
    unrealised,
)
from engines.margin.tiers import Tier, tier_of, tiers_from

__all__ = [
    "Contract",
    "Position",
    "Tier",
    "bankruptcy_price",
    "initial_margin",
    "liquidation_price",
    "maintenance_margin",
    "must_liquidate",
    "order_cost",
    "reduced_units",
    "tier_of",
    "tiers_from",
    "unrealised",
]
