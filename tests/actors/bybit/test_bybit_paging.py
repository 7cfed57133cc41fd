"""Paging: both ways make the same range, whatever gaps, listings and readings of `start` exist."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.bybit.candles import joined
from actors.bybit.paging import Page, backwards, forwards
from engines.bars import Bars, Series
from engines.intervals import MINUTE_MS
from tests.examples import examples

SERIES = Series("linear", "BTCUSDT", "1")


def bars_at(minutes: list[int]) -> Bars:
    price = np.full(len(minutes), 100.0)
    open_ms = np.array(minutes, dtype=np.int64) * MINUTE_MS
    columns = {"open_ms": open_ms, "open": price, "high": price, "low": price, "close": price}
    return Bars.from_columns(SERIES, columns)


class Venue:
    """Serves the given minutes in pages of `limit`, and counts the requests."""

    def __init__(self, minutes: list[int], limit: int, *, newest_always: bool = False) -> None:
        self._bars = bars_at(minutes)
        self._limit = limit
        self._newest_always = newest_always
        self.requests = 0

    def page(self, start_ms: int | None, end_ms: int | None) -> Bars:
        self.requests += 1
        bars = self._bars.between(start_ms or 0, 2**60 if end_ms is None else end_ms + 1)
        if start_ms is not None and end_ms is None and not self._newest_always:
            return bars.rows(0, min(self._limit, len(bars)))
        return bars.rows(max(0, len(bars) - self._limit), len(bars))


def fetched(way: object, page: Page, start: int, end: int) -> list[int]:
    seen: list[int] = []
    pieces = way(page, start * MINUTE_MS, end * MINUTE_MS, seen.append)  # type: ignore[operator]
    bars = joined(SERIES, pieces)
    assert sum(seen) == len(bars)
    return [int(open_ms) // MINUTE_MS for open_ms in bars.open_ms]


@pytest.mark.parametrize("way", [forwards, backwards])
@pytest.mark.parametrize("newest_always", [False, True], ids=["oldest from start", "newest always"])
@examples(60)
@given(
    minutes=st.sets(st.integers(1, 200), max_size=150),
    limit=st.integers(1, 30),
    bounds=st.tuples(st.integers(1, 220), st.integers(0, 220)),
)
def test_every_bar_of_the_range_is_fetched_once(
    way: object,
    newest_always: bool,
    minutes: set[int],
    limit: int,
    bounds: tuple[int, int],
) -> None:
    start, end = bounds
    venue = Venue(sorted(minutes), limit, newest_always=newest_always)
    wanted = sorted(minute for minute in minutes if start <= minute < end)
    assert fetched(way, venue.page, start, end) == wanted


@pytest.mark.parametrize("way", [forwards, backwards])
def test_a_range_without_gaps_costs_one_request_a_page(way: object) -> None:
    venue = Venue(list(range(1, 1001)), limit=100)
    assert len(fetched(way, venue.page, 1, 1001)) == 1000
    assert venue.requests == 10


def test_forwards_jumps_to_the_listing() -> None:
    venue = Venue(list(range(100_000, 100_050)), limit=50)
    assert len(fetched(forwards, venue.page, 1, 100_050)) == 50
    # One page, and one question whether anything lies before it.
    assert venue.requests == 2


def test_backwards_stops_at_the_listing() -> None:
    venue = Venue(list(range(100_000, 100_050)), limit=10)
    assert len(fetched(backwards, venue.page, 1, 100_050)) == 50
    assert venue.requests == 6


@pytest.mark.parametrize("way", [forwards, backwards])
def test_a_venue_without_bars_is_asked_once(way: object) -> None:
    venue = Venue([], limit=10)
    assert fetched(way, venue.page, 1, 100) == []
    assert venue.requests == 1
