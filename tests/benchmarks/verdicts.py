"""How often is noise called luck, and an edge an edge? Whole sweeps on made-up markets, judged.

`python -m tests.benchmarks.verdicts [SWEEPS]` runs 200 sweeps of noise and 200 with a planted edge
through the engine and the verdict, then a power curve, and records the shares.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from functools import partial
from typing import Final

import numpy as np

from engines.bars import Bars, Series
from engines.batch.cpu import window
from engines.batch.summary import statistics
from engines.broker import BYBIT_LINEAR
from engines.instrument import Instrument
from engines.intervals import DAY_MS, interval_ms
from engines.kernel.market import market_for
from strategies.backtest import Terms, bar_range, sums_of
from strategies.evaluation.dataset import Dataset
from strategies.evaluation.plan import Plan
from strategies.graph import PercentOfEquity, Strategy, close, param, sma
from strategies.variation.family import Family
from tests.benchmarks.figures import Figure
from tests.benchmarks.run import record
from tune.evidence import evidence_of
from tune.neighbours import beside
from tune.robustness import Row
from tune.sweep_spec import SweepWindow
from tune.trials import days_of, joined, sample_of
from tune.verdict import judge

_START_MS: Final = 1_483_228_800_000
_INTERVAL: Final = "240"
_SERIES: Final = Series("linear", "NOISE", _INTERVAL)
_TERMS: Final = Terms(Instrument("linear", "NOISE", Decimal("0.1"), Decimal("0.001")), BYBIT_LINEAR)
_BARS_A_DAY: Final = DAY_MS // interval_ms(_INTERVAL)
# Drift of a trend in deviations of a bar. Found by bisection: the best row of the grid has an
# annualised Sharpe ratio of 2 after costs, the mean over 60 markets of eight years.
PLANTED: Final = 0.1167
# Mean bars of a trend.
_TREND: Final = 120.0
_TRAINED: Final = 0.7


def crossing() -> Strategy:
    """Always in the market, on the side of the shorter of two averages."""
    fast = param("fast", 10, low=2, high=400)
    slow = param("slow", 40, low=3, high=1000)
    return Strategy(
        "crossing",
        enter_long=sma(close, fast).crosses_above(sma(close, slow)),
        enter_short=sma(close, fast).crosses_below(sma(close, slow)),
        sizing=PercentOfEquity(50),
        where=[fast < slow],
    )


def market(seed: int, years: float, drift: float) -> Bars:
    """A market with fat tails and clustered volatility, in trends of `drift` deviations a bar."""
    rng = np.random.default_rng(seed)
    n_bars = round(years * 365 * _BARS_A_DAY)
    turns = rng.random(n_bars) < 1.0 / _TREND
    side = np.where(np.cumsum(turns) % 2 == 0, 1.0, -1.0)
    calm = np.convolve(rng.standard_normal(n_bars + 59), np.full(60, 60**-0.5), "valid")
    deviation = 0.012 * np.exp(0.4 * calm)
    moves = deviation * (rng.standard_t(4, n_bars) / 2.0**0.5 + drift * side)
    closes = 20_000.0 * np.exp(np.cumsum(moves - moves.mean() * (drift == 0.0)))
    opens = np.concatenate([[20_000.0], closes[:-1]])
    reach = 0.5 * deviation * np.abs(rng.standard_normal((2, n_bars)))
    high = np.maximum(opens, closes) * (1.0 + reach[0])
    low = np.minimum(opens, closes) * (1.0 - np.minimum(reach[1], 0.5))
    open_ms = _START_MS + interval_ms(_INTERVAL) * np.arange(n_bars)
    columns = {"open_ms": open_ms, "open": opens, "high": high, "low": low, "close": closes}
    return Bars.from_columns(_SERIES, columns)


def grid(n_fast: int) -> dict[str, np.typing.NDArray[np.float64]]:
    """Pairs of windows, `n_fast` of each, the shorter first."""
    fast = np.unique(np.geomspace(4, 120, n_fast).round())
    slow = np.unique(np.geomspace(20, 600, n_fast).round())
    pairs = [(a, b) for a in fast.tolist() for b in slow.tolist() if a < b]
    table = np.array(pairs)
    return {"fast": table[:, 0].copy(), "slow": table[:, 1].copy()}


def swept(seed: int, years: float, drift: float, n_fast: int) -> str:
    """The light of one sweep, chosen by the first 70 % of the bars."""
    strategy, rows = crossing(), grid(n_fast)
    bars = market(seed, years, drift)
    dataset = Dataset(bars)
    split_ms = int(bars.open_ms[round(_TRAINED * len(bars))])
    over = SweepWindow(
        _SERIES, dataset.digest, len(bars), _TERMS.instrument, bars.start_ms, bars.start_ms,
        split_ms, bars.end_ms,
    )  # fmt: skip
    scores = _scores(strategy, dataset, rows, split_ms)
    sample = sample_of(np.zeros(len(scores), dtype=np.int64), np.arange(len(scores)), scores)
    chosen = int(sample.rows[0])
    picked = {name: values[sample.rows] for name, values in rows.items()}
    trials = joined(sample, {0: days_of(Family(strategy), dataset, picked, _TERMS, over)})
    values = {name: int(column[chosen]) for name, column in rows.items()}
    row = Row(strategy, values, dataset, _TERMS, over.start_ms, over.end_ms)
    near = beside(rows, scores, chosen)
    return judge(evidence_of(row, trials, split_ms, near, noise_draws=3)).light


def _scores(
    strategy: Strategy,
    dataset: Dataset,
    rows: dict[str, np.typing.NDArray[np.float64]],
    end_ms: int,
) -> np.typing.NDArray[np.float64]:
    bars = dataset.bars
    plan = Plan(strategy, dataset, rows, _TERMS.broker.compare_tolerance).prepare()
    ready = window(bars, market_for(_TERMS.broker, _TERMS.instrument).tick)
    span = bar_range(bars, bars.start_ms, end_ms)
    (sums,) = sums_of(plan, ready, _TERMS, [span], 0, plan.n_rows)
    found = statistics(sums, _TERMS.broker.initial_cash, _INTERVAL, end_ms - bars.start_ms)
    return found["sharpe"]


def true_ratio(drift: float, markets: int = 60) -> float:
    """Mean Sharpe ratio after costs, over markets of eight years, of the row with the best mean."""
    found = []
    for seed in range(markets):
        bars = market(10_000 + seed, 8.0, drift)
        found.append(_scores(crossing(), Dataset(bars), grid(7), bars.end_ms))
    return float(np.mean(found, axis=0).max())


def lights(
    pool: ProcessPoolExecutor, sweeps: int, years: float, drift: float, n_fast: int, first: int
) -> Counter[str]:
    """How often each light came up."""
    judged = partial(swept, years=years, drift=drift, n_fast=n_fast)
    return Counter(pool.map(judged, range(first, first + sweeps), chunksize=2))


def shares(sweeps: int) -> Iterator[Figure]:
    """The shares of the acceptance test, then the power curve."""
    with ProcessPoolExecutor(2) as pool:
        noise = lights(pool, sweeps, 8.0, 0.0, 20, 0)
        text = f"{sweeps} sweeps of about 300 rows over 8 years of noise: {_told(noise)}"
        yield _share("verdict_noise_red_share", noise["red"], sweeps, text)
        yield _share("verdict_noise_green_share", noise["green"], sweeps, text)
        edge = lights(pool, sweeps, 8.0, PLANTED, 7, 20_000)
        text = f"{sweeps} sweeps of 39 rows, the best with a true ratio of 2: {_told(edge)}"
        yield _share("verdict_edge_green_share", edge["green"], sweeps, text)
        for years in (1.0, 2.0, 4.0, 8.0):
            for n_fast in (7, 20):
                n_rows = len(grid(n_fast)["fast"])
                found = lights(pool, sweeps // 4, years, PLANTED, n_fast, 30_000)
                name = f"verdict_power_{years:g}y_{n_rows}"
                text = f"The same edge over {years:g} years, {n_rows} rows: {_told(found)}"
                yield _share(name, found["green"], sweeps // 4, text)


def _told(found: Counter[str]) -> str:
    return ", ".join(f"{found[light]} {light}" for light in ("green", "amber", "red"))


def _share(name: str, hits: int, of: int, meaning: str) -> Figure:
    share = hits / of
    error = 1.96 * (share * (1.0 - share) / of) ** 0.5
    low, high = max(share - error, 0.0), min(share + error, 1.0)
    return Figure(name, share, "share", round(low, 4), round(high, 4), "", "", "", meaning)


def main() -> None:
    """Judge, and record the shares beside the other figures."""
    sweeps = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    record(list(shares(sweeps)))


if __name__ == "__main__":
    main()
