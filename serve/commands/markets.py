"""Which bars does a request mean? A file's, imported ones, or a venue's, fetched when missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, cast

from actors.market_data.datasets import DatasetRequest, finer_interval, markets_of
from actors.market_data.layout import Market, check_market
from actors.market_data.store import Catalog
from actors.market_data.sync import sync_bars, sync_funding, sync_instrument
from cluster.settings import Settings, VenueName
from engines.bars import Series
from engines.errors import InvalidInput, MissingData
from engines.instrument import Instrument, unrounded
from engines.intervals import DAY_MS, Interval
from serve.commands.files import catalog_of_file, intervals_of, symbols_of
from serve.commands.job import Ticket
from serve.commands.requests import BacktestRequest, DataRequest, InstrumentRequest
from serve.commands.venues import venue_client
from strategies.graph.strategy import Strategy
from strategies.graph.types import MarketRef
from strategies.scripting import EventStrategy

_IMPORTED: Final = "imported"
SANDBOX: Final = "sandbox"
_SOURCES: Final = {
    SANDBOX: "the built-in sandbox exchange made these bars up: no real market moved like this",
    "mainnet": "Bybit",
    "testnet": "Bybit's testnet",
    "demo": "Bybit's demo trading",
    _IMPORTED: "imported files",
}


@dataclass(frozen=True)
class Chart:
    """One market on one interval: which bars, and the rules it is traded under."""

    dataset: DatasetRequest
    instrument: Instrument

    @property
    def name(self) -> str:
        """BTCUSDT 15."""
        return f"{self.dataset.series.symbol} {self.dataset.series.interval}"


@dataclass(frozen=True)
class Charts:
    """All charts of a request, the catalog that holds their bars, and where those are from.

    `name` is that of the source, `source` the words for it.
    """

    catalog_root: Path
    name: str
    source: str
    synthetic: bool
    charts: tuple[Chart, ...]
    notes: tuple[str, ...] = ()


def resolve(
    request: BacktestRequest,
    strategy: Strategy | EventStrategy | None,
    settings: Settings,
    ticket: Ticket,
) -> Charts:
    """The charts of a request, their bars at hand.

    Raises InvalidInput and MissingData saying what to change or to fetch, and what the venue's
    client raises while bars are fetched.
    """
    data = request.data
    _check_range(data)
    others = markets_of([] if strategy is None else [strategy])
    if data.file is not None:
        root = catalog_of_file(data, settings)
        name, source, synthetic = "file", f"the file {data.file.name}", False
        catalog = Catalog(root)
        symbols, intervals = symbols_of(data, catalog), intervals_of(data, catalog)
    else:
        name = source_of(data, settings)
        root, source = settings.bars_folder(name), _SOURCES[name]
        synthetic, symbols, intervals = name == SANDBOX, data.symbols, data.intervals
        catalog = Catalog(root)
        if data.fetch and name != _IMPORTED:
            wanted = _wanted(data, others, request.broker.mark_price == "history")
            _fetch(catalog, data, wanted, cast(VenueName, name), settings, ticket)
            if request.broker.funding == "history":
                _fetch_funding(catalog, data, cast(VenueName, name), settings)
    charts, notes = [], []
    for symbol in symbols:
        instrument = _instrument(catalog, data, request.instrument, symbol)
        if instrument.tick == 0 and request.instrument is None:
            notes.append(f"No tick and lot are known of {symbol}: nothing was rounded.")
        for interval in intervals:
            series = Series(data.category, symbol, interval)
            charts.append(Chart(_dataset(catalog, series, data, others), instrument))
    return Charts(root, name, source, synthetic, tuple(charts), tuple(notes))


def _check_range(data: DataRequest) -> None:
    for symbol in data.symbols:
        check_market(data.category, symbol)
    if data.start is not None and data.end is not None and data.start >= data.end:
        raise InvalidInput("data.end", data.end, f"after data.start, which is {data.start}")


def source_of(data: DataRequest, settings: Settings) -> str:
    """Which source a request means: imported bars if they have all symbols, else a venue."""
    if data.source != "auto":
        return data.source
    stored = Catalog(settings.bars_folder(_IMPORTED)).series()
    known = {series.symbol for series in stored if series.category == data.category}
    return _IMPORTED if known.issuperset(data.symbols) else settings.venue


def _fetch(
    catalog: Catalog,
    data: DataRequest,
    series: Sequence[Series],
    venue: VenueName,
    settings: Settings,
    ticket: Ticket,
) -> None:
    strangers = [one for one in _markets(series) if not catalog.instruments.history(*one)]
    start_ms = None if data.start is None else data.start - round(data.warm_up_days * DAY_MS)
    stored_end_ms = _stored_end_ms(catalog, series)
    end_ms = stored_end_ms if data.end is None else data.end
    if start_ms is None:
        if stored_end_ms is None:
            names = ", ".join(data.symbols)
            raise MissingData(f"no bars of {names} are stored: give a start to fetch them from")
        return
    missing = end_ms is None or any(catalog.missing(one, start_ms, end_ms) for one in series)
    if not missing and not strangers:
        return
    with venue_client(venue, settings.sandbox_url) as client:
        for market in strangers:
            sync_instrument(client, catalog, market)
        if missing:
            sync_bars(client, catalog, series, start_ms, end_ms, ticket.report)


def _fetch_funding(
    catalog: Catalog, data: DataRequest, venue: VenueName, settings: Settings
) -> None:
    series = [Series(data.category, symbol, "1") for symbol in data.symbols]
    start_ms = data.start
    if start_ms is None:
        stored = [catalog.coverage(one).ranges[:1] for one in series]
        start_ms = min((first[0].start_ms for first in stored if first), default=None)
    if start_ms is None:
        return
    with venue_client(venue, settings.sandbox_url) as client:
        for market in _markets(series):
            sync_funding(client, catalog, market, start_ms, data.end)


def _wanted(data: DataRequest, others: Sequence[MarketRef], marked: bool) -> list[Series]:
    """The series to fetch: minutes for everything, unless fills do not walk through them.

    With the mark price beside the prices that fills walk through if positions are `marked` by it.
    """
    base: tuple[Interval, ...] = data.intervals
    if data.finer != "none":
        base = ("1",) if data.finer == "auto" else (data.finer,)
    own = [Series(data.category, symbol, one) for symbol in data.symbols for one in base]
    beside = [
        Series(market.category, market.symbol, interval, market.kind)
        for market in others
        for interval in data.intervals
    ]
    marks = [one._replace(kind="mark") for one in own] if marked else []
    return list(dict.fromkeys([*own, *marks, *beside]))


def _markets(series: Sequence[Series]) -> list[Market]:
    return list(dict.fromkeys(Market(one.category, one.symbol) for one in series))


def _stored_end_ms(catalog: Catalog, series: Sequence[Series]) -> int | None:
    """Up to where all of the series are stored; None if one is not."""
    ends = [catalog.coverage(one).ranges[-1:] for one in series]
    return min(end[0].end_ms for end in ends) if all(ends) else None


def _instrument(
    catalog: Catalog, data: DataRequest, said: InstrumentRequest | None, symbol: str
) -> Instrument:
    if said is not None:
        return Instrument(
            data.category,
            symbol,
            tick=Decimal(said.tick),
            lot=Decimal(said.lot),
            min_notional=Decimal(said.min_notional),
            contract_value=Decimal(said.contract_value),
            timezone=said.timezone,
            day_start=said.day_start,
        )
    if not catalog.instruments.history(data.category, symbol):
        return unrounded(symbol, data.category)
    return catalog.instruments.at(data.category, symbol, data.start)


def _dataset(
    catalog: Catalog, series: Series, data: DataRequest, others: tuple[MarketRef, ...]
) -> DatasetRequest:
    warm_up_ms = round(data.warm_up_days * DAY_MS)
    start_ms = None if data.start is None else data.start - warm_up_ms
    finer = finer_interval(catalog, series, data.finer)
    return DatasetRequest(series, finer, others, start_ms, data.end)
