"""The client against the sandbox, over HTTP: whole ranges, exact values, failures and pace."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import numpy as np
import pytest

from actors.bybit.errors import BadAnswer, Refused, Throttled, Unreachable
from actors.bybit.rate_limits import TokenBucket
from actors.bybit.rest import MarketClient
from actors.bybit.retries import Retries
from actors.bybit.venues import Venue
from actors.clock import ManualClock
from actors.sandbox.faults import ConnectionCut, Garbled, HttpStatus, RateLimited, Slow
from actors.sandbox.funding import rates_between
from actors.sandbox.instruments import LISTINGS, Listing
from actors.sandbox.markets import bars_between, in_units, scale_of
from engines.bars import KINDS, Bars, Category, Kind, Series
from engines.errors import InvalidInput
from engines.intervals import DAY_MS, INTERVALS, MINUTE_MS, Interval

if TYPE_CHECKING:
    from tests.actors.conftest import Sandbox

START_MS = int(np.datetime64("2024-09-01T00:00", "ms").astype(np.int64))
BTC = LISTINGS[0]
DOGE = next(x for x in LISTINGS if x.symbol == "DOGEUSDT")
BTC_MINUTES = Series("linear", "BTCUSDT", "1")


@pytest.fixture
def waits() -> ManualClock:
    """The client's own clock: what it sleeps passes there, not here."""
    return ManualClock(START_MS)


@pytest.fixture
def client(sandbox: Sandbox, waits: ManualClock) -> Iterator[MarketClient]:
    retries = Retries(waits, attempts=4, seed=1)
    with MarketClient(Venue("sandbox", sandbox.url), waits, retries=retries) as client:
        yield client


def direct(sandbox: Sandbox, series: Series, start_ms: int, end_ms: int) -> Bars:
    """The bars as the generator makes them, in prices and quantities, without any HTTP."""
    category, symbol, interval, kind = series
    listing = sandbox.exchange.listing(category, symbol)
    bars = bars_between(sandbox.exchange.seed, listing, kind, interval, start_ms, end_ms)
    return in_units(bars, scale_of(listing, kind))


def test_the_servers_time_is_told_in_milliseconds(client: MarketClient, sandbox: Sandbox) -> None:
    assert client.server_time_ms() == sandbox.clock.now_ms()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("listing", [BTC, DOGE], ids=["BTCUSDT", "DOGEUSDT"])
def test_a_range_of_many_pages_equals_its_direct_generation(
    client: MarketClient, sandbox: Sandbox, listing: Listing, kind: Kind
) -> None:
    series = Series("linear", listing.symbol, "1", kind)
    end_ms = START_MS + 3456 * MINUTE_MS
    bars = client.bars(series, START_MS, end_ms)
    expected = direct(sandbox, series, START_MS, end_ms)
    for name in ("open_ms", "open", "high", "low", "close", "volume"):
        assert np.array_equal(getattr(bars, name), getattr(expected, name)), name
    assert np.array_equal(bars.turnover, expected.turnover) == (kind == "last")


def test_both_ways_of_paging_give_the_same_bars(client: MarketClient, sandbox: Sandbox) -> None:
    series = Series("linear", "DOGEUSDT", "240")
    now_ms = sandbox.clock.now_ms()
    from_the_listing = client.bars(series, DOGE.launch_ms, now_ms)
    from_the_end = client.bars(series, 0, now_ms)
    assert from_the_listing.digest == from_the_end.digest
    assert len(from_the_end) > 7000
    assert from_the_end.start_ms == DOGE.launch_ms


@pytest.mark.parametrize("interval", INTERVALS)
def test_the_unfinished_bar_is_dropped_until_the_clock_reaches_its_close(
    client: MarketClient, sandbox: Sandbox, interval: Interval
) -> None:
    series = Series("linear", "BTCUSDT", interval)
    now_ms = sandbox.clock.now_ms()
    far_ms = now_ms + 400 * DAY_MS
    page = client.klines("linear", "BTCUSDT", interval, end_ms=far_ms)
    unfinished_ms, close_ms = int(page.open_ms[-1]), page.end_ms
    assert unfinished_ms <= now_ms < close_ms
    since_ms = int(page.open_ms[-5])
    assert client.bars(series, since_ms, far_ms).end_ms == unfinished_ms
    sandbox.clock.set(close_ms - 1)
    assert client.bars(series, since_ms, far_ms).end_ms == unfinished_ms
    sandbox.clock.set(close_ms)
    assert client.bars(series, since_ms, far_ms).end_ms == close_ms


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda x: f"{x.category}-{x.symbol}")
def test_history_begins_at_the_listing(client: MarketClient, listing: Listing) -> None:
    series = Series(listing.category, listing.symbol, "720")
    end_ms = listing.launch_ms + 30 * DAY_MS
    assert client.bars(series, 0, end_ms).start_ms == listing.launch_ms
    assert client.bars(series, listing.launch_ms - 900 * DAY_MS, end_ms).start_ms == (
        listing.launch_ms
    )


def test_a_range_may_begin_inside_a_bar(client: MarketClient) -> None:
    bars = client.bars(Series("linear", "BTCUSDT", "60"), START_MS + 1, START_MS + DAY_MS)
    assert bars.start_ms == START_MS + 60 * MINUTE_MS
    assert len(bars) == 23


def test_a_range_in_the_future_or_before_the_listing_is_empty(
    client: MarketClient, sandbox: Sandbox
) -> None:
    now_ms = sandbox.clock.now_ms()
    assert len(client.bars(BTC_MINUTES, now_ms + DAY_MS, now_ms + 2 * DAY_MS)) == 0
    assert len(client.bars(BTC_MINUTES, DAY_MS, 2 * DAY_MS)) == 0


def test_a_backward_range_is_refused_before_asking(client: MarketClient, sandbox: Sandbox) -> None:
    sandbox.faults.plant(HttpStatus(500))
    with pytest.raises(InvalidInput, match="start_ms was"):
        client.bars(BTC_MINUTES, START_MS, START_MS)
    assert sandbox.faults.strike() == HttpStatus(500)


def test_progress_tells_the_bars_so_far(client: MarketClient) -> None:
    told: list[int] = []
    client.bars(BTC_MINUTES, START_MS, START_MS + 2500 * MINUTE_MS, told.append)
    assert told == [1000, 2000, 2500]


def test_inverse_bars_have_volume_in_coins_and_turnover_in_dollars(
    client: MarketClient, sandbox: Sandbox
) -> None:
    series = Series("inverse", "BTCUSD", "60")
    bars = client.bars(series, START_MS, START_MS + DAY_MS)
    contracts = direct(sandbox, series, START_MS, START_MS + DAY_MS)
    assert np.array_equal(bars.turnover, contracts.volume)
    assert np.array_equal(bars.volume, contracts.turnover)
    assert (np.abs(bars.turnover / bars.volume / bars.close - 1.0) < 0.05).all()


@pytest.mark.parametrize("listing", [BTC, DOGE], ids=["BTCUSDT", "DOGEUSDT"])
def test_funding_equals_the_sandboxs_own_series(
    client: MarketClient, sandbox: Sandbox, listing: Listing
) -> None:
    end_ms = START_MS + 100 * DAY_MS
    rates = client.funding("linear", listing.symbol, START_MS, end_ms)
    own = rates_between(sandbox.exchange.seed, listing, START_MS, end_ms)
    assert len(rates) == 100 * 1440 // listing.funding_interval_minutes
    assert rates.digest == own.digest


def test_funding_from_the_beginning_stops_at_the_listing(client: MarketClient) -> None:
    rates = client.funding("linear", "DOGEUSDT", 0, DOGE.launch_ms + 10 * DAY_MS)
    assert rates.time_ms[0] == DOGE.launch_ms + 240 * MINUTE_MS
    assert len(rates) == 59


@pytest.mark.parametrize("category", ["linear", "inverse", "spot"])
def test_instruments_carry_the_exact_decimals(
    client: MarketClient, sandbox: Sandbox, category: Category
) -> None:
    instruments = client.instruments(category)
    listings = sandbox.exchange.listings(category)
    assert [x.symbol for x in instruments] == [x.symbol for x in listings]
    for instrument, listing in zip(instruments, listings, strict=True):
        assert (instrument.tick, instrument.lot) == (listing.tick, listing.lot)
        assert instrument.max_qty == Decimal(listing.max_qty)
        assert instrument.min_notional == Decimal(listing.min_notional)
        assert instrument.funding_interval_minutes == listing.funding_interval_minutes
        assert (instrument.base, instrument.quote) == (listing.base, listing.quote)


def test_listings_tell_when_a_symbol_was_launched(client: MarketClient) -> None:
    (listed,) = client.listed("linear", "DOGEUSDT")
    assert (listed.launch_ms, listed.status) == (DOGE.launch_ms, "Trading")


def test_risk_limits_are_the_sandboxs_tiers(client: MarketClient) -> None:
    assert client.risk_limits("linear", "BTCUSDT") == BTC.margin_tiers


def test_tickers_are_exact(client: MarketClient, sandbox: Sandbox) -> None:
    (ticker,) = client.tickers("linear", "BTCUSDT")
    quote = sandbox.exchange.quote(BTC)
    assert ticker.last == Decimal(int(quote.last)).scaleb(-1)
    assert ticker.mark == Decimal(int(quote.mark_price)).scaleb(-2)
    assert ticker.bid is not None
    assert ticker.ask is not None
    assert ticker.ask - ticker.bid == Decimal("0.1")
    assert len(client.tickers("spot")) == 2


def test_an_unknown_symbol_is_refused_with_the_venues_words(client: MarketClient) -> None:
    with pytest.raises(Refused, match=r"symbol=NOPE.*Not supported symbols") as caught:
        client.klines("linear", "NOPE", "1")
    assert caught.value.code == 10001


def test_an_unknown_symbol_is_asked_for_once(client: MarketClient, waits: ManualClock) -> None:
    before_ms = waits.now_ms()
    with pytest.raises(Refused):
        client.tickers("linear", "NOPE")
    assert waits.now_ms() == before_ms


@pytest.mark.parametrize(
    "fault",
    [
        RateLimited(reset_after_ms=2_000),
        RateLimited(reset_after_ms=-50_000),
        HttpStatus(429),
        HttpStatus(500),
        HttpStatus(502),
        HttpStatus(503),
        ConnectionCut(),
        Garbled(),
        Garbled(b'{"retCode": 10016, "retMsg": "Server error.", "result": {}}'),
    ],
    ids=str,
)
def test_a_passing_failure_is_asked_again_until_it_passes(
    client: MarketClient, sandbox: Sandbox, waits: ManualClock, fault: object
) -> None:
    before_ms = waits.now_ms()
    sandbox.faults.plant(fault, times=3)  # type: ignore[arg-type]
    assert client.server_time_ms() == sandbox.clock.now_ms()
    assert waits.now_ms() - before_ms >= 1500


@pytest.mark.parametrize(
    ("fault", "error", "text"),
    [
        (HttpStatus(503), Unreachable, "HTTP 503; gave up after 4 attempts"),
        (ConnectionCut(), Unreachable, "gave up after 4 attempts"),
        (Garbled(), Unreachable, "no JSON; gave up after 4 attempts"),
        (RateLimited(), Throttled, r"code 10006\); gave up after 4 attempts"),
    ],
    ids=["503", "cut", "garbled", "10006"],
)
def test_a_lasting_failure_is_given_up_with_its_cause(
    client: MarketClient, sandbox: Sandbox, fault: object, error: type[Exception], text: str
) -> None:
    sandbox.faults.plant(fault, times=10)  # type: ignore[arg-type]
    with pytest.raises(error, match=text):
        client.server_time_ms()
    sandbox.faults.clear()
    assert client.server_time_ms() == sandbox.clock.now_ms()


def test_a_failure_in_the_middle_of_a_range_costs_nothing_but_time(
    client: MarketClient, sandbox: Sandbox
) -> None:
    whole = client.bars(BTC_MINUTES, START_MS, START_MS + 5000 * MINUTE_MS)

    def trip(n_bars: int) -> None:
        sandbox.faults.plant(HttpStatus(502) if n_bars % 2000 else ConnectionCut())

    again = client.bars(BTC_MINUTES, START_MS, START_MS + 5000 * MINUTE_MS, trip)
    assert again.digest == whole.digest


def test_a_ban_is_reported_with_its_end_and_not_sat_out(
    client: MarketClient, sandbox: Sandbox, waits: ManualClock
) -> None:
    sandbox.faults.plant(HttpStatus(403))
    before_ms = waits.now_ms()
    with pytest.raises(Throttled, match="HTTP 403, too many requests from this address") as caught:
        client.server_time_ms()
    assert caught.value.until_ms == before_ms + 600_000
    assert waits.now_ms() == before_ms


def test_an_answer_that_comes_too_late_is_asked_for_again(
    sandbox: Sandbox, waits: ManualClock
) -> None:
    sandbox.faults.plant(Slow(0.5))
    venue = Venue("sandbox", sandbox.url)
    with MarketClient(venue, waits, timeout_s=0.2) as client:
        assert client.server_time_ms() == sandbox.clock.now_ms()


@pytest.mark.parametrize(
    "body",
    [b"[]", b"null", b"7", b"{}", b'{"retCode": 0, "retMsg": "OK"}', b'{"retCode": 10001}'],
    ids=str,
)
def test_json_without_bybits_envelope_is_a_bad_answer(
    client: MarketClient, sandbox: Sandbox, body: bytes
) -> None:
    sandbox.faults.plant(Garbled(body))
    with pytest.raises(BadAnswer, match="the answer"):
        client.server_time_ms()


def test_a_missing_path_is_refused(waits: ManualClock, sandbox: Sandbox) -> None:
    with (
        MarketClient(Venue("odd", f"{sandbox.url}/elsewhere"), waits) as client,
        pytest.raises(Refused, match="HTTP 404") as caught,
    ):
        client.server_time_ms()
    assert caught.value.code == 404


def test_threads_fetch_different_series_through_one_client(
    client: MarketClient, sandbox: Sandbox
) -> None:
    end_ms = START_MS + 1500 * MINUTE_MS
    wanted = [
        Series("linear", symbol, "1", kind)
        for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT")
        for kind in KINDS
    ]
    with ThreadPoolExecutor(max_workers=6) as pool:
        fetched = list(pool.map(lambda series: client.bars(series, START_MS, end_ms), wanted))
    for series, bars in zip(wanted, fetched, strict=True):
        assert np.array_equal(bars.close, direct(sandbox, series, START_MS, end_ms).close)


def test_a_client_can_be_used_again_after_closing(client: MarketClient, sandbox: Sandbox) -> None:
    client.server_time_ms()
    client.close()
    assert client.server_time_ms() == sandbox.clock.now_ms()


def test_no_five_seconds_hold_more_than_500_requests(sandbox: Sandbox) -> None:
    waits = ManualClock(0)
    sent: list[int] = []
    bucket = TokenBucket(waits)
    with MarketClient(Venue("sandbox", sandbox.url), waits, bucket) as client:
        for _ in range(700):
            client.server_time_ms()
            sent.append(waits.now_ms())
    window: deque[int] = deque()
    for at_ms in sent:
        window.append(at_ms)
        while window[0] <= at_ms - 5_000:
            window.popleft()
        assert len(window) <= 500
    # And no slower than 90 a second after the burst of 50.
    assert sent[-1] <= (700 - 50) / 90 * 1000 + 10


@pytest.fixture
def scripted() -> Iterator[Callable[..., Venue]]:
    """A venue that answers every request with the next of the given results."""
    servers: list[HTTPServer] = []

    def start(*results: object) -> Venue:
        left = list(results)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                result = left.pop(0) if len(left) > 1 else left[0]
                body = json.dumps({"retCode": 0, "retMsg": "OK", "result": result}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return Venue("scripted", f"http://127.0.0.1:{server.server_port}")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def kline(*minutes: int) -> dict[str, object]:
    rows = [[str(minute * MINUTE_MS), "1", "1", "1", "1", "1", "1"] for minute in minutes]
    return {"symbol": "BTCUSDT", "category": "linear", "list": rows}


def test_bars_outside_the_asked_range_are_a_bad_answer(
    scripted: Callable[..., Venue], waits: ManualClock
) -> None:
    with MarketClient(scripted(kline(9, 8)), waits) as client:
        assert len(client.klines("linear", "BTCUSDT", "1", 8 * MINUTE_MS, 9 * MINUTE_MS)) == 2
        with pytest.raises(BadAnswer, match="asked for bars from 540000"):
            client.klines("linear", "BTCUSDT", "1", 9 * MINUTE_MS)
        with pytest.raises(BadAnswer, match="to 480000"):
            client.klines("linear", "BTCUSDT", "1", None, 8 * MINUTE_MS)


def test_a_cursor_that_goes_in_circles_is_a_bad_answer(
    scripted: Callable[..., Venue], waits: ManualClock
) -> None:
    page = {"category": "linear", "list": [], "nextPageCursor": "first%3DA"}
    with (
        MarketClient(scripted(page), waits) as client,
        pytest.raises(BadAnswer, match="came twice"),
    ):
        client.instruments("linear")


def test_funding_after_the_asked_end_is_a_bad_answer(
    scripted: Callable[..., Venue], waits: ManualClock
) -> None:
    row = {"symbol": "BTCUSDT", "fundingRate": "0.0001", "fundingRateTimestamp": str(8 * DAY_MS)}
    with (
        MarketClient(scripted({"category": "linear", "list": [row]}), waits) as client,
        pytest.raises(BadAnswer, match="asked up to"),
    ):
        client.funding("linear", "BTCUSDT", DAY_MS, 2 * DAY_MS)


@pytest.mark.parametrize("rate", ["2", "much", None])
def test_a_nonsense_funding_rate_is_a_bad_answer(
    scripted: Callable[..., Venue], waits: ManualClock, rate: object
) -> None:
    row = {"symbol": "BTCUSDT", "fundingRate": rate, "fundingRateTimestamp": str(DAY_MS)}
    empty: dict[str, object] = {"category": "linear", "list": []}
    with (
        MarketClient(scripted({"category": "linear", "list": [row]}, empty), waits) as client,
        pytest.raises(BadAnswer, match=r"fraction|fundingRate"),
    ):
        client.funding("linear", "BTCUSDT", 0, 2 * DAY_MS)
