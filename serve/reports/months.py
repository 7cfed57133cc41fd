"""What did each month return?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engines.bars import Floats
from engines.intervals import Times


def monthly_returns(
    open_ms: Times, equity: Floats, initial_cash: float
) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Years (n_years,), returns by month (n_years, 12) and by year (n_years,), as fractions.

    A month's return is its last equity over that of the month before (of the start: the initial
    cash), minus 1. NaN where there are no bars, and where equity was zero or less before. A bar
    counts to the month it opens in: its close is the month's last moment.
    """
    if len(open_ms) == 0:
        return np.zeros(0, dtype=np.int64), np.zeros((0, 12)), np.zeros(0)
    months = open_ms.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
    last = np.append(np.flatnonzero(np.diff(months)), len(months) - 1)
    by_month = _returns(equity[last], initial_cash)
    year = 1970 + months[last] // 12
    years = np.arange(year[0], year[-1] + 1)
    table = np.full((len(years), 12), np.nan)
    table[year - years[0], months[last] % 12] = by_month
    year_end = np.append(np.flatnonzero(np.diff(year)), len(year) - 1)
    yearly = np.full(len(years), np.nan)
    yearly[year[year_end] - years[0]] = _returns(equity[last][year_end], initial_cash)
    return years, table, yearly


def _returns(equity: Floats, initial_cash: float) -> Floats:
    before = np.concatenate([[initial_cash], equity[:-1]])
    positive = before > 0.0
    return np.where(positive, equity / np.where(positive, before, 1.0) - 1.0, np.nan)
