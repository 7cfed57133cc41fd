"""What goes wrong next? Faults that a test or a drill plants in front of the exchange."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class RateLimited:
    """Answer 10006 with a reset time `reset_after_ms` from now (may lie in the past)."""

    reset_after_ms: int = 1000


@dataclass(frozen=True)
class HttpStatus:
    """Answer with this HTTP status and an empty body: 500, 502, 503, 403, 429 ..."""

    status: int


@dataclass(frozen=True)
class Slow:
    """Answer correctly, but only after `seconds` of real time."""

    seconds: float


@dataclass(frozen=True)
class ConnectionCut:
    """Promise a body, then close the connection in the middle of it."""


@dataclass(frozen=True)
class Garbled:
    """Answer HTTP 200 with these bytes instead of an answer."""

    body: bytes = b"<html>maintenance</html>"


Fault = RateLimited | HttpStatus | Slow | ConnectionCut | Garbled


class Faults:
    """Faults waiting for the next requests, first in, first out. Thread-safe."""

    def __init__(self) -> None:
        self._waiting: deque[Fault] = deque()
        self._lock = threading.Lock()

    def plant(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` requests that no earlier fault claims meet `fault`."""
        with self._lock:
            self._waiting.extend([fault] * times)

    def clear(self) -> None:
        """Forget the faults that have not struck yet."""
        with self._lock:
            self._waiting.clear()

    def strike(self) -> Fault | None:
        """The fault that the request at hand meets, taken out of the queue."""
        with self._lock:
            return self._waiting.popleft() if self._waiting else None
