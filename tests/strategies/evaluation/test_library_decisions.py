"""Every library strategy trades, sees no future, and decides bar by bar what it does in columns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engines.broker import Broker
from engines.compile import compilations
from engines.instrument import unrounded
from strategies.backtest import Terms, backtest
from strategies.evaluation.bar_by_bar import level_series
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.plan import Plan, default_rows
from strategies.graph import StopLoss, Strategy, close, ema, sma
from strategies.library import LIBRARY
from tests.strategies.evaluation.stepping import (
    poison,
    signals,
    step_through,
    table_of,
)

TERMS = Terms(unrounded("ETHUSDT"), Broker())


@pytest.fixture(scope="module")
def dataset(make_dataset: Callable[..., Dataset]) -> Dataset:
    return make_dataset(n_bars=900, seed=4, jumps=0.05)


@pytest.mark.parametrize("name", LIBRARY)
def test_it_trades_on_a_market_with_jumps(name: str, dataset: Dataset) -> None:
    result = backtest(LIBRARY[name](), {}, dataset, TERMS)
    assert result.statistics["trades"] >= 3


@pytest.mark.parametrize("name", LIBRARY)
def test_bar_by_bar_equals_columns_to_the_bit(name: str, dataset: Dataset) -> None:
    strategy = LIBRARY[name]()
    plan = Plan(strategy, dataset, default_rows(strategy, {}), 1e-10).prepare()
    table = plan.table(np.array([0]))
    decided = step_through(strategy, dataset)
    stepped = np.array([decision[:4] for decision in decided]).T
    np.testing.assert_array_equal(signals(table, len(dataset.bars)), stepped)
    levels = np.array([decision.levels for decision in decided])
    for k, series in enumerate(level_series(strategy)):
        row = plan.columns.placed(series).rows(np.array([0]))[0]
        np.testing.assert_array_equal(plan.columns.matrix()[row], levels[:, k])


@pytest.mark.parametrize("name", LIBRARY)
@pytest.mark.parametrize("cut", [211, 640])
def test_the_future_changes_nothing_before_it(name: str, cut: int, dataset: Dataset) -> None:
    strategy = LIBRARY[name]()
    poisoned = poison(dataset, cut, np.random.default_rng(cut))
    before, after = table_of(strategy, dataset), table_of(strategy, poisoned)
    n_bars = len(dataset.bars)
    np.testing.assert_array_equal(signals(before, n_bars)[:, :cut], signals(after, n_bars)[:, :cut])
    np.testing.assert_array_equal(before.levels[:, :cut], after.levels[:, :cut])
    first, second = (backtest(strategy, {}, one, TERMS) for one in (dataset, poisoned))
    known = first.fills["bar"] < cut
    for column in ("bar", "side", "price", "qty", "fee", "cash", "reason"):
        np.testing.assert_array_equal(
            first.fills[column][known], second.fills[column][second.fills["bar"] < cut]
        )


def test_a_strategy_that_looks_ahead_would_be_caught(dataset: Dataset) -> None:
    """The control: reading one bar ahead makes the poisoned past differ."""
    cut = 640
    poisoned = poison(dataset, cut, np.random.default_rng(cut))
    ahead = [np.append(one.bars.close[1:], np.nan) for one in (dataset, poisoned)]
    assert not np.array_equal(ahead[0][:cut], ahead[1][:cut])


def crossing(number: int) -> Strategy:
    """A strategy of its own for every number."""
    average = ema if number % 3 else sma
    stop = StopLoss(atr=number / 500) if number % 2 else StopLoss(percent=number / 500)
    return Strategy(
        f"number_{number}", enter_long=close > average(close, number) * 1.01, exits=[stop]
    )


def test_a_thousand_strategies_need_no_compilation(dataset: Dataset) -> None:
    for number in range(6):
        backtest(crossing(number + 3), {}, dataset, TERMS)
    built = compilations()
    for number in range(3, 1003):
        backtest(crossing(number), {}, dataset, TERMS)
    assert compilations() == built
