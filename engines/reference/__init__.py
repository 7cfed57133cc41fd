"""The oracle: TradingView's broker emulator in plain Python, written beside the rule book.

Slow, exact and independent: it imports value types only, and shares no formula with the kernel.
Numbers in comments (A1, D2, …) name the rules. `simulate` runs a `Script` over bars.
"""

from engines.reference.account import Fill, Trade
from engines.reference.portfolio import simulate_portfolio
from engines.reference.simulate import Outcome, simulate

__all__ = ["Fill", "Outcome", "Trade", "simulate", "simulate_portfolio"]
