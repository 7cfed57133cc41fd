"""The report of a sweep or a backtest: one page that works without a network."""
