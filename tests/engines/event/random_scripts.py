"""Random scripts over random bars: every command, level and property that a script can use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from engines.bars import Bars
from engines.broker import TRADINGVIEW, Broker
from engines.commands import (
    Cancel,
    CancelAll,
    Close,
    CloseAll,
    Command,
    Entry,
    Exit,
    Order,
    Properties,
)
from engines.instrument import Instrument
from engines.resampling import resample
from engines.script import View
from tests.engines.golden.corpus import random_bars

IDS = ("A", "B", "C")


@dataclass(frozen=True)
class ScriptRun:
    """A random script with everything that it runs on."""

    seed: int
    bars: Bars
    finer: Bars | None
    instrument: Instrument
    broker: Broker
    properties: Properties

    def script(self) -> RandomScript:
        """The script, fresh: it draws the same commands whenever it sees the same."""
        bybit = self.broker.profile != "tradingview"
        kind = BybitScript if bybit else RandomScript
        return kind(self.seed, self.bars, float(self.instrument.tick))


class RandomScript:
    """Calls commands at random, at levels near the price, a few in a bar."""

    def __init__(self, seed: int, bars: Bars, tick: float) -> None:
        self._seed = seed
        self._bars = bars
        self._tick = tick

    def on_close(self, view: View) -> Iterator[Command]:
        rng = np.random.default_rng((self._seed, view.bar))
        busy = np.random.default_rng(self._seed).random()
        for _ in range(int(rng.integers(0, 4)) if rng.random() < 0.2 + busy / 2 else 0):
            yield self._command(rng, float(self._bars.close[view.bar]))

    def _command(self, rng: np.random.Generator, close: float) -> Command:
        name = str(rng.choice(IDS))
        draw = rng.random()
        if draw < 0.45:
            return self._entry(rng, name, close)
        if draw < 0.8:
            return self._exit(rng, name, close)
        if draw < 0.9:
            return Close(name, **self._part(rng), immediately=bool(rng.random() < 0.3))
        if draw < 0.93:
            return CloseAll(immediately=bool(rng.random() < 0.3))
        if rng.random() < 0.5:
            name = f"X{name}"
        return Cancel(name) if draw < 0.98 else CancelAll()

    def _near(self, rng: np.random.Generator, close: float) -> float:
        return close + float(rng.integers(-24, 25)) * self._tick * float(rng.choice([0.5, 1.0]))

    def _part(self, rng: np.random.Generator) -> dict[str, Any]:
        if rng.random() < 0.25:
            return {"qty": float(rng.choice([0.4, 1.0, 2.5, float("nan")]))}
        return {"qty_percent": float(rng.choice([30, 50, 100]))} if rng.random() < 0.4 else {}

    def _entry(self, rng: np.random.Generator, name: str, close: float) -> Entry:
        kind = Order if rng.random() < 0.3 else Entry
        given: dict[str, Any] = {}
        if rng.random() < 0.4:
            given["limit"] = self._near(rng, close)
        if rng.random() < 0.4:
            given["stop"] = self._near(rng, close)
        if rng.random() < 0.5:
            given["qty"] = float(rng.choice([0.7, 1.0, 2.0, 0.0]))
        if rng.random() < 0.3:
            given |= {"oca_name": "G", "oca_type": str(rng.choice(["none", "cancel", "reduce"]))}
        return kind(name, "long" if rng.random() < 0.5 else "short", **given)

    def _exit(self, rng: np.random.Generator, name: str, close: float) -> Exit:
        given = self._part(rng)
        for level in ("profit", "loss"):
            if rng.random() < 0.35:
                given[level] = float(rng.integers(1, 25)) * float(rng.choice([0.5, 1.0]))
        for level in ("limit", "stop"):
            if rng.random() < 0.25:
                given[level] = self._near(rng, close)
        if rng.random() < 0.3:
            given["trail_points"] = float(rng.integers(0, 12))
        elif rng.random() < 0.15:
            given["trail_price"] = self._near(rng, close)
        if rng.random() < 0.7:
            given["trail_offset"] = float(rng.integers(0, 9)) * float(rng.choice([0.7, 1.0]))
        return Exit(f"X{name}", "" if rng.random() < 0.3 else name, **given)


class BybitScript(RandomScript):
    """Some of its orders are to make only, or to reduce only."""

    def _entry(self, rng: np.random.Generator, name: str, close: float) -> Entry:
        command, draw = super()._entry(rng, name, close), rng.random()
        return replace(command, post_only=draw < 0.1, reduce_only=draw > 0.8)


def as_inverse(run: ScriptRun) -> ScriptRun:
    """The same run on an inverse contract: money in coin, quantities in contracts of 1 USD."""
    price = float(run.bars.close[0])
    instrument = replace(run.instrument, category="inverse", lot=Decimal("0.01"))
    broker = replace(
        run.broker,
        profile="bybit_inverse",
        # Off every round quantity's cost, which a double of coin does not hit exactly.
        initial_cash=run.broker.initial_cash / price**2 * 1.00001,
        fee_per_contract=run.broker.fee_per_contract / price,
        fee_per_order=run.broker.fee_per_order / price,
    )
    said = run.properties
    cash = said.qty_value / price**2 if said.qty_type == "cash" else said.qty_value
    return replace(
        run, instrument=instrument, broker=broker, properties=replace(said, qty_value=cash)
    )


def random_script_run(seed: int) -> ScriptRun:
    """Everything drawn from a seed."""
    rng = np.random.default_rng(seed)
    fine = random_bars(rng, n_bars=int(rng.integers(10, 50)) * 15)
    bars = resample(fine, "15")
    tick, lot = (("0.5", "0.01"), ("0.1", "0.001"))[int(rng.integers(2))]
    instrument = Instrument("linear", "FUZZ", Decimal(tick), Decimal(lot))
    qty_type = ("fixed", "cash", "percent_of_equity")[int(rng.integers(3))]
    value = {"fixed": 1.234, "cash": 700.0, "percent_of_equity": 30.0}[qty_type]
    properties = Properties(
        qty_type,  # type: ignore[arg-type]
        value,
        int(rng.choice([0, 1, 3])),
        "ANY" if rng.random() < 0.5 else "FIFO",
        int(rng.choice([0, 0, 2])),
        str(rng.choice(["both", "both", "both", "long", "short"])),  # type: ignore[arg-type]
    )
    return ScriptRun(
        seed,
        bars,
        resample(fine, "5") if rng.random() < 0.3 else None,
        instrument,
        _random_broker(rng, float(bars.close[0])),
        properties,
    )


def _random_broker(rng: np.random.Generator, price: float) -> Broker:
    fee = float(rng.choice([0.0, 0.0006]))
    # Small accounts come into the margin's reach, large ones never do.
    cash = price * float(rng.choice([1.0, 3.0, 1000.0]))
    return replace(
        TRADINGVIEW,
        initial_cash=cash,
        leverage=float(rng.choice([1.0, 1.0, 4.0])),
        taker_fee_rate=fee,
        maker_fee_rate=fee / 3.0,
        fee_per_contract=float(rng.choice([0.0, 0.01])),
        fee_per_order=float(rng.choice([0.0, 0.5])),
        slippage_ticks=float(rng.integers(0, 3)),
        fill_at="close" if rng.random() < 0.3 else "next_open",
        check_margin=bool(rng.random() < 0.5),
    )
