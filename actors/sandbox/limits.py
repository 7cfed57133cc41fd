"""Who asks too often? Bybit's limit per IP address: 600 requests in 5 seconds, then a ban."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Final

WINDOW_S: Final = 5.0
IP_REQUESTS: Final = 600
# Bybit lifts a ban ten minutes after the breach.
BAN_S: Final = 600.0


class IpLimit:
    """Counts requests per address. Not thread-safe: it belongs to one event loop.

    `now_s` is real time unless a test says otherwise: requests arrive in real time even when the
    exchange's clock stands still.
    """

    def __init__(
        self,
        requests: int = IP_REQUESTS,
        window_s: float = WINDOW_S,
        ban_s: float = BAN_S,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._requests = requests
        self._window_s = window_s
        self._ban_s = ban_s
        self._now_s = now_s
        self._seen: defaultdict[str, deque[float]] = defaultdict(deque)
        self._banned_until: dict[str, float] = {}

    def allows(self, address: str) -> bool:
        """Count one request of `address`; False if it is one too many, and during a ban."""
        now = self._now_s()
        if now < self._banned_until.get(address, now):
            return False
        seen = self._seen[address]
        while seen and seen[0] <= now - self._window_s:
            seen.popleft()
        seen.append(now)
        if len(seen) <= self._requests:
            return True
        self._banned_until[address] = now + self._ban_s
        seen.clear()
        return False
