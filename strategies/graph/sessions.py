"""Is this a trading session? Time zone, hours and days of a `Session` node."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from engines.errors import InvalidInput

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = get_args(Day)
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


def minute_of_day(field: str, clock: object) -> int:
    """Minutes since midnight of a time such as 09:30; 24:00 is the end of the day.

    Raises InvalidInput naming `field`.
    """
    if not isinstance(clock, str) or not _CLOCK.fullmatch(clock):
        raise InvalidInput(field, clock, "a time of day from 00:00 to 24:00, such as 09:30")
    return int(clock[:2]) * 60 + int(clock[3:])


def check_hours(start: object, end: object) -> None:
    """Raise InvalidInput unless the hours are a session; an end before the start is overnight."""
    first = minute_of_day("session start", start)
    if first == 24 * 60:
        raise InvalidInput("session start", start, "before 24:00")
    if first == minute_of_day("session end", end):
        raise InvalidInput("session end", end, "another time than the start (a day ends at 24:00)")


def check_zone(timezone: object) -> None:
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
    raise InvalidInput("session timezone", timezone, expected)


def in_week_order(days: Sequence[object]) -> tuple[Day, ...]:
    """The days without repetition, Monday first. Raises InvalidInput for none or a wrong one."""
    for day in days:
        if day not in DAYS:
            raise InvalidInput("session days", day, f"days out of {', '.join(DAYS)}")
    if not days:
        raise InvalidInput("session days", (), "at least one day")
    return tuple(day for day in DAYS if day in days)
