"""What are figures made of? Closed and open trades, equity at closes, and the bars beneath."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engines.bars import Bars, Floats
from engines.intervals import DAY_MS, Times
from engines.payoff import LINEAR, Payoff

Columns = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Trades:
    """Trades as columns of equal length, in the order of their exits; money after fees.

    `fees` of both legs, `entry_fee` of the first; `mfe` and `mae` are the best and worst profit
    while a trade was open, net of its entry fee, NaN where unknown. `bars` counts from the entry's
    to the exit's bar. `slippage` is what market and stop orders gave away, NaN where unknown.
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
    entry_fee: Floats
    funding: Floats
    slippage: Floats
    mfe: Floats
    mae: Floats
    reason: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.side)

    def where(self, kept: NDArray[np.bool_]) -> Trades:
        """Some of the trades."""
        return Trades(*(getattr(self, name)[kept] for name in self.__dataclass_fields__))

    def of_side(self, side: int) -> Trades:
        """The long (+1) or the short (−1) ones; with 0 all."""
        return self if side == 0 else self.where(self.side == side)


class Doubt(NamedTuple):
    """Exits that hang on the order inside a bar, and net profit in the worse and better order."""

    exits: float
    pessimistic: float
    optimistic: float


@dataclass(frozen=True, eq=False)
class Material:
    """One run, or a bare list of trades with the bars they happened on.

    `equity` (n_bars,) is marked at each close of `bars` (K3). `value` is quote currency per point
    and unit of quantity. What is still open has its last close as `exit_price`.
    `doubt` is None where nobody looked into it.
    """

    closed: Trades
    open: Trades
    bars: Bars
    equity: Floats
    initial_cash: float
    value: float = 1.0
    leverage: float = 1.0
    payoff: Payoff = LINEAR
    doubt: Doubt | None = None

    @property
    def open_ms(self) -> Times:
        """Opens of the bars, (n_bars,)."""
        return self.bars.open_ms

    @property
    def close_ms(self) -> Times:
        """Closes of the bars, (n_bars,)."""
        return self.bars.close_ms

    @property
    def close(self) -> Floats:
        """Prices at the closes, (n_bars,)."""
        return self.bars.close

    @property
    def first_price(self) -> float:
        """Price of the first open."""
        return float(self.bars.open[0])

    @cached_property
    def long(self) -> Material:
        """The long trades alone; equity stays that of all."""
        return self._side(1)

    @cached_property
    def short(self) -> Material:
        """The short trades alone; equity stays that of all."""
        return self._side(-1)

    def _side(self, side: int) -> Material:
        return replace(self, closed=self.closed.of_side(side), open=self.open.of_side(side))

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
        return _returns_of(self._ends(self.equity, "D"), self.initial_cash)

    @cached_property
    def day_ends_ms(self) -> Times:
        """Close of the last bar of each UTC day."""
        days = self.open_ms // DAY_MS
        return np.asarray(self.close_ms[np.append(days[1:] != days[:-1], True)])

    @cached_property
    def daily_hold(self) -> Floats:
        """Returns of the market on the same days."""
        return _returns_of(self._ends(self.close, "D"), self.first_price)

    @cached_property
    def monthly_returns(self) -> Floats:
        """Returns of UTC months by equity at closes."""
        return _returns_of(self._ends(self.equity, "M"), self.initial_cash)

    @cached_property
    def yearly_returns(self) -> Floats:
        """Returns of UTC years by equity at closes."""
        return _returns_of(self._ends(self.equity, "Y"), self.initial_cash)

    @cached_property
    def weekly_returns(self) -> Floats:
        """Returns of weeks from Monday on, UTC, by equity at closes."""
        return _returns_of(self._ends(self.equity, "W"), self.initial_cash)

    @cached_property
    def monthly_hold(self) -> Floats:
        """Returns of the market in the same months."""
        return _returns_of(self._ends(self.close, "M"), self.first_price)

    def realised_returns(self, unit: str) -> Floats:
        """Returns of UTC months ("M") or days ("D") by the equity of closed trades (L2).

        What is open at the end counts to the last of them, at its last close.
        """
        at_close = np.searchsorted(self.closed.exit_ms, self.open_ms, side="right")
        ends = self._ends(self.realised[at_close], unit)
        ends[-1] += float(self.open.pnl.sum())
        return _returns_of(ends, self.initial_cash)

    @property
    def duration_ms(self) -> int:
        """From the first bar's open to the last bar's close."""
        return int(self.close_ms[-1] - self.open_ms[0])

    def _ends(self, values: Floats, unit: str) -> Floats:
        """Values at the last bar of each UTC day, week (from Monday on), month or year."""
        moments = self.open_ms.astype("datetime64[ms]")
        # 1970-01-01 was a Thursday, and numpy's weeks begin with it.
        shifted = moments + np.timedelta64(3, "D") if unit == "W" else moments
        periods = shifted.astype(f"datetime64[{unit}]")
        last = np.append(periods[1:] != periods[:-1], True)
        return np.array(values[last])


def _returns_of(ends: Floats, first: float) -> Floats:
    whole = np.concatenate(([first], ends))
    return whole[1:] / whole[:-1] - 1.0


def trades_of(table: Columns) -> Trades:
    """Trades out of columns by the names of `Trades`, with entry_bar and exit_bar for `bars`."""
    own = {name: table[name] for name in Trades.__dataclass_fields__ if name in table}
    return Trades(**{**own, "bars": table["exit_bar"] - table["entry_bar"]})
