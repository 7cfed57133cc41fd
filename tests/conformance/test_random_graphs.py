"""Three engines, one ledger: kernel, event engine and oracle on random graphs."""

from __future__ import annotations

import os

import pytest

from engines.result import Result
from strategies.backtest import backtest
from strategies.scripting.graph_run import Witness, backtest_graph
from tests.conformance.ledgers import assert_alike, assert_equal_ledgers, assert_same_doubts
from tests.conformance.random_graphs import GraphRun, as_inverse, looks_alike, random_graph_run

RUNS = int(os.environ.get("BST_RUNS", "10000")) * 2 // 10
BLOCK = 250


def on_kernel(run: GraphRun) -> Result:
    return backtest(run.strategy, {}, run.dataset, run.terms, run.start_ms)


def bar_by_bar(run: GraphRun, engine: Witness) -> Result:
    return backtest_graph(run.strategy, {}, run.dataset, run.terms, run.start_ms, engine=engine)


def compare(seed: int) -> None:
    """One random run on all three; the oracle needs a grid to be exact on."""
    run = random_graph_run(seed)
    event = bar_by_bar(run, "event")
    kernel = on_kernel(run)
    assert_equal_ledgers(event, kernel)
    if looks_alike(run):
        assert_same_doubts(event, kernel)
    if run.terms.instrument.tick > 0:
        oracle = bar_by_bar(run, "reference")
        assert_alike(event, oracle)
        assert_same_doubts(event, oracle)


@pytest.mark.parametrize("first", range(0, RUNS // 20, 25))
def test_graphs_on_inverse_contracts_trade_the_same_on_both(first: int) -> None:
    for seed in range(first, min(first + 25, RUNS // 20)):
        run = as_inverse(random_graph_run(seed, on_a_grid=True))
        try:
            assert_alike(bar_by_bar(run, "event"), bar_by_bar(run, "reference"))
        except AssertionError as differ:
            differ.add_note(f"seed {seed}")
            raise


@pytest.mark.parametrize("first", range(0, RUNS, BLOCK))
def test_random_graphs_trade_the_same_on_all_engines(first: int) -> None:
    for seed in range(first, min(first + BLOCK, RUNS)):
        try:
            compare(seed)
        except AssertionError as differ:
            differ.add_note(f"seed {seed}")
            raise
