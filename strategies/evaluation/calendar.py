"""Which day and week is a bar in, and when does the clock close positions? Columns for the kernel.

It sees no calendar: days and weeks are numbers, the clock is the number of the next bar at which
it acts.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engines.bars import Bars, Floats
from engines.intervals import DAY_MS, MINUTE_MS, Times
from engines.zones import local_ms, minute_of_day
from strategies.evaluation.session_bars import FIRST_WEEKDAY
from strategies.graph.exits import ClockExit
from strategies.graph.sessions import DAYS

N_COLUMNS: Final = 3


def calendar_columns(bars: Bars, timezone: str, clock: ClockExit | None) -> Floats:
    """Number of each bar's day and week, and the next bar at which the clock acts, (3, n_bars).

    A bar belongs to the local day in which it opens; weeks begin on Monday.
    """
    days = local_ms(bars.open_ms, timezone) // DAY_MS
    weeks = (days + FIRST_WEEKDAY) // 7
    n_bars = len(bars)
    upcoming = np.full(n_bars, n_bars)
    if clock is not None:
        upcoming[struck(bars.open_ms, bars.close_ms, clock)] = np.flatnonzero(
            struck(bars.open_ms, bars.close_ms, clock)
        )
        upcoming = np.minimum.accumulate(upcoming[::-1])[::-1]
    return np.array([days, weeks, upcoming], dtype=np.float64)


def struck(open_ms: Times, close_ms: Times, clock: ClockExit) -> NDArray[np.bool_]:
    """Whether each bar is the last to close by the time of the clock, (n_bars,).

    That is when the time lies at its close, or before the next bar of the same length would end.
    """
    local = local_ms(close_ms, clock.timezone)
    minute = minute_of_day("clock_exit.at", clock.at)
    wait_ms = (minute * MINUTE_MS - local) % DAY_MS
    wanted = np.array([day in clock.days for day in DAYS])
    length_ms = close_ms - open_ms
    # 24:00 belongs to the day that it ends.
    ends = 1 if minute == 24 * 60 else 0
    found = np.zeros(len(open_ms), dtype=bool)
    for _ in range(int(length_ms.max(initial=0) // DAY_MS) + 1):
        day = (local + wait_ms - ends) // DAY_MS
        found |= (wait_ms < length_ms) & wanted[(day + FIRST_WEEKDAY) % 7]
        wait_ms = wait_ms + DAY_MS
    return found
