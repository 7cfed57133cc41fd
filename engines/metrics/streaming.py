"""Which ratios follow from sums over bars and trades? Vectorised over rows.

All functions take arrays (n_rows,) and return arrays (n_rows,); NaN where a figure is undefined.
Powers and roots of annualisation happen here, on the host, never in a kernel. They divide by zero
where a figure is undefined: the caller silences numpy once for all of them.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from engines.bars import Floats
from engines.intervals import YEAR_MS

SIGNIFICANT_DIGITS: Final = 12


def sharpe(n: Floats, total: Floats, squares: Floats, periods_per_year: float) -> Floats:
    """Annualised Sharpe ratio of n returns from their sum and sum of squares.

    Sample deviation (n−1), zero risk-free rate; NaN if n < 2 or nothing varies. Sharpe (1994),
    J. of Portfolio Management 21(1).
    """
    mean = total / n
    variance = (squares - n * mean * mean) / (n - 1.0)
    ratio = mean / np.sqrt(variance) * np.sqrt(periods_per_year)
    return np.where((n >= 2) & (variance > 0.0), ratio, np.nan)


def sortino(n: Floats, total: Floats, loss_squares: Floats, periods_per_year: float) -> Floats:
    """Annualised Sortino ratio: mean over the root of the mean squared loss, all n in the mean.

    Zero target; NaN if n < 1 or there was no loss. Sortino, Price (1994), J. of Investing 3(3).
    """
    deviation = np.sqrt(loss_squares / n)
    ratio = total / n / deviation * np.sqrt(periods_per_year)
    return np.where((n >= 1) & (deviation > 0.0), ratio, np.nan)


def cagr(growth: Floats, duration_ms: int) -> Floats:
    """Compound annual growth of equity that ended at `growth` times its start (365-day years).

    −1 when nothing is left.
    """
    yearly = np.maximum(growth, 0.0) ** (YEAR_MS / duration_ms) - 1.0
    return np.where(growth > 0.0, yearly, -1.0)


def ratio(part: Floats, whole: Floats) -> Floats:
    """`part / whole`, NaN where both are zero, infinite where only `whole` is."""
    return part / whole


def significant(values: Floats) -> Floats:
    """Values rounded to 12 significant digits, as statistics are written."""
    digits = SIGNIFICANT_DIGITS - 1 - np.floor(np.log10(np.abs(values)))
    scale = 10.0 ** np.where(np.isfinite(digits), np.clip(digits, -290, 290), 0.0)
    return np.where(np.isfinite(values), np.rint(values * scale) / scale, values)
