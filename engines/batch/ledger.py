"""How does a kernel's tape read as a result? Columns with names, times and profits."""

from __future__ import annotations

import numpy as np

from engines.batch.cpu import Recorded
from engines.batch.summary import statistics
from engines.intervals import Interval, Times
from engines.kernel import layout as at
from engines.kernel.layout import Market, Tape
from engines.orders import Reason
from engines.result import Result, Table
from engines.spec import Spec


def result_of(
    spec: Spec, recorded: Recorded, market: Market, open_ms: Times, start: int, interval: Interval
) -> Result:
    """The result of a recorded run over bars whose opens are `open_ms`, begun at bar `start`."""
    tape = recorded.tape
    sums = statistics(
        recorded.stats[None, :], market.initial_cash, interval, spec.end_ms - spec.start_ms
    )
    return Result(
        spec=spec,
        open_ms=open_ms[start : start + len(recorded.equity)],
        equity=recorded.equity,
        fills=_fills(tape, open_ms),
        trades=_trades(tape, market, open_ms),
        refusals=_refusals(tape, open_ms),
        statistics={name: float(values[0]) for name, values in sums.items()},
    )


def _fills(tape: Tape, open_ms: Times) -> Table:
    marks, values = tape.fill_marks, tape.fills
    return {
        "bar": marks[:, at.FILL_BAR],
        "time_ms": open_ms[marks[:, at.FILL_BAR]],
        "leg": marks[:, at.FILL_LEG],
        "side": marks[:, at.FILL_SIDE],
        "price": values[:, at.FILL_PRICE],
        "qty": values[:, at.FILL_QTY],
        "fee": values[:, at.FILL_FEE],
        "funding": values[:, at.FILL_FUNDING],
        "cash": values[:, at.FILL_CASH],
        "reason": marks[:, at.FILL_REASON],
        "trade": marks[:, at.FILL_TRADE],
        "order": marks[:, at.FILL_ORDER],
    }


def _trades(tape: Tape, market: Market, open_ms: Times) -> Table:
    # Closed trades first, in the order of their exits; what is still open follows (A8).
    order = np.argsort(tape.trade_marks[:, at.TRADE_REASON] == Reason.OPEN, kind="stable")
    marks, values = tape.trade_marks[order], tape.trades[order]
    side = marks[:, at.TRADE_SIDE]
    entry, qty = values[:, at.TRADE_ENTRY_PRICE], values[:, at.TRADE_QTY]
    point = qty * market.contract_value

    def excursion(slot: int) -> np.typing.NDArray[np.float64]:
        return side * (values[:, slot] - entry) * point - values[:, at.TRADE_ENTRY_FEE]

    return {
        "number": marks[:, at.TRADE_NUMBER],
        "leg": marks[:, at.TRADE_LEG],
        "side": side,
        "entry_bar": marks[:, at.TRADE_ENTRY_BAR],
        "entry_ms": open_ms[marks[:, at.TRADE_ENTRY_BAR]],
        "entry_price": entry,
        "exit_bar": marks[:, at.TRADE_EXIT_BAR],
        "exit_ms": open_ms[marks[:, at.TRADE_EXIT_BAR]],
        "exit_price": values[:, at.TRADE_EXIT_PRICE],
        "qty": qty,
        "entry_fee": values[:, at.TRADE_ENTRY_FEE],
        "exit_fee": values[:, at.TRADE_EXIT_FEE],
        "funding": values[:, at.TRADE_FUNDING],
        "pnl": values[:, at.TRADE_PNL],
        "pnl_fraction": values[:, at.TRADE_PNL] / (entry * point),
        # K2: an excursion that never was is 0, not the fee.
        "mfe": np.maximum(excursion(at.TRADE_BEST), 0.0),
        "mae": np.minimum(excursion(at.TRADE_WORST), 0.0),
        "reason": marks[:, at.TRADE_REASON],
        "ambiguous": marks[:, at.TRADE_DOUBT],
    }


def _refusals(tape: Tape, open_ms: Times) -> Table:
    marks = tape.refusals
    return {
        "bar": marks[:, at.REFUSAL_BAR],
        "time_ms": open_ms[marks[:, at.REFUSAL_BAR]],
        "side": marks[:, at.REFUSAL_SIDE],
        "reason": marks[:, at.REFUSAL_REASON],
    }
