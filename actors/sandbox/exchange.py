"""What does the exchange know right now? Its listings, and their markets up to the clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from actors.clock import Clock
from actors.sandbox.book import Book, book_at, trades_before
from actors.sandbox.funding import next_settlement_ms, rate_of, rates_between
from actors.sandbox.instruments import LISTINGS, Listing
from actors.sandbox.markets import bars_between, folded, joined, scale_of
from actors.sandbox.prints import Prints, prints_of, unfinished
from actors.sandbox.sentiment import STEP_MS, Sentiment, sentiment_between
from engines.bars import Bars, Category, Kind, Series
from engines.errors import TesterError
from engines.funding import FundingRates
from engines.intervals import DAY_MS, MINUTE_MS, Interval, floor_open_ms, interval_ms

_HOUR_MS: Final = 60 * MINUTE_MS


class UnknownSymbol(TesterError):
    """No such contract is listed, or not yet."""


class Window(NamedTuple):
    """Which rows a caller wants: bounds are inclusive, None where the caller gave none."""

    start_ms: int | None
    end_ms: int | None
    limit: int


class Quote(NamedTuple):
    """One market at one moment, in grid units of its kind of bar; fractions for funding."""

    last: float
    day_ago: float
    hour_ago: float
    high: float
    low: float
    volume: float
    turnover: float
    book: Book
    mark_price: float
    index_price: float
    funding_rate: float
    next_funding_ms: int
    open_interest: float


class Exchange:
    """Markets that are a function of the seed, seen up to the clock's now."""

    def __init__(self, seed: int, clock: Clock, listings: Sequence[Listing] = LISTINGS) -> None:
        self.seed = seed
        self._clock = clock
        self._listings = tuple(listings)

    def now_ms(self) -> int:
        """The exchange's time."""
        return self._clock.now_ms()

    def listings(self, category: Category) -> tuple[Listing, ...]:
        """Contracts of a category that have been launched by now, in alphabetical order."""
        launched = (x for x in self._listings if x.launch_ms <= self.now_ms())
        mine = (listing for listing in launched if listing.category == category)
        return tuple(sorted(mine, key=lambda listing: listing.symbol))

    def listing(self, category: Category, symbol: str) -> Listing:
        """The contract of that name. Raises UnknownSymbol."""
        for listing in self.listings(category):
            if listing.symbol == symbol:
                return listing
        raise UnknownSymbol(f"{category} has no symbol {symbol!r}")

    def candles(self, listing: Listing, kind: Kind, interval: Interval, window: Window) -> Bars:
        """Bars in grid units, oldest first, the last one possibly unfinished.

        With a start alone these are the oldest `limit` bars from there, otherwise the newest
        `limit` up to the end, none before the start.
        """
        forwards = window.start_ms is not None and window.end_ms is None
        first_ms = int(floor_open_ms(np.array([listing.launch_ms]), interval)[0])
        start_ms = first_ms if window.start_ms is None else max(window.start_ms, first_ms)
        end_ms = self._end_ms(window)
        reach = (window.limit + 1) * _longest_ms(interval)
        if forwards:
            bars = self._bars(listing, kind, interval, start_ms, min(end_ms, start_ms + reach) + 1)
            return bars.rows(0, min(window.limit, len(bars)))
        bars = self._bars(listing, kind, interval, max(start_ms, end_ms - reach), end_ms + 1)
        return bars.rows(max(0, len(bars) - window.limit), len(bars))

    def funding(self, listing: Listing, window: Window) -> FundingRates:
        """The newest `limit` settlements of the window that have happened, oldest first."""
        end_ms = self._end_ms(window)
        start_ms = window.start_ms or 0
        oldest_ms = end_ms - window.limit * listing.funding_interval_minutes * MINUTE_MS
        return rates_between(self.seed, listing, max(start_ms, oldest_ms + 1), end_ms + 1)

    def sentiment(self, listing: Listing, step_ms: int, window: Window) -> Sentiment:
        """The newest `limit` values on multiples of `step_ms` in the window, oldest first."""
        end_ms = self._end_ms(window)
        start_ms = max(window.start_ms or 0, end_ms - window.limit * step_ms + 1)
        values = sentiment_between(self.seed, listing, start_ms, end_ms + 1)
        return values.rows(values.time_ms % step_ms == 0)

    def trades(self, listing: Listing, count: int) -> Prints:
        """The latest `count` prints, oldest first."""
        return trades_before(self.seed, listing, self.now_ms(), count)

    def book(self, listing: Listing, depth: int) -> Book:
        """The order book now."""
        return book_at(self.seed, listing, self.now_ms(), depth)

    def quote(self, listing: Listing) -> Quote:
        """Prices, 24-hour figures and funding of one market now."""
        now_ms = self.now_ms()
        day = self._bars(listing, "last", "1", now_ms - DAY_MS, now_ms + 1)
        hour = day.between(now_ms - _HOUR_MS, now_ms + 1)
        rate, next_ms, interest = 0.0, 0, 0.0
        if listing.is_perpetual:
            next_ms = next_settlement_ms(listing, now_ms)
            rate = self._expected_funding(listing, next_ms)
            interest = self._open_interest(listing)
        return Quote(
            last=float(day.close[-1]),
            day_ago=float(day.open[0]),
            hour_ago=float(hour.open[0]),
            high=float(day.high.max()),
            low=float(day.low.min()),
            volume=float(day.volume.sum()),
            turnover=float(day.turnover.sum()),
            book=self.book(listing, 1),
            mark_price=self._now(listing, "mark") if listing.is_perpetual else 0.0,
            index_price=self._now(listing, "index"),
            funding_rate=rate,
            next_funding_ms=next_ms,
            open_interest=interest,
        )

    def _end_ms(self, window: Window) -> int:
        now_ms = self.now_ms()
        return now_ms if window.end_ms is None else min(window.end_ms, now_ms)

    def _bars(
        self, listing: Listing, kind: Kind, interval: Interval, start_ms: int, end_ms: int
    ) -> Bars:
        """Bars opening in `[start_ms, end_ms)`, with the one that is still open now."""
        now_ms = self.now_ms()
        series = Series(listing.category, listing.symbol, interval, kind)
        if now_ms < listing.launch_ms:
            return Bars.empty(series)
        current_ms = int(floor_open_ms(np.array([now_ms]), interval)[0])
        whole = bars_between(self.seed, listing, kind, interval, start_ms, min(end_ms, current_ms))
        if not start_ms <= current_ms < end_ms:
            return whole
        return joined(series, (whole, self._current(series, listing, current_ms)))

    def _current(self, series: Series, listing: Listing, current_ms: int) -> Bars:
        """The unfinished bar: whole days, whole minutes of today, and the minute's prints."""
        now_ms = self.now_ms()
        kind = series.kind
        day_ms = max(current_ms, now_ms // DAY_MS * DAY_MS)
        minute_ms = now_ms // MINUTE_MS * MINUTE_MS
        days = bars_between(self.seed, listing, kind, "D", current_ms, day_ms)
        today = bars_between(self.seed, listing, kind, "1", day_ms, minute_ms)
        minute = bars_between(self.seed, listing, kind, "1", minute_ms, minute_ms + MINUTE_MS)
        seen = unfinished(minute, prints_of(self.seed, listing, minute), now_ms)
        return folded(series, joined(series, (days, today, seen)))

    def _now(self, listing: Listing, kind: Kind) -> float:
        now_ms = self.now_ms()
        minute_ms = now_ms // MINUTE_MS * MINUTE_MS
        return float(self._bars(listing, kind, "1", minute_ms, now_ms + 1).close[0])

    def _expected_funding(self, listing: Listing, next_ms: int) -> float:
        """The rate that the premium since the last settlement points to."""
        now_ms = self.now_ms()
        start_ms = max(next_ms - listing.funding_interval_minutes * MINUTE_MS, listing.launch_ms)
        bars = self._bars(listing, "premium", "1", start_ms, now_ms + 1)
        premium = bars.close / 10.0 ** scale_of(listing, "premium").price
        return float(rate_of(listing, premium[None, :])[0])

    def _open_interest(self, listing: Listing) -> float:
        values = self.sentiment(listing, STEP_MS, Window(None, None, 1))
        return float(values.open_interest[-1])


def _longest_ms(interval: Interval) -> int:
    return 31 * DAY_MS if interval == "M" else interval_ms(interval)
