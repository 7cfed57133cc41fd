"""Two independent engines, one ledger: entries that rest in the market, on random runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engines.commands import Cancel, Close, Command, Entry, Exit
from engines.kernel import layout as at
from engines.reference import Outcome, simulate
from engines.result import Result
from engines.script import View
from tests.engines.reference.test_kernel_agrees import (
    LEAVE_LONG,
    LONG,
    SHORT,
    Run,
    assert_same,
    kernel_result,
    lowered,
    random_run,
)
from tests.examples import examples


@dataclass(frozen=True)
class Waiting:
    """How an entry waits: its type, ticks or a fraction from the close, bars, and its limit."""

    type: int
    kind: int
    distance: float
    bars: int
    limit: float

    def prices(self, close: float, side: float, tick: float) -> dict[str, float]:
        away = -side if self.type == at.LIMIT_ENTRY else side
        price = close + away * self.distance * tick
        if self.kind == at.FRACTION:
            price = close * (1.0 + away * self.distance)
        if self.type == at.LIMIT_ENTRY:
            return {"limit": price}
        if self.type == at.STOP_ENTRY:
            return {"stop": price}
        return {"stop": price, "limit": price * (1.0 + side * self.limit)}


def random_waiting(rng: np.random.Generator) -> Waiting:
    kind = int(rng.choice([at.FRACTION, at.TICKS]))
    return Waiting(
        int(rng.choice([at.LIMIT_ENTRY, at.STOP_ENTRY, at.STOP_LIMIT_ENTRY])),
        kind,
        float(rng.choice([0.0, 0.004, 0.01] if kind == at.FRACTION else [0.0, 1.0, 2.6, 7.0])),
        int(rng.choice([0, 1, 4])),
        float(rng.choice([-0.003, 0.0, 0.01])),
    )


class Script:
    """A graph with such entries, told in the commands of Pine."""

    def __init__(self, run: Run, waiting: Waiting) -> None:
        self._run, self._waiting = run, waiting
        self._until: dict[str, float] = {}
        tick = float(run.instrument.tick)
        self._close = np.rint(run.bars.close / tick) * tick
        bracket = run.bracket
        self._levels: dict[str, Any] = {name: bracket.get(name) for name in ("loss", "profit")}
        if "trail" in bracket:
            ticks = {"trail_points": bracket["activation"], "trail_offset": bracket["trail"]}
            self._levels |= ticks

    def on_close(self, view: View) -> Iterator[Command]:
        signal = int(self._run.signals[view.bar])
        for side, until in list(self._until.items()):
            if until <= view.bar:
                yield Cancel(side)
                del self._until[side]
        if signal in (LONG, SHORT):
            yield from self._enter("long" if signal == LONG else "short", view)
        elif signal:
            side = "long" if signal == LEAVE_LONG else "short"
            self._until.pop(side, None)
            yield Cancel(side)
            yield Close(side)

    def _enter(self, name: str, view: View) -> Iterator[Command]:
        side = 1.0 if name == "long" else -1.0
        full = view.opentrades >= max(1, self._run.properties.pyramiding)
        if view.position_size * side > 0.0 and full:
            return
        tick = float(self._run.instrument.tick)
        prices = self._waiting.prices(float(self._close[view.bar]), side, tick)
        yield Entry(name, name, **prices)  # type: ignore[arg-type]
        yield Exit("X", name, **self._levels)
        bars = self._waiting.bars
        self._until[name] = view.bar + bars if bars else np.inf


def on_kernel(run: Run, waiting: Waiting) -> Result:
    params, choices = lowered(run)
    choices[0, at.ENTRY_TYPE] = waiting.type
    choices[0, at.ENTRY_KIND] = waiting.kind
    choices[0, at.ENTRY_BARS] = waiting.bars
    params[0, at.ENTRY_DISTANCE] = waiting.distance
    params[0, at.ENTRY_LIMIT] = waiting.limit
    return kernel_result(run, params, choices, bool(run.bracket), full=True)


def on_oracle(run: Run, waiting: Waiting) -> Outcome:
    script = Script(run, waiting)
    return simulate(script, run.bars, run.instrument, run.broker, run.properties, run.finer)


def random_case(seed: int) -> tuple[Run, Waiting]:
    run = random_run(seed)
    # Pine's own margin calls, and its checks at every close (I6), are not those of a graph.
    unchecked = replace(run.broker, check_margin=False, initial_cash=10_000.0)
    run = replace(run, broker=unchecked, properties=replace(run.properties, margin="called"))
    return run, random_waiting(np.random.default_rng(seed))


@examples(150)
@given(seed=st.integers(0, 2**32 - 1))
def test_resting_entries_agree_with_the_oracle(seed: int) -> None:
    run, waiting = random_case(seed)
    assert_same(on_kernel(run, waiting), on_oracle(run, waiting))
