"""Random portfolios: symbols, intervals, gaps, scripts, margin modes, funding and limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from engines.bars import Bars
from engines.broker import BYBIT_LINEAR, Broker
from engines.commands import Properties
from engines.funding import FundingRates
from engines.instrument import Instrument, MarginTier
from engines.intervals import Interval
from engines.legs import Leg
from engines.resampling import resample
from engines.risk import Limits
from tests.engines.event.random_scripts import RandomScript
from tests.engines.golden.corpus import random_bars

SYMBOLS = ("AAAUSDT", "BBBUSDT", "CCCUSDT", "DDDUSDT")
INTERVALS: tuple[Interval, ...] = ("15", "15", "30")
MINUTE_MS = 60_000


@dataclass(frozen=True)
class PortfolioRun:
    """A random portfolio; its legs' scripts are made anew for every engine."""

    seeds: Sequence[int]
    legs: Sequence[Leg]
    broker: Broker
    limits: Limits

    def fresh_legs(self) -> list[Leg]:
        """The legs with scripts that have seen nothing."""
        return [
            replace(leg, script=RandomScript(seed, leg.bars, float(leg.instrument.tick)))
            for seed, leg in zip(self.seeds, self.legs, strict=True)
        ]


def random_portfolio(seed: int, n_legs: int | None = None) -> PortfolioRun:
    """Everything drawn from a seed."""
    rng = np.random.default_rng((seed, 77))
    count = int(rng.integers(1, 4)) if n_legs is None else n_legs
    broker = _random_broker(rng)
    n_bars = int(rng.integers(6, 25)) * 30
    legs = [_random_leg(rng, name, n_bars, broker) for name in SYMBOLS[:count]]
    return PortfolioRun([seed * 10 + k for k in range(count)], legs, broker, _limits(rng))


def _random_leg(rng: np.random.Generator, name: str, n_bars: int, broker: Broker) -> Leg:
    fine = _named(random_bars(rng, n_bars), name)
    if rng.random() < 0.3:
        # Listed late, or delisted early.
        cut = int(rng.integers(1, 3)) * 30
        fine = fine.rows(cut, len(fine)) if rng.random() < 0.5 else fine.rows(0, len(fine) - cut)
    interval = INTERVALS[int(rng.integers(3))]
    bars = _with_gaps(rng, resample(fine, interval))
    tick, lot = (("0.5", "0.01"), ("0.1", "0.001"))[int(rng.integers(2))]
    tiers = (("1000", "50", "0.01", "0"), ("3000", "50", "0.02", "0"), ("1e9", "50", "0.05", "0"))
    instrument = Instrument(
        "linear",
        name,
        Decimal(tick),
        Decimal(lot),
        margin_tiers=tuple(MarginTier(*map(Decimal, one)) for one in tiers),
        funding_interval_minutes=60,
    )
    properties = Properties(
        ("fixed", "cash", "percent_of_equity")[int(rng.integers(3))],
        float(rng.choice([1.234, 5.0, 30.0])),
        int(rng.choice([0, 1, 3])),
        "ANY" if rng.random() < 0.5 else "FIFO",
    )
    funding = _funding(rng, name, bars) if broker.funding == "history" else None
    finer = resample(fine, "5") if rng.random() < 0.3 else None
    return Leg(bars, instrument, None, properties, finer, funding)


def _named(bars: Bars, name: str) -> Bars:
    return Bars(bars.series._replace(symbol=name), **bars.columns())  # type: ignore[arg-type]


def _with_gaps(rng: np.random.Generator, bars: Bars) -> Bars:
    if rng.random() < 0.6 or len(bars) < 4:
        return bars
    kept = rng.random(len(bars)) < 0.8
    kept[0] = True
    columns = {name: column[kept] for name, column in bars.columns().items()}
    return Bars.from_columns(bars.series, columns)


def _funding(rng: np.random.Generator, name: str, bars: Bars) -> FundingRates:
    first = bars.start_ms // (60 * MINUTE_MS) * 60 * MINUTE_MS
    times = np.arange(first, bars.end_ms + 1, 60 * MINUTE_MS, dtype=np.int64)
    if rng.random() < 0.3:
        # Some fall inside the bars.
        times = np.arange(first, bars.end_ms + 1, 20 * MINUTE_MS, dtype=np.int64)
    return FundingRates("linear", name, times, rng.normal(0.0, 0.002, len(times)))


def _random_broker(rng: np.random.Generator) -> Broker:
    fee = float(rng.choice([0.0, 0.0006]))
    leverage = float(rng.choice([1.0, 3.0, 10.0, 25.0]))
    # Small accounts come into the margin's reach, large ones never do.
    broker = replace(
        BYBIT_LINEAR,
        initial_cash=float(rng.choice([150.0, 300.0, 1000.0, 100_000.0])),
        leverage=leverage,
        taker_fee_rate=fee,
        maker_fee_rate=fee / 3.0,
        fee_per_order=float(rng.choice([0.0, 0.1])),
        slippage_ticks=float(rng.integers(0, 2)),
        fill_at="close" if rng.random() < 0.3 else "next_open",
        check_margin=bool(rng.random() < 0.7),
    )
    if rng.random() < 0.5:
        return broker
    mode = ("isolated", "cross", "cross")[int(rng.integers(3))]
    funding = "history" if rng.random() < 0.6 else "none"
    return replace(broker, margin_mode=mode, funding=funding)  # type: ignore[arg-type]


def _limits(rng: np.random.Generator) -> Limits:
    if rng.random() < 0.5:
        return Limits()
    return Limits(
        int(rng.choice([0, 1, 2])),
        int(rng.choice([0, 1, 2])),
        float(rng.choice([0.0, 0.05, 0.4])),
        correlation=float(rng.choice([0.1, 0.5])),
        correlation_bars=4,
    )
