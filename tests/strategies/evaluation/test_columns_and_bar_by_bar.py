"""A strategy decides the same bar by bar as in columns, to the bit, and never sees the future."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engines.kernel import layout as at
from strategies.evaluation.bar_by_bar import level_series
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.plan import Plan, default_rows
from strategies.graph.columns import close, high, hl2, low, symbol, volume
from strategies.graph.conditions import Session
from strategies.graph.exits import BreakEven, StopLoss, TakeProfit, TimeExit, TrailingStop
from strategies.graph.indicators.averages import ema, sma
from strategies.graph.indicators.momentum import rsi
from strategies.graph.indicators.trend import supertrend
from strategies.graph.indicators.volatility import atr
from strategies.graph.nodes import Arithmetic, BarsSince
from strategies.graph.scalars import param
from strategies.graph.strategy import Strategy
from strategies.graph.types import CHART
from tests.strategies.evaluation.conftest import walk
from tests.strategies.evaluation.stepping import (
    TOLERANCE,
    poison,
    signals,
    step_through,
    table_of,
)

spot = symbol("BTCUSDT", "spot")
fast = param("fast", 5, low=2, high=50)
slow = param("slow", 13, low=3, high=90)

STRATEGIES = {
    "cross": Strategy(
        "cross",
        enter_long=sma(close, fast).crosses_above(sma(close, slow)),
        enter_short=sma(close, fast).crosses_below(sma(close, slow)),
        where=[fast < slow],
    ),
    "levels and logic": Strategy(
        "levels",
        enter_long=(rsi(close, 7) < 35) & ~(close > high[2]) & close.differs(low[1]),
        exit_long=(rsi(close, 7) >= 60) | (close <= low.shift(3)),
        exits=[StopLoss(atr=2.0, length=5), TakeProfit(price=high + atr(5) * 2), TimeExit(20)],
    ),
    "memory": Strategy(
        "memory",
        enter_long=close.crosses(sma(close, 9)).within(4) & (close > 150).within(6, at_least=2),
        enter_short=(BarsSince(close > high[1]) > 5) & (close < 1000)[2],
    ),
    "arithmetic": Strategy(
        "arithmetic",
        enter_long=Arithmetic("min", (close, hl2, sma(close, 3))) - close[1] > abs(close - hl2) / 3,
        enter_short=(volume / sma(volume, 4) > 1.5) & (-close < -sma(close, 5)),
    ),
    "coarser chart": Strategy(
        "coarser",
        enter_long=sma(close, 3).on("60").crosses_above(sma(close, 8).on("60"))
        | (close > ema(close, 4).on("D")),
        enter_short=close < ema(close, 5).on("240")[1],
        exits=[TrailingStop(atr=2.0, activation_atr=1.0), BreakEven(trigger_percent=1.0)],
    ),
    "gaps": Strategy(
        "gaps",
        enter_long=close > sma(close, 3).on("60").on_chart(hold=False),
        enter_short=spot.close.on("60").on_chart(hold=False) < close,
    ),
    "other market": Strategy(
        "other",
        enter_long=rsi(spot.close, 5) > rsi(close, 5),
        enter_short=spot.close.on("60") < sma(spot.close, 4).on("60"),
        exits=[StopLoss(price=supertrend(5, 2.0).value, follow=True)],
    ),
    "sessions": Strategy(
        "sessions",
        enter_long=close > close[1],
        enter_short=close < close[1],
        during=Session("America/New_York", "22:00", "04:30", ("mon", "wed", "thu")),
        close_outside=True,
    ),
    "long only": Strategy(
        "long", enter_long=close > close[1], enter_short=close < close[3], direction="long"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("gaps", [0.0, 0.1], ids=["whole", "with gaps"])
def test_bar_by_bar_equals_columns(
    name: str, gaps: float, make_dataset: Callable[..., Dataset]
) -> None:
    strategy, dataset = STRATEGIES[name], make_dataset(gaps=gaps)
    decided = step_through(strategy, dataset)
    table = table_of(strategy, dataset)
    stepped = np.array([decision[:4] for decision in decided]).T
    np.testing.assert_array_equal(signals(table, len(dataset.bars)), stepped)
    assert stepped[0].any() or stepped[1].any()


@pytest.mark.parametrize("name", ["levels and logic", "coarser chart", "other market"])
def test_levels_bar_by_bar_equal_columns_to_the_bit(
    name: str, make_dataset: Callable[..., Dataset]
) -> None:
    strategy, dataset = STRATEGIES[name], make_dataset()
    plan = Plan(strategy, dataset, default_rows(strategy, {}), TOLERANCE).prepare()
    stepped = np.array([decision.levels for decision in step_through(strategy, dataset)])
    for k, series in enumerate(level_series(strategy)):
        row = plan.columns.placed(series).rows(np.array([0]))[0]
        np.testing.assert_array_equal(plan.columns.matrix()[row], stepped[:, k])


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("cut", [97, 250])
def test_the_future_changes_nothing(
    name: str, cut: int, make_dataset: Callable[..., Dataset]
) -> None:
    strategy, dataset = STRATEGIES[name], make_dataset()
    poisoned = poison(dataset, cut, np.random.default_rng(cut))
    before, after = table_of(strategy, dataset), table_of(strategy, poisoned)
    n_bars = len(dataset.bars)
    np.testing.assert_array_equal(signals(before, n_bars)[:, :cut], signals(after, n_bars)[:, :cut])
    np.testing.assert_array_equal(before.levels[:, :cut], after.levels[:, :cut])


def test_rows_that_share_parameters_share_columns(make_dataset: Callable[..., Dataset]) -> None:
    fast, slow = np.meshgrid(np.arange(2.0, 12.0), np.arange(20.0, 50.0))
    rows = {"fast": fast.ravel(), "slow": slow.ravel()}
    plan = Plan(STRATEGIES["cross"], make_dataset(), rows, TOLERANCE)
    # One column of closes, ten fast and thirty slow averages for 300 rows.
    assert plan.columns.count() == 41
    assert plan.n_rows == 300


def test_every_row_of_a_batch_has_its_own_signals(make_dataset: Callable[..., Dataset]) -> None:
    strategy, dataset = STRATEGIES["cross"], make_dataset()
    rows = {"fast": np.array([2.0, 5.0, 5.0, 3.0]), "slow": np.array([9.0, 13.0, 40.0, 9.0])}
    together = Plan(strategy, dataset, rows, TOLERANCE).prepare().table(np.arange(4))
    for k in range(4):
        alone = {name: values[k : k + 1] for name, values in rows.items()}
        single = Plan(strategy, dataset, alone, TOLERANCE).prepare().table(np.array([0]))
        for slot in (at.ENTER_LONG, at.ENTER_SHORT):
            np.testing.assert_array_equal(
                together.bitmaps[together.choices[k, slot]], single.bitmaps[single.choices[0, slot]]
            )


def test_n1_n3_another_interval_is_known_when_its_bar_has_closed() -> None:
    # Hours on quarters of an hour from 00:15: the first whole hour closes with the bar of 01:45.
    bars = walk(24, 7)
    held, gapped = close.on("60").on_chart(), close.on("60").on_chart(hold=False)
    strategy = Strategy("both", enter_long=close > held, enter_short=close < gapped)
    plan = Plan(strategy, Dataset(bars), default_rows(strategy, {}), TOLERANCE).prepare()
    known, fresh = (
        plan.columns.matrix(CHART)[plan.columns.placed(one).rows(np.array([0]))].ravel()
        for one in (held, gapped)
    )
    completes = (bars.close_ms % 3_600_000) == 0
    expected, value = np.full(len(bars), np.nan), np.nan
    for i in range(len(bars)):
        if completes[i] and i >= 4:
            value = bars.close[i]
        expected[i] = value
    np.testing.assert_array_equal(known, expected)
    np.testing.assert_array_equal(fresh, np.where(completes, expected, np.nan))
    assert np.isfinite(fresh).sum() == 5
