"""Formulas of performance figures, one body each.

`streaming` turns the sums that a sweep keeps into ratios. `registry` names every metric of a run,
made of the `material` of a result or of a bare list of trades; `periods` are its tables and series.
"""
