"""Inside a minute: the prints make exactly the bar, and the unfinished bar grows into it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.sandbox.book import book_at, trades_before
from actors.sandbox.instruments import LISTINGS, Listing
from actors.sandbox.markets import bars_between
from actors.sandbox.prints import prints_of, unfinished
from engines.bars import KINDS, VALUE_COLUMNS, Bars, Kind
from engines.intervals import MINUTE_MS
from tests.examples import examples

SEED = 9
START_MS = int(np.datetime64("2024-05-05T10:00", "ms").astype(np.int64))
BTC = LISTINGS[0]


def minute_at(listing: Listing, kind: Kind, number: int) -> Bars:
    start_ms = START_MS + number * MINUTE_MS
    return bars_between(SEED, listing, kind, "1", start_ms, start_ms + MINUTE_MS)


def values(bar: Bars) -> list[float]:
    return [float(getattr(bar, name)[0]) for name in VALUE_COLUMNS]


@examples(60)
@given(
    listing=st.sampled_from([x for x in LISTINGS if x.is_perpetual]),
    kind=st.sampled_from(KINDS),
    number=st.integers(0, 5000),
)
def test_the_prints_of_a_minute_make_its_bar(listing: Listing, kind: Kind, number: int) -> None:
    minute = minute_at(listing, kind, number)
    prints = prints_of(SEED, listing, minute)
    whole = unfinished(minute, prints, minute.end_ms - 1)
    assert values(whole) == values(minute)
    assert whole.start_ms == minute.start_ms


@given(number=st.integers(0, 5000))
@examples(30)
def test_an_unfinished_bar_only_grows(number: int) -> None:
    minute = minute_at(BTC, "last", number)
    prints = prints_of(SEED, BTC, minute)
    seen = [unfinished(minute, prints, minute.start_ms + ms) for ms in range(0, 60_000, 2500)]
    for before, after in pairwise(seen):
        assert after.high[0] >= before.high[0]
        assert after.low[0] <= before.low[0]
        assert after.volume[0] >= before.volume[0]
        assert after.turnover[0] >= before.turnover[0]


def test_before_the_first_print_the_bar_stands_at_its_open() -> None:
    minute = minute_at(BTC, "last", 3)
    prints = prints_of(SEED, BTC, minute)
    bar = unfinished(minute, prints, int(prints.time_ms[0]) - 1)
    assert values(bar) == [minute.open[0]] * 4 + [0.0, 0.0]


def test_every_second_trades_at_least_one_lot() -> None:
    prints = prints_of(SEED, BTC, minute_at(BTC, "last", 17))
    assert (prints.volume >= 1.0).all()
    assert (np.diff(prints.time_ms) > 0).all()


def test_mark_and_last_take_the_same_way_through_the_minute() -> None:
    apart = []
    for number in range(50):
        last, mark = (
            prints_of(SEED, BTC, minute_at(BTC, kind, number)).price for kind in ("last", "mark")
        )
        apart.append(np.abs(last * 10.0 / mark - 1.0).max())
    assert max(apart) < 0.003


@pytest.mark.parametrize("count", [1, 59, 60, 61, 500])
def test_the_latest_trades_are_the_last_prints_before_now(count: int) -> None:
    now_ms = START_MS + 37 * MINUTE_MS + 23_456
    trades = trades_before(SEED, BTC, now_ms, count)
    assert len(trades.time_ms) == count
    assert (np.diff(trades.time_ms) > 0).all()
    assert trades.time_ms[-1] <= now_ms < trades.time_ms[-1] + 2000


def test_trades_begin_at_the_launch() -> None:
    trades = trades_before(SEED, BTC, BTC.launch_ms + 90_000, 1000)
    assert 85 <= len(trades.time_ms) <= 91
    assert trades.time_ms[0] >= BTC.launch_ms


@examples(40)
@given(listing=st.sampled_from(LISTINGS), second=st.integers(0, 10**6), depth=st.integers(1, 1000))
def test_the_book_never_crosses_and_leans_on_the_last_trade(
    listing: Listing, second: int, depth: int
) -> None:
    now_ms = START_MS + second * 1000
    book = book_at(SEED, listing, now_ms, depth)
    last = trades_before(SEED, listing, now_ms, 1).price[0]
    assert (np.diff(book.bids.price) < 0).all()
    assert (np.diff(book.asks.price) > 0).all()
    assert book.asks.price[0] - book.bids.price[0] == 1.0
    assert last in (book.bids.price[0], book.asks.price[0])
    assert (book.bids.size >= 1.0).all()
    assert (book.asks.size >= 1.0).all()
    assert len(book.asks.price) == depth


def test_a_deep_book_begins_with_the_shallow_one() -> None:
    shallow, deep = (book_at(SEED, BTC, START_MS, depth) for depth in (5, 200))
    assert shallow.asks.price.tolist() == deep.asks.price[:5].tolist()
    assert shallow.bids.size.tolist() == deep.bids.size[:5].tolist()


def test_the_book_is_empty_until_the_first_trade() -> None:
    first = trades_before(SEED, BTC, BTC.launch_ms + 5000, 10).time_ms[0]
    book = book_at(SEED, BTC, int(first) - 1, 10)
    assert len(book.bids.price) == len(book.asks.price) == 0
