"""One backtest of W1 in a process of its own: what `cold` measures from its start to its end."""

from __future__ import annotations

import json
import sys

import numpy as np

from strategies.backtest import backtest
from strategies.evaluation.dataset import Dataset
from tests.benchmarks.workloads import UNROUNDED, bars_of, crossing

_SIX = ("total_return", "sharpe", "max_drawdown", "trades", "win_rate", "profit_factor")


def main() -> None:
    """Run over the closes in a .npy file and print six figures."""
    bars = bars_of(np.load(sys.argv[1]))
    found = backtest(crossing(), {"fast": 20, "slow": 50}, Dataset(bars), UNROUNDED).statistics
    sys.stdout.write(json.dumps({name: found[name] for name in _SIX}))


if __name__ == "__main__":
    main()
