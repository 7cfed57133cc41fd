"""vectorbt at its best, in a process of its own: rust kernels, eight columns at a time.

Reads requests as JSON lines, answers each with its seconds of CPU and figures. It runs in an
environment that holds vectorbt and not this project.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
import pandas as pd
import vectorbt as vbt
from vectorbt.generic import dispatch as generic
from vectorbt.portfolio import dispatch as portfolio
from vectorbt.portfolio.enums import Direction, OppositeEntryMode
from vectorbt.records import dispatch as records
from vectorbt.returns import dispatch as returns

FEE_RATE = 0.0006
CASH = 1_000_000.0
PER_YEAR = 365 * 1440.0
CHUNK = 8


def single(close: Any) -> tuple[float, dict[str, Any]]:
    """W1 as vectorbt's documentation writes it, six figures."""
    started = time.process_time()
    fast, slow = vbt.MA.run(close, 20), vbt.MA.run(close, 50)
    run = vbt.Portfolio.from_signals(
        close,
        fast.ma_crossed_above(slow),
        short_entries=fast.ma_crossed_below(slow),
        upon_opposite_entry="reverse",
        fees=FEE_RATE,
        init_cash=CASH,
        freq="1min",
    )
    figures = {
        "total_return": float(run.total_return()),
        "sharpe": float(run.sharpe_ratio()),
        "max_drawdown": float(run.max_drawdown()),
        "trades": int(run.trades.count()),
        "win_rate": float(run.trades.win_rate()),
        "profit_factor": float(run.trades.profit_factor()),
    }
    return time.process_time() - started, figures


def sweep(close: Any, pairs: Any) -> tuple[float, dict[str, Any]]:
    """W2 by the kernels themselves, without frames; averages are made before the clock runs."""
    windows = np.unique(pairs)
    averages = vbt.MA.run(pd.Series(close), windows).ma.to_numpy()
    column = {window: np.ascontiguousarray(averages[:, k]) for k, window in enumerate(windows)}
    started = time.process_time()
    parts = [_chunk(close, pairs[k : k + CHUNK], column) for k in range(0, len(pairs), CHUNK)]
    seconds = time.process_time() - started
    table = np.concatenate(parts)
    return seconds, {"sharpe": table[:, 1].tolist(), "trades": table[:, 3].astype(int).tolist()}


def _chunk(close: Any, pairs: Any, column: dict[int, Any]) -> Any:
    n_bars, width = len(close), len(pairs)
    shape = (n_bars, width)
    fast = np.column_stack([column[one] for one in pairs[:, 0]])
    slow = np.column_stack([column[one] for one in pairs[:, 1]])
    prices = np.ascontiguousarray(np.broadcast_to(close[:, None], shape))
    cash = np.full(width, CASH)
    orders, _ = portfolio.simulate_from_signals(
        shape,
        np.ones(width, dtype=np.int64),
        cash,
        np.zeros(shape, dtype=np.int64),
        long_entries=np.ascontiguousarray(generic.crossed_above(fast, slow)),
        short_entries=np.ascontiguousarray(generic.crossed_above(slow, fast)),
        upon_opposite_entry=np.asarray(OppositeEntryMode.Reverse),
        fees=np.asarray(FEE_RATE),
        close=close[:, None],
        use_stops=False,
    )
    return _figures(orders, prices, cash)


def stops(close: Any, grid: Any, signals: Any) -> tuple[float, dict[str, Any]]:
    """W3 by the kernels themselves: a stop and a target a column, shares of the entry's price."""
    started = time.process_time()
    parts = [_stop_chunk(close, grid[k : k + CHUNK], signals) for k in range(0, len(grid), CHUNK)]
    seconds = time.process_time() - started
    table = np.concatenate(parts)
    return seconds, {"returns": table[:, 0].tolist(), "trades": table[:, 3].astype(int).tolist()}


def _stop_chunk(close: Any, grid: Any, signals: Any) -> Any:
    shape = (len(close), len(grid))
    prices = np.ascontiguousarray(np.broadcast_to(close[:, None], shape))
    opened = np.append(close[:1], close[:-1])
    cash = np.full(len(grid), CASH)
    orders, _ = portfolio.simulate_from_signals(
        shape,
        np.ones(len(grid), dtype=np.int64),
        cash,
        np.zeros(shape, dtype=np.int64),
        long_entries=np.ascontiguousarray(signals[0][:, None]),
        short_entries=np.ascontiguousarray(signals[1][:, None]),
        upon_opposite_entry=np.asarray(OppositeEntryMode.Reverse),
        fees=np.asarray(FEE_RATE),
        open=np.ascontiguousarray(opened[:, None]),
        high=np.ascontiguousarray(np.maximum(opened, close)[:, None]),
        low=np.ascontiguousarray(np.minimum(opened, close)[:, None]),
        close=np.ascontiguousarray(close[:, None]),
        sl_stop=np.ascontiguousarray(grid[None, :, 0]),
        tp_stop=np.ascontiguousarray(grid[None, :, 1]),
        sl_trail=np.asarray(False),
        use_stops=True,
    )
    return _figures(orders, prices, cash)


def _figures(orders: Any, prices: Any, cash: Any) -> Any:
    shape, width = prices.shape, len(cash)
    by_column = records.col_map(orders["col"], width)
    assets = portfolio.assets(portfolio.asset_flow(shape, orders, by_column, Direction.Both))
    held = portfolio.asset_value(prices, assets)
    left = portfolio.cash(portfolio.cash_flow(shape, orders, by_column, False), cash)
    value = portfolio.value(left, held)
    changes = returns.returns(value, cash)
    trades = portfolio.get_exit_trades(orders, prices, by_column)
    profit, number = trades["pnl"], trades["col"]
    count = np.bincount(number, minlength=width)
    wins = np.bincount(number, profit > 0, minlength=width) / count
    gained = np.bincount(number, np.where(profit > 0, profit, 0), minlength=width)
    lost = np.bincount(number, np.where(profit > 0, 0, profit), minlength=width)
    sharpe, drawdown = returns.sharpe_ratio(changes, PER_YEAR), returns.max_drawdown(changes)
    return np.column_stack([value[-1] / cash - 1, sharpe, drawdown, count, wins, gained / -lost])


def main() -> None:
    """Answer requests until the input ends."""
    vbt.settings["engine"] = "rust"
    close = np.load(sys.argv[1])
    times = pd.date_range("2022-01-01", periods=len(close), freq="1min")
    series = pd.Series(close, index=times)
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["kind"] == "single":
            seconds, figures = single(series)
        elif asked["kind"] == "stops":
            seconds, figures = stops(close, np.array(asked["grid"]), np.load(asked["signals"]))
        else:
            seconds, figures = sweep(close, np.array(asked["pairs"]))
        answer = {"seconds": seconds, "version": vbt.__version__, **figures}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
