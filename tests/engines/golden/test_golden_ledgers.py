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
from tests.engines.golden.corpus import ENTRIES, Case, case, resting_case
from tests.engines.golden.record import CASES, FILE, RESTING_CASES


@pytest.fixture(scope="module")
def runs() -> list[tuple[Case, Result]]:
    return [(one, one.run()) for one in map(case, range(CASES))]


@pytest.fixture(scope="module")
def resting() -> list[tuple[Case, Result]]:
    return [(one, one.run()) for one in map(resting_case, range(RESTING_CASES))]


def test_every_ledger_of_what_rests_is_the_recorded_one(
    resting: list[tuple[Case, Result]],
) -> None:
    golden = json.loads(FILE.read_text(encoding="utf-8"))["resting"]
    now = [result.ledger_digest[:16] for _, result in resting]
    changed = [seed for seed in range(RESTING_CASES) if now[seed] != golden[seed]]
    assert changed == [], "a ledger changed: bump ENGINE_SEMANTICS and record anew"


def test_entries_that_rest_and_ladders_do_trade(resting: list[tuple[Case, Result]]) -> None:
    filled: dict[int, int] = {}
    safety = 0
    for one, result in resting:
        kind = int(one.table.choices[0, at.ENTRY_TYPE])
        filled[kind] = filled.get(kind, 0) + len(result.fills["bar"])
        safety += int((result.fills["reason"] == Reason.SAFETY_ORDER).sum())
    assert safety > 100
    assert all(filled[kind] > 100 for kind in ENTRIES)


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
    # engine's.
    others = {Reason.OPEN, Reason.MARGIN_CALL, Reason.LIQUIDATION, Reason.FUNDING, Reason.RISK_RULE}
    # Ladders have cases of their own, limits tests.
    others |= {Reason.SAFETY_ORDER, Reason.SAFETY_CLOSE, Reason.CLOCK_EXIT}
    others |= {Reason.MAX_DRAWDOWN, Reason.DAILY_LOSS, Reason.ORDER_LIMIT}
    assert seen == set(Reason) - others


def test_the_ledger_adds_up(
    runs: list[tuple[Case, Result]], resting: list[tuple[Case, Result]]
) -> None:
    for one, result in [*runs, *resting]:
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
