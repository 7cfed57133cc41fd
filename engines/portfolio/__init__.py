"""One account, several symbols: event-engine legs that share cash, equity and margin.

`simulate` runs legs in one order of time; `weights_by` says how money is spread over them.
"""

from engines.portfolio.simulate import Outcome, simulate

__all__ = ["Outcome", "simulate"]
