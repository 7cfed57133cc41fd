"""A client for Bybit's V5 market data: paging, pacing and decoding, nothing of our storage."""
