"""Who holds the bars for everybody? One actor that puts each dataset into the object store once."""

from __future__ import annotations

from typing import Any, NamedTuple

import ray

from actors.market_data.datasets import DatasetRequest, load_dataset
from actors.market_data.store import Catalog


class DatasetInfo(NamedTuple):
    """What a sweep has to know of a dataset before it runs."""

    digest: str
    n_bars: int
    anchor_ms: int
    open_ms: Any


class MarketData:
    """Datasets of a catalog in the object store, loaded at the first question for each."""

    def __init__(self, root: str) -> None:
        self._catalog = Catalog(root)
        self._refs: dict[DatasetRequest, Any] = {}
        self._infos: dict[DatasetRequest, DatasetInfo] = {}

    @ray.method
    def info(self, request: DatasetRequest) -> DatasetInfo:
        """Name, number and opens of a dataset's bars."""
        self._load(request)
        return self._infos[request]

    @ray.method
    def dataset(self, request: DatasetRequest) -> list[Any]:
        """A reference to the dataset, in a list: alone it would be replaced by its value."""
        self._load(request)
        return [self._refs[request]]

    def _load(self, request: DatasetRequest) -> None:
        if request not in self._refs:
            dataset = load_dataset(self._catalog, request)
            bars = dataset.bars
            digest = dataset.digest
            self._infos[request] = DatasetInfo(digest, len(bars), bars.start_ms, bars.open_ms)
            self._refs[request] = ray.put(dataset)


MarketDataActor = ray.remote(MarketData)
