"""What are figures made of? Closed and open trades, equity at closes, and the bars beneath."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engines.bars import Bars, Floats
from engines.errors import InvalidInput
from engines.intervals import DAY_MS, Times
from engines.orders import Reason
from engines.result import Result

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Trades:
    """Trades as columns of equal length, in the order of their exits; money after fees.

    `fees` of both legs; `mfe` and `mae` are the best and worst profit while a trade was open, net
    of its entry fee, NaN where unknown. `bars` counts from the entry's to the exit's bar.
    """

    side: NDArray[np.int64]
    entry_ms: Times
    exit_ms: Times
    bars: NDArray[np.int64]
    entry_price: Floats
    exit_price: Floats
    qty: Floats
    pnl: Floats
    fees: Floats
    funding: Floats
    mfe: Floats
    mae: Floats
    reason: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.side)

    def where(self, kept: NDArray[np.bool_]) -> Trades:
        """Some of the trades."""
        return Trades(*(getattr(self, name)[kept] for name in self.__dataclass_fields__))


@dataclass(frozen=True, eq=False)
class Material:
    """One run, or a bare list of trades with the bars they happened on.

    `equity` (n_bars,) is marked at each close (K3); `close_ms`, `close` the bars' closes and
    `first_price` the first open. `value` is quote currency per point and unit of quantity.
    """

    closed: Trades
    open: Trades
    close_ms: Times
    open_ms: Times
    close: Floats
    first_price: float
    equity: Floats
    initial_cash: float
    value: float = 1.0
    leverage: float = 1.0

    @cached_property
    def curve(self) -> Floats:
        """Equity with the initial cash before it, (n_bars + 1,)."""
        return np.concatenate(([self.initial_cash], self.equity))

    @cached_property
    def realised(self) -> Floats:
        """Initial cash and what it was after each closed trade, (n_closed + 1,)."""
        return self.initial_cash + np.concatenate(([0.0], np.cumsum(self.closed.pnl)))

    @cached_property
    def bar_returns(self) -> Floats:
        """Equity at close over equity at the close before, − 1, (n_bars,)."""
        return self.curve[1:] / self.curve[:-1] - 1.0

    @cached_property
    def daily_returns(self) -> Floats:
        """Returns of UTC days, by the last close of each; the first from the initial cash."""
        return _returns_of(self._day_ends(self.equity, DAY_MS), self.initial_cash)

    @cached_property
    def daily_hold(self) -> Floats:
        """Returns of the market on the same days."""
        return _returns_of(self._day_ends(self.close, DAY_MS), self.first_price)

    @cached_property
    def monthly_returns(self) -> Floats:
        """Returns of UTC months by equity at closes."""
        return _returns_of(self._month_ends(self.equity), self.initial_cash)

    @cached_property
    def monthly_realised(self) -> Floats:
        """Returns of UTC months by the equity of closed trades (L2)."""
        at_close = np.searchsorted(self.closed.exit_ms, self.open_ms, side="right")
        return _returns_of(self._month_ends(self.realised[at_close]), self.initial_cash)

    @property
    def duration_ms(self) -> int:
        """From the first bar's open to the last bar's close."""
        return int(self.close_ms[-1] - self.open_ms[0])

    def _day_ends(self, values: Floats, step_ms: int) -> Floats:
        periods = self.open_ms // step_ms
        last = np.append(periods[1:] != periods[:-1], True)
        return np.asarray(values[last])

    def _month_ends(self, values: Floats) -> Floats:
        months = self.open_ms.astype("datetime64[ms]").astype("datetime64[M]")
        last = np.append(months[1:] != months[:-1], True)
        return np.asarray(values[last])


def _returns_of(ends: Floats, first: float) -> Floats:
    whole = np.concatenate(([first], ends))
    return whole[1:] / whole[:-1] - 1.0


def material_of(result: Result, bars: Bars) -> Material:
    """The material of a run; `bars` are those it ran on, at least from its start on."""
    table = result.trades
    open_ms = result.open_ms
    first = int(np.searchsorted(bars.open_ms, open_ms[0]))
    inside = slice(first, first + len(open_ms))
    trades = _columns(table, table["entry_fee"] + table["exit_fee"], table["reason"])
    still = table["reason"] == Reason.OPEN
    return Material(
        trades.where(~still),
        trades.where(still),
        bars.close_ms[inside],
        bars.open_ms[inside],
        bars.close[inside],
        float(bars.open[inside][0]),
        result.equity,
        result.spec.broker.initial_cash,
        float(result.spec.instrument.contract_value),
        result.spec.broker.leverage,
    )


_ASKED: Final = ("side", "entry_ms", "exit_ms", "entry_price", "exit_price", "qty", "pnl")


def material_from_trades(
    rows: Columns, bars: Bars, initial_cash: float, value: float = 1.0, leverage: float = 1.0
) -> Material:
    """The material of a bare list of closed trades on bars; equity is marked at each close (K3).

    `rows` holds side (+1, −1), entry_ms, exit_ms (opens of their bars), entry_price, exit_price,
    qty, pnl (net), and where known fees, funding, mfe, mae. Raises InvalidInput for a column that
    is missing, or a trade outside the bars.
    """
    for name in _ASKED:
        if name not in rows:
            raise InvalidInput("trades", sorted(rows), f"a column {name}")
    order = np.argsort(rows["exit_ms"], kind="stable")
    table = {name: np.asarray(column)[order] for name, column in rows.items()}
    entry_bar, exit_bar = (_bar_of(bars, table[name], name) for name in ("entry_ms", "exit_ms"))
    n_rows = len(order)
    table |= {
        "entry_bar": entry_bar,
        "exit_bar": exit_bar,
        "funding": table.get("funding", np.zeros(n_rows)),
        "mfe": table.get("mfe", np.full(n_rows, np.nan)),
        "mae": table.get("mae", np.full(n_rows, np.nan)),
    }
    fees = table.get("fees", np.zeros(n_rows))
    trades = _columns(table, fees, np.zeros(n_rows, dtype=np.int64))
    equity = _marked(table, fees, bars, initial_cash, value)
    nothing = trades.where(np.zeros(n_rows, dtype=bool))
    return Material(
        trades,
        nothing,
        bars.close_ms,
        bars.open_ms,
        bars.close,
        float(bars.open[0]),
        equity,
        initial_cash,
        value,
        leverage,
    )


def _columns(table: Columns, fees: Floats, reason: NDArray[Any]) -> Trades:
    return Trades(
        side=table["side"].astype(np.int64),
        entry_ms=table["entry_ms"],
        exit_ms=table["exit_ms"],
        bars=table["exit_bar"] - table["entry_bar"],
        fees=fees,
        reason=reason,
        **{
            name: table[name]
            for name in ("entry_price", "exit_price", "qty", "pnl", "funding", "mfe", "mae")
        },
    )


def _bar_of(bars: Bars, times: Times, name: str) -> NDArray[np.int64]:
    found = np.searchsorted(bars.open_ms, times, side="right") - 1
    outside = (found < 0) | (times >= bars.close_ms[np.maximum(found, 0)])
    if outside.any():
        moment = np.datetime64(int(times[outside][0]), "ms")
        have = f"{np.datetime64(bars.start_ms, 'ms')}Z to {np.datetime64(bars.end_ms, 'ms')}Z"
        raise InvalidInput(f"trades.{name}", f"{moment}Z", f"inside a bar, which reach from {have}")
    return found


def _marked(table: Columns, fees: Floats, bars: Bars, initial_cash: float, value: float) -> Floats:
    """Equity at every close: what was closed until then, and what was open then."""
    equity = np.full(len(bars), initial_cash)
    for k in range(len(fees)):
        first, last = int(table["entry_bar"][k]), int(table["exit_bar"][k])
        point = table["side"][k] * table["qty"][k] * value
        # H5: the entry's half of the fees is paid at once; a list does not tell the halves.
        held = (bars.close[first:last] - table["entry_price"][k]) * point
        equity[first:last] += held - fees[k] / 2.0
        equity[last:] += table["pnl"][k]
    return equity
