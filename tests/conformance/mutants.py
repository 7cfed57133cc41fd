"""Is a rule that was broken on purpose noticed? Random runs against an engine that is whole."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from engines import reference
from engines.kernel import run as kernels
from engines.result import Result
from strategies.backtest import backtest
from strategies.scripting.graph_run import Witness, backtest_graph
from tests.conformance.ledgers import assert_alike, assert_equal_ledgers, assert_same_doubts
from tests.conformance.random_graphs import GraphRun, random_graph_run, with_broker
from tests.engines.event import agreement
from tests.engines.event.random_scripts import called_for_margin, random_script_run

SEEDS = range(300)


@cache
def graph_run(seed: int) -> GraphRun:
    return random_graph_run(seed, on_a_grid=True)


def traded(seed: int, engine: Witness) -> Result:
    run = graph_run(seed)
    return backtest_graph(run.strategy, {}, run.dataset, run.terms, run.start_ms, engine=engine)


@cache
def whole(seed: int) -> Result:
    """What the event engine makes of a run while nothing is broken."""
    return traded(seed, "event")


@cache
def whole_script(seed: int) -> reference.Outcome:
    """What the oracle makes of a script's run while nothing is broken."""
    return agreement.on_oracle(random_script_run(seed))


@cache
def whole_call(seed: int) -> reference.Outcome:
    """The same of a script whose margin is called for."""
    return agreement.on_oracle(called_for_margin(random_script_run(seed)))


def in_plain_python(patch: pytest.MonkeyPatch) -> None:
    """Kernels without the compiler, so that what is patched is what runs."""
    for kernel in (kernels.plain, kernels.bracket, kernels.full):
        patch.setattr(kernel, "_compiled", kernel.python)


def kernel_agrees(seed: int) -> None:
    """Raise AssertionError if the kernel trades a graph as the event engine does not."""
    run = graph_run(seed)
    ours = backtest(run.strategy, {}, run.dataset, run.terms, run.start_ms)
    assert_equal_ledgers(ours, whole(seed))


def kernel_agrees_with(changes: dict[str, Any], settings: dict[str, Any]) -> Callable[[int], None]:
    """The same with these changes of graph and broker: for corners that few runs reach."""

    def agrees(seed: int) -> None:
        drawn = with_broker(graph_run(seed), **settings)
        run = replace(drawn, strategy=drawn.strategy.edit(entry=None, limits=None, **changes))
        ours = backtest(run.strategy, {}, run.dataset, run.terms, run.start_ms)
        theirs = backtest_graph(run.strategy, {}, run.dataset, run.terms, run.start_ms)
        assert_equal_ledgers(ours, theirs)

    return agrees


def event_agrees(seed: int) -> None:
    """Raise AssertionError if the event engine does not trade a graph as it did when whole."""
    ours = traded(seed, "event")
    assert_equal_ledgers(ours, whole(seed))
    assert_same_doubts(ours, whole(seed))


def event_agrees_on_scripts(seed: int) -> None:
    """Raise AssertionError if it does not trade a script as the oracle does."""
    run = random_script_run(seed)
    agreement.assert_same(agreement.on_event_engine(run), whole_script(seed))


def event_agrees_on_calls(seed: int) -> None:
    """The same where margin is called for, one whole contract at a time."""
    run = called_for_margin(random_script_run(seed))
    agreement.assert_same(agreement.on_event_engine(run), whole_call(seed))


def oracle_agrees_on_scripts(seed: int) -> None:
    """Raise AssertionError if the oracle does not trade a script as the event engine does."""
    run = random_script_run(seed)
    agreement.assert_same(agreement.on_event_engine(run), agreement.on_oracle(run))


def oracle_agrees_on_calls(seed: int) -> None:
    """The same where margin is called for."""
    run = called_for_margin(random_script_run(seed))
    agreement.assert_same(agreement.on_event_engine(run), agreement.on_oracle(run))


def oracle_agrees(seed: int) -> None:
    """Raise AssertionError if the oracle trades a graph as the event engine does not."""
    ours = traded(seed, "reference")
    assert_alike(ours, whole(seed))
    assert_same_doubts(ours, whole(seed))


def everywhere(
    patch: pytest.MonkeyPatch, package: str, name: str, wrong: Callable[..., Any]
) -> None:
    """Put `wrong` wherever the package's modules look `name` up."""
    users = [
        module
        for path, module in list(sys.modules.items())
        if path.startswith(package) and hasattr(module, name)
    ]
    assert users, f"{package} has no {name}"
    for module in users:
        patch.setattr(module, name, wrong)


Break = Callable[[pytest.MonkeyPatch], None]
Compare = Callable[[int], None]


def assert_noticed(rule: str, break_it: Break, compare: Compare) -> None:
    """Fail unless one of the runs differs, or breaks down, once the rule is broken."""
    for seed in SEEDS:
        whole(seed)
        whole_script(seed)
        with pytest.MonkeyPatch.context() as patch:
            break_it(patch)
            try:
                compare(seed)
            except (AssertionError, ArithmeticError, LookupError, ValueError, RuntimeWarning):
                return
    pytest.fail(f"{rule} was broken, and no run noticed")
