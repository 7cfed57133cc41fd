"""What can be done with market data? Fetch, import, list, check and export it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from actors.clock import SystemClock
from actors.market_data.export import export_bars
from actors.market_data.importers.load import Imported, load
from actors.market_data.importers.normalise import VolumeUnit
from actors.market_data.layout import Market, check_market
from actors.market_data.merging import OnConflict, WriteReport
from actors.market_data.quality import Verified, verify
from actors.market_data.ranges import Coverage
from actors.market_data.store import Catalog
from actors.market_data.sync import Synced, sync_bars, sync_funding, sync_instrument
from cluster.settings import Settings, VenueName
from engines.bars import Category, Kind, Series
from engines.errors import MissingData
from engines.intervals import Interval
from serve.commands.job import Job, Ticket
from serve.commands.venues import venue_client

IMPORTED = "imported"


@dataclass(frozen=True)
class SyncDone:
    """What a sync brought: bars, and funding settlements."""

    venue: str
    bars: Synced
    funding: int


@dataclass(frozen=True)
class ImportDone:
    """What an import found and stored."""

    formats: tuple[str, ...]
    series: tuple[str, ...]
    rows_read: int
    duplicates_in_file: int
    conflicts_in_file: int
    unfinished: int
    stored: WriteReport
    remarks: tuple[str, ...]


def start_sync(
    series: Sequence[Series],
    start_ms: int,
    end_ms: int | None,
    settings: Settings,
    *,
    funding: bool = False,
) -> Job[SyncDone]:
    """Begin to fetch what is missing of every series from the venue that is set."""
    markets = list(dict.fromkeys(check_market(one.category, one.symbol) for one in series))
    catalog = Catalog(settings.bars_folder(settings.venue))

    def work(ticket: Ticket) -> SyncDone:
        with venue_client(settings.venue, settings.sandbox_url) as client:
            for market in markets:
                sync_instrument(client, catalog, market)
            bars = sync_bars(client, catalog, series, start_ms, end_ms, ticket.report)
            rates = 0
            for number, market in enumerate(markets if funding else []):
                ticket.report(number, len(markets), f"funding of {market}")
                rates += sync_funding(client, catalog, market, start_ms, end_ms)
        return SyncDone(settings.venue, bars, rates)

    return Job(work)


def start_import(
    path: Path,
    settings: Settings,
    *,
    symbol: str | None = None,
    category: Category | None = None,
    interval: Interval | None = None,
    kind: Kind | None = None,
    volume: VolumeUnit = "base",
    on_conflict: OnConflict = "stop",
) -> Job[ImportDone]:
    """Begin to store everything in a file, folder or archive among the imported bars."""
    catalog = Catalog(settings.bars_folder(IMPORTED))

    def work(ticket: Ticket) -> ImportDone:
        ticket.report(0, 0, f"reading {path.name}")
        found = load(
            path,
            now_ms=SystemClock().now_ms(),
            symbol=symbol,
            category=category,
            interval=interval,
            kind=kind,
            volume=volume,
            on_conflict=on_conflict,
        )
        ticket.report(0, 0, "storing")
        stored = found.store_in(catalog, on_conflict)
        return _told(found, stored)

    return Job(work)


def _told(found: Imported, stored: WriteReport) -> ImportDone:
    names = [str(bars.series) for bars in found.bars]
    names += [f"{rates.category}/{rates.symbol}/funding" for rates in found.funding]
    notes = found.notes
    return ImportDone(
        found.formats,
        tuple(names),
        notes.rows_read,
        notes.exact_duplicates,
        notes.conflicts,
        notes.unfinished,
        stored,
        notes.remarks,
    )


def stored_bars(settings: Settings) -> list[tuple[str, Coverage]]:
    """What is stored, by source; reads no prices."""
    found = []
    for source, catalog in _catalogs(settings):
        found += [(source, catalog.coverage(series)) for series in catalog.series()]
    return found


def start_verify(symbols: Sequence[str], settings: Settings) -> Job[list[tuple[str, Verified]]]:
    """Begin to read everything that is stored of the symbols (of all, if none is named)."""
    chosen = [
        (source, catalog, series)
        for source, catalog in _catalogs(settings)
        for series in catalog.series()
        if not symbols or series.symbol in symbols
    ]
    if not chosen:
        raise MissingData(f"nothing is stored of {', '.join(symbols) or 'any symbol'}")

    def work(ticket: Ticket) -> list[tuple[str, Verified]]:
        found = []
        for number, (source, catalog, series) in enumerate(chosen):
            ticket.report(number, len(chosen), f"reading {series}")
            found.append((source, verify(catalog, series)))
        return found

    return Job(work)


def start_export(
    series: Series,
    source: str,
    start_ms: int | None,
    end_ms: int | None,
    path: Path,
    settings: Settings,
) -> Job[int]:
    """Begin to write bars, stored or made of finer ones, into a file; gives their number."""
    catalog = Catalog(settings.bars_folder(source))

    def work(ticket: Ticket) -> int:
        ticket.report(0, 0, f"reading {series}")
        bars = catalog.resampled(series, start_ms, end_ms)
        ticket.report(0, 0, f"writing {path.name}")
        export_bars(bars, path)
        return len(bars)

    return Job(work)


def source_holding(market: Market, settings: Settings) -> str:
    """The source that has bars of a market: imported ones before those of the venue."""
    for source in (IMPORTED, settings.venue):
        held = Catalog(settings.bars_folder(source)).series()
        if any((one.category, one.symbol) == market for one in held):
            return source
    raise MissingData(f"no bars of {market} are stored: sync or import them first")


def _catalogs(settings: Settings) -> list[tuple[str, Catalog]]:
    sources: tuple[VenueName | str, ...] = (IMPORTED, "mainnet", "testnet", "demo", "sandbox")
    return [(source, Catalog(settings.bars_folder(source))) for source in sources]
