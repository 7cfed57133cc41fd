"""What is measured on a GPU? W2 and W3 of the benchmark suite, made with the engines alone.

W2: a reversal on crossing averages over pairs of windows. W3: a reversal on RSI 30/70 with stop,
target and trailing stop over a grid.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final

import numpy as np

from engines import bitmaps as bits
from engines.bars import Bars, Floats, Series
from engines.batch.cpu import Window, window
from engines.broker import Broker
from engines.decisions import Bitmaps, DecisionTable, n_words
from engines.indicators.registry import compute
from engines.instrument import unrounded
from engines.kernel import layout as at
from engines.kernel.layout import Market
from engines.kernel.market import market_for
from engines.kernel.rows import neutral_rows

N_BARS: Final = 100_000
START_MS: Final = 1_640_995_200_000
WINDOWS: Final = {"sparse": np.arange(5, 505, 5), "dense": np.arange(2, 102)}
BROKER: Final = Broker(
    initial_cash=1_000_000.0,
    taker_fee_rate=0.0006,
    maker_fee_rate=0.0006,
    fill_at="close",
    size_at="fill",
    check_margin=False,
    compare_tolerance=0.0,
)


@dataclass(frozen=True, eq=False)
class Workload:
    """Rows over bars, ready to run."""

    name: str
    says: str
    ready: Window
    table: DecisionTable
    market: Market


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


def crossing_averages(bars: Bars, kind: str, n_windows: int = 100) -> Workload:
    """W2: every pair of the first `n_windows` windows of a kind, `sparse` or `dense`."""
    lengths = WINDOWS[kind][:n_windows]
    columns = np.concatenate(
        [compute("sma", {"source": bars.close}, {"length": int(one)}) for one in lengths]
    )
    chosen = np.array(list(itertools.combinations(range(len(lengths)), 2)))
    fast, slow = (np.ascontiguousarray(chosen[:, side]) for side in (0, 1))
    above, below, equal = (_empty(len(chosen), len(bars)) for _ in range(3))
    bits.relate(columns, fast, slow, 0.0, above, below, equal)
    signals = _crossed(above, below, equal)
    params, choices = neutral_rows(len(chosen))
    choices[:, at.ENTER_LONG] = 1 + np.arange(len(chosen))
    choices[:, at.ENTER_SHORT] = choices[:, at.ENTER_LONG] + len(chosen)
    says = f"{len(chosen):,} pairs of averages over {len(bars):,} bars"
    table = DecisionTable(signals, np.zeros((1, len(bars))), params, choices, has_exits=False)
    return _workload(f"w2_{kind}", says, bars, table)


def stopped_strength(bars: Bars, steps: int = 20, trails: int = 5) -> Workload:
    """W3: `steps` stops by `steps` targets by `trails` trailing stops, fractions of the price."""
    strength = compute("rsi", {"source": bars.close}, {"length": 14})
    above, below, equal = _empty(2, len(bars)), _empty(2, len(bars)), _empty(2, len(bars))
    both = np.zeros(2, dtype=np.int64)
    bits.relate_to_level(strength, both, np.array([30.0, 70.0]), 0.0, above, below, equal)
    signals = np.zeros((3, above.shape[1]), dtype=np.uint64)
    bits.cross(above[:1], below[:1], equal[:1], signals[1:2])
    bits.cross(below[1:], above[1:], equal[1:], signals[2:3])
    grid = np.array(
        list(itertools.product(range(1, steps + 1), range(1, steps + 1), range(1, trails + 1)))
    )
    params, choices = neutral_rows(len(grid))
    choices[:, at.ENTER_LONG], choices[:, at.ENTER_SHORT] = 1, 2
    choices[:, at.N_TARGETS] = 1
    for slot in (at.STOP_KIND, at.TARGET_KIND, at.TRAIL_KIND):
        choices[:, slot] = at.FRACTION
    params[:, at.STOP] = 0.002 * grid[:, 0]
    params[:, at.TARGET] = 0.002 * grid[:, 1]
    params[:, at.PORTION] = 1.0
    params[:, at.TRAIL_DISTANCE] = 0.004 * grid[:, 2]
    says = f"{len(grid):,} stops, targets and trailing stops over {len(bars):,} bars"
    table = DecisionTable(signals, np.zeros((1, len(bars))), params, choices, has_exits=True)
    return _workload("w3", says, bars, table)


def _workload(name: str, says: str, bars: Bars, table: DecisionTable) -> Workload:
    market = market_for(BROKER, unrounded("BTCUSDT"))
    return Workload(name, says, window(bars, market.tick), table, market)


def _empty(n_conditions: int, n_bars: int) -> Bitmaps:
    return np.zeros((n_conditions, n_words(n_bars)), dtype=np.uint64)


def _crossed(above: Bitmaps, below: Bitmaps, equal: Bitmaps) -> Bitmaps:
    """Nothing, then where each pair crosses up, then where it crosses down."""
    n_pairs, words = above.shape
    signals = np.zeros((1 + 2 * n_pairs, words), dtype=np.uint64)
    bits.cross(above, below, equal, signals[1 : 1 + n_pairs])
    bits.cross(below, above, equal, signals[1 + n_pairs :])
    return signals
