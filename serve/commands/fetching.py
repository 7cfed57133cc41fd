"""What is missing of a request's bars and funding? It is fetched from the venue, and kept."""

from __future__ import annotations

from collections.abc import Sequence

from actors.market_data.layout import Market
from actors.market_data.store import Catalog
from actors.market_data.sync import sync_bars, sync_funding, sync_instrument
from cluster.settings import Settings, VenueName
from engines.bars import Series
from engines.errors import MissingData
from engines.intervals import DAY_MS, Interval
from serve.commands.job import Ticket
from serve.commands.requests import BacktestRequest, DataRequest
from serve.commands.venues import venue_client
from strategies.graph.types import MarketRef


def fetch_missing(
    request: BacktestRequest,
    others: Sequence[MarketRef],
    venue: VenueName,
    catalog: Catalog,
    settings: Settings,
    ticket: Ticket,
) -> None:
    """Bars of all series that the request reads, and the funding that it pays, into the catalog.

    Raises MissingData without a start to fetch from, and what the venue's client raises.
    """
    data = request.data
    wanted = _wanted(data, others, request.broker.mark_price == "history")
    _fetch_bars(catalog, data, wanted, venue, settings, ticket)
    if request.broker.funding == "history":
        _fetch_funding(catalog, data, venue, settings)


def _fetch_bars(
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
