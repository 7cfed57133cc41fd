"""Which bars does a run need? Loaded from the catalog as one dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from actors.market_data.store import Catalog
from engines.bars import Bars, Series
from engines.errors import InvalidInput, MissingData
from engines.intervals import INTERVALS, Interval, Times, interval_ms
from strategies.evaluation.dataset import Dataset
from strategies.graph.nodes import Source
from strategies.graph.strategy import Strategy
from strategies.graph.types import MarketRef
from strategies.scripting import EventStrategy


class DatasetRequest(NamedTuple):
    """A chart's series, the interval its fills walk through, other markets, and a range of time."""

    series: Series
    finer: Interval | None
    others: tuple[MarketRef, ...]
    start_ms: int | None
    end_ms: int | None


class DatasetInfo(NamedTuple):
    """What has to be known of a dataset before anything runs on it."""

    digest: str
    open_ms: Times


class Datasets:
    """Datasets of the catalog at `root`: each is read once to tell of it and to hand it out."""

    def __init__(self, root: str) -> None:
        self._catalog = Catalog(root)
        self._loaded: dict[DatasetRequest, Dataset] = {}
        self._infos: dict[DatasetRequest, DatasetInfo] = {}

    def info(self, request: DatasetRequest) -> DatasetInfo:
        """Name and opens of a dataset's bars. Raises MissingData, CatalogError."""
        if request not in self._infos:
            dataset = self._loaded[request] = load_dataset(self._catalog, request)
            self._infos[request] = DatasetInfo(dataset.digest, dataset.bars.open_ms)
        return self._infos[request]

    def take(self, request: DatasetRequest) -> Dataset:
        """The dataset itself, which is forgotten here. Raises as `info` does."""
        self.info(request)
        return self._loaded.pop(request, None) or load_dataset(self._catalog, request)


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
    """The interval of finer bars: the one wanted, none, or with "auto" the finest that is stored.

    Raises InvalidInput for an interval that is not finer than the series' own.
    """
    if wanted == "none":
        return None
    own_ms = interval_ms(series.interval)
    if wanted != "auto":
        if wanted not in INTERVALS or own_ms % interval_ms(wanted) or interval_ms(wanted) >= own_ms:
            expected = f"auto, none, or an interval that divides {series.interval}"
            raise InvalidInput("finer", wanted, expected)
        return wanted
    stored = set(catalog.series())
    finer = (one for one in INTERVALS if interval_ms(one) < own_ms)
    fitting = (one for one in finer if own_ms % interval_ms(one) == 0)
    return next((one for one in fitting if series._replace(interval=one) in stored), None)


def markets_of(strategies: Sequence[Strategy | EventStrategy]) -> tuple[MarketRef, ...]:
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
