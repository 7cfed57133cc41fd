"""No ledger changes unless ENGINE_SEMANTICS says so, and none depends on what is kept of it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from engines.batch.cpu import run_statistics
from engines.kernel import layout as at
from engines.orders import Reason
from engines.result import Result
from engines.spec import ENGINE_SEMANTICS
from tests.engines.golden.corpus import Case, case
from tests.engines.golden.record import CASES, FILE


@pytest.fixture(scope="module")
def runs() -> list[tuple[Case, Result]]:
    return [(one, one.run()) for one in map(case, range(CASES))]


def test_every_ledger_is_the_recorded_one(runs: list[tuple[Case, Result]]) -> None:
    golden = json.loads(FILE.read_text(encoding="utf-8"))
    assert golden["semantics"] == ENGINE_SEMANTICS, "bumped: record the ledgers anew"
    now = [result.ledger_digest[:16] for _, result in runs]
    changed = [seed for seed in range(CASES) if now[seed] != golden["ledgers"][seed]]
    assert changed == [], "a ledger changed: bump ENGINE_SEMANTICS and record anew"


def test_the_variant_for_resting_entries_gives_the_same_ledgers(
    runs: list[tuple[Case, Result]],
) -> None:
    for one, result in runs[::3]:
        table = replace(one.table, full=True)
        assert replace(one, table=table).run().ledger_digest == result.ledger_digest


def test_the_corpus_reaches_every_reason(runs: list[tuple[Case, Result]]) -> None:
    seen = set(np.concatenate([result.fills["reason"] for _, result in runs]).tolist())
    # The kernel closes a bankrupt account; margin calls, liquidation and funding are the event
    # engine's. Ladders have cases of their own.
    others = {Reason.OPEN, Reason.MARGIN_CALL, Reason.LIQUIDATION, Reason.FUNDING, Reason.RISK_RULE}
    # Ladders and limits have tests of their own.
    others |= {Reason.SAFETY_ORDER, Reason.SAFETY_CLOSE, Reason.CLOCK_EXIT}
    others |= {Reason.MAX_DRAWDOWN, Reason.DAILY_LOSS, Reason.ORDER_LIMIT}
    assert seen == set(Reason) - others


def test_the_ledger_adds_up(runs: list[tuple[Case, Result]]) -> None:
    for one, result in runs:
        closed = result.trades["reason"] != Reason.OPEN
        unpaid = result.trades["entry_fee"][~closed].sum()
        profit = result.trades["pnl"][closed].sum() - unpaid
        cash = result.fills["cash"][-1] if len(result.fills["cash"]) else one.market.initial_cash
        assert cash == pytest.approx(one.market.initial_cash + profit, rel=1e-9, abs=1e-6)


def test_a_sweep_sums_what_the_ledger_lists(runs: list[tuple[Case, Result]]) -> None:
    for one, result in runs:
        stats = run_statistics(one.ready, one.table, one.market, one.start, len(one.bars))[0]
        closed = result.trades["reason"] != Reason.OPEN
        pnl = result.trades["pnl"][closed]
        assert stats[at.STAT_TRADES] == closed.sum()
        assert stats[at.STAT_WINS] == (pnl > 0).sum()
        assert stats[at.STAT_FEES] == pytest.approx(result.fills["fee"].sum(), abs=1e-9)
        assert stats[at.STAT_EQUITY] == pytest.approx(result.equity[-1], rel=1e-12)


def test_streamed_ratios_equal_those_of_the_equity_curve(
    runs: list[tuple[Case, Result]],
) -> None:
    for one, result in runs:
        curve = np.append(one.market.initial_cash, result.equity)
        if (curve <= 0).any():
            continue
        peaks = np.maximum.accumulate(curve)
        drawdown = (1.0 - curve / peaks).max()
        assert result.statistics["max_drawdown"] == pytest.approx(drawdown, abs=1e-10)
        change = curve[1:] / curve[:-1] - 1.0
        if change.std() > 0:
            expected = change.mean() / change.std(ddof=1) * np.sqrt(4 * 24 * 365)
            assert result.statistics["sharpe"] == pytest.approx(expected, abs=1e-7)
