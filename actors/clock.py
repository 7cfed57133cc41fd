"""What time is it? A clock that can be the system's, or one that a test moves by hand."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time and waits by it: a test's clock waits without spending any."""

    def now_ms(self) -> int:
        """UTC milliseconds since 1970."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return once `seconds` have passed on this clock."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))


class ManualClock:
    """A clock that stands still until somebody moves it; `sleep` moves it. Thread-safe."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms
        self._lock = threading.Lock()

    def now_ms(self) -> int:
        return self._now_ms

    def sleep(self, seconds: float) -> None:
        self.advance(round(max(0.0, seconds) * 1000))

    def advance(self, duration_ms: int) -> None:
        """Move on by `duration_ms`."""
        with self._lock:
            self._now_ms += duration_ms

    def set(self, now_ms: int) -> None:
        """Jump to `now_ms`, forwards or back."""
        with self._lock:
            self._now_ms = now_ms
