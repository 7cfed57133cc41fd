"""The exchange under a clock that we move: windows, the unfinished bar, launches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.clock import ManualClock
from actors.sandbox.exchange import Exchange, UnknownSymbol, Window
from actors.sandbox.instruments import LISTINGS
from actors.sandbox.markets import bars_between
from actors.sandbox.sentiment import STEP_MS
from engines.bars import VALUE_COLUMNS, Bars
from engines.intervals import DAY_MS, INTERVALS, MINUTE_MS, Interval, floor_open_ms, interval_ms
from tests.examples import examples

SEED = 4
NOW_MS = int(np.datetime64("2024-08-14T15:42:31.777", "ms").astype(np.int64))
HOUR_MS = 60 * MINUTE_MS
BTC = LISTINGS[0]
ALL = Window(None, None, 1000)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW_MS)


@pytest.fixture
def exchange(clock: ManualClock) -> Exchange:
    return Exchange(SEED, clock)


def values(bar: Bars) -> list[float]:
    return [float(getattr(bar, name)[-1]) for name in VALUE_COLUMNS]


def opens(bars: Bars) -> list[int]:
    return [int(open_ms) for open_ms in bars.open_ms]


def test_without_bounds_the_newest_bars_come_with_the_unfinished_one(exchange: Exchange) -> None:
    bars = exchange.candles(BTC, "last", "60", Window(None, None, 3))
    hour = NOW_MS // HOUR_MS * HOUR_MS
    assert opens(bars) == [hour - 2 * HOUR_MS, hour - HOUR_MS, hour]


def test_a_start_alone_gives_the_oldest_bars_from_there(exchange: Exchange) -> None:
    start_ms = NOW_MS - 100 * DAY_MS
    bars = exchange.candles(BTC, "last", "60", Window(start_ms, None, 3))
    first = start_ms // HOUR_MS * HOUR_MS + HOUR_MS
    assert opens(bars) == [first, first + HOUR_MS, first + 2 * HOUR_MS]


def test_an_end_alone_gives_the_newest_bars_before_it(exchange: Exchange) -> None:
    end_ms = (NOW_MS - 100 * DAY_MS) // HOUR_MS * HOUR_MS
    assert opens(exchange.candles(BTC, "last", "60", Window(None, end_ms, 2))) == [
        end_ms - HOUR_MS,
        end_ms,
    ]


def test_both_bounds_are_inclusive(exchange: Exchange) -> None:
    start_ms = (NOW_MS - 100 * DAY_MS) // HOUR_MS * HOUR_MS
    window = Window(start_ms, start_ms + 2 * HOUR_MS, 1000)
    assert len(exchange.candles(BTC, "last", "60", window)) == 3


def test_a_range_beyond_the_limit_keeps_its_newest_bars(exchange: Exchange) -> None:
    start_ms = (NOW_MS - 100 * DAY_MS) // HOUR_MS * HOUR_MS
    bars = exchange.candles(BTC, "last", "60", Window(start_ms, start_ms + 9 * HOUR_MS, 4))
    assert opens(bars) == [start_ms + k * HOUR_MS for k in (6, 7, 8, 9)]


def test_a_start_before_the_launch_begins_at_the_launch(exchange: Exchange) -> None:
    bars = exchange.candles(BTC, "last", "1", Window(0, None, 5))
    assert bars.start_ms == BTC.launch_ms
    assert len(bars) == 5


def test_the_future_is_empty(exchange: Exchange) -> None:
    for interval in INTERVALS:
        window = Window(NOW_MS + 1, None, 5)
        assert len(exchange.candles(BTC, "last", interval, window)) == 0


@pytest.mark.parametrize("interval", INTERVALS)
def test_the_unfinished_bar_is_all_that_happened_since_its_open(
    exchange: Exchange, interval: Interval
) -> None:
    bars = exchange.candles(BTC, "last", interval, Window(None, None, 2))
    current_ms = int(floor_open_ms(np.array([NOW_MS]), interval)[0])
    assert opens(bars)[-1] == current_ms
    minute_ms = NOW_MS // MINUTE_MS * MINUTE_MS
    minutes = bars_between(SEED, BTC, "last", "1", current_ms, minute_ms)
    now = exchange.candles(BTC, "last", "1", Window(None, None, 1))
    high = max([*minutes.high.tolist(), float(now.high[0])])
    low = min([*minutes.low.tolist(), float(now.low[0])])
    opening = float(minutes.open[0]) if len(minutes) else float(now.open[0])
    volume = float(minutes.volume.sum() + now.volume[0])
    turnover = float(minutes.turnover.sum() + now.turnover[0])
    assert values(bars) == [opening, high, low, float(now.close[0]), volume, turnover]


@pytest.mark.parametrize("interval", INTERVALS)
def test_the_unfinished_bar_closes_at_the_last_price(
    exchange: Exchange, interval: Interval
) -> None:
    bars = exchange.candles(BTC, "last", interval, Window(None, None, 1))
    assert bars.close[-1] == exchange.quote(BTC).last == exchange.trades(BTC, 1).price[-1]


@examples(25)
@given(
    interval=st.sampled_from(INTERVALS),
    offsets=st.lists(st.integers(0, 40 * DAY_MS), min_size=1, max_size=4),
)
def test_a_finished_bar_never_changes(interval: Interval, offsets: list[int]) -> None:
    clock = ManualClock(NOW_MS)
    exchange = Exchange(SEED, clock)
    for offset in offsets:
        clock.set(NOW_MS + offset)
        seen = exchange.candles(BTC, "last", interval, Window(None, None, 5))
        finished = seen.rows(0, int((seen.close_ms <= clock.now_ms()).sum()))
        clock.set(NOW_MS + 400 * DAY_MS)
        window = Window(finished.start_ms, int(finished.open_ms[-1]), 1000)
        assert exchange.candles(BTC, "last", interval, window).digest == finished.digest


def test_a_bar_is_finished_exactly_at_its_close(clock: ManualClock, exchange: Exchange) -> None:
    minute_ms = NOW_MS // MINUTE_MS * MINUTE_MS
    clock.set(minute_ms + MINUTE_MS - 1)
    before = exchange.candles(BTC, "last", "1", Window(None, None, 1))
    clock.set(minute_ms + MINUTE_MS)
    after = exchange.candles(BTC, "last", "1", Window(None, minute_ms, 1))
    assert opens(before) == opens(after) == [minute_ms]
    assert values(before) == values(after)


def test_symbols_appear_when_they_are_launched(clock: ManualClock, exchange: Exchange) -> None:
    dogecoin = next(x for x in LISTINGS if x.symbol == "DOGEUSDT")
    clock.set(dogecoin.launch_ms - 1)
    assert dogecoin not in exchange.listings("linear")
    with pytest.raises(UnknownSymbol, match="DOGEUSDT"):
        exchange.listing("linear", "DOGEUSDT")
    clock.set(dogecoin.launch_ms)
    assert exchange.listing("linear", "DOGEUSDT") is dogecoin
    bars = exchange.candles(dogecoin, "last", "60", ALL)
    assert opens(bars) == [dogecoin.launch_ms]


def test_the_quote_sums_up_the_last_24_hours(exchange: Exchange) -> None:
    quote = exchange.quote(BTC)
    bars = exchange.candles(BTC, "last", "1", Window(NOW_MS - DAY_MS, NOW_MS, 1000))
    older = exchange.candles(BTC, "last", "1", Window(NOW_MS - DAY_MS, None, 441))
    assert quote.high == max(bars.high.max(), older.high.max())
    assert quote.low == min(bars.low.min(), older.low.min())
    assert quote.day_ago == older.open[0]
    assert quote.volume == pytest.approx(bars.volume.sum() + older.volume[:440].sum(), rel=0.01)
    assert quote.funding_rate == pytest.approx(0.0, abs=0.00375)
    assert quote.next_funding_ms == int(np.datetime64("2024-08-14T16:00", "ms").astype(np.int64))


def test_the_expected_funding_becomes_the_settled_rate(
    clock: ManualClock, exchange: Exchange
) -> None:
    settlement_ms = exchange.quote(BTC).next_funding_ms
    clock.set(settlement_ms - 1)
    expected = exchange.quote(BTC).funding_rate
    clock.set(settlement_ms)
    settled = exchange.funding(BTC, Window(None, None, 1))
    assert settled.time_ms.tolist() == [settlement_ms]
    # The premium of the last minute is known for certain only at its end.
    assert settled.rate[0] == pytest.approx(expected, abs=2e-6)


@pytest.mark.parametrize(
    ("window", "count", "newest_ms"),
    [
        pytest.param(Window(None, None, 3), 3, NOW_MS // (8 * HOUR_MS) * 8 * HOUR_MS, id="newest"),
        pytest.param(Window(None, NOW_MS - DAY_MS, 7), 7, None, id="up to an end"),
        pytest.param(Window(NOW_MS - DAY_MS, NOW_MS, 200), 3, None, id="both bounds"),
        pytest.param(Window(NOW_MS - 9 * DAY_MS, NOW_MS, 5), 5, None, id="newest of a long range"),
        pytest.param(Window(None, BTC.launch_ms, 5), 0, None, id="before the launch"),
    ],
)
def test_funding_history_gives_the_newest_of_the_window(
    exchange: Exchange, window: Window, count: int, newest_ms: int | None
) -> None:
    rates = exchange.funding(BTC, window)
    assert len(rates) == count
    if newest_ms is not None:
        assert rates.time_ms[-1] == newest_ms
    assert all(time_ms <= (window.end_ms or NOW_MS) for time_ms in rates.time_ms)


@pytest.mark.parametrize("step_ms", [STEP_MS, HOUR_MS, DAY_MS])
def test_open_interest_comes_on_the_step_newest_kept(exchange: Exchange, step_ms: int) -> None:
    values = exchange.sentiment(BTC, step_ms, Window(None, None, 20))
    newest = NOW_MS // step_ms * step_ms
    assert values.time_ms.tolist() == [newest - k * step_ms for k in range(19, -1, -1)]
    assert (values.open_interest > 0.0).all()
    assert ((values.long_share > 0.0) & (values.long_share < 1.0)).all()


def test_sentiment_before_the_launch_is_empty(exchange: Exchange) -> None:
    values = exchange.sentiment(BTC, STEP_MS, Window(0, BTC.launch_ms - 1, 50))
    assert len(values.time_ms) == 0


def test_intervals_nest(exchange: Exchange) -> None:
    hours = exchange.candles(BTC, "last", "60", Window(None, None, 500))
    days = exchange.candles(BTC, "last", "D", Window(None, None, 10))
    for row in range(1, 9):
        inside = hours.between(int(days.open_ms[row]), int(days.close_ms[row]))
        assert len(inside) == DAY_MS // interval_ms("60")
        assert inside.volume.sum() == days.volume[row]
        assert inside.high.max() == days.high[row]
