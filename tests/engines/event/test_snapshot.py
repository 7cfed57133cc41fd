"""A session laid down at any bar and taken up elsewhere trades as if nothing had happened."""

from __future__ import annotations

import json

import numpy as np
import pytest

from engines.errors import InvalidInput
from engines.event import Session, bar_events, restore, snapshot
from strategies.scripting.graph_rules import GraphRules
from strategies.scripting.graph_run import graph_script
from tests.conformance.random_graphs import GraphRun, random_graph_run
from tests.engines.event.agreement import on_event_engine
from tests.engines.event.random_scripts import ScriptRun, random_script_run


def session_of(run: ScriptRun) -> Session:
    return Session(run.script(), run.instrument, run.broker, run.properties)


@pytest.mark.parametrize("seed", range(150))
def test_a_session_goes_on_where_it_was_laid_down(seed: int) -> None:
    run = random_script_run(seed)
    events = list(bar_events(run.bars, run.instrument, run.finer, rates=run.rates))
    stop = int(np.random.default_rng(seed).integers(len(events)))
    first = session_of(run)
    equity = [first.feed(bar) for bar in events[:stop]]
    laid_down = json.dumps(snapshot(first.trader, first.exchange))
    second = session_of(run)
    restore(json.loads(laid_down), second.trader, second.exchange)
    equity += [second.feed(bar) for bar in events[stop:]]
    whole = on_event_engine(run)
    assert second.trader.account.fills == whole.fills
    assert second.trader.account.trades == whole.trades
    assert equity == whole.equity


def session_of_graph(run: GraphRun, known_bars: int) -> Session:
    terms, tolerance = run.terms, run.terms.broker.compare_tolerance
    rules = GraphRules(run.strategy, {}, float(terms.instrument.tick))
    script = graph_script(run.strategy, rules, {}, run.dataset, tolerance, known_bars)
    return Session(script, terms.instrument, terms.broker, rules.properties)


@pytest.mark.parametrize("seed", range(80))
def test_a_graph_goes_on_where_it_was_laid_down(seed: int) -> None:
    run = random_graph_run(seed)
    events = list(bar_events(run.dataset.bars, run.terms.instrument, run.dataset.finer))
    stop = int(np.random.default_rng(seed).integers(len(events)))
    whole, first = session_of_graph(run, 0), session_of_graph(run, 0)
    expected = [whole.feed(bar) for bar in events]
    equity = [first.feed(bar) for bar in events[:stop]]
    laid_down = json.dumps(snapshot(first.trader, first.exchange))
    second = session_of_graph(run, stop)
    restore(json.loads(laid_down), second.trader, second.exchange)
    equity += [second.feed(bar) for bar in events[stop:]]
    assert second.trader.account.fills == whole.trader.account.fills
    assert second.trader.account.refusals == whole.trader.account.refusals
    assert equity == expected


def test_a_snapshot_of_another_schema_is_refused() -> None:
    session = session_of(random_script_run(1))
    state = snapshot(session.trader, session.exchange) | {"schema": 7}
    with pytest.raises(InvalidInput, match=r"snapshot.schema.*7"):
        restore(state, session.trader, session.exchange)


def test_a_snapshot_without_its_venue_is_refused() -> None:
    session = session_of(random_script_run(1))
    with pytest.raises(InvalidInput, match=r"snapshot.exchange"):
        restore(snapshot(session.trader), session.trader, session.exchange)


def test_order_names_depend_on_the_decision_alone() -> None:
    run = random_script_run(5)
    names = [fill.order_id for fill in on_event_engine(run).fills]
    again = [fill.order_id for fill in on_event_engine(run).fills]
    assert names == again
    assert len(names) > 3
    assert all(len(name) == 36 for name in names if name)
