"""Two independent engines, one account: the event engine's legs and the oracle's."""

from __future__ import annotations

import os

import numpy as np
import pytest

from engines import portfolio, reference
from engines.orders import Refusal
from tests.engines.event.agreement import EXACT, MONEY, PRICES, assert_same_rows
from tests.engines.portfolio.random_portfolios import random_portfolio

# A fraction of the runs of single scripts: a portfolio is several of them, and slower.
RUNS = int(os.environ.get("BST_RUNS", "10000")) // 80
BLOCK = 50
OF_LIMITS = (Refusal.OPEN_POSITIONS, Refusal.CORRELATED_POSITIONS, Refusal.PORTFOLIO_HEAT)


def compare(seed: int) -> tuple[portfolio.Outcome, int]:
    run = random_portfolio(seed)
    ours = portfolio.simulate(run.fresh_legs(), run.broker, limits=run.limits)
    witness = reference.simulate_portfolio(run.fresh_legs(), run.broker, limits=run.limits)
    assert [name for name, _ in ours.ledger] == [name for name, _ in witness.ledger]
    marks, prices, money = ("bar", "side", "signal", "trade"), ("price", "qty"), ("fee", "cash")
    rows = [one for _, one in ours.ledger]
    assert_same_rows(rows, [one for _, one in witness.ledger], marks, prices, money)
    assert ours.close_ms == witness.close_ms
    equity = [float(one) for one in witness.equity]
    np.testing.assert_allclose(ours.equity, equity, rtol=1e-9, atol=1e-7)
    refused = 0
    for name, leg in ours.legs.items():
        theirs = witness.legs[name]
        closed, expected = [*leg.trades, *leg.open], [*theirs.trades, *theirs.open]
        assert_same_rows(closed, expected, EXACT, PRICES, MONEY)
        found = [(one.bar, one.side, one.reason, one.id) for one in leg.refusals]
        kept_out = [one for one in found if one[2] in OF_LIMITS]
        named = [(one.bar, one.side, int(one.reason), one.id) for one in theirs.refusals]
        assert kept_out == [one for one in named if one[2] in OF_LIMITS]
        refused += len(kept_out)
    return ours, refused


@pytest.mark.parametrize("first", range(0, RUNS, BLOCK))
def test_random_portfolios_trade_the_same_on_both(first: int) -> None:
    for seed in range(first, min(first + BLOCK, RUNS)):
        try:
            compare(seed)
        except AssertionError as differ:
            differ.add_note(f"seed {seed}")
            raise
