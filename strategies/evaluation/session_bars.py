"""Which bars open inside a session? Local hours and days without a calendar in the engine."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engines.intervals import DAY_MS, MINUTE_MS, Times
from engines.zones import local_ms, minute_of_day
from strategies.graph.conditions import Session
from strategies.graph.sessions import DAYS

# 1970-01-01 was a Thursday.
FIRST_WEEKDAY: Final = 3


def inside_session(open_ms: Times, session: Session) -> NDArray[np.bool_]:
    """Whether each bar's open lies in the session's hours and days, (n_bars,)."""
    local = local_ms(open_ms, session.timezone)
    minute = local % DAY_MS // MINUTE_MS
    weekday = (local // DAY_MS + FIRST_WEEKDAY) % 7
    start = minute_of_day("session start", session.start)
    end = minute_of_day("session end", session.end)
    wanted = np.array([day in session.days for day in DAYS])
    if start < end:
        return np.asarray((start <= minute) & (minute < end) & wanted[weekday])
    # Overnight: what lies before the end belongs to the session of the day before.
    evening = (minute >= start) & wanted[weekday]
    morning = (minute < end) & wanted[(weekday - 1) % 7]
    return np.asarray(evening | morning)
