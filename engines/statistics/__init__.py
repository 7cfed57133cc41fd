"""What can be inferred from returns? Luck, overfitting, splits and resampling, as pure functions.

`sharpe` says how sure a ratio is, also after many trials; `overfitting` how likely the choice of
the best was luck; `trials` how many of the trials were different ones; `snooping` tests the best
of many; `splits` cuts time into training and test; `resampling` draws other histories.
"""
