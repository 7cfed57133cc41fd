"""Made-up but lifelike content: what a page is tested with. Everything follows from a seed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from engines.bars import Bars, Series
from engines.batch.summary import STATISTICS
from engines.intervals import MINUTE_MS
from engines.metrics.bare_list import material_from_trades
from engines.metrics.material import Material
from engines.orders import Reason, Refusal
from engines.result import Table
from serve.commands.run_pages import with_tables
from serve.reports.content import (
    TRADE_COLUMNS,
    Costs,
    Fact,
    Figures,
    Period,
    RankedRow,
    Report,
    Run,
    Scatter,
    Source,
    Surface,
    Sweep,
)

START_MS = 1_704_067_200_000  # 2024-01-01
BAR_MS = 15 * MINUTE_MS
CODE = """fast = param("fast", 20, low=5, high=100)
slow = param("slow", 50, low=20, high=200)
# Long while the fast average is above the slow one.
crossing = Strategy(
    "sma_cross",
    enter_long=sma(close, fast).crosses_above(sma(close, slow)),
    enter_short=sma(close, fast).crosses_below(sma(close, slow)),
    exits=[StopLoss(percent=param("stop", 2.0, low=0.5, high=10.0))],
    sizing=PercentOfEquity(100),
    where=[fast < slow],
)
"""


def market(n_bars: int, seed: int, symbol: str = "BTCUSDT") -> Bars:
    """A random walk of 15-minute bars on a grid of 0.1, with volume that comes in waves."""
    rng = np.random.default_rng(seed)
    steps = rng.standard_t(4, n_bars) * 0.0018
    close = np.round(42_000.0 * np.exp(np.cumsum(steps - steps.mean() + 1e-5)), 1)
    open_ = np.concatenate([[42_000.0], close[:-1]])
    reach = np.abs(rng.standard_normal((2, n_bars))) * 0.0009 * close
    high = np.round(np.maximum(open_, close) + reach[0], 1)
    low = np.round(np.minimum(open_, close) - reach[1], 1)
    volume = np.round(40.0 * np.exp(rng.standard_normal(n_bars) * 0.6), 3)
    open_ms = START_MS + BAR_MS * np.arange(n_bars)
    series = Series("linear", symbol, "15")
    columns = {"open_ms": open_ms, "open": open_, "high": high, "low": low, "close": close}
    return Bars.from_columns(series, {**columns, "volume": volume})


def trades_over(bars: Bars, n_trades: int, seed: int) -> Table:
    """Trades one after the other over all the bars, the last one still open."""
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.choice(np.arange(1, len(bars) - 1), 2 * n_trades, replace=False))
    entry, exit_ = cuts[::2], cuts[1::2]
    side = rng.choice([1, -1], n_trades)
    entry_price, exit_price = bars.open[entry], bars.open[exit_]
    qty = np.round(8_000.0 * min(1.0, 500 / max(1, n_trades)) / entry_price, 4)
    fees = 0.00055 * qty * np.stack([entry_price, exit_price])
    pnl = side * (exit_price - entry_price) * qty - fees.sum(axis=0)
    excursion = np.abs(rng.standard_normal((2, n_trades))) * 60.0
    endings = [Reason.REVERSAL, Reason.STOP_LOSS, Reason.TAKE_PROFIT, Reason.SIGNAL_EXIT]
    reason = rng.choice(np.array(endings), n_trades)
    reason[-1:] = Reason.OPEN
    columns = (
        np.arange(1, n_trades + 1),
        side,
        bars.open_ms[entry],
        entry_price,
        bars.open_ms[exit_],
        exit_price,
        qty,
        fees[0],
        fees[1],
        np.zeros(n_trades),
        pnl,
        pnl / (entry_price * qty),
        np.maximum(pnl, 0.0) + excursion[0],
        np.minimum(pnl, 0.0) - excursion[1],
        entry,
        exit_,
        reason,
    )
    return dict(zip(TRADE_COLUMNS, columns, strict=True))


def material(bars: Bars, trades: Table, initial_cash: float) -> Material:
    """What the figures of made-up trades are made of."""
    names = ("side", "entry_ms", "exit_ms", "entry_price", "exit_price", "qty", "pnl", "mfe", "mae")
    closed = trades["reason"] != Reason.OPEN
    rows = {name: trades[name][closed] for name in (*names, "entry_fee", "funding")}
    rows["fees"] = (trades["entry_fee"] + trades["exit_fee"])[closed]
    left = {name: trades[name][~closed] for name in ("side", "entry_ms", "entry_price", "qty")}
    left["fees"] = trades["entry_fee"][~closed]
    return material_from_trades(rows, bars, initial_cash, still_open=left)


def figures(seed: int) -> Figures:
    """Every statistic there is, of a plausible size."""
    rng = np.random.default_rng(seed)
    size = {"fraction": 0.3, "quote": 2_500.0, "ratio": 1.6, "count": 250.0, "bars": 60.0}
    values = {name: size[one.unit] * rng.uniform(0.3, 1.0) for name, one in STATISTICS.items()}
    values["sharpe"] = float(rng.normal(0.6, 1.0))
    values["total_return"] = float(rng.normal(0.1, 0.2))
    counts = ("trades", "long_trades", "entries", "refusals")
    return {**values, **{name: float(round(values[name])) for name in counts}}


@cache
def run(symbol: str = "BTCUSDT", seed: int = 1, n_bars: int = 35_040, n_trades: int = 500) -> Run:
    """A backtest over a year, two thirds of it in sample."""
    bars = market(n_bars, seed, symbol)
    trades = trades_over(bars, n_trades, seed)
    cash = 10_000.0
    made_of = material(bars, trades, cash)
    refused = [Refusal.COOL_DOWN] * 41 + [Refusal.NO_MARGIN] * 7
    page = Run(
        name=symbol,
        periods=(
            Period("All", figures(seed)),
            Period("In sample", figures(seed + 1)),
            Period("Out of sample", figures(seed + 2)),
        ),
        initial_cash=cash,
        open_ms=bars.open_ms,
        equity=made_of.equity,
        trades=trades,
        refusals={"reason": np.array(refused)},
        costs=Costs(fees=4_391.52, turnover=7_984_582.1, gross_profit=18_233.0, funding=-210.4),
        hold=cash * bars.close / bars.close[0],
        bars=bars,
        split_ms=int(bars.open_ms[n_bars * 2 // 3]),
        parameters={"fast": 20, "slow": 80, "stop": 2.5},
    )
    return with_tables(page, made_of)


def sweep(n_rows: int = 5_000, seed: int = 3) -> Sweep:
    """A sweep whose in-sample results say a little about what came after."""
    rng = np.random.default_rng(seed)
    skill = rng.normal(0.0, 0.5, n_rows)
    before = skill + rng.normal(0.3, 0.8, n_rows)
    after = skill + rng.normal(-0.2, 0.9, n_rows)
    order = np.argsort(-before)
    shown = np.concatenate([order[:20], rng.choice(order[20:], min(1_980, n_rows - 20), False)])
    best = tuple(
        RankedRow(
            rank,
            {"fast": 5 + rank, "slow": 40 + 3 * rank, "stop": 0.5 * rank, "average": "ema"},
            {**figures(rank), "sharpe": float(before[row])},
            {**figures(100 + rank), "sharpe": float(after[row])},
        )
        for rank, row in enumerate(order[:20], start=1)
    )
    scatter = Scatter("sharpe", before[shown], after[shown], tuple(range(20)), n_rows, 0.29)
    return Sweep(
        rows_tried=n_rows,
        statistics=("total_return", "sharpe", "max_drawdown", "profit_factor", "trades"),
        best=best,
        scatter=scatter,
        surfaces=(surface("fast", "slow", 12, 16), surface("slow", "stop", 20, 20)),
    )


def surface(x_name: str, y_name: str, n_x: int, n_y: int) -> Surface:
    """A hill of Sharpe ratios with a hole where the constraint fast < slow forbids rows."""
    x, y = np.meshgrid(np.linspace(-1.5, 1.5, n_x), np.linspace(-1.5, 1.5, n_y))
    values = 2.1 * np.exp(-((x - 0.4) ** 2) - (y - 0.2) ** 2) - 0.6 + 0.15 * np.sin(9 * x * y)
    values[(x > y + 1.6)] = np.nan
    row, column = np.unravel_index(np.nanargmax(values), values.shape)
    x_values = tuple(5 * (k + 1) for k in range(n_x))
    y_values = tuple(10 * (k + 1) for k in range(n_y))
    best = (int(row), int(column))
    rest = f"median over the {n_x * 7} rows of each cell"
    return Surface("sharpe", x_name, x_values, y_name, y_values, values, rest, best)


def rich() -> Report:
    """A sweep with two backtests on synthetic markets."""
    return Report(
        title="sma_cross on 2 symbols, 15 minutes",
        sentence=(
            "The best of 5,000 rows made +31.2% in sample and +4.1% out of sample. "
            "That is less than buying and holding, and what 1 in 3 random rows would have done."
        ),
        created="Created 2025-01-04 09:30 UTC by bst 0.1.0",
        source=Source("Sandbox exchange: synthetic markets, seed 7. No real prices.", True),
        facts=(
            Fact("Strategy", "sma_cross, version 3"),
            Fact("Symbols", "BTCUSDT, ETHUSDT"),
            Fact("Interval", "15 minutes"),
            Fact("Range", "2024-01-01 to 2024-12-31"),
            Fact("Split", "Out of sample from 2024-08-31"),
            Fact("Rows tried", "5,000 of 9,120"),
            Fact("Trials of this lineage so far", "12,480 rows in 4 sweeps"),
            Fact("Broker", "bybit_linear, leverage 1"),
            Fact("Fees", "taker 0.055%, maker 0.02%"),
            Fact("Slippage", "1 tick"),
            Fact("Size", "100% of equity"),
        ),
        digests=(
            Fact("Sweep", "9f" * 32),
            Fact("Dataset", "3c" * 32),
            Fact("Strategy", "a1" * 32),
            Fact("Ledger, rank 1", "77" * 32),
        ),
        command="bst sweep sma_cross --symbols BTCUSDT,ETHUSDT --interval 15 --rows 5000 --seed 7",
        code=CODE,
        runs=(run(), run("ETHUSDT", 5)),
        notes=(
            "11 of 500 exits hang on the unknown order of prices inside a bar: "
            "the profit lies between 1,204 and 1,391 USDT.",
            "BTCUSDT has 3 gaps, 41 bars in all; none was filled.",
        ),
        sweep=sweep(),
    )


def plain() -> Report:
    """One backtest on real prices, without a sweep."""
    alone = replace(run(n_bars=2_000, n_trades=40), split_ms=None, hold=None)
    single = replace(alone, periods=alone.periods[:1])
    return replace(
        rich(),
        title="sma_cross",
        source=Source("Bybit, linear"),
        notes=(),
        sweep=None,
        runs=(single,),
    )


def busy() -> Report:
    """A year with 10,000 trades."""
    return replace(plain(), runs=(run(n_trades=10_000),))


def without_trades() -> Run:
    """A run in which nothing happened: figures without a value, a straight line."""
    bars = market(300, 2)
    nothing = {name: float("nan") for name in STATISTICS}
    return Run(
        name="BTCUSDT",
        periods=(Period("All", {**nothing, "trades": 0.0, "profit_factor": float("inf")}),),
        initial_cash=10_000.0,
        open_ms=bars.open_ms,
        equity=np.full(len(bars), 10_000.0),
        trades={name: np.zeros(0, dtype=np.int64) for name in TRADE_COLUMNS},
        refusals={"reason": np.zeros(0, dtype=np.int64)},
        costs=Costs(fees=0.0, turnover=0.0, gross_profit=0.0),
        bars=bars,
    )


def sparse() -> Report:
    """As little as a report can hold: one row, one parameter, no trade, no value."""
    row = RankedRow(1, {"fast": 20}, {"sharpe": float("nan")})
    cell = Surface("sharpe", "fast", (20,), "slow", (50,), np.array([[np.nan]]), "one row")
    nowhere = np.full(1, np.nan)
    scatter = Scatter("sharpe", nowhere, nowhere, (0,), 1, float("nan"))
    return replace(
        rich(),
        facts=(),
        digests=(),
        notes=(),
        command="",
        code="",
        runs=(without_trades(),),
        source=Source("Bybit, linear"),
        sentence="No trade was made.",
        sweep=Sweep(1, ("sharpe",), (row,), scatter=scatter, surfaces=(cell,)),
    )


HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"


def hostile() -> Report:
    """A report whose every text tries to be markup."""
    bad_run = replace(without_trades(), name=HOSTILE, parameters={HOSTILE: HOSTILE})
    facts = (Fact(HOSTILE, HOSTILE),)
    row = RankedRow(1, {HOSTILE: HOSTILE}, {"sharpe": 1.0}, market=HOSTILE)
    cell = Surface("sharpe", HOSTILE, (HOSTILE,), HOSTILE, (HOSTILE,), np.ones((1, 1)), HOSTILE)
    return Report(
        title=HOSTILE,
        sentence=HOSTILE,
        created=HOSTILE,
        source=Source(HOSTILE, True),
        facts=facts,
        digests=facts,
        command=HOSTILE,
        code=HOSTILE,
        runs=(bad_run, replace(bad_run, quote=replace(bad_run.quote, code=HOSTILE))),
        notes=(HOSTILE,),
        sweep=Sweep(1, ("sharpe",), (row,), surfaces=(cell,)),
    )
