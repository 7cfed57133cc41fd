"""Clocks: the manual one moves only when told, the system's one really waits."""

from __future__ import annotations

import time

from actors.clock import ManualClock, SystemClock


def test_a_manual_clock_stands_still_until_it_is_moved() -> None:
    clock = ManualClock(1000)
    assert [clock.now_ms(), clock.now_ms()] == [1000, 1000]
    clock.advance(500)
    assert clock.now_ms() == 1500
    clock.set(20)
    assert clock.now_ms() == 20


def test_sleeping_on_a_manual_clock_takes_no_time_and_moves_it() -> None:
    clock = ManualClock(0)
    started = time.monotonic()
    clock.sleep(3600.0)
    clock.sleep(-5.0)
    assert clock.now_ms() == 3_600_000
    assert time.monotonic() - started < 1.0


def test_the_system_clock_tells_utc_and_waits() -> None:
    clock = SystemClock()
    before_ms = clock.now_ms()
    clock.sleep(0.05)
    clock.sleep(-1.0)
    assert clock.now_ms() - before_ms >= 49
    assert abs(clock.now_ms() / 1000.0 - time.time()) < 1.0
