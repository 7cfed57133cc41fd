"""What is measured? Seeded bars, and the strategies W1 and W2 on them.

W1 is one run: SMA 20/50 reversal, all in, 0.06 % a side. W2 is the same rule over pairs of windows:
sparse trades about every two hundred bars, dense about every forty.
"""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Final

import numpy as np

from engines.bars import Bars, Floats, Series
from engines.broker import Broker
from engines.instrument import Instrument, unrounded
from strategies.backtest import Terms
from strategies.graph import PercentOfEquity, Strategy, close, param, sma

N_BARS: Final = 100_000
FEE_RATE: Final = 0.0006
CASH: Final = 1_000_000.0
START_MS: Final = 1_640_995_200_000
WINDOWS: Final = {"sparse": np.arange(5, 505, 5), "dense": np.arange(2, 102)}
BROKER: Final = Broker(
    initial_cash=CASH,
    taker_fee_rate=FEE_RATE,
    maker_fee_rate=FEE_RATE,
    fill_at="close",
    size_at="fill",
    check_margin=False,
    compare_tolerance=0.0,
)
UNROUNDED: Final = Terms(unrounded("BTCUSDT"), BROKER)
TICK_LOT: Final = Terms(
    Instrument("linear", "BTCUSDT", tick=Decimal("0.01"), lot=Decimal("0.001")), BROKER
)


def closes(n_bars: int = N_BARS) -> Floats:
    """A price about 30,000 that drifts slowly, on a grid of 0.01: (n_bars,)."""
    rng = np.random.default_rng(20_240_607)
    drift, shocks = np.zeros(n_bars), rng.standard_normal(n_bars) * 0.00001
    for bar in range(1, n_bars):
        drift[bar] = 0.985 * drift[bar - 1] + shocks[bar]
    moves = drift + 0.0007 * rng.standard_normal(n_bars)
    path = np.cumsum(moves - moves.mean())
    return np.asarray(np.round(30_000.0 * np.exp(0.6 * path), 2))


def bars_of(close_prices: Floats) -> Bars:
    """One-minute bars that open at the close before."""
    opens = np.append(close_prices[:1], close_prices[:-1])
    n_bars = len(close_prices)
    return Bars.from_columns(
        Series("linear", "BTCUSDT", "1"),
        {
            "open_ms": START_MS + 60_000 * np.arange(n_bars),
            "open": opens,
            "high": np.maximum(opens, close_prices),
            "low": np.minimum(opens, close_prices),
            "close": close_prices,
            "volume": np.ones(n_bars),
        },
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
