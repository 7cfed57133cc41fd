"""What are figures made of? Closed and open trades, equity at closes, and the bars beneath."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engines.bars import Bars, Floats
from engines.intervals import DAY_MS, Times
from engines.orders import Reason
from engines.payoff import LINEAR, Payoff, payoff_of
from engines.result import Result, Table
from engines.spec import Spec

Columns = Mapping[str, NDArray[Any]]

# Fills at a level of their own: C4 lets no slippage on them, I4 takes the price that was checked.
_UNSLIPPED: Final = (Reason.TAKE_PROFIT, Reason.OPEN, Reason.MARGIN_CALL, Reason.LIQUIDATION)


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


def material_of(result: Result, bars: Bars) -> Material:
    """The material of a run; `bars` are those it ran on, at least from its start on."""
    table, spec = result.trades, result.spec
    first = int(np.searchsorted(bars.open_ms, result.open_ms[0]))
    fees = table["entry_fee"] + table["exit_fee"]
    trades = trades_of({**table, "fees": fees, "slippage": _slippage(table, spec)})
    still = table["reason"] == Reason.OPEN
    return Material(
        trades.where(~still),
        trades.where(still),
        bars.rows(first, first + len(result.open_ms)),
        result.equity,
        spec.broker.initial_cash,
        float(spec.instrument.contract_value),
        spec.broker.leverage,
        payoff_of(spec.broker.profile),
        _doubt(result),
    )


def _doubt(result: Result) -> Doubt | None:
    said = [result.statistics.get(name, np.nan) for name in _DOUBT]
    return None if np.isnan(said).any() else Doubt(*said)


_DOUBT: Final = ("ambiguous_exits", "pessimistic_profit", "optimistic_profit")


def trades_of(table: Columns) -> Trades:
    """Trades out of columns by the names of `Trades`, with entry_bar and exit_bar for `bars`."""
    own = {name: table[name] for name in Trades.__dataclass_fields__ if name in table}
    return Trades(**{**own, "bars": table["exit_bar"] - table["entry_bar"]})


def _slippage(table: Table, spec: Spec) -> Floats:
    """Money that each trade's market and stop fills gave away (C4).

    An entry counts as one unless its fee is the maker's: the ledger does not tell kinds of orders.
    """
    step = spec.broker.slippage_ticks * float(spec.instrument.tick)
    point = table["qty"] * float(spec.instrument.contract_value)
    maker = _rate(spec.broker.maker_fee_rate, spec.instrument.maker_fee_rate)
    taker = _rate(spec.broker.taker_fee_rate, spec.instrument.taker_fee_rate)
    worth = payoff_of(spec.broker.profile).worth(table["entry_price"])
    paid = table["entry_fee"] / (worth * point)
    slipped_in = (maker == taker) | (np.abs(paid - maker) >= np.abs(paid - taker))
    slipped_out = ~np.isin(table["reason"], _UNSLIPPED)
    legs = slipped_in.astype(np.float64) + slipped_out
    # A tick of an inverse contract is worth less coin the higher the price.
    tick_worth = worth * step / table["entry_price"]
    return np.asarray(point * tick_worth * legs)


def _rate(own: float | None, venue: Decimal) -> float:
    return float(venue) if own is None else own
