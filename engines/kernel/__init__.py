"""One bar, one account: the arithmetic of trading as scalar functions, written once.

Every backtest goes through these bodies: the batch engine on CPU threads, later CUDA and the
event engine. Rule numbers in comments (A1, C2 …) are TradingView's as listed in
docs/design/fills.md. Money uses only + − × ÷, sqrt, floor, rint and comparisons.
"""
