"""What runs here? Versions that decide results, and what the cluster has."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from engines.compile import sources_digest
from engines.spec import ENGINE_SEMANTICS

_PACKAGES: Final = ("ray", "numpy", "numba", "pyarrow")
_PROJECT: Final = "bybit-strategy-tester"


@dataclass(frozen=True)
class Cluster:
    """Nodes that are alive, their cores and GPUs, and how many of those are free."""

    nodes: int
    cpus: float
    cpus_free: float
    gpus: float
    gpus_free: float


def versions() -> dict[str, str]:
    """Versions by name; `engine` names the rules of ledgers, `engine_sources` their code."""
    found = {name: version(name) for name in _PACKAGES}
    try:
        found[_PROJECT] = version(_PROJECT)
    except PackageNotFoundError:
        # Run from uploaded sources, as jobs of a cluster are.
        found[_PROJECT] = "not installed"
    return {
        **found,
        "python": platform.python_version(),
        "engine": str(ENGINE_SEMANTICS),
        "engine_sources": sources_digest()[:12],
    }


def cluster_state() -> Cluster:
    """The cluster that this process is attached to."""
    import ray

    alive = [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    have: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    free: dict[str, float] = ray.available_resources()  # type: ignore[no-untyped-call]
    return Cluster(
        len(alive),
        have.get("CPU", 0.0),
        free.get("CPU", 0.0),
        have.get("GPU", 0.0),
        free.get("GPU", 0.0),
    )
