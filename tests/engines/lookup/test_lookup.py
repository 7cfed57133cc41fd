"""Rows that look their exits up trade as the kernel's rows do."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from engines.bars import Floats
from engines.batch import cpu, lookup
from engines.batch.cpu import Window, window
from engines.batch.summary import statistics
from engines.broker import Broker
from engines.decisions import DecisionTable, pack_bits, rows_of
from engines.kernel import layout as at
from engines.kernel import run as kernels
from engines.kernel.layout import Market
from engines.kernel.market import market_for
from engines.kernel.rows import neutral_rows
from engines.lookup import holdings, openings, passages, side_by_side
from engines.resampling import resample
from tests.engines.golden import corpus

SWEEPS = int(os.environ.get("BST_RUNS", "10000")) // 40
STOPS, TARGETS = (0.002, 0.005, 0.01, 0.012, 0.03), (0.002, 0.005, 0.01, 0.02, 0.05)
TRAILS = (0.001, 0.004, 0.01, 0.02, 0.05)
ADDED = [at.STAT_RETURN_SUM, at.STAT_RETURN_SQUARES, at.STAT_LOSS_SQUARES]
CHAINED = [one for one in range(at.N_STATS) if one not in ADDED]


@dataclass(frozen=True, eq=False)
class Sweep:
    """Rows over random bars that share their signals."""

    ready: Window
    table: DecisionTable
    market: Market
    start: int

    def by(self, engine: Any) -> Floats:
        """The sums of all rows as an engine has them."""
        stop = self.ready.n_bars
        found: Floats = engine.run_statistics(self.ready, self.table, self.market, self.start, stop)
        return found

    def only(self, rows: slice) -> Sweep:
        return replace(self, table=rows_of(self.table, rows.start, rows.stop))


def random_sweep(seed: int, n_rows: int = 40) -> Sweep:
    """Rows with any stop, target and trailing stop that can be looked up, under any rules."""
    rng = np.random.default_rng(seed)
    bars = resample(corpus.random_bars(rng, n_bars=int(rng.integers(60, 160)) * 15), "15")
    broker = replace(corpus.random_broker(rng), exits_from="fill")
    if rng.random() < 0.5:
        broker = replace(broker, leverage=1.0)
    market = market_for(broker, corpus.random_instrument(rng))
    params, choices = neutral_rows(n_rows)
    params[:, at.SIZE] = rng.choice([1.0, 0.9, 0.5])
    choices[:, at.ON_OPPOSITE] = rng.integers(3)
    for slot, share in zip((at.ENTER_LONG, at.ENTER_SHORT), (0.8, 0.8), strict=True):
        choices[:, slot] = slot + 1 if rng.random() < share else 0
    for slot in (at.EXIT_LONG, at.EXIT_SHORT):
        choices[:, slot] = slot + 1 if rng.random() < 0.5 else 0
    for row in range(n_rows):
        random_exits(rng, params[row], choices[row])
    signals = random_signals(rng, len(bars))
    table = DecisionTable(signals, np.zeros((1, len(bars))), params, choices, has_exits=True)
    return Sweep(window(bars, market.tick), table, market, int(rng.integers(0, 10)))


def random_signals(rng: np.random.Generator, n_bars: int) -> Any:
    shares = rng.choice([0.005, 0.02, 0.1], 4)
    held = rng.random((4, n_bars)) < shares[:, None]
    held[1] &= ~held[0]
    return np.array([pack_bits(row) for row in (np.zeros(n_bars, dtype=bool), *held)])


def random_exits(rng: np.random.Generator, params: Floats, choices: Any) -> None:
    if rng.random() < 0.8:
        choices[at.STOP_KIND], params[at.STOP] = at.FRACTION, rng.choice(STOPS)
    if rng.random() < 0.8:
        choices[at.N_TARGETS], choices[at.TARGET_KIND] = 1, at.FRACTION
        params[at.TARGET], params[at.PORTION] = rng.choice(TARGETS), 1.0
    if rng.random() < 0.6:
        choices[at.TRAIL_KIND], params[at.TRAIL_DISTANCE] = at.FRACTION, rng.choice(TRAILS)


def assert_same(one: Sweep) -> None:
    looked_up, run = one.by(lookup), one.by(cpu)
    np.testing.assert_array_equal(looked_up[:, CHAINED], run[:, CHAINED])
    np.testing.assert_allclose(looked_up[:, ADDED], run[:, ADDED], rtol=1e-9, atol=1e-10)


def in_plain_python(patch: pytest.MonkeyPatch) -> None:
    for kernel in (
        kernels.bracket,
        side_by_side.side_by_side,
        openings.find_openings,
        passages.find_passages,
        holdings.find_holdings,
    ):
        patch.setattr(kernel, "_compiled", kernel.python)


@pytest.mark.parametrize("first", range(0, SWEEPS, 50))
def test_rows_that_look_up_have_the_ledger_of_the_kernel(first: int) -> None:
    for seed in range(first, min(first + 50, SWEEPS)):
        assert_same(random_sweep(seed))


def test_most_rows_are_looked_up_and_trade(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Any] = []
    whole = lookup.run_group

    def noted(*given: Any) -> Any:
        stats, finished = whole(*given)
        done.append((finished.mean(), stats[:, [at.STAT_TRADES, at.STAT_DOUBTS]].mean(axis=0)))
        return stats, finished

    monkeypatch.setattr(lookup, "run_group", noted)
    for seed in range(40):
        random_sweep(seed).by(lookup)
    assert np.mean([share for share, _ in done]) > 0.9
    trades, doubts = np.mean([counts for _, counts in done], axis=0)
    assert trades > 3.0
    assert doubts > 0.5


def test_a_level_that_is_off_by_its_last_bit_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    one = random_sweep(7, 8)
    right = passages.level_at
    in_plain_python(monkeypatch)
    wrong = lambda *given: float(np.nextafter(right(*given), 0.0))  # noqa: E731
    # Lanes that are done count on, with numbers that nobody reads.
    with np.errstate(all="ignore"):
        assert_same(one)
        monkeypatch.setattr(passages, "level_at", wrong)
        with pytest.raises(AssertionError):
            assert_same(one)


@pytest.mark.parametrize("seed", range(12))
def test_a_row_does_not_hang_on_the_rows_beside_it(seed: int) -> None:
    one = random_sweep(seed)
    whole = one.by(lookup)
    for rows in (slice(0, 1), slice(1, 7), slice(7, 40)):
        np.testing.assert_array_equal(one.only(rows).by(lookup), whole[rows])


UNKNOWN = {
    "activation": {at.TRAIL_KIND: at.FRACTION, at.ACTIVATION_KIND: at.FRACTION},
    "break-even": {at.BREAK_EVEN_KIND: at.FRACTION},
    "two targets": {at.N_TARGETS: 2, at.TARGET_KIND + 1: at.FRACTION},
    "ticks": {at.STOP_KIND: at.TICKS},
    "pyramiding": {at.PYRAMIDING: 2},
    "time exit": {at.MAX_BARS: 5},
    "cool-down": {at.COOL_DOWN: 5},
    "fixed size": {at.SIZE_MODE: at.SIZE_FIXED},
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_cannot_be_looked_up_is_the_kernels(name: str) -> None:
    one = random_sweep(11)
    for slot, value in UNKNOWN[name].items():
        one.table.choices[::2, slot] = value
    params = one.table.params
    params[::2, [at.TRAIL_ACTIVATION, at.BREAK_EVEN_TRIGGER, at.TARGET + 1]] = 0.01
    known = lookup.known_rows(one.ready, one.table, one.market)
    assert known.tolist() == [False, True] * 20
    np.testing.assert_array_equal(one.by(lookup)[::2], one.by(cpu)[::2])
    assert_same(one)


def test_finer_bars_are_the_kernels() -> None:
    fine = corpus.random_bars(np.random.default_rng(1), n_bars=900)
    one = random_sweep(11)
    ready = window(resample(fine, "15"), one.market.tick, fine)
    assert not lookup.known_rows(ready, one.table, one.market).any()


def test_a_long_and_a_short_at_once_are_the_kernels() -> None:
    one = random_sweep(5)
    one.table.bitmaps[1, 0] |= np.uint64(1 << 20)
    one.table.bitmaps[2, 0] |= np.uint64(1 << 20)
    one.table.choices[:, [at.ENTER_LONG, at.ENTER_SHORT]] = 1, 2
    np.testing.assert_array_equal(one.by(lookup), one.by(cpu))


def test_a_position_beyond_the_horizon_is_the_kernels() -> None:
    bars = corpus.random_bars(np.random.default_rng(2), n_bars=openings.HORIZON + 500)
    held = np.zeros((3, len(bars)), dtype=bool)
    held[1, [3, openings.HORIZON + 300]] = True
    params, choices = neutral_rows(2)
    choices[:, at.ENTER_LONG], choices[:, at.STOP_KIND] = 1, at.FRACTION
    params[:, at.STOP] = 0.9, 0.001
    market = market_for(Broker(), corpus.random_instrument(np.random.default_rng(0)))
    signals = np.array([pack_bits(row) for row in held])
    table = DecisionTable(signals, np.zeros((1, len(bars))), params, choices, has_exits=True)
    one = Sweep(window(bars, market.tick), table, market, 0)
    assert_same(one)
    np.testing.assert_array_equal(one.by(lookup)[0], one.by(cpu)[0])


@pytest.mark.parametrize("seed", range(40))
def test_figures_keep_to_their_tolerances(seed: int) -> None:
    one = random_sweep(seed)
    ours, theirs = (
        statistics(one.by(engine), one.market.initial_cash, "15", 900_000 * one.ready.n_bars)
        for engine in (lookup, cpu)
    )
    for name, value in ours.items():
        if name in ("sharpe", "sortino"):
            np.testing.assert_allclose(value, theirs[name], rtol=0.0, atol=1e-7)
        else:
            np.testing.assert_array_equal(value, theirs[name])
