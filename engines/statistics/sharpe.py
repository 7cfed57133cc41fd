"""How sure is a Sharpe ratio? Its probability, also after many trials, and the record it needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np

from engines.bars import Floats
from engines.errors import InvalidInput

_NORMAL: Final = NormalDist()
# Euler's and Mascheroni's constant.
_GAMMA: Final = 0.5772156649015329


@dataclass(frozen=True)
class Record:
    """What a track record says: n returns, their Sharpe ratio per period, and their shape.

    `kurtosis` is 3 for the normal distribution. All are NaN but `n` when nothing varies.
    """

    n: int
    sharpe: float
    skewness: float
    kurtosis: float


def record_of(returns: Floats) -> Record:
    """The record of returns (n_periods,), fractions per period; sample deviation (n − 1)."""
    n = len(returns)
    if n < 2 or not np.ptp(returns) > 0.0:
        return Record(n, math.nan, math.nan, math.nan)
    mean, away = returns.mean(), returns - returns.mean()
    variance = (away**2).mean()
    return Record(
        n,
        float(mean / returns.std(ddof=1)),
        float((away**3).mean() / variance**1.5),
        float((away**4).mean() / variance**2),
    )


def _spread(record: Record) -> float:
    """Deviation of the estimate times √(n − 1): Mertens (2002), for any shape of returns."""
    ratio = record.sharpe
    return math.sqrt(1.0 - record.skewness * ratio + (record.kurtosis - 1.0) / 4.0 * ratio**2)


def probabilistic_sharpe(record: Record, benchmark: float = 0.0) -> float:
    """Probability that the true Sharpe ratio per period is above `benchmark`; NaN without one.

    Bailey, López de Prado (2012), J. of Risk 15(2).
    """
    if math.isnan(record.sharpe):
        return math.nan
    away = (record.sharpe - benchmark) * math.sqrt(record.n - 1)
    return _NORMAL.cdf(away / _spread(record))


def expected_maximum(variance: float, trials: float) -> float:
    """Largest Sharpe ratio to expect of `trials` independent ones whose true ratio is 0.

    `variance` is that of their estimates; one trial is expected at 0. The false strategy theorem:
    Bailey, López de Prado (2014), J. of Portfolio Management 40(5).
    """
    if not trials >= 1.0:
        raise InvalidInput("trials", trials, "1 or more")
    if trials == 1.0:
        return 0.0
    first = _NORMAL.inv_cdf(1.0 - 1.0 / trials)
    second = _NORMAL.inv_cdf(1.0 - 1.0 / (trials * math.e))
    return math.sqrt(variance) * ((1.0 - _GAMMA) * first + _GAMMA * second)


def deflated_sharpe(record: Record, variance: float, trials: float) -> float:
    """Probability that the best of `trials` has an edge: above what luck alone would give."""
    return probabilistic_sharpe(record, expected_maximum(variance, trials))


def chance_of_luck(record: Record, trials: float) -> float:
    """Probability that the best of `trials` without an edge has a record as good; NaN without one.

    Each of them fails to with the probability of the record, all of them with its power: Šidák
    (1967), J. of the American Statistical Association 62(318).
    """
    single = probabilistic_sharpe(record)
    if math.isnan(single):
        return math.nan
    # 1 − pⁿ without losing what is near 1.
    return 1.0 if single == 0.0 else -math.expm1(trials * math.log(single))


def chance_variance(n: int) -> float:
    """Variance of the Sharpe ratio of `n` returns without an edge, per period."""
    return 1.0 / (n - 1) if n > 1 else math.nan


def minimum_track_record(record: Record, benchmark: float = 0.0, confidence: float = 0.95) -> float:
    """Periods after which the ratio would be above `benchmark` with that confidence.

    Infinite when it is not above; NaN without a ratio. Bailey, López de Prado (2012).
    """
    if math.isnan(record.sharpe):
        return math.nan
    if record.sharpe <= benchmark:
        return math.inf
    needed = _NORMAL.inv_cdf(confidence) * _spread(record) / (record.sharpe - benchmark)
    return 1.0 + needed**2
