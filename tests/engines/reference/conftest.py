"""Plays a handful of bars to a script, on the oracle and on the event engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from engines import event, reference
from engines.bars import Bars, Series
from engines.broker import TRADINGVIEW
from engines.commands import Command, Properties
from engines.instrument import Instrument
from engines.intervals import Interval
from engines.rate_history import RateHistory
from engines.script import Script, View

Bar = tuple[float, float, float, float]
Plan = Mapping[int, Sequence[Command]] | Callable[[View], Iterable[Command]]
Play = Callable[..., Any]
ENGINES: dict[str, Callable[..., Any]] = {"oracle": reference.simulate, "event": event.simulate}

MINUTE_MS = 60_000
DAY_MS = 86_400_000
_INTERVALS: dict[int, Interval] = {MINUTE_MS: "1", 60 * MINUTE_MS: "60", DAY_MS: "D"}


class Planned:
    """A script that orders by bar number, or by a function of what it sees."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan

    def on_close(self, view: View) -> Iterable[Command]:
        if isinstance(self._plan, Mapping):
            return self._plan.get(view.bar, ())
        return self._plan(view)


@pytest.fixture(params=ENGINES)
def play(request: pytest.FixtureRequest) -> Play:
    """Bars as (open, high, low, close) on a grid of 0.1 and 0.01, no fees unless asked for."""

    def run(
        bars: Sequence[Bar],
        plan: Plan | Script,
        /,
        broker: Any = None,
        step_ms: int = MINUTE_MS,
        rates: RateHistory | None = None,
        clock: Mapping[str, Any] | None = None,
        **properties: Any,
    ) -> Any:
        table = np.array(bars, dtype=float)
        columns = dict(zip(("open", "high", "low", "close"), table.T, strict=True))
        made = Bars.from_columns(
            Series("linear", "TEST", _INTERVALS[step_ms]),
            {
                "open_ms": step_ms * np.arange(len(bars)),
                **columns,
                "volume": np.ones(len(bars)),
            },
        )
        instrument = Instrument("linear", "TEST", Decimal("0.1"), Decimal("0.01"), **(clock or {}))
        rules = replace(TRADINGVIEW, **(broker or {}))
        simulate = ENGINES[request.param]
        script = plan if hasattr(plan, "on_close") else Planned(plan)
        said = Properties(**properties)
        return simulate(script, made, instrument, rules, said, rates=rates)

    return run
