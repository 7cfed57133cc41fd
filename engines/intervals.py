"""How long is a bar, and where does it begin?

Interval codes are Bybit's: minutes as digits, then D, W and M. Weeks begin on Monday, months on
the first, all at 00:00 UTC (bybit-v5, /v5/market/kline).
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from engines.errors import InvalidInput

Interval = Literal["1", "3", "5", "15", "30", "60", "120", "240", "360", "720", "D", "W", "M"]

INTERVALS: Final[tuple[Interval, ...]] = get_args(Interval)
_LONG: Final[dict[str, Interval]] = {"1d": "D", "1D": "D", "1w": "W", "1W": "W", "1M": "M"}
MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
WEEK_MS: Final = 7 * DAY_MS
YEAR_MS: Final = 365 * DAY_MS
# 1970-01-01 was a Thursday: the first Monday came four days later.
_FIRST_MONDAY_MS: Final = 4 * DAY_MS

Times = NDArray[np.int64]


def parse_interval(text: str) -> Interval:
    """Return `text` as an interval code; also understands 15m, 1h, 4h, 1d, 1w, 1M.

    Raises InvalidInput naming the codes that exist.
    """
    if text in INTERVALS:
        return text
    number, unit = text[:-1], text[-1:]
    minutes = {"m": 1, "h": 60}.get(unit)
    if minutes is not None and number.isdigit():
        code = str(int(number) * minutes)
        if code == "1440":
            return "D"
        if code in INTERVALS:
            return code
    if text in _LONG:
        return _LONG[text]
    raise InvalidInput("interval", text, f"one of {', '.join(INTERVALS)}")


def interval_ms(interval: Interval) -> int:
    """Length of a bar in milliseconds; a month counts as 30 days (`next_open_ms` is exact)."""
    if interval == "D":
        return DAY_MS
    if interval == "W":
        return WEEK_MS
    if interval == "M":
        return 30 * DAY_MS
    return int(interval) * MINUTE_MS


def bars_per_year(interval: Interval) -> float:
    """Bars in a year of 365 days, for annualisation."""
    return 12.0 if interval == "M" else YEAR_MS / interval_ms(interval)


def floor_open_ms(time_ms: Times, interval: Interval) -> Times:
    """Open time of the bar that each moment falls into; same shape as `time_ms`."""
    if interval == "M":
        months = time_ms.astype("datetime64[ms]").astype("datetime64[M]")
        return months.astype("datetime64[ms]").astype(np.int64)
    length = interval_ms(interval)
    origin = _FIRST_MONDAY_MS if interval == "W" else 0
    return (time_ms - origin) // length * length + origin


def next_open_ms(open_ms: Times, interval: Interval) -> Times:
    """Open time of the bar after each bar, which is also the moment the bar has closed."""
    if interval == "M":
        months = open_ms.astype("datetime64[ms]").astype("datetime64[M]") + 1
        return months.astype("datetime64[ms]").astype(np.int64)
    return open_ms + interval_ms(interval)
