"""Who holds the bars for everybody? One actor that puts each dataset into the object store once."""

from __future__ import annotations

from typing import Any, Final

import ray
from ray.exceptions import RayActorError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from actors.market_data.datasets import DatasetInfo, DatasetRequest, Datasets
from actors.market_data.errors import MarketDataLost
from engines.errors import TesterError


class MarketData:
    """Datasets of a catalog in the object store, loaded at the first question for each."""

    def __init__(self, root: str) -> None:
        self._datasets = Datasets(root)
        self._refs: dict[DatasetRequest, Any] = {}

    @ray.method
    def info(self, request: DatasetRequest) -> DatasetInfo:
        """Name and opens of a dataset's bars."""
        return self._datasets.info(request)

    @ray.method
    def dataset(self, request: DatasetRequest) -> list[Any]:
        """A reference to the dataset, in a list: alone it would be replaced by its value."""
        if request not in self._refs:
            self._refs[request] = ray.put(self._datasets.take(request))
        return [self._refs[request]]

    @ray.method
    def release(self, request: DatasetRequest) -> None:
        """Let a dataset go; asked for again, it is loaded again."""
        self._refs.pop(request, None)


MarketDataActor = ray.remote(MarketData)
# How often the actor is started anew before its loss counts as a failure.
_STARTS: Final = 3


class MarketDataHandle:
    """The actor as its users hold it: started here, on this node, and started again if it dies.

    `root` is a path of this node, or a URI that every node can open.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._actor = self._start()

    def info(self, request: DatasetRequest) -> DatasetInfo:
        """Name and opens of a dataset's bars. Raises MissingData, CatalogError."""
        found: DatasetInfo = self._ask("info", request)
        return found

    def dataset(self, request: DatasetRequest) -> Any:
        """A Ray reference to the dataset; asked again after a loss, it is loaded again."""
        return self._ask("dataset", request)[0]

    def release(self, request: DatasetRequest) -> None:
        """Let a dataset go once no task reads it any more."""
        self._actor.release.remote(request)

    def close(self) -> None:
        """Stop the actor; its datasets leave the object store."""
        ray.kill(self._actor)

    def _start(self) -> Any:
        strategy = NodeAffinitySchedulingStrategy(
            ray.get_runtime_context().get_node_id(), soft=False
        )
        options = {"num_cpus": 0, "scheduling_strategy": strategy}
        return MarketDataActor.options(**options).remote(self._root)

    def _ask(self, method: str, request: DatasetRequest) -> Any:
        for _ in range(_STARTS):
            try:
                return ray.get(getattr(self._actor, method).remote(request))
            except RayActorError:
                self._actor = self._start()
            except RayTaskError as error:
                raise _cause(error) from error
        raise MarketDataLost(f"The actor that holds {request.series} died {_STARTS} times")


def _cause(error: RayTaskError) -> Exception:
    cause = error.cause
    return cause if isinstance(cause, TesterError) else error
