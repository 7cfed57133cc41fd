"""What is measured? Seeded bars, and the strategies W1 and W2 on them.

W1 is one run: SMA 20/50 reversal, all in, 0.06 % a side. W2 is the same rule over pairs of windows:
sparse trades about every two hundred bars, dense about every forty.
"""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Final

import numpy as np

from engines.certificate.workloads import BROKER, N_BARS, WINDOWS, bars_of, closes
from engines.instrument import Instrument, unrounded
from strategies.backtest import Terms
from strategies.graph import PercentOfEquity, Strategy, close, param, sma

__all__ = ["BROKER", "CASH", "N_BARS", "TICK_LOT", "UNROUNDED", "WINDOWS", "bars_of", "closes"]

CASH: Final = BROKER.initial_cash
UNROUNDED: Final = Terms(unrounded("BTCUSDT"), BROKER)
TICK_LOT: Final = Terms(
    Instrument("linear", "BTCUSDT", tick=Decimal("0.01"), lot=Decimal("0.001")), BROKER
)


def crossing() -> Strategy:
    """Long above, short below: the rule of W1 and W2."""
    fast = sma(close, param("fast", 20, low=2, high=600))
    slow = sma(close, param("slow", 50, low=2, high=600))
    return Strategy(
        "crossing",
        enter_long=fast.crosses_above(slow),
        enter_short=fast.crosses_below(slow),
        sizing=PercentOfEquity(100),
    )


def pairs(kind: str, n_pairs: int) -> np.typing.NDArray[np.int64]:
    """`n_pairs` of the 4,950 pairs of windows, evenly spread, (n_pairs, 2)."""
    every = np.array(list(itertools.combinations(WINDOWS[kind], 2)))
    return np.asarray(every[np.linspace(0, len(every) - 1, n_pairs).astype(int)])
