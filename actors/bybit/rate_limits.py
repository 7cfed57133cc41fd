"""How fast may we ask? A token bucket on our side, so that the exchange never has to say no."""

from __future__ import annotations

import math
import threading
from typing import Final

from actors.clock import Clock
from engines.errors import InvalidInput

# Bybit bans an address after 600 requests in 5 seconds; a fifth of that is kept free.
REQUESTS: Final = 500
WINDOW_S: Final = 5.0


class TokenBucket:
    """Lets at most `requests` pass in any `window_s` seconds. Thread-safe, first come first served.

    A tenth of them may pass at once, the rest flows evenly: burst + rate × window = requests.
    Share one among all clients of an address.
    """

    def __init__(self, clock: Clock, requests: int = REQUESTS, window_s: float = WINDOW_S) -> None:
        if requests < 1:
            raise InvalidInput("requests", requests, "1 or more")
        if not window_s > 0.0:
            raise InvalidInput("window_s", window_s, "above zero")
        self._clock = clock
        self._burst = max(1, requests // 10)
        # A lone request per window has no flow besides its burst: the window itself is its pace,
        # and a millisecond, because waits are whole milliseconds.
        lone = requests == 1
        flow = 1 if lone else requests - self._burst
        self._per_ms = flow / (window_s * 1000.0 + lone)
        self._tokens = float(self._burst)
        self._updated_ms = clock.now_ms()
        self._lock = threading.Lock()

    def acquire(self) -> None:
        """Return as soon as one more request may be sent."""
        with self._lock:
            wait_ms = self._reserve(self._clock.now_ms())
        if wait_ms > 0:
            self._clock.sleep(wait_ms / 1000.0)

    def _reserve(self, now_ms: int) -> int:
        """Take one token, in advance if need be, and tell how long until it exists."""
        elapsed_ms = max(0, now_ms - self._updated_ms)
        self._tokens = min(float(self._burst), self._tokens + elapsed_ms * self._per_ms)
        self._updated_ms = max(now_ms, self._updated_ms)
        self._tokens -= 1.0
        return math.ceil(max(0.0, -self._tokens) / self._per_ms)
