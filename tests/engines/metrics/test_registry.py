"""Every metric equals a second algorithm; those that can be worked by hand are."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engines.bars import Bars, Series
from engines.commands import Properties
from engines.errors import InvalidInput
from engines.metrics.aliases import ALIASES
from engines.metrics.bare_list import material_from_trades
from engines.metrics.material import Material
from engines.metrics.of_result import material_of
from engines.metrics.periods import falls, months, rolling, years
from engines.metrics.registry import FAMILIES, IDEAS, METRICS, figures, metric
from engines.resampling import resample
from strategies.backtest import Terms
from strategies.evaluation.dataset import Dataset
from strategies.scripting import EventStrategy, Now, backtest_script
from tests.engines.golden.corpus import random_bars
from tests.engines.metrics.second_opinion import second_opinion
from tests.strategies.scripting.test_event_strategy import TERMS, CrossInCode

DAY_MS = 86_400_000
# 1970-01-01 and on: a bar a day.
CLOSES = (100.0, 110.0, 105.0, 120.0, 90.0, 95.0, 100.0, 130.0)


class Busy(CrossInCode):
    """Trades often, in both directions, with something open at the end."""

    properties = Properties(qty_type="percent_of_equity", qty_value=10.0, pyramiding=3)

    def on_bar(self, now: Now) -> None:
        super().on_bar(now)
        if now.bar_index % 7 == 0:
            now.close_all()
        if now.bar_index % 5 == 0 and now.position_size > 0.0:
            now.entry("more", "long")


def random_material(seed: int, strategy: type[EventStrategy] = Busy) -> Material:
    bars = random_bars(np.random.default_rng(seed), n_bars=60 * 24 * 75)
    hourly = resample(bars, "60")
    broker = replace(TERMS.broker, slippage_ticks=2.0, leverage=3.0)
    terms = Terms(TERMS.instrument, broker)
    return material_of(backtest_script(strategy(), Dataset(hourly), terms), hourly)


@pytest.mark.parametrize("seed", range(3))
def test_every_metric_equals_a_second_algorithm(seed: int) -> None:
    material = random_material(seed)
    assert len(material.closed) > 30
    assert material.closed.slippage.sum() > 0.0
    ours, expected = figures(material), second_opinion(material)
    assert set(ours) == set(expected) == set(METRICS)
    for name, value in expected.items():
        np.testing.assert_allclose(ours[name], value, rtol=1e-8, atol=1e-10, err_msg=name)


def by_hand() -> Material:
    """A long of 2 from 100 to 120, a short of 1 from 120 to 95, a long of 1 from 95 to 90."""
    bars = Bars.from_columns(
        Series("linear", "HAND", "D"),
        {
            "open_ms": DAY_MS * np.arange(len(CLOSES)),
            "open": np.array((100.0, *CLOSES[:-1])),
            "high": np.maximum((100.0, *CLOSES[:-1]), CLOSES),
            "low": np.minimum((100.0, *CLOSES[:-1]), CLOSES),
            "close": np.array(CLOSES),
            "volume": np.ones(len(CLOSES)),
        },
    )
    rows: dict[str, Any] = {
        "side": np.array([1, -1, 1]),
        "entry_ms": DAY_MS * np.array([0, 3, 5]),
        "exit_ms": DAY_MS * np.array([3, 5, 6]),
        "entry_price": np.array([100.0, 120.0, 95.0]),
        "exit_price": np.array([120.0, 95.0, 90.0]),
        "qty": np.array([2.0, 1.0, 1.0]),
        "pnl": np.array([38.0, 24.0, -6.0]),
        "fees": np.array([2.0, 1.0, 1.0]),
        "entry_fee": np.array([1.0, 0.5, 0.5]),
        "mfe": np.array([39.0, 29.5, 1.0]),
        "mae": np.array([-1.0, -0.5, -6.0]),
    }
    return material_from_trades(rows, bars, 1_000.0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("trades", 3),
        ("net_profit", 56),
        ("long_net_profit", 32),
        ("short_net_profit", 24),
        ("win_rate", 2 / 3),
        ("gross_profit", 62),
        ("gross_loss", 6),
        ("profit_factor", 62 / 6),
        ("payoff_ratio", 31 / 6),
        ("average_trade_fraction", (38 / 201 + 24 / 120.5 - 6 / 95.5) / 3),
        ("largest_win_share", 38 / 62),
        ("kelly", 2 / 3 - (1 / 3) / (31 / 6)),
        ("average_bars", 2),
        ("fees", 4),
        ("max_consecutive_wins", 2),
        ("turnover", 2 * 220 + 215 + 185),
        ("final_equity", 1_056),
        ("total_return", 0.056),
        ("exposure", 7 / 8),
        ("max_contracts", 2),
        ("max_margin", 220),
        ("closed_drawdown", 0),
        ("closed_runup", 0),
        ("intrabar_drawdown", 6),
        ("intrabar_runup", 68.5),
        ("buy_and_hold_return", 0.3),
        ("buy_and_hold_profit", 300),
        ("outperformance", 56 - 300),
        ("account_size", 226),
        ("return_on_account_size", 56 / 226),
        ("costs", 4),
        ("cost_per_trade", 4 / 3),
        ("quick_reversals", 2),
    ],
)
def test_figures_worked_by_hand(name: str, expected: float) -> None:
    value = figures(by_hand(), [name])[name]
    assert value == pytest.approx(expected, rel=1e-11)


def test_equity_of_a_bare_list_by_hand() -> None:
    # Half the fees at once, the rest with the profit.
    assert by_hand().equity.tolist() == equity_by_hand()


def equity_by_hand() -> list[float]:
    first = [1_000 + 2 * (close - 100) - 1 for close in CLOSES[:3]]
    second = [1_038 + (120 - close) - 0.5 for close in CLOSES[3:5]]
    third = [1_062 + (close - 95) - 0.5 for close in CLOSES[5:6]]
    return [*first, *second, *third, 1_056.0, 1_056.0]


def test_undefined_is_not_a_number() -> None:
    class Idle(CrossInCode):
        def on_bar(self, now: Now) -> None:
            return

    values = figures(random_material(1, Idle))
    undefined = ("win_rate", "profit_factor", "average_trade", "payoff_ratio", "kelly")
    for name in (*undefined, "daily_sharpe", "calmar", "stability", "cost_per_trade"):
        assert math.isnan(values[name]), name
    assert values["trades"] == values["net_profit"] == values["max_drawdown"] == 0


def test_the_list_of_a_run_gives_the_figures_of_the_run() -> None:
    material = random_material(2)
    still = material.open
    bars = resample(random_bars(np.random.default_rng(2), n_bars=60 * 24 * 75), "60")
    names = ("side", "entry_ms", "exit_ms", "entry_price", "exit_price", "qty", "pnl")
    more = ("fees", "entry_fee", "slippage", "mfe", "mae")
    columns = {name: getattr(material.closed, name) for name in (*names, *more)}
    left = {name: getattr(still, name) for name in (*names[:2], "entry_price", "qty", "fees")}
    again = material_from_trades(
        columns, bars, material.initial_cash, leverage=3.0, still_open=left
    )
    np.testing.assert_allclose(again.equity, material.equity, rtol=1e-12)
    ours, theirs = figures(again), figures(material)
    # What the order inside bars decided, a list of trades cannot tell.
    for name in METRICS:
        if name.startswith(("ambiguous", "pessimistic", "optimistic")):
            continue
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9, err_msg=name)


def test_names_are_distinct_documented_and_enough() -> None:
    assert len(METRICS) == sum(len(family) for family in FAMILIES.values())
    assert len(set(IDEAS)) == len(IDEAS) >= 166
    assert not [name for name in IDEAS if name.startswith(("long_", "short_"))]
    assert not set(ALIASES) & set(METRICS)
    for one in METRICS.values():
        assert one.formula
        assert one.source
        assert one.needs
        assert one.better in (-1, 0, 1)


def test_aliases_lead_somewhere_and_strangers_are_refused() -> None:
    assert metric("sqn").name == "system_quality"
    assert all(target in METRICS for target in ALIASES.values())
    with pytest.raises(InvalidInput, match=r"metric.*sharpness"):
        metric("sharpness")


def test_a_trade_outside_the_bars_is_refused() -> None:
    bars = resample(random_bars(np.random.default_rng(0), n_bars=600), "60")
    rows = {
        "side": np.array([1]),
        "entry_ms": bars.open_ms[:1] - DAY_MS,
        "exit_ms": bars.open_ms[1:2],
        "entry_price": np.array([1.0]),
        "exit_price": np.array([1.0]),
        "qty": np.array([1.0]),
        "pnl": np.array([0.0]),
    }
    with pytest.raises(InvalidInput, match=r"trades\.entry_ms"):
        material_from_trades(rows, bars, 1_000.0)
    with pytest.raises(InvalidInput, match="a column qty"):
        material_from_trades({k: v for k, v in rows.items() if k != "qty"}, bars, 1_000.0)


def test_months_and_years_add_up() -> None:
    material = random_material(3)
    for table in (months(material), years(material)):
        grown = np.prod(1.0 + table["return"])
        assert grown == pytest.approx(material.equity[-1] / material.initial_cash)
        assert table["trades"].sum() == len(material.closed)
        assert table["net_profit"].sum() == pytest.approx(material.closed.pnl.sum())
    assert len(months(material)["period"]) == 3


def test_the_table_of_falls_by_hand() -> None:
    # A day apart: 1,000 999 1,019 1,009 1,037.5 1,067.5 1,061.5 1,056 1,056.
    table = falls(by_hand())
    assert table["depth"].tolist() == [11.5, 10.0, 1.0]
    assert (table["start_ms"] / DAY_MS).tolist() == [5.0, 2.0, 0.0]
    assert (table["trough_ms"] / DAY_MS).tolist() == [7.0, 3.0, 1.0]
    assert table["end_ms"].tolist() == [-1, 4 * DAY_MS, 2 * DAY_MS]
    assert table["days"].tolist() == [3.0, 2.0, 2.0]


def test_rolling_figures_are_those_of_their_window() -> None:
    material = random_material(4)
    found, returns = rolling(material, 20), material.daily_returns
    assert np.isnan(found["sharpe"][:19]).all()
    for end in (20, 41, len(returns)):
        window = returns[end - 20 : end]
        expected = window.mean() / window.std(ddof=1) * 365**0.5
        assert found["sharpe"][end - 1] == pytest.approx(expected)
        assert found["volatility"][end - 1] == pytest.approx(window.std(ddof=1) * 365**0.5)
        grown = np.concatenate(([1.0], np.cumprod(1 + window)))
        worst = max(1 - grown[j] / grown[: j + 1].max() for j in range(len(grown)))
        assert found["drawdown"][end - 1] == pytest.approx(worst)
    with pytest.raises(InvalidInput, match="days"):
        rolling(material, 1)
