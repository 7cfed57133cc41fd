"""Could the best of many have come about by chance? White's and Hansen's tests."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.errors import InvalidInput

_LEAST_PERIODS: Final = 20


@dataclass(frozen=True)
class Snooping:
    """P-values of the hypothesis that no trial is better than the benchmark.

    `reality_check` is White's (2000), the most careful; `superior` Hansen's consistent one.
    """

    reality_check: float
    superior: float


def best_of_many(
    returns: Floats, benchmark: Floats | None = None, draws: int = 1000, seed: int = 0
) -> Snooping:
    """Bootstrap the mean returns of all trials against a benchmark, 0 if there is none.

    `returns` (n_periods, n_trials), `benchmark` (n_periods,), fractions per period without NaN.
    White (2000), Econometrica 68(5); Hansen (2005), J. of Business and Economic Statistics 23(4);
    stationary bootstrap with blocks of √n periods. Trials equal to the benchmark are left out.
    Raises InvalidInput for fewer than 20 periods.
    """
    n_periods = len(returns)
    if n_periods < _LEAST_PERIODS:
        raise InvalidInput("periods", n_periods, f"{_LEAST_PERIODS} or more")
    base = np.zeros(n_periods) if benchmark is None else benchmark
    better = returns - base[:, None]
    better = better[:, np.ptp(better, axis=0) > 0.0]
    if better.shape[1] == 0:
        return Snooping(1.0, 1.0)
    from arch.bootstrap import SPA

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # arch compares losses: a return is a negative loss.
        test = SPA(
            np.zeros(n_periods),
            -better,
            block_size=max(1, round(n_periods**0.5)),
            reps=draws,
            bootstrap="stationary",
            seed=seed,
        )
        test.compute()
    return Snooping(float(test.pvalues["upper"]), float(test.pvalues["consistent"]))
