"""What does a trade cost and earn? Pure numerics: values in, values out.

No Ray, no network, no files, no clock, no logging. Only `engines.compile` names numba,
only `engines.vectors` writes machine code itself.
"""
