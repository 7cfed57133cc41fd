"""Which bars open inside a session? Local hours and days without a calendar in the engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from engines.intervals import DAY_MS, MINUTE_MS, Times
from strategies.graph.conditions import Session
from strategies.graph.sessions import DAYS, minute_of_day

_HALF_HOUR_MS: Final = 30 * MINUTE_MS
# 1970-01-01 was a Thursday.
_FIRST_WEEKDAY: Final = 3


def inside_session(open_ms: Times, session: Session) -> NDArray[np.bool_]:
    """Whether each bar's open lies in the session's hours and days, (n_bars,)."""
    local_ms = open_ms + _utc_offset_ms(open_ms, session.timezone)
    minute = local_ms % DAY_MS // MINUTE_MS
    weekday = (local_ms // DAY_MS + _FIRST_WEEKDAY) % 7
    start = minute_of_day("session start", session.start)
    end = minute_of_day("session end", session.end)
    wanted = np.array([day in session.days for day in DAYS])
    if start < end:
        return np.asarray((start <= minute) & (minute < end) & wanted[weekday])
    # Overnight: what lies before the end belongs to the session of the day before.
    evening = (minute >= start) & wanted[weekday]
    morning = (minute < end) & wanted[(weekday - 1) % 7]
    return np.asarray(evening | morning)


def _utc_offset_ms(open_ms: Times, timezone: str) -> Times:
    # Clocks change at full or half hours: one look at the zone for each of them is enough.
    slots, place = np.unique(open_ms // _HALF_HOUR_MS, return_inverse=True)
    zone = ZoneInfo(timezone)
    offsets = [_offset_ms(int(slot) * _HALF_HOUR_MS, zone) for slot in slots]
    return np.array(offsets, dtype=np.int64)[place.reshape(-1)]


def _offset_ms(moment_ms: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(moment_ms / 1000, UTC).astimezone(zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds()) * 1000
