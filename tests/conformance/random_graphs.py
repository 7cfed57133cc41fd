"""Random graphs over random bars: every signal rule, exit, sizing and broker setting there is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np

from engines.bars import Bars
from engines.broker import Broker
from engines.funding import FundingRates
from engines.instrument import Instrument, MarginTier
from engines.resampling import resample
from strategies.backtest import Terms
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.rows import has_rules
from strategies.graph import (
    BreakEven,
    Cash,
    CoolDown,
    Exit,
    FixedQty,
    PercentOfEquity,
    RiskPercent,
    Series,
    Sizing,
    StopLoss,
    Strategy,
    TakeProfit,
    TimeExit,
    TrailingStop,
    close,
    high,
    low,
)
from strategies.graph import (
    open as opened,
)
from tests.conformance.random_orders import with_orders
from tests.conformance.random_rules import with_rules
from tests.engines.golden.corpus import random_bars

Rng = np.random.Generator


@dataclass(frozen=True)
class GraphRun:
    """A random strategy with everything that it runs on; trading starts at `start_ms`."""

    strategy: Strategy
    dataset: Dataset
    terms: Terms
    start_ms: int


def looks_alike(run: GraphRun) -> bool:
    """Whether the kernel weighs the order inside bars as the other engines do.

    A lot that was entered inside a bar it looks at from the next bar on, not the next finer one.
    """
    rests = run.strategy.entry is not None or run.strategy.ladder is not None
    return run.dataset.finer is None or not rests


def random_graph_run(seed: int, *, on_a_grid: bool = False) -> GraphRun:
    """Everything drawn from a seed; `on_a_grid` leaves out instruments without tick or lot."""
    rng = np.random.default_rng(seed)
    fine = random_bars(rng, n_bars=int(rng.integers(20, 70)) * 15)
    bars = resample(fine, "15")
    dataset = Dataset(bars, fine if rng.random() < 0.3 else None)
    terms = Terms(_instrument(rng, on_a_grid), _broker(rng))
    start_ms = int(bars.open_ms[int(rng.integers(0, 6))])
    ticks = terms.instrument.tick > 0
    plain = with_rules(_strategy(rng, ticks), np.random.default_rng([seed, 1]))
    strategy = with_orders(plain, np.random.default_rng([seed, 2]), ticks)
    return GraphRun(strategy, dataset, terms, start_ms)


def _instrument(rng: Rng, on_a_grid: bool) -> Instrument:
    grids = (("0.5", "0.01"), ("0.1", "0.001"), ("0", "0"))
    tick, lot = grids[int(rng.integers(2 if on_a_grid else 3))]
    return Instrument(
        "linear",
        "FUZZ",
        Decimal(tick),
        Decimal(lot),
        min_notional=Decimal("5" if rng.random() < 0.3 else "0"),
        min_qty=Decimal("0.5" if rng.random() < 0.1 else "0"),
        contract_value=Decimal("10" if rng.random() < 0.2 else "1"),
    )


def _broker(rng: Rng) -> Broker:
    fee = float(rng.choice([0.0, 0.0006]))
    return Broker(
        "tradingview" if rng.random() < 0.5 else "bybit_linear",
        # Small accounts come into the margin's reach and go bankrupt.
        initial_cash=float(rng.choice([60.0, 1_000.0, 10_000.0])),
        leverage=float(rng.choice([1.0, 3.0, 20.0])),
        taker_fee_rate=fee,
        maker_fee_rate=fee / 3.0,
        fee_per_contract=float(rng.choice([0.0, 0.01])),
        fee_per_order=float(rng.choice([0.0, 0.5])),
        slippage_ticks=float(rng.integers(0, 3)),
        fill_at="close" if rng.random() < 0.3 else "next_open",
        size_at="fill" if rng.random() < 0.3 else "signal",
        exits_from="next_bar" if rng.random() < 0.3 else "fill",
        money_digits=int(rng.choice([0, 10])),
        check_margin=bool(rng.random() < 0.8),
    )


def _strategy(rng: Rng, ticks: bool) -> Strategy:
    exits = _exits(rng, ticks)
    sizings: list[Sizing] = [
        FixedQty(1.234),
        Cash(700.0),
        PercentOfEquity(float(rng.choice([30, 100]))),
    ]
    if any(isinstance(one, StopLoss) for one in exits):
        sizings.append(RiskPercent(1.0))
    # Moves of a few ticks happen often, larger ones now and then.
    far = close.shift(int(rng.integers(1, 4)))
    near = opened.shift(int(rng.integers(0, 3)))
    gap = float(rng.choice([0.0, 1.0]))
    given: dict[str, Any] = {
        "enter_long": close > far + gap,
        "enter_short": close < far - gap,
        "exit_long": close < near - 2.0 * gap,
        "exit_short": close > near + 2.0 * gap,
    }
    if rng.random() < 0.3:
        # Both at once, often.
        given["enter_short"] = high > far + gap
    for name in ("exit_long", "exit_short"):
        if rng.random() < 0.5:
            del given[name]
    if rng.random() < 0.3:
        given["during"] = close < high
        given["close_outside"] = bool(rng.random() < 0.5)
    if rng.random() < 0.3:
        given["cool_down"] = CoolDown(5, str(rng.choice(["any", "loss"])))  # type: ignore[arg-type]
    return Strategy(
        "random",
        exits=exits,
        sizing=sizings[int(rng.integers(len(sizings)))],
        on_opposite=str(rng.choice(["reverse", "close", "ignore"])),  # type: ignore[arg-type]
        pyramiding=int(rng.choice([1, 1, 3])),
        direction=str(rng.choice(["both", "both", "long", "short"])),  # type: ignore[arg-type]
        **given,
    )


def _exits(rng: Rng, ticks: bool) -> list[Exit]:
    found: list[Exit] = []
    if rng.random() < 0.25:
        return found
    if rng.random() < 0.8:
        found.append(_stop(rng, ticks))
    count = int(rng.integers(1, 4)) if rng.random() < 0.7 else 0
    for number in range(1, count + 1):
        portion = 100.0 / count if rng.random() < 0.7 else 25.0
        if rng.random() < 0.2:
            found.append(
                TakeProfit(price=high + float(number), short_price=low - number, portion=portion)
            )
        else:
            found.append(TakeProfit(**_distance(rng, ticks, number), portion=portion))
    if rng.random() < 0.4:
        trail = _distance(rng, ticks)
        armed = {f"activation_{name}": one for name, one in _distance(rng, ticks).items()}
        found.append(TrailingStop(**trail, **(armed if rng.random() < 0.6 else {})))
    if rng.random() < 0.4:
        found.append(_break_even(rng, ticks, count))
    if rng.random() < 0.3:
        found.append(TimeExit(int(rng.integers(1, 9))))
    return found


def _stop(rng: Rng, ticks: bool) -> StopLoss:
    follow = bool(rng.random() < 0.5)
    draw = rng.random()
    if draw < 0.3:
        # Now and then on the wrong side of the price.
        return StopLoss(price=low - 0.5, short_price=high + 0.5, follow=follow)
    if draw < 0.4:
        return StopLoss(price=close.shift(2), follow=follow)
    given = _distance(rng, ticks)
    return StopLoss(**given, follow=follow and "of" in given)


def _break_even(rng: Rng, ticks: bool, targets: int) -> BreakEven:
    # Mixed forms may lie beyond their trigger.
    name = "offset_ticks" if ticks and rng.random() < 0.5 else "offset_percent"
    offset: dict[str, Any] = {name: float(rng.choice([0.2, 3.0]))}
    if targets and rng.random() < 0.5:
        return BreakEven(after_target=int(rng.integers(1, targets + 1)), **offset)
    trigger = {f"trigger_{name}": one for name, one in _distance(rng, ticks).items()}
    if "trigger_percent" in trigger:
        offset = {"offset_ticks": 4.0} if ticks else {"offset_percent": 0.5}
    if "trigger_ticks" in trigger:
        offset = {"offset_percent": 0.2}
    return BreakEven(**trigger, **offset)


def _distance(rng: Rng, ticks: bool, times: int = 1) -> dict[str, Any]:
    form = int(rng.integers(3))
    if form == 0 or (form == 1 and not ticks):
        return {"percent": 1.2 * times}
    if form == 1:
        return {"ticks": float(rng.choice([4.0, 2.5])) * times}
    spread: Series = high - low
    # Zero in a bar that did not move: no distance at all.
    return {"multiple": 0.8 * times, "of": spread}


def with_broker(run: GraphRun, **changes: Any) -> GraphRun:
    """The same run under other settings."""
    return replace(run, terms=replace(run.terms, broker=replace(run.terms.broker, **changes)))


def as_inverse(run: GraphRun) -> GraphRun:
    """The same run on an inverse contract: money in coin, quantities in contracts of 1 USD."""
    price, broker, sizing = float(run.dataset.bars.close[0]), run.terms.broker, run.strategy.sizing
    instrument = replace(run.terms.instrument, category="inverse", contract_value=Decimal(1))
    broker = replace(
        broker,
        profile="bybit_inverse",
        # Off every round quantity's cost, which a double of coin does not hit exactly.
        initial_cash=broker.initial_cash / price**2 * 1.00001,
        fee_per_contract=broker.fee_per_contract / price,
        fee_per_order=broker.fee_per_order / price,
    )
    if isinstance(sizing, Cash):
        sizing = Cash(700.0 / price**2)
    return GraphRun(
        run.strategy.edit(sizing=sizing), run.dataset, Terms(instrument, broker), run.start_ms
    )


def under_margin(run: GraphRun, rng: Rng) -> GraphRun:
    """The same run under one of Bybit's margin modes, with tiers and accounts that are reached."""
    tiers = (("400", "50", "0.01", "0"), ("1500", "50", "0.02", "0"), ("1e9", "50", "0.05", "0"))
    instrument = replace(
        run.terms.instrument,
        contract_value=Decimal(1),
        margin_tiers=tuple(MarginTier(*map(Decimal, one)) for one in tiers),
        funding_interval_minutes=60,
    )
    broker = replace(
        run.terms.broker,
        profile="bybit_linear",
        initial_cash=float(rng.choice([60.0, 200.0, 1_000.0])),
        leverage=float(rng.choice([3.0, 10.0, 25.0])),
        margin_mode="isolated" if rng.random() < 0.4 else "cross",
        funding="none" if rng.random() < 0.5 else "history",
    )
    return replace(run, terms=Terms(instrument, broker, _funding(rng, run.dataset.bars)))


def _funding(rng: Rng, bars: Bars) -> FundingRates:
    """Settlements at opens of bars, and inside them."""
    step_ms = 60_000 * int(rng.choice([20, 60]))
    first = bars.start_ms // 3_600_000 * 3_600_000
    times = np.arange(first, bars.end_ms + 1, step_ms, dtype=np.int64)
    return FundingRates("linear", "FUZZ", times, rng.normal(0.0, 0.002, len(times)))


def for_recorded_trades(run: GraphRun) -> GraphRun:
    """The same run without a day's orders, and without entries that rest under limits.

    What trades on recorded trades does not know these.
    """
    strategy, limits = run.strategy, run.strategy.limits
    if limits is not None:
        strategy = strategy.edit(limits=replace(limits, orders_per_day=0))
    if strategy.entry is not None and has_rules(strategy):
        strategy = strategy.edit(entry=None)
    return replace(run, strategy=strategy)
