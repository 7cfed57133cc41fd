"""What does a trade cost and earn? Pure numerics: values in, values out.

No Ray, no network, no files, no clock, no logging. Only `engines.compile`, and `compile_cuda` for
GPUs, name numba; only `engines.vectors`, `spans` and `words` write machine code themselves.
"""
