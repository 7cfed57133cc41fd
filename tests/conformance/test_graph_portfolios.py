"""Graphs on one account: the event engine's legs and the oracle's, and alone as alone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engines import portfolio, reference
from engines.bars import Bars
from engines.broker import Broker
from engines.legs import Leg
from engines.risk import Limits
from strategies.backtest import checked_values
from strategies.scripting.graph_rules import GraphRules
from strategies.scripting.graph_run import backtest_graph, graph_script
from tests.conformance.random_graphs import GraphRun, for_any_door, random_graph_run
from tests.engines.event.agreement import EXACT, MONEY, PRICES, assert_same_rows

RUNS = int(os.environ.get("BST_RUNS", "10000")) // 160
BLOCK = 25
SYMBOLS = ("AAA", "BBB", "CCC")
# It compares any two lists of rows.
same_rows: Any = assert_same_rows


def legs_of(runs: Sequence[GraphRun], broker: Broker) -> list[Leg]:
    """Legs with scripts that have seen nothing but the bars before their start."""
    found = []
    for symbol, run in zip(SYMBOLS, runs, strict=False):
        values = checked_values(run.strategy, {})
        rules = GraphRules(run.strategy, values, float(run.terms.instrument.tick))
        bars, finer = run.dataset.bars, run.dataset.finer
        start = int(np.searchsorted(bars.open_ms, run.start_ms))
        script = graph_script(
            run.strategy, rules, values, run.dataset, broker.compare_tolerance, start
        )
        instrument = replace(run.terms.instrument, symbol=symbol)
        inside = None if finer is None else named(finer, symbol)
        found.append(
            Leg(named(bars, symbol), instrument, script, rules.properties, inside, None, start)
        )
    return found


def named(bars: Bars, symbol: str) -> Bars:
    return Bars(bars.series._replace(symbol=symbol), **bars.columns())  # type: ignore[arg-type]


def compare(seed: int) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 4))
    drawn = [random_graph_run(seed * 3 + k, on_a_grid=True) for k in range(count)]
    runs = [for_any_door(one) for one in drawn]
    broker = runs[0].terms.broker
    limits = Limits(portfolio_heat_limit=0.2) if rng.random() < 0.3 else Limits()
    ours = portfolio.simulate(legs_of(runs, broker), broker, limits=limits)
    witness = reference.simulate_portfolio(legs_of(runs, broker), broker, limits=limits)
    assert [name for name, _ in ours.ledger] == [name for name, _ in witness.ledger]
    marks, prices, money = ("bar", "side", "trade", "reason"), ("price", "qty"), ("fee", "cash")
    rows = [one for _, one in ours.ledger]
    same_rows(rows, [one for _, one in witness.ledger], marks, prices, money)
    for name, leg in ours.legs.items():
        theirs = witness.legs[name]
        exact = [one for one in EXACT if not one.endswith("signal")]
        same_rows([*leg.trades, *leg.open], [*theirs.trades, *theirs.open], exact, PRICES, MONEY)


@pytest.mark.parametrize("first", range(0, RUNS, BLOCK))
def test_random_graphs_on_one_account_trade_the_same_on_both(first: int) -> None:
    for seed in range(first, min(first + BLOCK, RUNS)):
        try:
            compare(seed)
        except AssertionError as differ:
            differ.add_note(f"seed {seed}")
            raise


@pytest.mark.parametrize("seed", range(40))
def test_a_graph_alone_on_the_account_is_the_single_run(seed: int) -> None:
    run = for_any_door(random_graph_run(seed))
    single = backtest_graph(run.strategy, {}, run.dataset, run.terms, run.start_ms)
    ours = portfolio.simulate(legs_of([run], run.terms.broker), run.terms.broker)
    fills = ours.legs["AAA"].fills
    assert [one.bar for one in fills] == single.fills["bar"].tolist()
    for name in ("price", "qty", "fee", "cash", "reason"):
        found = np.array([getattr(one, name) for one in fills])
        np.testing.assert_allclose(found, single.fills[name], rtol=1e-12, err_msg=name)
    np.testing.assert_allclose(ours.equity, single.equity, rtol=1e-12)
