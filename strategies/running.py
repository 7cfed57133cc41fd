"""Which engine runs a strategy? A function of the strategy and the broker's rules, or a choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from engines.batch import gpu
from engines.broker import Broker
from engines.errors import InvalidInput
from engines.result import Result
from strategies.backtest import Terms, backtest, kernel_knows
from strategies.evaluation.dataset import Dataset
from strategies.graph.numbers import Number
from strategies.graph.strategy import Strategy
from strategies.scripting import EventStrategy, backtest_script
from strategies.scripting.graph_run import backtest_graph

Engine = Literal["auto", "reference", "cpu", "gpu", "event"]
Path = Literal["reference", "cpu", "gpu", "event"]

_NEITHER: Final = "Bybit's margin, inverse contracts and spot"


def engine_for(strategy: Strategy | EventStrategy, broker: Broker, wanted: Engine) -> Path:
    """The engine that runs a strategy; `auto` takes the kernel for graphs whose rules it knows.

    Raises InvalidInput for an engine that cannot run it, and for `gpu` where there is none: a
    wish is never answered by another engine.
    """
    if isinstance(strategy, EventStrategy):
        if wanted not in ("auto", "event"):
            raise InvalidInput("engine", wanted, "auto or event for a strategy of Python code")
        return "event"
    if wanted == "auto":
        return "cpu" if kernel_knows(broker) else "event"
    if wanted != "event" and not kernel_knows(broker):
        expected = f"auto or event: no other engine knows {_NEITHER}"
        raise InvalidInput("engine", wanted, expected)
    if wanted == "gpu":
        gpu.check_available()
    return wanted


def run_strategy(
    strategy: Strategy | EventStrategy,
    values: Mapping[str, Number],
    dataset: Dataset,
    terms: Terms,
    start_ms: int | None = None,
    end_ms: int | None = None,
    engine: Engine = "auto",
) -> Result:
    """Run one row of parameters and keep everything; an event strategy has its own already.

    Which engine ran is part of the result's spec (`path`). Raises InvalidInput for an engine that
    cannot run it, values out of range and ranges without bars.
    """
    chosen = engine_for(strategy, terms.broker, engine)
    if isinstance(strategy, EventStrategy):
        return backtest_script(strategy, dataset, terms, start_ms, end_ms)
    if chosen == "cpu" or chosen == "gpu":
        return backtest(strategy, values, dataset, terms, start_ms, end_ms, chosen)
    return backtest_graph(strategy, values, dataset, terms, start_ms, end_ms, chosen)
