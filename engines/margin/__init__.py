"""What must a position on Bybit keep, and when is it taken away? Exact formulas, no float.

Linear and inverse contracts share one body: what is linear in the price of the one is linear in
its reciprocal for the other. Source: Bybit's help pages "The New Margin Calculation" (in force
from September 2025), "Liquidation price under isolated margin" and "Order cost".
"""

from engines.margin.account import (
    Bounds,
    Holding,
    bankruptcy_price_of,
    bounds_of,
    must_liquidate,
    total_initial,
    total_maintenance,
)
from engines.margin.liquidation import (
    bankruptcy_price,
    liquidation_price,
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
    "Bounds",
    "Contract",
    "Holding",
    "Position",
    "Tier",
    "bankruptcy_price",
    "bankruptcy_price_of",
    "bounds_of",
    "initial_margin",
    "liquidation_price",
    "maintenance_margin",
    "must_liquidate",
    "order_cost",
    "reduced_units",
    "tier_of",
    "tiers_from",
    "total_initial",
    "total_maintenance",
    "unrealised",
]
