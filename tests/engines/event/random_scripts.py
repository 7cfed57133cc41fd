"""Random scripts over random bars: every command, level and property that a script can use."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from engines.bars import Bars, Series
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
from engines.intervals import DAY_MS
from engines.rate_history import RateHistory
from engines.resampling import resample
from engines.risk_rules import LossLimit, RiskRules
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
    rates: RateHistory | None = None

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
        # What it sees decides too, so that passes inside a bar differ (A5).
        moment = view.opentrades + 31 * view.closedtrades if view.bar % 3 else 0
        rng = np.random.default_rng((self._seed, view.bar, moment))
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
        if rng.random() < 0.5:
            given |= {"comment_profit": "won", "comment_loss": "lost", "comment_trailing": "trail"}
        return Exit(f"X{name}", "" if rng.random() < 0.3 else name, **given)


class BybitScript(RandomScript):
    """Some of its orders are to make only, or to reduce only; some exits lie at the average."""

    def on_close(self, view: View) -> Iterator[Command]:
        yield from super().on_close(view)
        if view.bar % 5 == 0 and view.position_size:
            # Not a number, which is no level, while there are both sides.
            yield Exit("V", limit=view.position_avg_price)

    def _entry(self, rng: np.random.Generator, name: str, close: float) -> Entry:
        command, draw = super()._entry(rng, name, close), rng.random()
        return replace(command, post_only=draw < 0.1, reduce_only=draw > 0.8)


def called_for_margin(run: ScriptRun) -> ScriptRun:
    """The same run in whole contracts, as many as a small account can carry."""
    broker = replace(
        run.broker,
        initial_cash=8.0 * float(run.bars.close[0]) + 1.0,
        leverage=1.0,
        check_margin=True,
        taker_fee_rate=0.0,
        maker_fee_rate=0.0,
        fee_per_contract=0.0,
        fee_per_order=0.0,
    )
    said = replace(
        run.properties,
        qty_type="percent_of_equity",
        qty_value=100.0,
        margin_long=None,
        margin_short=None,
    )
    instrument = replace(run.instrument, lot=Decimal(1))
    return replace(
        run, instrument=instrument, broker=broker, properties=said, rates=None, finer=None
    )


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
    zone, start = (("UTC", "00:00"), ("America/New_York", "17:00"))[int(rng.integers(2))]
    instrument = Instrument(
        "linear", "FUZZ", Decimal(tick), Decimal(lot), timezone=zone, day_start=start
    )
    qty_type = ("fixed", "cash", "percent_of_equity")[int(rng.integers(3))]
    value = {"fixed": 1.234, "cash": 700.0, "percent_of_equity": 30.0}[qty_type]
    properties = Properties(
        qty_type,  # type: ignore[arg-type]
        value,
        int(rng.choice([0, 1, 3])),
        "ANY" if rng.random() < 0.5 else "FIFO",
        int(rng.choice([0, 0, 2])),
        str(rng.choice(["both", "both", "both", "long", "short"])),  # type: ignore[arg-type]
        risk=_random_rules(rng, float(bars.close[0])),
        **_random_margins(rng),
        margin_price="signal" if rng.random() < 0.3 else "fill",
        exit_levels="absolute" if rng.random() < 0.3 else "first",
        calc_on_order_fills=bool(rng.random() < 0.3),
    )
    rates = None
    if rng.random() < 0.25:
        day = np.arange(-2, 40, dtype=np.int64) + int(bars.open_ms[0]) // DAY_MS
        rates = RateHistory("EUR", day, np.round(rng.uniform(0.5, 1.5, len(day)), 4))
    finer = resample(fine, "5") if rng.random() < 0.3 else None
    if finer is None and rng.random() < 0.4:
        bars = _four_hours_each(bars)
    broker = _random_broker(rng, float(bars.close[0]))
    gapped = "filled" if rng.random() < 0.5 else "dropped"
    if rng.random() < 0.2:
        # Whole contracts, as of stocks and futures: a margin call may be for one (I4).
        instrument = replace(instrument, lot=Decimal(1))
    if qty_type == "percent_of_equity" and rng.random() < 0.6:
        # Nearly all that there is: small moves ask for margin.
        properties = replace(properties, qty_value=float(rng.choice([95.0, 100.0])))
    properties = replace(properties, gapped_exits=gapped)  # type: ignore[arg-type]
    return ScriptRun(seed, bars, finer, instrument, broker, properties, rates)


def _four_hours_each(bars: Bars) -> Bars:
    """The same prices over some days, so that days end."""
    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    open_ms = bars.open_ms[0] // DAY_MS * DAY_MS + 4 * 3_600_000 * np.arange(len(bars))
    return Bars.from_columns(Series("linear", "FUZZ", "240"), {"open_ms": open_ms, **columns})


def _random_rules(rng: np.random.Generator, price: float) -> RiskRules:
    """Every limit of `strategy.risk.*`, now and then within reach."""
    if rng.random() < 0.55:
        return RiskRules()

    def limit(low: float, high: float) -> LossLimit | None:
        draw = rng.random()
        value = float(rng.uniform(low, high))
        if draw < 0.15:
            return LossLimit(value)
        return LossLimit(value * price / 100.0, "cash") if draw < 0.25 else None

    return RiskRules(
        float(rng.choice([1.0, 2.5, 1000.0])) if rng.random() < 0.2 else None,
        int(rng.integers(1, 8)) if rng.random() < 0.2 else None,
        limit(0.05, 3.0),
        limit(0.5, 8.0),
        int(rng.integers(1, 4)) if rng.random() < 0.15 else None,
    )


def _random_margins(rng: np.random.Generator) -> dict[str, Any]:
    if rng.random() < 0.5:
        return {}
    long, short = rng.choice([0.0, 25.0, 100.0]), rng.choice([0.0, 30.0, 100.0])
    return {"margin_long": float(long), "margin_short": float(short)}


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
