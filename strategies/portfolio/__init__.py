"""What would several strategies, or a rebalanced portfolio, have earned on one account?"""

from strategies.portfolio.results import PortfolioResult
from strategies.portfolio.run import PortfolioLeg, PortfolioTerms, backtest_portfolio

__all__ = ["PortfolioLeg", "PortfolioResult", "PortfolioTerms", "backtest_portfolio"]
