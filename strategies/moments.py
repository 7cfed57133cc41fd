"""How is a moment written for people? In UTC, to the day or to the minute."""

from __future__ import annotations

import numpy as np

from engines.intervals import DAY_MS


def day_text(time_ms: int) -> str:
    """2025-01-31."""
    return str(np.datetime64(int(time_ms), "ms").astype("datetime64[D]"))


def minute_text(time_ms: int) -> str:
    """2025-01-31 23:45."""
    return str(np.datetime64(int(time_ms), "ms").astype("datetime64[m]")).replace("T", " ")


def moment_text(time_ms: int) -> str:
    """A day, with the time of day unless that is midnight."""
    return day_text(time_ms) if time_ms % DAY_MS == 0 else minute_text(time_ms)
