"""When is a failed question asked again? Bounded attempts, longer and longer apart."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Final, TypeVar

from actors.bybit.errors import Throttled, Unreachable
from actors.clock import Clock

Answer = TypeVar("Answer")

_FIRST_WAIT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 20.0
# Longer throttling (Bybit bans for ten minutes) is the caller's to sit out, or not.
_PATIENCE_S: Final = 60.0


class Retries:
    """Asks up to `attempts` times while the failure is one that passes. Thread-safe.

    A Throttled answer is waited for until its reset time, Unreachable with exponential back-off;
    each wait gets up to a quarter more at random, so that many clients do not return at once.
    """

    def __init__(self, clock: Clock, attempts: int = 5, seed: int | None = None) -> None:
        self._clock = clock
        self._attempts = attempts
        self._random = random.Random(seed)  # noqa: S311 - spreads load, protects nothing
        self._lock = threading.Lock()

    def run(self, ask: Callable[[], Answer]) -> Answer:
        """The answer of `ask`. Raises its last error, which then tells the number of attempts."""
        for attempt in range(1, self._attempts):
            try:
                return ask()
            except Throttled as error:
                wait_s = max(error.until_ms - self._clock.now_ms(), 0) / 1000.0
                if wait_s > _PATIENCE_S:
                    raise
                wait_s = max(wait_s, self._backoff_s(attempt))
            except Unreachable:
                wait_s = self._backoff_s(attempt)
            self._clock.sleep(wait_s + self._jitter_s(wait_s))
        return self._last(ask)

    def _last(self, ask: Callable[[], Answer]) -> Answer:
        given_up = f"gave up after {self._attempts} attempts"
        try:
            return ask()
        except Throttled as error:
            raise Throttled(f"{error}; {given_up}", error.until_ms) from error
        except Unreachable as error:
            raise Unreachable(f"{error}; {given_up}") from error

    def _backoff_s(self, attempt: int) -> float:
        return min(_FIRST_WAIT_S * 2.0 ** (attempt - 1), _LONGEST_WAIT_S)

    def _jitter_s(self, wait_s: float) -> float:
        with self._lock:
            return wait_s * 0.25 * self._random.random()
