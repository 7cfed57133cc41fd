"""Which bars does a request mean? A file's, imported ones, or a venue's, fetched when missing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, cast

from actors.market_data.datasets import DatasetRequest, finer_interval, markets_of
from actors.market_data.layout import check_market
from actors.market_data.store import Catalog
from cluster.settings import Settings, VenueName
from engines.bars import Series
from engines.errors import InvalidInput
from engines.instrument import Instrument, unrounded
from engines.intervals import DAY_MS
from serve.commands.files import catalog_of_file, intervals_of, symbols_of
from serve.commands.job import Ticket
from serve.commands.requests import BacktestRequest, DataRequest, InstrumentRequest
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
            # A venue's client and the sandbox are slow to import; files need neither.
            from serve.commands.fetching import fetch_missing

            fetch_missing(request, others, cast(VenueName, name), catalog, settings, ticket)
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
