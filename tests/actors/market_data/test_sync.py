"""A sync brings what is missing, nothing else, and keeps what it has when it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from actors.bybit.errors import Refused
from actors.bybit.rate_limits import TokenBucket
from actors.bybit.rest import MarketClient
from actors.bybit.retries import Retries
from actors.bybit.venues import Venue
from actors.clock import ManualClock
from actors.market_data.errors import SyncStopped
from actors.market_data.layout import Market
from actors.market_data.store import Catalog
from actors.market_data.sync import PIECE_BARS, sync_bars, sync_funding, sync_instrument
from actors.sandbox.faults import Faults, HttpStatus, RateLimited
from actors.sandbox.runner import running_sandbox
from engines.bars import Series
from engines.intervals import DAY_MS, INTERVALS, interval_ms

START_MS = 1_735_689_600_000  # 2025-01-01
# Half past ten and 20 seconds: inside an unfinished bar of every interval.
NOW_MS = START_MS + 40 * DAY_MS + 37_820_000
MINUTES = Series("linear", "BTCUSDT", "1")


def quiet(done: int, total: int, text: str) -> None:
    """A report that nobody reads."""


class Asked(MarketClient):
    """A client that counts the pages it asks for, and can be held up at a time of the market."""

    pages = 0
    held_from_ms = NOW_MS
    go_on = threading.Event()

    def klines(self, *arguments: object, **named: object) -> object:  # type: ignore[override]
        self.pages += 1
        if isinstance(arguments[3], int) and arguments[3] >= self.held_from_ms:
            assert self.go_on.wait(60)
        return super().klines(*arguments, **named)  # type: ignore[arg-type]


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def client(faults: Faults) -> Iterator[Asked]:
    clock = ManualClock(NOW_MS)
    with running_sandbox(clock=clock, faults=faults) as url:
        pace = TokenBucket(clock, requests=10**6)
        # Waiting moves a hand-driven clock: the time between retries must not make new bars.
        retries = Retries(ManualClock(NOW_MS), attempts=3, seed=1)
        asked = Asked(Venue("sandbox", url), clock=clock, pace=pace, retries=retries)
        with asked:
            yield asked


@pytest.fixture
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    return Catalog(tmp_path_factory.mktemp("catalog"))


def test_all_timeframes_come_side_by_side(client: Asked, catalog: Catalog) -> None:
    series = [MINUTES._replace(interval=interval) for interval in INTERVALS]
    end_ms = START_MS + 3 * DAY_MS
    sync_bars(client, catalog, series, START_MS - 30 * DAY_MS, end_ms, quiet)
    minutes = catalog.read(MINUTES)
    assert len(minutes) == 33 * 1440
    assert len(catalog.coverage(MINUTES).gaps) == 0
    for one in series[1:]:
        stored = catalog.read(one)
        assert stored.digest == client.bars(one, stored.start_ms, end_ms).digest


def test_a_second_sync_asks_for_nothing(client: Asked, catalog: Catalog) -> None:
    first = sync_bars(client, catalog, [MINUTES], START_MS, START_MS + DAY_MS, quiet)
    client.pages = 0
    again = sync_bars(client, catalog, [MINUTES], START_MS, START_MS + DAY_MS, quiet)
    assert (first.fetched, first.added, again.fetched, client.pages) == (1440, 1440, 0, 0)


def test_a_wider_range_fetches_only_the_rest(client: Asked, catalog: Catalog) -> None:
    sync_bars(client, catalog, [MINUTES], START_MS, START_MS + DAY_MS, quiet)
    wider = sync_bars(client, catalog, [MINUTES], START_MS - DAY_MS, START_MS + 2 * DAY_MS, quiet)
    assert (wider.fetched, wider.added) == (2880, 2880)


@pytest.mark.parametrize("interval", ["1", "60", "D"])
def test_the_unfinished_bar_is_left_out(client: Asked, catalog: Catalog, interval: str) -> None:
    series = MINUTES._replace(interval=interval)  # type: ignore[arg-type]
    sync_bars(client, catalog, [series], NOW_MS - 5 * DAY_MS, None, quiet)
    length_ms = interval_ms(series.interval)
    assert catalog.read(series).end_ms == NOW_MS // length_ms * length_ms


def test_what_had_arrived_is_kept_when_the_venue_goes_away(
    client: Asked, catalog: Catalog, faults: Faults
) -> None:
    end_ms = START_MS + 30 * DAY_MS
    client.held_from_ms, client.go_on = START_MS + 25 * DAY_MS, threading.Event()

    def cut(done: int, total: int, text: str) -> None:
        if catalog.store(MINUTES).months() and not client.go_on.is_set():
            faults.plant(HttpStatus(503), times=10_000)
            client.go_on.set()

    with pytest.raises(SyncStopped, match="ask again to go on"):
        sync_bars(client, catalog, [MINUTES], START_MS, end_ms, cut)
    faults.clear()
    kept = len(catalog.read(MINUTES))
    assert kept >= PIECE_BARS
    rest = sync_bars(client, catalog, [MINUTES], START_MS, end_ms, quiet)
    assert rest.fetched == 30 * 1440 - kept
    assert catalog.digest(MINUTES) == client.bars(MINUTES, START_MS, end_ms).digest


def test_a_cancelled_sync_goes_on_where_it_was(client: Asked, catalog: Catalog) -> None:
    end_ms = START_MS + 35 * DAY_MS

    class Enough(Exception):
        """Said by who watches."""

    def stop(done: int, total: int, text: str) -> None:
        if catalog.store(MINUTES).months():
            raise Enough

    with pytest.raises(Enough):
        sync_bars(client, catalog, [MINUTES], START_MS, end_ms, stop)
    kept = len(catalog.read(MINUTES))
    assert kept > 0
    rest = sync_bars(client, catalog, [MINUTES], START_MS, end_ms, quiet)
    assert rest.fetched == 35 * 1440 - kept


def test_a_venue_that_says_wait_is_waited_for(
    client: Asked, catalog: Catalog, faults: Faults
) -> None:
    faults.plant(RateLimited(50), times=2)
    done = sync_bars(client, catalog, [MINUTES], START_MS, START_MS + DAY_MS, quiet)
    assert done.fetched == 1440


def test_an_unknown_symbol_stores_nothing(client: Asked, catalog: Catalog) -> None:
    series = MINUTES._replace(symbol="NOSUCHUSDT")
    with pytest.raises(Refused, match=r"NOSUCHUSDT|[Ss]ymbol"):
        sync_bars(client, catalog, [series], START_MS, START_MS + DAY_MS, quiet)
    assert catalog.series() == []


def test_rules_come_with_margin_tiers_and_hold_from_the_beginning(
    client: Asked, catalog: Catalog
) -> None:
    sync_instrument(client, catalog, Market("linear", "BTCUSDT"))
    sync_instrument(client, catalog, Market("linear", "BTCUSDT"))
    (stored,) = catalog.instruments.history("linear", "BTCUSDT")
    assert len(stored.margin_tiers) > 1
    assert (str(stored.tick), stored.valid_from_ms) == ("0.1", 0)


def test_funding_comes_once(client: Asked, catalog: Catalog) -> None:
    market = Market("linear", "BTCUSDT")
    ends = [sync_funding(client, catalog, market, START_MS, START_MS + DAY_MS) for _ in range(2)]
    assert ends == [3, 0]
    assert len(catalog.funding.read("linear", "BTCUSDT").time_ms) == 3
