"""The token bucket: never too many in any window, and no slower than it must be."""

from __future__ import annotations

import threading
from collections import deque

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.bybit.rate_limits import TokenBucket
from actors.clock import ManualClock
from engines.errors import InvalidInput
from tests.examples import examples


def most_in_a_window(times_ms: list[int], window_ms: int) -> int:
    """The largest number of moments in any half-open window."""
    inside: deque[int] = deque()
    most = 0
    for time_ms in times_ms:
        inside.append(time_ms)
        while inside[0] <= time_ms - window_ms:
            inside.popleft()
        most = max(most, len(inside))
    return most


@examples(60)
@given(
    requests=st.integers(1, 120),
    window_ms=st.integers(100, 5000),
    pauses_ms=st.lists(st.integers(0, 300), min_size=1, max_size=400),
)
@example(requests=1, window_ms=350, pauses_ms=[0, 252, 0])
def test_no_window_ever_holds_more_than_allowed(
    requests: int, window_ms: int, pauses_ms: list[int]
) -> None:
    clock = ManualClock(0)
    bucket = TokenBucket(clock, requests, window_ms / 1000.0)
    passed = []
    for pause_ms in pauses_ms:
        clock.advance(pause_ms)
        bucket.acquire()
        passed.append(clock.now_ms())
    assert most_in_a_window(passed, window_ms) <= requests


def test_a_steady_caller_gets_nearly_the_whole_allowance() -> None:
    clock = ManualClock(0)
    bucket = TokenBucket(clock)
    for _ in range(5000):
        bucket.acquire()
    # 500 in 5 s are 100 a second at best; a tenth is the price of a burst at any time.
    assert 5000 / (clock.now_ms() / 1000.0) >= 90.0


def test_a_burst_passes_at_once_after_a_rest() -> None:
    clock = ManualClock(0)
    bucket = TokenBucket(clock)
    for _ in range(50):
        bucket.acquire()
    assert clock.now_ms() == 0
    bucket.acquire()
    assert clock.now_ms() > 0


def test_a_clock_that_jumps_back_does_not_open_the_gate() -> None:
    clock = ManualClock(1_000_000)
    bucket = TokenBucket(clock, requests=10, window_s=1.0)
    bucket.acquire()
    clock.set(0)
    bucket.acquire()
    assert clock.now_ms() >= 100


def test_threads_share_one_allowance() -> None:
    clock = ManualClock(0)
    bucket = TokenBucket(clock, requests=100, window_s=5.0)

    def ask() -> None:
        for _ in range(50):
            bucket.acquire()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # 400 requests after a burst of 10 flow at 18 a second.
    assert clock.now_ms() >= (400 - 10) / 18 * 1000 - 1


@pytest.mark.parametrize(("requests", "window_s"), [(0, 5.0), (-1, 5.0), (10, 0.0), (10, -1.0)])
def test_an_impossible_limit_is_refused(requests: int, window_s: float) -> None:
    with pytest.raises(InvalidInput):
        TokenBucket(ManualClock(0), requests, window_s)
