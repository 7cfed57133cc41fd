"""Legs that never contend are the separate runs; a broken order of events is found out."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from engines import event
from engines.broker import BYBIT_LINEAR, Broker
from engines.portfolio import simulate
from engines.portfolio.timetable import Moment
from engines.risk import Limits
from tests.engines.event.agreement import EXACT, MONEY, PRICES, assert_same_rows
from tests.engines.portfolio.random_portfolios import random_portfolio
from tests.engines.portfolio.test_portfolios_agree import compare

# The package gives its function the module's name.
MODULE = "engines.portfolio.simulate"
# It compares any two lists of rows.
same_rows: Any = assert_same_rows
FILL_MARKS = ("bar", "side", "signal", "trade", "order_id", "reason")


def broker(**given: Any) -> Broker:
    return replace(BYBIT_LINEAR, **given)


@pytest.mark.parametrize("seed", range(60))
def test_a_single_leg_is_the_single_run(seed: int) -> None:
    run = random_portfolio(seed, n_legs=1)
    leg, alone = run.fresh_legs()[0], run.fresh_legs()[0]
    rules = event.perpetual_for(leg.instrument, run.broker, leg.funding, leg.span_ms)
    assert alone.script is not None
    single = event.simulate(
        alone.script,
        alone.bars,
        alone.instrument,
        run.broker,
        alone.properties,
        alone.finer,
        f"/{leg.symbol}",
        rules,
    )
    ours = simulate([leg], run.broker, limits=Limits())
    found = ours.legs[leg.symbol]
    same_rows(
        [*found.trades, *found.open],
        [*single.trades, *single.open],
        EXACT,
        PRICES,
        (*MONEY, "funding"),
    )
    same_rows(found.fills, single.fills, FILL_MARKS, ("price", "qty"), ("fee", "cash", "funding"))
    np.testing.assert_allclose(ours.equity, single.equity, rtol=1e-9, atol=1e-9)
    assert found.refusals == single.refusals


@pytest.mark.parametrize("seed", range(60))
def test_legs_that_never_contend_are_the_separate_runs(seed: int) -> None:
    run = random_portfolio(seed, n_legs=3)
    # Fixed sizes, and more money than they can ever use.
    fixed = [replace(leg.properties, qty_type="fixed", qty_value=1.2) for leg in run.legs]
    rich = replace(run.broker, initial_cash=1e7, margin_mode="none")
    legs = [
        replace(leg, properties=said) for leg, said in zip(run.fresh_legs(), fixed, strict=True)
    ]
    whole = simulate(legs, rich)
    earned = 0.0
    for leg, said in zip(run.fresh_legs(), fixed, strict=True):
        assert leg.script is not None
        rules = event.perpetual_for(leg.instrument, rich, leg.funding, leg.span_ms)
        single = event.simulate(
            leg.script, leg.bars, leg.instrument, rich, said, leg.finer, "", rules
        )
        found = whole.legs[leg.symbol]
        same_rows(
            [*found.trades, *found.open], [*single.trades, *single.open], EXACT, PRICES, MONEY
        )
        np.testing.assert_allclose(found.equity, single.equity, rtol=1e-9)
        earned += single.equity[-1] - rich.initial_cash
    assert whole.equity[-1] == pytest.approx(rich.initial_cash + earned, rel=1e-9)


@pytest.mark.parametrize("seed", range(40))
def test_the_parts_make_the_whole(seed: int) -> None:
    run = random_portfolio(seed)
    ours = simulate(run.fresh_legs(), run.broker, limits=run.limits)
    brought = sum(leg.equity[-1] - run.broker.initial_cash for leg in ours.legs.values())
    assert ours.equity[-1] == pytest.approx(run.broker.initial_cash + brought, abs=1e-6)
    fees = sum(fill.fee for _, fill in ours.ledger)
    assert fees == pytest.approx(
        sum(
            row.entry_fee + row.exit_fee
            for leg in ours.legs.values()
            for row in [*leg.trades, *leg.open]
        ),
        abs=1e-6,
    )
    assert len(ours.ledger) == sum(len(leg.fills) for leg in ours.legs.values())


def _found_out() -> bool:
    for seed in range(150):
        try:
            compare(seed)
        except AssertionError:
            return True
    return False


def test_entries_before_exits_would_be_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = import_module(MODULE)
    monkeypatch.setattr(loop, "_comes_first", lambda met: met.working.order.reduce_only)
    assert _found_out()


def test_names_backwards_would_be_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = import_module(MODULE)
    straight = loop.by_symbol
    monkeypatch.setattr(loop, "by_symbol", lambda legs: straight(legs)[::-1])
    assert _found_out()


def test_opens_before_the_ways_that_end_would_be_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Moment, "__lt__", lambda one, other: one.value > other.value)
    assert _found_out()
