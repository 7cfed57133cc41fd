"""One body of cases for every engine of graphs, worked by hand; a broken engine fails it."""

from __future__ import annotations

import pytest

from engines.result import Result
from strategies.running import Engine, run_strategy
from tests.conformance import mutants
from tests.conformance.engine_cases import CASES, EngineCase
from tests.conformance.test_broken_event import far_first, nothing

ENGINES: tuple[Engine, ...] = ("cpu", "event", "reference")


def assert_passes(case: EngineCase, engine: Engine) -> None:
    result: Result = run_strategy(case.graph, {}, case.dataset, case.terms, engine=engine)
    fills = result.fills
    rows = zip(*(fills[name].tolist() for name in ("bar", "side", "price", "qty")), strict=True)
    told = [(bar, side, round(price, 9), round(qty, 9)) for bar, side, price, qty in rows]
    assert told == [line[:4] for line in case.fills]
    assert fills["reason"].tolist() == [int(line[4]) for line in case.fills]
    refused = zip(result.refusals["bar"].tolist(), result.refusals["reason"].tolist(), strict=True)
    assert list(refused) == [(bar, int(reason)) for bar, reason in case.refusals]
    if case.fees is not None:
        assert fills["fee"].tolist() == pytest.approx(list(case.fees), rel=1e-9)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_ledger_is_the_one_worked_by_hand(case: EngineCase, engine: Engine) -> None:
    assert_passes(case, engine)


def test_a_broken_engine_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Far extremes first, no slippage, and stops that break-even does not move."""
    mutants.everywhere(monkeypatch, "engines.event", "way_of", far_first)
    mutants.everywhere(monkeypatch, "engines.event", "market_price", lambda raw, side, _: raw)
    monkeypatch.setattr("engines.event.brackets.BracketDesk._lift", nothing)
    failed = []
    for case in CASES:
        try:
            assert_passes(case, "event")
        except (AssertionError, TypeError):
            failed.append(case.name)
    assert 5 <= len(failed) < len(CASES)
    assert "slippage goes against the order, never against a target" in failed
    assert "break-even after the first target" in failed
