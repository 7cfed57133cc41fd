"""What can be asked of Bybit's market? Time, bars, funding, instruments, tiers and tickers."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Final

import numpy as np

from actors.bybit.candles import QUESTION, bars_from, joined
from actors.bybit.contracts import Listed, Ticker, listed_from, ticker_from, tiers_from
from actors.bybit.errors import BadAnswer
from actors.bybit.fields import Fields
from actors.bybit.paging import Progress, backwards, forwards
from actors.bybit.rate_limits import TokenBucket
from actors.bybit.retries import Retries
from actors.bybit.transport import Question, Transport
from actors.bybit.venues import Venue
from actors.clock import Clock, SystemClock
from engines.bars import Bars, Category, Kind, Series
from engines.errors import InvalidInput
from engines.funding import FundingRates
from engines.instrument import Instrument, MarginTier
from engines.intervals import Interval, floor_open_ms, next_open_ms

BARS_PER_PAGE: Final = 1000
_FUNDING_PER_PAGE: Final = 200
_INSTRUMENTS_PER_PAGE: Final = 1000


class MarketClient:
    """Public market data of one venue. Thread-safe; close it, or use it in a `with` statement.

    Every request waits for its turn in `pace`, is asked again when its failure may pass, and is
    decoded into exact or validated values. Methods raise a VenueError.
    """

    def __init__(
        self,
        venue: Venue,
        clock: Clock | None = None,
        pace: TokenBucket | None = None,
        retries: Retries | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        clock = clock or SystemClock()
        self.venue = venue
        self._pace = pace or TokenBucket(clock)
        self._retries = retries or Retries(clock)
        self._transport = Transport(venue.rest_url, timeout_s, clock)

    def __enter__(self) -> MarketClient:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def server_time_ms(self) -> int:
        """The venue's time, UTC milliseconds."""
        return self._result("get_server_time").whole("timeNano") // 1_000_000

    def klines(
        self,
        category: Category,
        symbol: str,
        interval: Interval,
        start_ms: int | None = None,
        end_ms: int | None = None,
        kind: Kind = "last",
    ) -> Bars:
        """One page of at most 1000 bars, oldest first, the last one possibly unfinished.

        Bounds are inclusive, on open time. With a start alone these are the oldest bars from
        there, otherwise the newest up to the end.
        """
        series = Series(category, symbol, interval, kind)
        result = self._raw(
            QUESTION[kind],
            category=category,
            symbol=symbol,
            interval=interval,
            start=start_ms,
            end=end_ms,
            limit=BARS_PER_PAGE,
        )
        bars = bars_from(series, result)
        early = start_ms is not None and len(bars) > 0 and bars.start_ms < start_ms
        late = end_ms is not None and len(bars) > 0 and int(bars.open_ms[-1]) > end_ms
        if early or late:
            asked = f"from {start_ms} to {end_ms}"
            raise BadAnswer(f"{series}: asked for bars {asked}, got {bars.open_ms[[0, -1]]}")
        return bars

    def bars(
        self, series: Series, start_ms: int, end_ms: int, progress: Progress | None = None
    ) -> Bars:
        """All finished bars of `series` that open in `[start_ms, end_ms)`; gaps stay gaps.

        Pages forwards from the start, or backwards from the end down to the listing when the
        start is 0 or less. `progress` is told the number of bars so far after each page. What
        the venue has not finished by its own clock is left out.
        """
        if start_ms >= end_ms:
            raise InvalidInput("start_ms", start_ms, f"before end_ms, {end_ms}")
        now_ms = self.server_time_ms()
        count = _Count(progress)

        def page(start_ms: int | None, end_ms: int | None) -> Bars:
            category, symbol, interval, kind = series
            return self.klines(category, symbol, interval, start_ms, end_ms, kind)

        end_ms = min(end_ms, now_ms)
        if start_ms <= 0:
            pieces = backwards(page, 0, end_ms, count)
        else:
            pieces = forwards(page, _aligned(start_ms, series.interval), end_ms, count)
        bars = joined(series, pieces)
        n_finished = int(np.searchsorted(bars.close_ms, now_ms, side="right"))
        return bars.rows(0, n_finished)

    def funding(self, category: Category, symbol: str, start_ms: int, end_ms: int) -> FundingRates:
        """Settled funding rates in `[start_ms, end_ms)`, oldest first."""
        time_ms: list[int] = []
        rate: list[float] = []
        last_ms = end_ms - 1
        while last_ms >= start_ms:
            # A start alone is an error, and together with an end it gives the newest as well.
            result = self._result(
                "get_funding_rate_history",
                category=category,
                symbol=symbol,
                endTime=last_ms,
                limit=_FUNDING_PER_PAGE,
            )
            rows = list(result.rows())
            times = [row.whole("fundingRateTimestamp") for row in rows]
            if not rows:
                break
            if max(times) > last_ms:
                raise BadAnswer(f"{symbol} funding: asked up to {last_ms}, got {max(times)}")
            time_ms += times
            rate += [float(row.decimal("fundingRate")) for row in rows]
            last_ms = min(times) - 1
        return _funding(category, symbol, time_ms, rate).between(start_ms, end_ms)

    def listed(self, category: Category, symbol: str | None = None) -> tuple[Listed, ...]:
        """Instruments with status and launch time: the one named, or all of the category."""
        pages = self._pages(
            "get_instruments_info", category=category, symbol=symbol, limit=_INSTRUMENTS_PER_PAGE
        )
        return tuple(listed_from(category, row) for page in pages for row in page.rows())

    def instruments(self, category: Category, symbol: str | None = None) -> tuple[Instrument, ...]:
        """The rules of one contract or of all of the category; margin tiers are `risk_limits`."""
        return tuple(listed.instrument for listed in self.listed(category, symbol))

    def risk_limits(self, category: Category, symbol: str) -> tuple[MarginTier, ...]:
        """Margin tiers of one contract, lowest limit first; rates are fractions."""
        pages = self._pages("get_risk_limit", category=category, symbol=symbol)
        return tiers_from([row for page in pages for row in page.rows()])

    def tickers(self, category: Category, symbol: str | None = None) -> tuple[Ticker, ...]:
        """Prices of one market, or of all of the category, now."""
        result = self._result("get_tickers", category=category, symbol=symbol)
        return tuple(ticker_from(category, row) for row in result.rows())

    def _pages(self, question: Question, **parameters: object) -> Iterator[Fields]:
        """The results of a question whose answers lead on by a cursor."""
        cursors: set[str] = set()
        cursor = ""
        while True:
            page = self._result(question, **parameters, cursor=cursor or None)
            yield page
            cursor = page.text("nextPageCursor", "")
            if not cursor:
                return
            if cursor in cursors:
                raise BadAnswer(f"{question}: cursor {cursor!r} came twice")
            cursors.add(cursor)

    def _result(self, question: Question, **parameters: object) -> Fields:
        return Fields(self._raw(question, **parameters), question)

    def _raw(self, question: Question, **parameters: object) -> object:
        given = {name: value for name, value in parameters.items() if value is not None}

        def ask() -> object:
            self._pace.acquire()
            return self._transport.ask(question, given)["result"]

        return self._retries.run(ask)


class _Count:
    """Adds up the bars of the pages and passes the sum on."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._n_bars = 0

    def __call__(self, n_bars: int) -> None:
        self._n_bars += n_bars
        if self._progress is not None:
            self._progress(self._n_bars)


def _aligned(start_ms: int, interval: Interval) -> int:
    """The first open time at or after `start_ms`."""
    floor = floor_open_ms(np.array([start_ms]), interval)
    return start_ms if floor[0] == start_ms else int(next_open_ms(floor, interval)[0])


def _funding(
    category: Category, symbol: str, time_ms: list[int], rate: list[float]
) -> FundingRates:
    order = np.argsort(np.array(time_ms, dtype=np.int64), kind="stable")
    try:
        return FundingRates(
            category,
            symbol,
            np.array(time_ms, dtype=np.int64)[order],
            np.array(rate, dtype=np.float64)[order],
        )
    except InvalidInput as error:
        raise BadAnswer(f"{symbol} funding: {error}") from error
