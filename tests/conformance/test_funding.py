"""Funding in the kernel: the event engine's ledger to the bit, and a history worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engines.batch.cpu import window
from engines.broker import Broker
from engines.errors import MissingData
from engines.funding import FundingRates
from engines.instrument import unrounded
from engines.kernel import layout as at
from engines.orders import Reason, Refusal
from strategies.backtest import Terms, backtest, sums_of
from strategies.evaluation.plan import Plan
from strategies.graph import PercentOfEquity, Strategy, close
from strategies.scripting.graph_run import backtest_graph
from tests.conformance.ledgers import assert_equal_ledgers
from tests.conformance.random_graphs import GraphRun, random_graph_run, with_broker
from tests.conformance.test_engine_choice import HOUR_MS, falling

MINUTE_MS = 60_000


def funded(seed: int) -> GraphRun:
    """A random run with settlements at opens and inside bars, several in some."""
    run = with_broker(random_graph_run(seed), funding="history", leverage=20.0)
    rng = np.random.default_rng(seed)
    bars = run.dataset.bars
    minutes = (bars.end_ms - bars.start_ms) // MINUTE_MS
    due = np.flatnonzero(rng.random(minutes) < rng.choice([0.01, 0.1]))
    # Every third falls on an open.
    due = np.append(np.where(due % 3 == 0, due // 15 * 15, due), np.arange(0, minutes, 420))
    times = bars.start_ms + MINUTE_MS * np.unique(due)
    rates = FundingRates("linear", "FUZZ", times, rng.normal(0.0, 0.001, len(times)))
    return replace(run, terms=replace(run.terms, funding=rates))


def test_the_kernel_pays_what_the_event_engine_pays() -> None:
    compared = paid = 0
    for seed in range(250):
        run = funded(seed)
        event = backtest_graph(run.strategy, {}, run.dataset, run.terms, run.start_ms)
        # Bybit's order cost is asked for at the fill there; the kernel asks at the signal.
        if (event.refusals["reason"] == int(Refusal.NO_MARGIN)).any():
            continue
        kernel = backtest(run.strategy, {}, run.dataset, run.terms, run.start_ms)
        assert kernel.spec.path == "full"
        assert_equal_ledgers(event, kernel)
        np.testing.assert_allclose(kernel.trades["funding"], event.trades["funding"], rtol=1e-12)
        settled = kernel.fills["reason"] == int(Reason.FUNDING)
        whole = kernel.fills["funding"][settled].sum()
        assert kernel.statistics["funding"] == pytest.approx(whole, rel=1e-10, abs=1e-12)
        compared += 1
        paid += int(settled.sum())
    assert compared > 120
    assert paid > 1_000


ALWAYS = Strategy("always", enter_long=close > 0, sizing=PercentOfEquity(50))
LINEAR = replace(unrounded("TEST"), funding_interval_minutes=480)


def terms_with(rates: FundingRates | None) -> Terms:
    return Terms(LINEAR, Broker(taker_fee_rate=0.0, funding="history"), rates)


def test_settlements_by_hand_are_in_ledger_trade_and_sums() -> None:
    # Half of 10,000 at 100 at the close of bar 0; it fills at the open of bar 1.
    dataset = falling()
    times = np.array([0, 8, 16, 24]) * HOUR_MS
    rates = FundingRates("linear", "TEST", times, np.array([0.01, 0.001, -0.002, 0.003]))
    terms = terms_with(rates)
    result = backtest(ALWAYS, {}, dataset, terms)
    qty = result.fills["qty"][0]
    settled = result.fills["reason"] == int(Reason.FUNDING)
    # Nothing is open at the first; the others fall on opens.
    assert result.fills["bar"][settled].tolist() == [8, 16, 24]
    expected = qty * dataset.bars.open[[8, 16, 24]] * rates.rate[1:]
    np.testing.assert_allclose(result.fills["funding"][settled], expected, rtol=1e-12)
    assert result.trades["funding"][0] == pytest.approx(expected.sum(), rel=1e-12)
    move = qty * (dataset.bars.close[-1] - result.fills["price"][0])
    assert result.trades["pnl"][0] == pytest.approx(move - expected.sum(), rel=1e-12)
    assert result.equity[-1] == pytest.approx(10_000 + move - expected.sum(), rel=1e-12)
    plan = Plan(ALWAYS, dataset, {}, 0.0).prepare()
    (sums,) = sums_of(plan, window(dataset.bars, 0.0, None, rates), terms, [(0, 30)], 0, 1)
    assert sums[0, at.STAT_FUNDING] == pytest.approx(expected.sum(), rel=1e-12)
    assert sums[0, at.STAT_EQUITY] == result.equity[-1]


def test_funding_inside_a_bar_is_paid_at_its_close() -> None:
    dataset = falling()
    times = np.arange(1, 5) * 7 * HOUR_MS + 1
    rates = FundingRates("linear", "TEST", times, np.full(4, 0.001))
    result = backtest(ALWAYS, {}, dataset, terms_with(rates))
    settled = result.fills["reason"] == int(Reason.FUNDING)
    closes = dataset.bars.close[[7, 14, 21, 28]]
    assert result.fills["price"][settled].tolist() == closes.tolist()


@pytest.mark.parametrize(
    ("times", "match"), [(None, "no funding"), ([0, 8], "missing after"), ([16, 24], "missing")]
)
def test_a_history_that_is_missing_is_an_error(times: list[int] | None, match: str) -> None:
    rates = None
    if times is not None:
        moments = np.array(times) * HOUR_MS
        rates = FundingRates("linear", "TEST", moments, np.zeros(len(times)))
    with pytest.raises(MissingData, match=match):
        backtest(ALWAYS, {}, falling(), terms_with(rates))
