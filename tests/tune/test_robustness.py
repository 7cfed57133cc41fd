"""The best row under stress: costs, other times, other prices; its days add up to its run."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from engines.broker import BYBIT_LINEAR
from engines.instrument import Instrument
from engines.resampling import resample
from strategies.backtest import Terms
from strategies.evaluation.dataset import Dataset
from strategies.library import LIBRARY
from strategies.variation.family import Family
from tests.engines.golden.corpus import random_bars
from tune.robustness import Row, cost_stress, price_noise, random_entries
from tune.sweep_spec import SweepWindow
from tune.trials import days_of

INSTRUMENT = Instrument("linear", "TESTUSDT", Decimal("0.1"), Decimal("0.001"))
DAY_MS = 86_400_000


@pytest.fixture(scope="module")
def row() -> Row:
    fine = random_bars(np.random.default_rng(4), 40_000)
    bars = resample(fine, "15")
    strategy = LIBRARY["sma_cross"]()
    values = {"fast": 5, "slow": 20, "stop": 2.0}
    return Row(
        strategy,
        {one.name: values.get(one.name, one.default) for one in strategy.params},
        Dataset(bars, fine),
        Terms(INSTRUMENT, BYBIT_LINEAR),
        bars.start_ms,
        bars.end_ms,
    )


def test_a_factor_of_one_is_the_run_as_it_was_and_more_costs_earn_less(row: Row) -> None:
    found = cost_stress(row)
    assert found[1.0] == row.run().statistics["sharpe"]
    assert found[0.0] > found[1.0] > found[2.0] > found[3.0]


def test_signals_shifted_by_all_bars_are_the_run_as_it_was(
    row: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shift around the whole range changes nothing; others keep the number of signals."""
    n_bars = len(row.dataset.bars)

    class Whole:
        def integers(self, low: int, high: int, draws: int) -> np.typing.NDArray[np.int64]:
            return np.full(draws, n_bars)

    monkeypatch.setattr(np.random, "default_rng", lambda seed: Whole())
    found = random_entries(row, draws=2)
    assert found.tolist() == [row.run().statistics["sharpe"]] * 2


def test_random_times_earn_otherwise(row: Row) -> None:
    found = random_entries(row, draws=40)
    assert np.isfinite(found).all()
    assert len(set(found.tolist())) > 35


def test_prices_that_are_not_off_change_nothing(row: Row) -> None:
    found = price_noise(row, share=0.0, draws=2)
    assert found.tolist() == [row.run().statistics["sharpe"]] * 2


def test_prices_that_are_off_by_a_little_change_a_little(row: Row) -> None:
    found = price_noise(row, share=0.05, draws=3)
    assert np.isfinite(found).all()
    assert row.run().statistics["sharpe"] not in found.tolist()


def test_daily_returns_are_those_of_the_runs_equity(row: Row) -> None:
    bars = row.dataset.bars
    over = SweepWindow(
        bars.series,
        "0" * 64,
        len(bars),
        INSTRUMENT,
        bars.start_ms,
        bars.start_ms,
        None,
        bars.end_ms,
    )
    rows = {name: np.array([float(value)] * 2) for name, value in row.values.items()}
    rows["slow"][1] = 30.0
    found = days_of(Family(row.strategy), row.dataset, rows, row.terms, over)
    for number, slow in enumerate((20, 30)):
        result = replace(row, values={**row.values, "slow": slow}).run()
        days = result.open_ms // DAY_MS
        ends = result.equity[np.append(days[1:] != days[:-1], True)]
        expected = ends / np.concatenate(([10_000.0], ends[:-1])) - 1.0
        np.testing.assert_array_equal(found.returns[:, number], expected)
    assert found.first_day == bars.start_ms // DAY_MS
    growth = np.prod(1.0 + found.hold)
    assert growth == pytest.approx(bars.close[-1] / bars.open[0])
