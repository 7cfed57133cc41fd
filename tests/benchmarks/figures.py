"""What is a figure? A value with its range, its peer, and the machine it was taken on."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

import numba

_PACKAGES: Final = ("numpy", "numba", "llvmlite", "ray", "pyarrow", "polars")


class Figure(NamedTuple):
    """One line of docs/benchmarks.json. `low` and `high` are the extremes of the repetitions."""

    id: str
    value: float
    unit: str
    low: float
    high: float
    peer: str
    peer_version: str
    agreement: str
    meaning: str


def figure(
    name: str, values: Sequence[float], unit: str, peer: tuple[str, str], agreement: str, says: str
) -> Figure:
    """The median of the repetitions, with their extremes."""
    shown = [float(f"{value:.4g}") for value in values]
    middle = float(f"{statistics.median(values):.4g}")
    return Figure(name, middle, unit, min(shown), max(shown), *peer, agreement, says)


def machine() -> str:
    """Processor, cores and memory."""
    cpu = next(
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    )
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 2**20
    return f"{cpu}, {numba.config.NUMBA_DEFAULT_NUM_THREADS} cores, {memory} GiB"


def versions() -> dict[str, str]:
    """Python and the packages that decide the speed."""
    return {"python": platform.python_version(), **{name: version(name) for name in _PACKAGES}}


def as_json(found: Figure) -> dict[str, Any]:
    """The figure with the surroundings it was taken in."""
    return {**found._asdict(), "machine": machine(), "versions": versions()}
