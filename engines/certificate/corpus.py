"""Seeded random runs over everything the kernel can do: bars, signals, exits, broker settings."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from engines.bars import Bars, Floats, Series
from engines.batch.cpu import Window, run_recorded, window
from engines.batch.ledger import result_of
from engines.broker import Broker
from engines.decisions import DecisionTable, pack_bits
from engines.instrument import Instrument
from engines.kernel import layout as at
from engines.kernel.layout import Market
from engines.kernel.market import market_for
from engines.kernel.rows import neutral_rows
from engines.resampling import resample
from engines.result import Result
from engines.spec import Spec

START_MS = 1_735_689_600_000
LEVEL_KINDS = (at.FRACTION, at.TICKS, at.MULTIPLE, at.PRICE)


@dataclass(frozen=True, eq=False)
class Case:
    """One random run, ready to go."""

    bars: Bars
    ready: Window
    table: DecisionTable
    market: Market
    instrument: Instrument
    broker: Broker
    start: int

    @property
    def spec(self) -> Spec:
        """The run's name."""
        return Spec(
            "0" * 64,
            (),
            self.bars.digest,
            self.instrument,
            self.broker,
            self.bars.start_ms,
            int(self.bars.open_ms[self.start]),
            self.bars.end_ms,
            "bracket" if self.table.has_exits else "plain",
        )

    def run(self) -> Result:
        """Run it and keep everything."""
        recorded = run_recorded(self.ready, self.table, self.market, self.start, len(self.bars))
        open_ms = self.bars.open_ms
        return result_of(self.spec, recorded, self.market, open_ms, self.start, "15")


def case(seed: int) -> Case:
    """The random run number `seed`."""
    rng = np.random.default_rng(seed)
    fine = random_bars(rng, n_bars=int(rng.integers(30, 90)) * 15)
    bars = resample(fine, "15")
    instrument = random_instrument(rng)
    broker = random_broker(rng)
    market = market_for(broker, instrument)
    finer = fine if rng.random() < 0.4 else None
    table = random_table(rng, bars, has_exits=rng.random() < 0.75)
    start = int(rng.integers(0, 10))
    return Case(bars, window(bars, market.tick, finer), table, market, instrument, broker, start)


def random_bars(rng: np.random.Generator, n_bars: int) -> Bars:
    """Minute bars on a grid of 0.5, with bursts and gaps, around 100."""
    moves = rng.standard_t(3, n_bars) * rng.choice([0.05, 0.4], n_bars)
    close = np.maximum(np.rint(2 * (100 + np.cumsum(moves))) / 2, 5.0)
    jump = np.where(rng.random(n_bars) < 0.02, rng.integers(-6, 7, n_bars) * 0.5, 0.0)
    opened = np.maximum(np.append(close[0], close[:-1]) + jump, 1.0)
    up, down = rng.integers(0, 3, (2, n_bars)) * 0.5
    return Bars(
        Series("linear", "FUZZ", "1"),
        START_MS + 60_000 * np.arange(n_bars),
        opened,
        np.maximum(opened, close) + up,
        np.maximum(np.minimum(opened, close) - down, 0.5),
        close,
        rng.integers(1, 100, n_bars).astype(float),
        np.full(n_bars, np.nan),
    )


def random_instrument(rng: np.random.Generator) -> Instrument:
    """A grid, or none."""
    tick, lot = (("0", "0"), ("0.5", "0.01"), ("0.1", "0.001"))[int(rng.integers(3))]
    minimum = "5" if rng.random() < 0.3 else "0"
    value = "1" if rng.random() < 0.8 else "10"
    return Instrument(
        "linear",
        "FUZZ",
        Decimal(tick),
        Decimal(lot),
        min_notional=Decimal(minimum),
        contract_value=Decimal(value),
    )


def random_broker(rng: np.random.Generator) -> Broker:
    """Any combination of settings."""
    fee = float(rng.choice([0.0, 0.0006]))
    return Broker(
        initial_cash=float(rng.choice([1_000.0, 10_000.0])),
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


def random_table(rng: np.random.Generator, bars: Bars, *, has_exits: bool) -> DecisionTable:
    """Random signals; random exits if wanted."""
    n_bars = len(bars)
    shares = rng.choice([0.02, 0.1, 0.3], 2).repeat(2) * np.array([1.0, 1.0, 0.7, 0.7])
    held = rng.random((4, n_bars)) < shares[:, None]
    bitmaps = np.array([pack_bits(row) for row in (np.zeros(n_bars, dtype=bool), *held)])
    params, choices = neutral_rows(1)
    choices[0, : at.EXIT_SHORT + 1] = [1, 2, 3, 4]
    choices[0, at.ON_OPPOSITE] = rng.integers(3)
    choices[0, at.PYRAMIDING] = rng.choice([1, 1, 3])
    choices[0, at.MAX_BARS] = rng.choice([0, 0, 7])
    choices[0, at.COOL_DOWN] = rng.choice([0, 0, 5])
    choices[0, at.COOL_DOWN_AFTER] = rng.integers(2)
    mode = int(rng.integers(4 if has_exits else 3))
    choices[0, at.SIZE_MODE] = mode
    sizes = {at.SIZE_FIXED: 1.234, at.SIZE_CASH: 700.0, at.SIZE_EQUITY: 0.9, at.SIZE_RISK: 0.01}
    params[0, at.SIZE] = sizes[mode]
    levels = random_levels(rng, bars)
    if has_exits:
        random_exits(rng, params[0], choices[0])
    return DecisionTable(bitmaps, levels, params, choices, has_exits)


def random_levels(rng: np.random.Generator, bars: Bars) -> Floats:
    """A distance, a level below and a level above the close, each with a few holes."""
    close = bars.close
    levels = np.array(
        [
            rng.uniform(0.5, 2.0, len(bars)),
            close - rng.uniform(0.5, 4.0, len(bars)),
            close + rng.uniform(0.5, 4.0, len(bars)),
        ]
    )
    levels[:, :3] = np.nan
    levels[rng.random(levels.shape) < 0.02] = np.nan
    return levels


def random_exits(
    rng: np.random.Generator, params: Floats, choices: np.typing.NDArray[np.int32]
) -> None:
    """A stop, one to three targets, a trail and a break-even, each with its chance."""
    if rng.random() < 0.8 or choices[at.SIZE_MODE] == at.SIZE_RISK:
        value = random_level(rng, choices, at.STOP_KIND, at.STOP_COLUMN, below=True)
        params[at.STOP] = value
        follows = choices[at.STOP_KIND] == at.PRICE and rng.random() < 0.5
        choices[at.STOP_FOLLOWS] = int(follows)
    if rng.random() < 0.7:
        count = int(rng.integers(1, 4))
        choices[at.N_TARGETS] = count
        for k in range(count):
            kind, column = at.TARGET_KIND + k, at.TARGET_COLUMN + 2 * k
            params[at.TARGET + k] = (k + 1) * random_level(rng, choices, kind, column, below=False)
            params[at.PORTION + k] = 1.0 / count if rng.random() < 0.7 else 0.25
    if rng.random() < 0.4:
        params[at.TRAIL_DISTANCE] = random_distance(rng, choices, at.TRAIL_KIND, at.TRAIL_COLUMN)
        if rng.random() < 0.6:
            params[at.TRAIL_ACTIVATION] = random_distance(
                rng, choices, at.ACTIVATION_KIND, at.ACTIVATION_COLUMN
            )
    if rng.random() < 0.3:
        choices[at.BREAK_EVEN_KIND] = rng.choice([at.FRACTION, at.AFTER_TARGET])
        fraction = choices[at.BREAK_EVEN_KIND] == at.FRACTION
        params[at.BREAK_EVEN_TRIGGER] = 0.01 if fraction else 1.0
        choices[at.OFFSET_KIND] = at.FRACTION
        params[at.BREAK_EVEN_OFFSET] = 0.002


def random_distance(
    rng: np.random.Generator, choices: np.typing.NDArray[np.int32], kind: int, column: int
) -> float:
    """A distance as fraction, ticks or multiple of the first level column."""
    choices[kind] = rng.choice(LEVEL_KINDS[:3])
    if choices[kind] == at.MULTIPLE:
        choices[column : column + 2] = 0
    return {at.FRACTION: 0.012, at.TICKS: 4.0, at.MULTIPLE: 1.1}[int(choices[kind])]


def random_level(
    rng: np.random.Generator,
    choices: np.typing.NDArray[np.int32],
    kind: int,
    column: int,
    *,
    below: bool,
) -> float:
    """A distance, or a price column on the right side of the market."""
    if rng.random() < 0.75:
        return random_distance(rng, choices, kind, column)
    choices[kind] = at.PRICE
    choices[column : column + 2] = [1, 2] if below else [2, 1]
    return 0.0
