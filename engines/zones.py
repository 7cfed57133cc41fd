"""What time is it at the exchange? Hours, days and trading days of bars in an IANA time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import numpy as np

from engines.errors import InvalidInput
from engines.intervals import DAY_MS, MINUTE_MS, Times

_HALF_HOUR_MS: Final = 30 * MINUTE_MS
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


def minute_of_day(field: str, clock: object) -> int:
    """Minutes since midnight of a time such as 09:30; 24:00 is the end of the day.

    Raises InvalidInput naming `field`.
    """
    if not isinstance(clock, str) or not _CLOCK.fullmatch(clock):
        raise InvalidInput(field, clock, "a time of day from 00:00 to 24:00, such as 09:30")
    return int(clock[:2]) * 60 + int(clock[3:])


def check_zone(field: str, timezone: object) -> None:
    """Raise InvalidInput, with names that come close, unless `timezone` is an IANA time zone."""
    try:
        if isinstance(timezone, str) and timezone:
            ZoneInfo(timezone)
            return
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # Malformed keys and folders of the database raise ValueError and OSError.
        pass
    close = get_close_matches(str(timezone), sorted(available_timezones()), n=3)
    expected = f"an IANA time zone, such as {', '.join(close or ['UTC', 'America/New_York'])}"
    raise InvalidInput(field, timezone, expected)


def local_ms(moments_ms: Times, timezone: str) -> Times:
    """Moments as the exchange's clock shows them, milliseconds since its own 1970, same shape."""
    # Clocks change at full or half hours: one look at the zone for each of them is enough.
    slots, place = np.unique(moments_ms // _HALF_HOUR_MS, return_inverse=True)
    zone = ZoneInfo(timezone)
    offsets = [_offset_ms(int(slot) * _HALF_HOUR_MS, zone) for slot in slots]
    return np.asarray(moments_ms + np.array(offsets, dtype=np.int64)[place.reshape(-1)])


def trading_days(moments_ms: Times, timezone: str, day_start: str) -> Times:
    """Number of the exchange's day of each moment; a new one begins at `day_start` (J2, J3)."""
    begins_ms = minute_of_day("day_start", day_start) * MINUTE_MS
    return np.asarray((local_ms(moments_ms, timezone) - begins_ms) // DAY_MS)


def local_day(moment_ms: int, timezone: str) -> int:
    """Number of the local day of a moment."""
    return int(local_ms(np.array([moment_ms]), timezone)[0]) // DAY_MS


def local_time(moment_ms: int, timezone: str) -> datetime:
    """One moment by the exchange's clock (A6)."""
    return datetime.fromtimestamp(moment_ms / 1000, UTC).astimezone(ZoneInfo(timezone))


def _offset_ms(moment_ms: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(moment_ms / 1000, UTC).astimezone(zone).utcoffset()
    return 0 if offset is None else round(offset.total_seconds()) * 1000
