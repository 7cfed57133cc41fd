"""Graphs on one account: the event engine's legs and the oracle's, and alone as alone."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engines import portfolio, reference
from engines.bars import Bars
from engines.broker import Broker
from engines.legs import Leg
from engines.orders import Reason
from engines.risk import Limits as AccountLimits
from strategies.backtest import Terms, checked_values
from strategies.evaluation.dataset import Dataset
from strategies.graph import FixedQty, Limits
from strategies.scripting.counted_limits import CountedLimits
from strategies.scripting.graph_limits import GraphLimits
from strategies.scripting.graph_rules import GraphRules
from strategies.scripting.graph_run import backtest_graph, graph_script
from tests.conformance.random_graphs import GraphRun, random_graph_run, under_margin
from tests.conformance.test_rules_of_graphs import (
    FREE,
    GRID,
    IN_LONG,
    OUT_LONG,
    PLAIN,
    still_bars,
)
from tests.engines.event.agreement import EXACT, MONEY, PRICES, assert_same_rows

RUNS = int(os.environ.get("BST_RUNS", "10000")) // 160
BLOCK = 25
SYMBOLS = ("AAA", "BBB", "CCC")
# It compares any two lists of rows.
same_rows: Any = assert_same_rows


def legs_of(runs: Sequence[GraphRun], broker: Broker, limits: Any = GraphLimits) -> list[Leg]:
    """Legs with scripts that have seen nothing but the bars before their start."""
    found = []
    for symbol, run in zip(SYMBOLS, runs, strict=False):
        values = checked_values(run.strategy, {})
        rules = GraphRules(run.strategy, values, float(run.terms.instrument.tick))
        bars, finer = run.dataset.bars, run.dataset.finer
        start = int(np.searchsorted(bars.open_ms, run.start_ms))
        script = graph_script(
            run.strategy, rules, values, run.dataset, broker.compare_tolerance, start, limits
        )
        instrument = replace(run.terms.instrument, symbol=symbol)
        funding = run.terms.funding if broker.funding == "history" else None
        inside = None if finer is None else named(finer, symbol)
        found.append(
            Leg(named(bars, symbol), instrument, script, rules.properties, inside, funding, start)
        )
    return found


def named(bars: Bars, symbol: str) -> Bars:
    return Bars(bars.series._replace(symbol=symbol), **bars.columns())  # type: ignore[arg-type]


def compare(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 4))
    runs = [random_graph_run(seed * 3 + k, on_a_grid=True) for k in range(count)]
    if rng.random() < 0.4:
        terms = np.random.default_rng([seed, 3])
        runs = [under_margin(one, terms) for one in runs]
    broker = runs[0].terms.broker
    limits = AccountLimits(portfolio_heat_limit=0.2 if rng.random() < 0.3 else 0.0)
    ours = portfolio.simulate(legs_of(runs, broker), broker, limits=limits)
    theirs = legs_of(runs, broker, CountedLimits)
    witness = reference.simulate_portfolio(theirs, broker, limits=limits)
    assert [name for name, _ in ours.ledger] == [name for name, _ in witness.ledger]
    marks, prices, money = ("bar", "side", "trade", "reason"), ("price", "qty"), ("fee", "cash")
    rows = [one for _, one in ours.ledger]
    same_rows(rows, [one for _, one in witness.ledger], marks, prices, money)
    for name, leg in ours.legs.items():
        other = witness.legs[name]
        exact = [one for one in EXACT if not one.endswith("signal")]
        same_rows([*leg.trades, *leg.open], [*other.trades, *other.open], exact, PRICES, MONEY)


@pytest.mark.parametrize("first", range(0, RUNS, BLOCK))
def test_random_graphs_on_one_account_trade_the_same_on_both(first: int) -> None:
    for seed in range(first, min(first + BLOCK, RUNS)):
        try:
            compare(seed)
        except AssertionError as differ:
            differ.add_note(f"seed {seed}")
            raise


def on_both(*legs: GraphRun) -> list[tuple[str, int, str]]:
    """Symbol, bar and reason of all fills, the same on both engines."""
    ours = portfolio.simulate(legs_of(legs, FREE), FREE).ledger
    theirs = reference.simulate_portfolio(legs_of(legs, FREE), FREE).ledger
    said = [(name, one.bar, Reason(one.reason).name) for name, one in ours]
    assert said == [(name, one.bar, Reason(one.reason).name) for name, one in theirs]
    return said


def by_hand(prices: Sequence[float], signals: Mapping[int, float], **changes: Any) -> GraphRun:
    bars = still_bars(prices, signals)
    return GraphRun(PLAIN.edit(**changes), Dataset(bars), Terms(GRID, FREE), bars.start_ms)


def test_a_drawdown_is_the_accounts_and_closes_the_leg_that_says_so() -> None:
    # BBB loses 600 of 10,000 at bar 2; AAA stands still, and asks for no more than 5 %.
    limits = Limits(drawdown_percent=5)
    aaa = by_hand([100.0] * 5, {0: IN_LONG, 3: IN_LONG}, limits=limits)
    bbb = by_hand([100.0, 100.0, 85.0, 85.0, 85.0], {0: IN_LONG}, sizing=FixedQty(40))
    assert on_both(aaa, bbb) == [
        ("AAA", 1, "ENTRY"),
        ("BBB", 1, "ENTRY"),
        ("AAA", 3, "MAX_DRAWDOWN"),
    ]


def test_a_days_loss_counts_what_others_pay_at_the_same_close() -> None:
    # Both fill at the close of bar 23, the day's last. What BBB paid there is of that day.
    broker = replace(FREE, fill_at="close", taker_fee_rate=0.01)
    limits = Limits(daily_loss_percent=0.3)
    aaa = by_hand([100.0] * 26, {22: IN_LONG}, limits=limits)
    bbb = by_hand([100.0] * 26, {23: IN_LONG}, sizing=FixedQty(50))
    for engine in (portfolio.simulate, reference.simulate_portfolio):
        out: Any = engine(legs_of([aaa, bbb], broker), broker)
        assert [name for name, _ in out.ledger] == ["AAA", "BBB"]


def test_a_leg_counts_its_own_orders_of_the_day() -> None:
    aaa = by_hand([100.0] * 4, {0: IN_LONG}, limits=Limits(orders_per_day=2))
    bbb = by_hand([100.0] * 4, {0: IN_LONG, 1: OUT_LONG}, limits=Limits(orders_per_day=1))
    fills = [("AAA", 1, "ENTRY"), ("BBB", 1, "ENTRY"), ("BBB", 1, "ORDER_LIMIT")]
    assert on_both(aaa, bbb) == fills


@pytest.mark.parametrize("seed", range(40))
def test_a_graph_alone_on_the_account_is_the_single_run(seed: int) -> None:
    run = random_graph_run(seed)
    if seed % 2:
        run = under_margin(run, np.random.default_rng(seed))
    single = backtest_graph(run.strategy, {}, run.dataset, run.terms, run.start_ms)
    ours = portfolio.simulate(legs_of([run], run.terms.broker), run.terms.broker)
    fills = ours.legs["AAA"].fills
    assert [one.bar for one in fills] == single.fills["bar"].tolist()
    for name in ("price", "qty", "fee", "cash", "reason"):
        found = np.array([getattr(one, name) for one in fills])
        np.testing.assert_allclose(found, single.fills[name], rtol=1e-12, err_msg=name)
    np.testing.assert_allclose(ours.equity, single.equity, rtol=1e-12)
