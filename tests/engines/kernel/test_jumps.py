"""A row that goes from event to event trades as one that looks at every bar."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from engines.bars import Floats, frozen
from engines.batch.cpu import Window, run_statistics, window
from engines.batch.stepping import Stepper
from engines.decisions import DecisionTable, pack_bits, unpack_bits
from engines.kernel import execute, money, path
from engines.kernel import layout as at
from engines.kernel.layout import Market
from engines.kernel.market import market_for
from engines.kernel.rows import neutral_rows
from engines.resampling import resample
from tests.conformance import mutants
from tests.engines.golden import corpus

ROWS = int(os.environ.get("BST_RUNS", "10000"))
ROWS_A_SERIES = 250
SIGNALS = (at.ENTER_LONG, at.ENTER_SHORT, at.EXIT_LONG, at.EXIT_SHORT)
# Chained fill by fill or counted: equal to the bit. Sums over bars are added in another order.
CHAINED = [
    at.STAT_CASH,
    at.STAT_EQUITY,
    at.STAT_PEAK,
    at.STAT_DRAWDOWN,
    at.STAT_EQUITY_RATIO,
    at.STAT_BARS_HELD,
    at.STAT_FEES,
    at.STAT_TURNOVER,
    at.STAT_ENTRIES,
    at.STAT_REFUSALS,
    at.STAT_DOUBTS,
    at.STAT_WORSE,
    at.STAT_BETTER,
    *range(at.STAT_TRADES, at.STAT_LONG_WINS + 1),
]
ADDED = [at.STAT_RETURN_SUM, at.STAT_RETURN_SQUARES, at.STAT_LOSS_SQUARES]


@dataclass(frozen=True, eq=False)
class Sweep:
    """Random rows over one random series."""

    ready: Window
    table: DecisionTable
    market: Market
    start: int


def random_sweep(seed: int, n_rows: int = ROWS_A_SERIES) -> Sweep:
    """Rows with every signal rule, exit and size of the plain and bracket kernels."""
    rng = np.random.default_rng(seed)
    fine = corpus.random_bars(rng, n_bars=int(rng.integers(60, 160)) * 15)
    bars = resample(fine, "15")
    market = market_for(corpus.random_broker(rng), corpus.random_instrument(rng))
    ready = window(bars, market.tick, fine if rng.random() < 0.3 else None)
    has_exits = bool(rng.random() < 0.75)
    one = corpus.random_table(rng, bars, has_exits=has_exits)
    shares = rng.choice([0.005, 0.02, 0.1, 0.3], 12)
    held = rng.random((12, len(bars))) < shares[:, None]
    empty = np.zeros(len(bars), dtype=bool)
    bitmaps = np.array([pack_bits(row) for row in (empty, *held)])
    params, choices = neutral_rows(n_rows)
    for row in range(n_rows):
        drawn = corpus.random_table(rng, bars, has_exits=has_exits)
        params[row], choices[row] = drawn.params[0], drawn.choices[0]
        choices[row, : at.EXIT_SHORT + 1] = rng.integers(0, 13, 4)
    table = DecisionTable(bitmaps, one.levels, params, choices, has_exits)
    return Sweep(ready, table, market, int(rng.integers(0, 10)))


def jumped(one: Sweep) -> Floats:
    return run_statistics(one.ready, one.table, one.market, one.start, one.ready.n_bars)


def bar_by_bar(one: Sweep) -> Floats:
    """The same rows with every bar looked at, all exits' code in."""
    table, n_bars = one.table, one.ready.n_bars
    stepper = Stepper(one.ready, table.levels, table.params, table.choices, one.market)
    held = np.array([unpack_bits(words, n_bars) for words in table.bitmaps])
    actions: Any = sum(
        held[table.choices[:, slot]].astype(np.int32) << bit for bit, slot in enumerate(SIGNALS)
    )
    state = stepper.start(one.start)
    for bar in range(one.start, n_bars):
        state = stepper.step(state, frozen(actions[:, bar], np.int32))
    return stepper.sums(state)


def assert_same(one: Sweep) -> None:
    quick, slow = jumped(one), bar_by_bar(one)
    np.testing.assert_array_equal(quick[:, CHAINED], slow[:, CHAINED])
    np.testing.assert_allclose(quick[:, ADDED], slow[:, ADDED], rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("first", range(0, ROWS // ROWS_A_SERIES, 10))
def test_rows_that_jump_trade_as_rows_that_look_at_every_bar(first: int) -> None:
    for seed in range(first, min(first + 10, ROWS // ROWS_A_SERIES)):
        assert_same(random_sweep(seed))


def test_the_rows_do_trade_and_do_jump() -> None:
    quick = np.vstack([jumped(random_sweep(seed, 100)) for seed in range(10)])
    assert (quick[:, at.STAT_TRADES] > 3).mean() > 0.5
    assert (quick[:, at.STAT_TRADES] * 8 < quick[:, at.STAT_BARS]).mean() > 0.3


def test_a_price_that_is_off_by_its_last_bit_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    one = random_sweep(3, 20)
    right = money.market_price
    mutants.in_plain_python(monkeypatch)
    assert_same(one)
    for module in (path, execute):
        monkeypatch.setattr(
            module, "market_price", lambda *given: float(np.nextafter(right(*given), 0.0))
        )
    with pytest.raises(AssertionError):
        assert_same(one)
