"""What can be said of trades that somebody else's tester made? The material of a bare list on bars.

A list, for example TradingView's export, tells entries, exits and profits; equity and what was
held inside each bar follow from the bars.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engines.bars import Bars, Floats
from engines.errors import InvalidInput
from engines.intervals import Times
from engines.metrics.material import Columns, Material, Trades, trades_of
from engines.metrics.position import earned, open_profit
from engines.orders import Reason
from engines.payoff import LINEAR, Payoff

_ASKED: Final = ("side", "entry_ms", "entry_price", "qty")
_OF_CLOSED: Final = ("exit_ms", "exit_price", "pnl")


def material_from_trades(
    rows: Columns,
    bars: Bars,
    initial_cash: float,
    value: float = 1.0,
    leverage: float = 1.0,
    still_open: Columns | None = None,
    payoff: Payoff = LINEAR,
) -> Material:
    """The material of a bare list of trades on bars; equity is marked at each close (K3).

    `rows` are the closed ones: side (+1, −1), entry_ms, exit_ms (inside their bars), entry_price,
    exit_price, qty, pnl (net), and where known fees, funding, slippage, mfe, mae. `still_open` is
    what was open at the end: side, entry_ms, entry_price, qty, and fees (of the entry), mfe, mae.
    Raises InvalidInput for a column that is missing, or a trade outside the bars.
    """
    _check(rows, (*_ASKED, *_OF_CLOSED))
    order = np.argsort(rows["exit_ms"], kind="stable")
    closed = {name: np.asarray(column)[order] for name, column in rows.items()}
    for name in ("entry_ms", "exit_ms"):
        closed[f"{name[:-3]}_bar"] = _bar_of(bars, closed[name], name)
    gone = _trades(closed, Reason.SIGNAL_EXIT)
    left = _trades(_at_the_end(still_open or {}, bars, value, payoff), Reason.OPEN)
    nothing = np.full(len(bars), initial_cash)
    unmarked = Material(gone, left, bars, nothing, initial_cash, value, leverage, payoff)
    return replace(unmarked, equity=_marked(unmarked))


def _check(rows: Columns, names: tuple[str, ...]) -> None:
    for name in names:
        if name not in rows:
            raise InvalidInput("trades", sorted(rows), f"a column {name}")


def _at_the_end(rows: Columns, bars: Bars, value: float, payoff: Payoff) -> Columns:
    """What is open, as if it were closed at the last close without a fee."""
    if rows:
        _check(rows, _ASKED)
    table = {name: np.asarray(rows.get(name, np.zeros(0))) for name in _ASKED}
    table |= {name: np.asarray(rows[name]) for name in ("mfe", "mae") if name in rows}
    n_rows = len(table["side"])
    fees = np.asarray(rows.get("fees", np.zeros(n_rows)))
    last = np.full(n_rows, bars.close[-1])
    gross = earned(table["side"], table["entry_price"], last, table["qty"] * value, payoff)
    return {
        **table,
        "entry_bar": _bar_of(bars, table["entry_ms"].astype(np.int64), "entry_ms"),
        "exit_bar": np.full(n_rows, len(bars) - 1),
        "exit_ms": np.full(n_rows, bars.open_ms[-1]),
        "exit_price": last,
        "fees": fees,
        "entry_fee": fees,
        "pnl": gross - fees,
    }


def _trades(table: Columns, reason: Reason) -> Trades:
    """Trades, with what a list does not tell as 0 (funding, fees) or as unknown (the rest)."""
    n_rows = len(table["side"])
    zero, unknown = np.zeros(n_rows), np.full(n_rows, np.nan)
    fees = table.get("fees", zero)
    # A fee by the value traded splits as the two values do; others split in two anyway.
    share = table["entry_price"] / (table["entry_price"] + table["exit_price"])
    return trades_of(
        {
            "slippage": unknown,
            "mfe": unknown,
            "mae": unknown,
            "funding": zero,
            "entry_fee": fees * share,
            **table,
            "fees": fees,
            "side": table["side"].astype(np.int64),
            "reason": np.full(n_rows, int(reason)),
        }
    )


def _bar_of(bars: Bars, times: Times, name: str) -> NDArray[np.int64]:
    found = np.searchsorted(bars.open_ms, times, side="right") - 1
    outside = (found < 0) | (times >= bars.close_ms[np.maximum(found, 0)])
    if outside.any():
        moment = np.datetime64(int(times[outside][0]), "ms")
        have = f"{np.datetime64(bars.start_ms, 'ms')}Z to {np.datetime64(bars.end_ms, 'ms')}Z"
        raise InvalidInput(f"trades.{name}", f"{moment}Z", f"inside a bar, which reach from {have}")
    return found


def _marked(material: Material) -> Floats:
    """Equity at every close: what was closed until then, and what was open then, net of fees."""
    gone = np.searchsorted(material.open_ms, material.closed.exit_ms, side="right") - 1
    closed = np.bincount(gone, weights=material.closed.pnl, minlength=len(material.close))
    return np.asarray(material.initial_cash + np.cumsum(closed) + open_profit(material))
