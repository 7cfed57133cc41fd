"""A portfolio that is put back to its target weights: when, and by which orders."""

from strategies.allocation.rebalancing import Policy, Rebalance, Rebalancer
from strategies.allocation.schedule import PERIODS, Period, Schedule

__all__ = ["PERIODS", "Period", "Policy", "Rebalance", "Rebalancer", "Schedule"]
