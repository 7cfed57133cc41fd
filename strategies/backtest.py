"""What would this strategy have earned? One run, or the sums of many rows, as pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from engines.bars import Bars, Floats, dataset_digest
from engines.batch import gpu, lookup
from engines.batch.cpu import Window, run_equity, run_recorded, run_statistics, window
from engines.batch.ledger import result_of
from engines.broker import Broker
from engines.errors import InvalidInput
from engines.funding import FundingRates
from engines.instrument import Instrument
from engines.kernel import layout as at
from engines.kernel.market import market_for
from engines.payoff import check_profile
from engines.rate_history import RateHistory
from engines.result import Result
from engines.spec import Spec
from strategies.evaluation.combinations import Rows
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.paths import LOOKUP, path_of
from strategies.evaluation.plan import BATCH_ROWS, Plan, default_rows
from strategies.graph.numbers import Number
from strategies.graph.strategy import Strategy
from strategies.moments import minute_text

# Where the kernel runs: the same one, the same ledgers.
Device = Literal["cpu", "gpu"]
# How the rows of a sweep are computed: one by one, or together on a GPU or by looking exits up.
Means = Literal["cpu", "gpu", "lookup"]
# Rows that are computed together, so that a GPU is filled and their bitmaps fit its memory.
_ROWS_TOGETHER: Final = 8192


@dataclass(frozen=True)
class Terms:
    """What is traded, under whose rules, and the series that those want.

    `rates` keep the account in their currency (G8), for event strategies.
    """

    instrument: Instrument
    broker: Broker
    funding: FundingRates | None = None
    marks: Bars | None = None
    rates: RateHistory | None = None

    @property
    def paid(self) -> FundingRates | None:
        """The funding that the rules want paid."""
        return None if self.broker.funding == "none" else self.funding


def backtest(
    strategy: Strategy,
    values: Mapping[str, Number],
    dataset: Dataset,
    terms: Terms,
    start_ms: int | None = None,
    end_ms: int | None = None,
    device: Device = "cpu",
) -> Result:
    """Run one parameter row and keep everything; parameters left out take their defaults.

    Trading happens in `[start_ms, end_ms)`; indicators see all bars of the dataset. Raises
    InvalidInput for values out of range, ranges without bars and a GPU that is not there.
    """
    _check_rules(terms)
    check_ticks(strategy, terms.instrument)
    full = checked_values(strategy, values)
    start, stop = bar_range(dataset.bars, start_ms, end_ms)
    market = market_for(terms.broker, terms.instrument)
    rows = {name: np.array([float(value)]) for name, value in full.items()}
    plan = Plan(strategy, dataset, rows, terms.broker.compare_tolerance).prepare()
    table = plan.table(np.array([0]))
    bars = dataset.bars
    paid = paid_funding(terms, (int(bars.open_ms[start]), int(bars.close_ms[stop - 1])))
    ready = window(dataset.bars, market.tick, dataset.finer, paid)
    run = (ready, table, market, start, stop)
    recorded = gpu.run_recorded(*run)[0] if device == "gpu" else run_recorded(*run)
    spec = spec_of(strategy, full, dataset, terms, start, stop, device)
    interval = dataset.bars.series.interval
    return result_of(spec, recorded, market, dataset.bars.open_ms, start, interval)


def sums_of(
    plan: Plan,
    ready: Window,
    terms: Terms,
    spans: Sequence[tuple[int, int]],
    first: int,
    last: int,
    threads: int = 1,
    means: Means = "cpu",
) -> list[Floats]:
    """Sums of the plan's rows `first` to `last` over each span of bars: (n_rows, N_STATS) each.

    Signals are built once for all spans. Raises InvalidInput for a GPU that is not there.
    """
    _check_rules(terms)
    check_ticks(plan.strategy, terms.instrument)
    market = market_for(terms.broker, terms.instrument)
    sums = [np.zeros((last - first, at.N_STATS)) for _ in spans]
    for start_row, table in plan.tables(first, last, rows_together(means)):
        place = slice(start_row - first, start_row - first + len(table))
        if means == "gpu":
            found = gpu.run_spans(ready, table, market, spans)
        elif means == "lookup":
            found = [lookup.run_statistics(ready, table, market, *span) for span in spans]
        else:
            found = [run_statistics(ready, table, market, *span, threads) for span in spans]
        for whole, part in zip(sums, found, strict=True):
            whole[place] = part
    return sums


def rows_together(means: Means) -> int:
    """Rows whose conditions are evaluated together."""
    return BATCH_ROWS if means == "cpu" else _ROWS_TOGETHER


def equity_of(
    plan: Plan,
    ready: Window,
    terms: Terms,
    span: tuple[int, int],
    row_ids: NDArray[np.int64],
    bars: NDArray[np.int64],
) -> Floats:
    """Equity of some of the plan's rows at the closes of `bars`, (n_rows, n_bars)."""
    _check_rules(terms)
    market = market_for(terms.broker, terms.instrument)
    found = [
        run_equity(ready, plan.table(row_ids[first : first + BATCH_ROWS]), market, *span, bars)
        for first in range(0, len(row_ids), BATCH_ROWS)
    ]
    return np.concatenate(found)


_KERNEL_PROFILES: Final = ("bybit_linear", "tradingview")


# What the kernel does not know.
_VENUE: Final = {
    "margin_mode": "none",
    "position_mode": "one_way",
    "mark_price": "last",
}


def _check_rules(terms: Terms) -> None:
    broker, traded = terms.broker, terms.instrument
    check_profile(broker.profile, traded.category, traded.symbol)
    check_broker(broker)


def check_broker(broker: Broker) -> None:
    """Raise InvalidInput, naming the setting, for rules that the kernel does not have."""
    if broker.profile not in _KERNEL_PROFILES:
        expected = (
            f"{' or '.join(_KERNEL_PROFILES)} on the kernel, whose money is linear and which may "
            "be short of anything; single backtests of others run on the event engine"
        )
        raise InvalidInput("broker.profile", broker.profile, expected)
    for name, neutral in _VENUE.items():
        if getattr(broker, name) != neutral:
            expected = f"{neutral} on the kernel: single backtests with it run on the event engine"
            raise InvalidInput(f"broker.{name}", getattr(broker, name), expected)


def kernel_knows(broker: Broker) -> bool:
    """Whether the kernel has the broker's rules: linear money, no liquidation."""
    venue = any(getattr(broker, name) != neutral for name, neutral in _VENUE.items())
    return broker.profile in _KERNEL_PROFILES and not venue


def check_ticks(strategy: Strategy, instrument: Instrument) -> None:
    """Raise InvalidInput for exits in ticks of an instrument that has none."""
    if instrument.tick > 0:
        return
    for one in strategy.exits:
        given = [name for name in vars(one) if name.endswith("ticks") and getattr(one, name)]
        if given:
            expected = f"percent, multiple or price: {instrument.symbol} is traded without a tick"
            raise InvalidInput(f"{one.kind}.{given[0]}", "ticks", expected)


def spec_of(
    strategy: Strategy,
    values: Mapping[str, Number],
    dataset: Dataset,
    terms: Terms,
    start: int,
    stop: int,
    device: Device = "cpu",
) -> Spec:
    """The name of a run over the dataset's bars `start` to `stop`."""
    bars = dataset.bars
    return Spec(
        strategy_digest=strategy.digest,
        parameters=tuple(sorted(values.items())),
        dataset_digest=name_of_data(dataset, terms.paid),
        instrument=terms.instrument,
        broker=terms.broker,
        anchor_ms=bars.start_ms,
        start_ms=int(bars.open_ms[start]),
        end_ms=int(bars.close_ms[stop - 1]),
        path=computing_path(strategy, terms.broker, device),
    )


def name_of_data(
    dataset: Dataset,
    paid: FundingRates | None,
    marks: Bars | None = None,
    rates: RateHistory | None = None,
) -> str:
    """Name of every series that the run depends on: funding, mark price, rates of currencies."""
    beside = [one.digest for one in (paid, marks, rates) if one is not None]
    return dataset_digest([dataset.digest, *beside]) if beside else dataset.digest


def paid_funding(terms: Terms, span_ms: tuple[int, int]) -> FundingRates | None:
    """The funding that is paid over a span; None if the broker wants none.

    Raises MissingData for a history that is not there or has holes.
    """
    if terms.broker.margin_mode == "none" and terms.broker.funding == "none":
        return None
    # The event engine is slow to import, and only who pays needs it.
    from engines.event import perpetual_for

    perpetual = perpetual_for(terms.instrument, terms.broker, terms.funding, span_ms)
    return None if perpetual is None else perpetual.funding


def computing_path(
    strategy: Strategy, broker: Broker, device: Device = "cpu", alike: float = 1.0
) -> str:
    """The kernel that computes the strategy's rows, `gpu_` before it if it is to run there.

    A function of strategy, rules, wish and how many rows of a sweep share their signals: never of
    the hardware that is found, nor of how a sweep is cut.
    """
    if device == "gpu":
        return f"gpu_{path_of(strategy, broker).kernel}"
    return path_of(strategy, broker, alike).kernel


def means_of(path: str) -> Means:
    """What a computing path asks for."""
    if path.startswith("gpu_"):
        return "gpu"
    return "lookup" if path == LOOKUP else "cpu"


def bar_range(bars: Bars, start_ms: int | None, end_ms: int | None) -> tuple[int, int]:
    """Numbers of the first bar and of the one after the last in `[start_ms, end_ms)`.

    Raises InvalidInput when there is none.
    """
    start = 0 if start_ms is None else int(np.searchsorted(bars.open_ms, start_ms))
    stop = len(bars) if end_ms is None else int(np.searchsorted(bars.open_ms, end_ms))
    if start >= stop:
        have = f"bars of {bars.series}"
        if len(bars):
            first, last = minute_text(bars.start_ms), minute_text(bars.end_ms)
            have += f", which reach from {first} to {last} UTC"
        raise InvalidInput("range", (start_ms, end_ms), f"one that holds {have}")
    return start, stop


def checked_values(strategy: Strategy, values: Mapping[str, Number]) -> dict[str, Number]:
    """All parameters by name, defaults filled in.

    Raises InvalidInput for an unknown name, a value out of range, or a relation that fails.
    """
    known = {one.name: one for one in strategy.params}
    for name in values:
        if name not in known:
            expected = f"one of {', '.join(known)}" if known else "left out: there are none"
            raise InvalidInput(f"parameter of {strategy.name}", name, expected)
    full = {name: one.checked(values.get(name, one.default)) for name, one in known.items()}
    for constraint in strategy.constraints:
        if not constraint.holds(full):
            given = ", ".join(f"{name}={value:g}" for name, value in full.items())
            raise InvalidInput("parameters", given, f"a row with {constraint}")
    if not strategy.portions_fit(full):
        raise InvalidInput("take-profit portions", "more than 100 percent", "at most 100 in all")
    return full


def allowed_rows(strategy: Strategy, rows: Rows) -> np.typing.NDArray[np.bool_]:
    """Which rows keep every relation of the strategy, (n_rows,)."""
    full = default_rows(strategy, dict(rows))
    n_rows = len(next(iter(rows.values())))
    keep = np.ones(n_rows, dtype=bool)
    for constraint in strategy.constraints:
        keep &= np.broadcast_to(constraint.holds(full), (n_rows,))
    return np.asarray(keep & np.broadcast_to(strategy.portions_fit(full), (n_rows,)))
