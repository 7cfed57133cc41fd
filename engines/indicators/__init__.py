"""What do the last bars say? Indicators as columns, one body a formula.

`registry` knows them all by name; `definition` says what an indicator is and how holes are
treated. `talib_backed` offers what TA-Lib has and we do not.
"""
