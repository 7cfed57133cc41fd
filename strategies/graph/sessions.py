"""Is this a trading session? Time zone, hours and days of a `Session` node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, get_args

from engines.errors import InvalidInput
from engines.zones import minute_of_day

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = get_args(Day)


def check_hours(start: object, end: object) -> None:
    """Raise InvalidInput unless the hours are a session; an end before the start is overnight."""
    first = minute_of_day("session start", start)
    if first == 24 * 60:
        raise InvalidInput("session start", start, "before 24:00")
    if first == minute_of_day("session end", end):
        raise InvalidInput("session end", end, "another time than the start (a day ends at 24:00)")


def in_week_order(days: Sequence[object]) -> tuple[Day, ...]:
    """The days without repetition, Monday first. Raises InvalidInput for none or a wrong one."""
    for day in days:
        if day not in DAYS:
            raise InvalidInput("session days", day, f"days out of {', '.join(DAYS)}")
    if not days:
        raise InvalidInput("session days", (), "at least one day")
    return tuple(day for day in DAYS if day in days)
