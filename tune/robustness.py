"""Does the best row still earn when the world is a little different? Runs of it under stress."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engines.bars import Bars, Floats
from engines.batch.cpu import run_statistics, window
from engines.batch.summary import statistics
from engines.decisions import Bitmaps, DecisionTable, pack_bits, unpack_bits
from engines.errors import InvalidInput
from engines.kernel import layout as at
from engines.kernel.market import market_for
from engines.result import Result
from strategies.backtest import Terms, backtest, bar_range
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.plan import Plan
from strategies.graph.numbers import Number
from strategies.graph.strategy import Strategy

STRESSES: Final = (0.0, 1.0, 2.0, 3.0)
RANDOM_DRAWS: Final = 200
NOISE_DRAWS: Final = 20
_LEAST_PRICE: Final = 1e-9
_SIGNALS: Final = (at.ENTER_LONG, at.ENTER_SHORT, at.EXIT_LONG, at.EXIT_SHORT)


@dataclass(frozen=True, eq=False)
class Row:
    """One row of parameters on one market, over `[start_ms, end_ms)`."""

    strategy: Strategy
    values: Mapping[str, Number]
    dataset: Dataset
    terms: Terms
    start_ms: int
    end_ms: int

    def run(self, terms: Terms | None = None, dataset: Dataset | None = None) -> Result:
        """The row's backtest, under other terms or on other bars if given."""
        return backtest(
            self.strategy,
            self.values,
            dataset or self.dataset,
            terms or self.terms,
            self.start_ms,
            self.end_ms,
        )


def cost_stress(row: Row, factors: tuple[float, ...] = STRESSES) -> dict[float, float]:
    """Sharpe ratio by factor: so many times the fees, and so many ticks of slippage beyond one.

    A factor of 1 is the run as it was; 2 doubles the fees and adds a tick of slippage.
    """
    instrument, broker = row.terms.instrument, row.terms.broker
    taker, maker = broker.taker_fee_rate, broker.maker_fee_rate
    taker = float(instrument.taker_fee_rate) if taker is None else taker
    maker = float(instrument.maker_fee_rate) if maker is None else maker
    found = {}
    for factor in factors:
        stressed = replace(
            broker,
            taker_fee_rate=taker * factor,
            maker_fee_rate=maker * factor,
            fee_per_contract=broker.fee_per_contract * factor,
            fee_per_order=broker.fee_per_order * factor,
            slippage_ticks=max(broker.slippage_ticks * factor, factor - 1.0),
        )
        result = row.run(replace(row.terms, broker=stressed))
        found[factor] = result.statistics["sharpe"]
    return found


def random_entries(row: Row, draws: int = RANDOM_DRAWS, seed: int = 0) -> Floats:
    """Sharpe ratios when the same signals come at other times, (draws,); NaN where none traded.

    Entries and exits are shifted together, around the end, by a random number of bars: as many
    signals, as long apart, the same stops and sizes, so that turnover is about equal. What is
    left is timing.
    """
    bars = row.dataset.bars
    start, stop = bar_range(bars, row.start_ms, row.end_ms)
    if stop - start < 2:
        raise InvalidInput("bars", stop - start, "two or more to shift signals over")
    market = market_for(row.terms.broker, row.terms.instrument)
    rows = {name: np.array([float(value)]) for name, value in row.values.items()}
    plan = Plan(row.strategy, row.dataset, rows, row.terms.broker.compare_tolerance).prepare()
    shifts = np.random.default_rng(seed).integers(1, stop - start, draws)
    table = _shifted(plan.table(np.array([0])), shifts, start, stop, len(bars))
    ready = window(bars, market.tick, row.dataset.finer, row.terms.paid)
    sums = run_statistics(ready, table, market, start, stop)
    found = statistics(sums, market.initial_cash, bars.series.interval, row.end_ms - row.start_ms)
    return found["sharpe"]


def _shifted(
    table: DecisionTable,
    shifts: np.typing.NDArray[np.int64],
    start: int,
    stop: int,
    n_bars: int,
) -> DecisionTable:
    """One row's decisions, its signals rolled over the bars `start` to `stop` by each shift."""
    rolled: list[Bitmaps] = [np.zeros_like(table.bitmaps[0])]
    choices = np.repeat(table.choices[:1], len(shifts), axis=0)
    for slot in _SIGNALS:
        bits = unpack_bits(table.bitmaps[table.choices[0, slot]], n_bars)
        if not bits.any():
            choices[:, slot] = 0
            continue
        for place, shift in enumerate(shifts.tolist()):
            moved = bits.copy()
            moved[start:stop] = np.roll(bits[start:stop], shift)
            choices[place, slot] = len(rolled)
            rolled.append(pack_bits(moved))
    params = np.repeat(table.params[:1], len(shifts), axis=0)
    return replace(table, bitmaps=np.array(rolled), params=params, choices=choices)


def price_noise(row: Row, share: float = 0.1, draws: int = NOISE_DRAWS, seed: int = 0) -> Floats:
    """Sharpe ratios on bars whose prices are off by a little, (draws,).

    Every bar moves as a whole by a normal error of `share` of the median range of a bar, and the
    finer bars inside it with it.
    """
    data, rng = row.dataset, np.random.default_rng(seed)
    size = share * float(np.median(data.bars.high - data.bars.low))
    found = []
    for _ in range(draws):
        errors = rng.normal(0.0, size, len(data.bars))
        finer = data.finer
        if finer is not None:
            inside = np.searchsorted(data.bars.open_ms, finer.open_ms, side="right") - 1
            finer = _moved(finer, errors[np.maximum(inside, 0)])
        noisy = Dataset(_moved(data.bars, errors), finer, data.others)
        found.append(row.run(dataset=noisy).statistics["sharpe"])
    return np.array(found)


def _moved(bars: Bars, errors: Floats) -> Bars:
    """Bars whose prices are all off by `errors` (n_bars,), never at or below zero."""
    moved = {
        name: np.maximum(getattr(bars, name) + errors, _LEAST_PRICE)
        for name in ("open", "high", "low", "close")
    }
    return replace(bars, **moved)
