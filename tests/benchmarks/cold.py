"""How long does one run take from a fresh process? Imports, loading of kernels, and W1 itself."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from tests.benchmarks.figures import Figure, figure
from tests.benchmarks.peers import PEER_ENVIRONMENT, PYTHON, ROOT, SCRIPT
from tests.benchmarks.workloads import closes

_ROUNDS: Final = 7


def cold_figures(folder: Path) -> list[Figure]:
    """W1 in a process of its own, the peer and we by turns; compiled code is in both caches."""
    file = folder / "cold_closes.npy"
    np.save(file, closes())
    ours = [sys.executable, "-m", "tests.benchmarks.cold_run", str(file)]
    theirs = [str(PYTHON), str(SCRIPT), str(file)]
    ratios, seconds = [], []
    for round_ in range(_ROUNDS + 1):
        peer_s, answer = _timed(theirs, json.dumps({"kind": "single"}) + "\n", PEER_ENVIRONMENT)
        own_s, own = _timed(ours)
        if round_ > 0:
            ratios.append(peer_s / own_s)
            seconds.append(own_s)
    off = abs(own["total_return"] - answer["total_return"])
    agreement = f"total return to {off:.0e}, {own['trades'] + 1:.0f} of {answer['trades']} trades"
    says = "W1 from a fresh process to its end: imports, kernels out of the cache, the run"
    name = ("vectorbt (rust), as documented", answer["version"])
    return [
        figure("w1_cold_100k", ratios, "× faster", name, agreement, says),
        figure("w1_cold_100k_cost", seconds, "CPU s", ("", ""), "", says),
    ]


def _timed(
    command: Sequence[str], said: str = "", environment: dict[str, str] | None = None
) -> tuple[float, dict[str, Any]]:
    """CPU seconds of the whole process, and what it answered."""
    before = _children_s()
    done = subprocess.run(  # noqa: S603
        command, input=said, capture_output=True, text=True, check=True, cwd=ROOT, env=environment
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return _children_s() - before, answer


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
