"""What time is it at the exchange? Pine's `hour`, `dayofweek`, sessions, in its time zone (A6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from engines.errors import InvalidInput
from engines.zones import local_time

_SESSION: Final = re.compile(r"([01]\d|2[0-4])([0-5]\d)-([01]\d|2[0-4])([0-5]\d)")


@dataclass(frozen=True)
class Clock:
    """The exchange's clock at the open of a bar; `time` and `time_close` are UTC milliseconds."""

    time: int
    time_close: int
    timezone: str

    @property
    def local(self) -> datetime:
        """The bar's open as the exchange's clock shows it."""
        return local_time(self.time, self.timezone)

    @property
    def dayofweek(self) -> int:
        """1 on Sunday, 7 on Saturday (A6)."""
        return self.local.isoweekday() % 7 + 1

    def in_session(self, session: str, timezone: str | None = None) -> bool:
        """Whether the bar opens inside a session as Pine writes it: "0930-1600:23456".

        Several are separated by commas; days are those of `dayofweek`, all without them. A session
        over midnight belongs to the day on which it ends. Raises InvalidInput for other texts.
        """
        at = local_time(self.time, timezone or self.timezone)
        hours, _, days = session.partition(":")
        if days and not set(days) <= set("1234567"):
            raise InvalidInput("session days", days, "digits from 1 (Sunday) to 7")
        return any(_inside(at, part, days or "1234567") for part in hours.split(","))


def _inside(at: datetime, hours: str, days: str) -> bool:
    found = _SESSION.fullmatch(hours)
    if found is None:
        raise InvalidInput("session", hours, "hours such as 0930-1600")
    first, first_minute, last, last_minute = map(int, found.groups())
    start, end = first * 60 + first_minute, last * 60 + last_minute
    minute, day = at.hour * 60 + at.minute, at.isoweekday() % 7
    if start < end:
        return start <= minute < end and str(day + 1) in days
    if minute >= start:
        # The evening belongs to the day after.
        return str((day + 1) % 7 + 1) in days
    return minute < end and str(day + 1) in days
