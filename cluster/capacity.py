"""How many tasks may be in flight? Twice the cores that the cluster had a moment ago."""

from __future__ import annotations

import threading
from typing import Final

_PER_CPU: Final = 2
# A cluster that grows from nothing grows when tasks wait.
_LEAST: Final = 4
_EVERY_S: Final = 5.0


class Capacity:
    """Asks the cluster for its cores in a thread of its own: while its head is away, nobody waits.

    Ray is attached already.
    """

    def __init__(self, cpus: int) -> None:
        self._cpus = cpus
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="bst-capacity", daemon=True).start()

    @property
    def in_flight(self) -> int:
        """Tasks that keep every core busy while results are written."""
        return max(_PER_CPU * self._cpus, _LEAST)

    def close(self) -> None:
        """Ask no more."""
        self._closed.set()

    def _watch(self) -> None:
        import ray
        from ray.exceptions import RayError

        while not self._closed.wait(_EVERY_S):
            try:
                found: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
            except (RayError, ConnectionError, RuntimeError):
                continue
            self._cpus = int(found.get("CPU", self._cpus))
