"""The limit per address: a sliding window, and a ban after a breach."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.sandbox.limits import IpLimit


@given(st.lists(st.floats(0.0, 3.0), min_size=1, max_size=60))
def test_a_request_passes_exactly_while_its_window_has_room(pauses: list[float]) -> None:
    now = [0.0]
    limit = IpLimit(requests=5, window_s=5.0, ban_s=0.0, now_s=lambda: now[0])
    counted: list[float] = []
    for pause in pauses:
        now[0] += pause
        counted = [at for at in counted if at > now[0] - 5.0]
        counted.append(now[0])
        expected = len(counted) <= 5
        assert limit.allows("10.0.0.1") is expected
        if not expected:
            # A breach starts a new count after its ban.
            counted = []


def test_addresses_do_not_count_for_one_another() -> None:
    limit = IpLimit(requests=1, now_s=lambda: 0.0)
    assert limit.allows("10.0.0.1")
    assert limit.allows("10.0.0.2")
    assert not limit.allows("10.0.0.1")


def test_a_ban_lasts_ten_minutes() -> None:
    now = [0.0]
    limit = IpLimit(requests=1, now_s=lambda: now[0])
    limit.allows("10.0.0.1")
    assert not limit.allows("10.0.0.1")
    now[0] = 599.9
    assert not limit.allows("10.0.0.1")
    now[0] = 600.1
    assert limit.allows("10.0.0.1")
