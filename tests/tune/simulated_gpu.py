"""A backtest and a chunk of a sweep on the GPU engine in numba's simulator, beside the CPU's.

Run in a process of its own: python -m tests.tune.simulated_gpu
"""

from __future__ import annotations

import json
import sys

import numpy as np

from strategies.evaluation.dataset import Dataset
from strategies.graph import PercentOfEquity, StopLoss, Strategy
from strategies.running import run_strategy
from strategies.variation.family import Family
from tests.benchmarks.workloads import UNROUNDED, bars_of, closes, crossing
from tune.isolation import prepared_window, timed_part
from tune.sweep_spec import SweepWindow


def main() -> None:
    """Print what both engines say."""
    bars = bars_of(closes(600))
    dataset = Dataset(bars)
    split_ms = int(bars.open_ms[400])
    over = SweepWindow(
        bars.series, dataset.digest, len(bars), UNROUNDED.instrument,
        bars.start_ms, bars.start_ms, split_ms, bars.end_ms,
    )  # fmt: skip
    rows = {"fast": np.array([3.0, 5.0, 8.0]), "slow": np.array([9.0, 20.0, 30.0])}
    strategy = crossing()
    made = prepared_window(strategy, dataset, rows, UNROUNDED)
    gpu, cpu = (
        timed_part(made, Family(strategy), rows, UNROUNDED, over, 0, device)[0]
        for device in ("gpu", "cpu")
    )
    stopped = Strategy(
        "stopped",
        enter_long=strategy.enter_long,
        exits=[StopLoss(percent=0.2)],
        sizing=PercentOfEquity(50),
    )
    runs = {
        engine: run_strategy(stopped, {}, dataset, UNROUNDED, engine=engine)
        for engine in ("gpu", "cpu")
    }
    found = {
        "tables": gpu.equals(cpu),
        "trades": float(np.sum(cpu["train_trades"].to_numpy())),
        "ledgers": {name: run.ledger_digest for name, run in runs.items()},
        "paths": {name: run.spec.path for name, run in runs.items()},
        "fills": len(runs["cpu"].fills["bar"]),
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
