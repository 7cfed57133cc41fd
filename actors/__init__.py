"""Who remembers, and who talks to Bybit? The venue client, the sandbox exchange, market data."""
