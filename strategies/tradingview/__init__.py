"""What did TradingView's strategy tester trade, and does it trade the same here?

`trades_of` reads the cells of an exported list of trades, `actors.trade_lists` its files.
"""

from strategies.tradingview.reading import trades_of
from strategies.tradingview.trades import Decimals, ExportedTrade, TradeList

__all__ = ["Decimals", "ExportedTrade", "TradeList", "trades_of"]
