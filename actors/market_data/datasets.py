"""Which bars does a run need? Loaded from the catalog as one dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from actors.market_data.store import Catalog
from engines.bars import Bars, Series
from engines.errors import MissingData
from engines.intervals import Interval, interval_ms
from strategies.evaluation.dataset import Dataset
from strategies.graph.nodes import Source
from strategies.graph.strategy import Strategy
from strategies.graph.types import MarketRef

_BASE: Final[Interval] = "1"


class DatasetRequest(NamedTuple):
    """A chart's series, the interval its fills walk through, other markets, and a range of time."""

    series: Series
    finer: Interval | None
    others: tuple[MarketRef, ...]
    start_ms: int | None
    end_ms: int | None


def load_dataset(catalog: Catalog, request: DatasetRequest) -> Dataset:
    """All bars of a request. Raises MissingData saying what to sync or import."""
    series, _, _, start_ms, end_ms = request
    bars = _some(catalog.resampled(series, start_ms, end_ms), request)
    finer = None
    if request.finer is not None:
        finer = _some(
            catalog.resampled(series._replace(interval=request.finer), start_ms, end_ms), request
        )
    others = {
        market: catalog.resampled(
            Series(market.category, market.symbol, series.interval, market.kind), start_ms, end_ms
        )
        for market in request.others
    }
    return Dataset(bars, finer, others)


def finer_interval(catalog: Catalog, series: Series, wanted: str) -> Interval | None:
    """The interval of finer bars: the one wanted, none, or with "auto" minutes where stored."""
    if wanted == "none":
        return None
    if wanted != "auto":
        return wanted  # type: ignore[return-value]
    coarse = interval_ms(series.interval) > interval_ms(_BASE)
    stored = series._replace(interval=_BASE) in catalog.series()
    return _BASE if coarse and stored else None


def markets_of(strategies: Sequence[Strategy]) -> tuple[MarketRef, ...]:
    """Markets beside the chart's own that strategies look at."""
    found = {
        node.market: None
        for strategy in strategies
        for node in strategy.nodes
        if isinstance(node, Source) and node.market is not None
    }
    return tuple(found)


def _some(bars: Bars, request: DatasetRequest) -> Bars:
    if len(bars) == 0:
        raise MissingData(f"no bars of {request.series} lie in the range that was asked for")
    return bars
