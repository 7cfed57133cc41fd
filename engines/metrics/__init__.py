"""Formulas of performance figures, one body each.

`streaming` turns the sums that a sweep keeps into ratios.
"""
