"""Do a GPU and the CPU agree to the bit, and how fast is each? Proof for a machine that has both.

Needs NumPy, numba and numba-cuda only: no Ray, no tables, no network.
"""
