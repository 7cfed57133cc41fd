"""Is the GPU of this machine right, and how fast is it? `python -m engines.certificate.check`.

Writes the certificate and the figures of W2 and W3 to `gpu-<device>.json`; 0 if all agreed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from engines.batch import cpu, gpu
from engines.batch.variants import variant_of
from engines.certificate.certify import certificate, same_bits
from engines.certificate.workloads import (
    N_BARS,
    Workload,
    bars_of,
    closes,
    crossing_averages,
    stopped_strength,
)
from engines.decisions import rows_of
from engines.errors import InvalidInput
from engines.kernel import layout as at

CASES: Final = 2000
ROUNDS: Final = 7
# Rows that the CPU runs too: enough to time one core.
_CPU_ROWS: Final = 256
_TINY_CASES, _TINY_BARS, _TINY_WINDOWS, _TINY_STEPS = 6, 300, 4, 2


def measured(work: Workload, rounds: int = ROUNDS) -> dict[str, Any]:
    """A workload's seconds and speed on the GPU and on one core, and whether sums are equal."""
    n_rows, n_bars = len(work.table), work.ready.n_bars
    kernel = gpu.kernel_of(variant_of(work.table, work.ready.funding))
    started_s = time.perf_counter()
    sums = gpu.run_statistics(work.ready, work.table, work.market, 0, n_bars)
    first_s = time.perf_counter() - started_s
    whole, alone = [], []
    for _ in range(rounds):
        started_s = time.perf_counter()
        gpu.run_statistics(work.ready, work.table, work.market, 0, n_bars)
        whole.append(time.perf_counter() - started_s)
        alone.append(kernel.seconds)
    part = rows_of(work.table, 0, min(_CPU_ROWS, n_rows))
    core = []
    for _ in range(3):
        started_s = time.perf_counter()
        own = cpu.run_statistics(work.ready, part, work.market, 0, n_bars)
        core.append(time.perf_counter() - started_s)
    there = sums[: len(part)]
    done = n_rows * n_bars
    core_speed = len(part) * n_bars / min(core)
    return {
        "says": work.says,
        "rows": n_rows,
        "bars": n_bars,
        "trades": float(sums[:, at.STAT_TRADES].sum()),
        "bars_per_trade": done / max(float(sums[:, at.STAT_TRADES].sum()), 1.0),
        "first_seconds": first_s,
        "seconds": whole,
        "kernel_seconds": alone,
        "bar_rows_per_second": done / float(np.median(whole)),
        "kernel_bar_rows_per_second": done / float(np.median(alone)),
        "cpu_core_bar_rows_per_second": core_speed,
        "cores_worth": done / float(np.median(whole)) / core_speed,
        "equal_to_cpu": same_bits(there, own),
        "resources": kernel.resources(),
    }


def record(cases: int, rounds: int, tiny: bool) -> dict[str, Any]:
    """Certificate and benchmarks of this machine's GPU. Raises InvalidInput without one."""
    certified = certificate(range(cases))
    bars = bars_of(closes(_TINY_BARS if tiny else N_BARS))
    n_windows, steps = (_TINY_WINDOWS, _TINY_STEPS) if tiny else (100, 20)
    works = [crossing_averages(bars, kind, n_windows) for kind in ("sparse", "dense")]
    works.append(stopped_strength(bars, steps, trails=2 if tiny else 5))
    figures = {work.name: measured(work, rounds) for work in works}
    return {
        "kind": "gpu-check",
        "passed": certified["passed"] and all(one["equal_to_cpu"] for one in figures.values()),
        "tiny": tiny,
        "certificate": certified,
        "figures": figures,
    }


def file_name(device: str) -> str:
    """`gpu-<device>.json`, in small letters."""
    return f"gpu-{re.sub('[^a-z0-9]+', '-', device.lower()).strip('-')}.json"


def main(arguments: Sequence[str] | None = None) -> int:
    """Check and write the record; 0 if all agreed, 1 if not, 2 where it cannot be run."""
    parser = argparse.ArgumentParser(prog="python -m engines.certificate.check")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks"), help="folder")
    parser.add_argument("--cases", type=int)
    parser.add_argument("--simulator", action="store_true", help="tiny sizes, no GPU")
    given = parser.parse_args(arguments)
    if given.simulator:
        # numba reads it when it is imported, which nothing has done so far.
        os.environ["NUMBA_ENABLE_CUDASIM"] = "1"
    tiny = given.simulator
    cases = given.cases or (_TINY_CASES if tiny else CASES)
    try:
        found = record(cases, 1 if tiny else ROUNDS, tiny)
    except InvalidInput as error:
        sys.stderr.write(f"{error}\n")
        return 2
    given.out.mkdir(parents=True, exist_ok=True)
    file = given.out / file_name(found["certificate"]["device"]["device"])
    file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{file}: {'passed' if found['passed'] else 'DIFFERENT'}\n")
    return 0 if found["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
