"""What of a market do we lack? Fetched from a venue in pieces, each kept as soon as it is here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from actors.bybit.errors import Refused, VenueError
from actors.bybit.rest import MarketClient
from actors.market_data.errors import SyncStopped
from actors.market_data.layout import Market
from actors.market_data.merging import OnConflict
from actors.market_data.ranges import Range, bars_between
from actors.market_data.store import Catalog
from engines.bars import Bars, Series
from engines.errors import InvalidInput
from engines.intervals import Interval, floor_open_ms, interval_ms, next_open_ms

# Told the bars fetched, the bars expected, and what is going on; raises to stop.
Report = Callable[[int, int, str], None]

# Bars that one task fetches, and that an interruption may cost: fifteen pages.
PIECE_BARS: Final = 15_000
# Pages in flight: enough to keep a venue 0.1 s away at its rate limit.
WORKERS: Final = 8
_POLL_S: Final = 0.2


@dataclass(frozen=True)
class Synced:
    """What a sync brought: bars fetched, and those of them that were new."""

    fetched: int = 0
    added: int = 0


@dataclass(frozen=True)
class _Piece:
    series: Series
    span: Range


def sync_bars(
    client: MarketClient,
    catalog: Catalog,
    series: Sequence[Series],
    start_ms: int,
    end_ms: int | None,
    report: Report,
    on_conflict: OnConflict = "stop",
) -> Synced:
    """Bring every series up to date over `[start_ms, end_ms)`, all of them side by side.

    Only what is neither stored nor was asked for before is fetched; an `end_ms` of None is now.
    The unfinished last bar is left out. Raises Refused for a market that the venue does not have,
    SyncStopped when it stops answering: pieces that had arrived are stored then.
    """
    now_ms = client.server_time_ms()
    end_ms = now_ms if end_ms is None else min(end_ms, now_ms)
    if not 0 < start_ms < end_ms:
        raise InvalidInput("start", start_ms, f"a time before the end, which is {end_ms}")
    pieces = [piece for one in series for piece in _missing(catalog, one, start_ms, end_ms, now_ms)]
    return _Fetching(client, catalog, pieces, report, on_conflict).run()


def sync_instrument(client: MarketClient, catalog: Catalog, market: Market) -> None:
    """Store the rules of a market in force now, margin tiers included, if they are new.

    The first entry holds from the beginning: a venue does not tell older rules. Raises Refused.
    """
    category, symbol = market
    found = client.instruments(category, symbol)
    if not found:
        raise InvalidInput("symbol", symbol, f"a {category} market that {client.venue.name} lists")
    tiers = () if category == "spot" else client.risk_limits(category, symbol)
    known = catalog.instruments.history(category, symbol)
    valid_from_ms = client.server_time_ms() if known else 0
    catalog.instruments.write([replace(found[0], margin_tiers=tiers, valid_from_ms=valid_from_ms)])


def sync_funding(
    client: MarketClient, catalog: Catalog, market: Market, start_ms: int, end_ms: int | None
) -> int:
    """Fetch the settlements of a perpetual contract that are missing; returns how many came."""
    category, symbol = market
    if category == "spot":
        return 0
    now_ms = client.server_time_ms()
    end_ms = now_ms if end_ms is None else min(end_ms, now_ms)
    fetched = 0
    for span in catalog.funding.missing(category, symbol, start_ms, end_ms):
        rates = client.funding(category, symbol, *span)
        if len(rates.time_ms):
            catalog.funding.write(rates)
        catalog.funding.mark_asked(category, symbol, *span)
        fetched += len(rates.time_ms)
    return fetched


class _Fetching:
    """The pieces of one sync: fetched by threads, stored by the caller's thread alone."""

    def __init__(
        self,
        client: MarketClient,
        catalog: Catalog,
        pieces: Sequence[_Piece],
        report: Report,
        on_conflict: OnConflict,
    ) -> None:
        self._client = client
        self._catalog = catalog
        self._pieces = pieces
        self._report = report
        self._on_conflict = on_conflict
        self._total = sum(_n_bars(piece) for piece in pieces)
        self._lock = threading.Lock()
        self._fetched = 0
        self._synced = Synced()

    def run(self) -> Synced:
        """Fetch and store everything; whatever ends it early, no thread is left behind."""
        pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="bst-sync")
        try:
            waiting = {pool.submit(self._fetch, piece): piece for piece in self._pieces}
            while waiting:
                done, _ = wait(waiting, _POLL_S, FIRST_COMPLETED)
                for future in done:
                    self._store(waiting.pop(future), future)
                self._tell()
        finally:
            pool.shutdown(cancel_futures=True)
        return self._synced

    def _fetch(self, piece: _Piece) -> Bars:
        before = 0

        def count(n_bars: int) -> None:
            nonlocal before
            with self._lock:
                self._fetched += n_bars - before
            before = n_bars

        return self._client.bars(piece.series, *piece.span, progress=count)

    def _store(self, piece: _Piece, future: Future[Bars]) -> None:
        try:
            bars = future.result()
        except Refused:
            raise
        except VenueError as error:
            kept = f"{self._synced.fetched:,} bars that had arrived are stored"
            raise SyncStopped(f"{error}. {kept}; ask again to go on from there") from error
        added = self._catalog.write(bars, self._on_conflict).added if len(bars) else 0
        self._catalog.mark_asked(piece.series, *piece.span)
        self._synced = Synced(self._synced.fetched + len(bars), self._synced.added + added)

    def _tell(self) -> None:
        with self._lock:
            fetched = self._fetched
        self._report(min(fetched, self._total), self._total, "bars fetched")


def _missing(
    catalog: Catalog, series: Series, start_ms: int, end_ms: int, now_ms: int
) -> list[_Piece]:
    """What has to be fetched, cut into pieces; only bars that have closed by `now_ms`."""
    opens = floor_open_ms(np.array([start_ms, now_ms]), series.interval)
    begin = int(opens[0]) if opens[0] == start_ms else _next(int(opens[0]), series.interval)
    end = min(end_ms, int(opens[1]))
    step = PIECE_BARS * interval_ms(series.interval)
    if end <= begin:
        return []
    return [
        _Piece(series, Range(first, min(first + step, hole.end_ms)))
        for hole in catalog.missing(series, begin, end)
        for first in range(hole.start_ms, hole.end_ms, step)
    ]


def _next(open_ms: int, interval: Interval) -> int:
    return int(next_open_ms(np.array([open_ms]), interval)[0])


def _n_bars(piece: _Piece) -> int:
    return max(1, bars_between(*piece.span, piece.series.interval))
