"""What did a run here trade? Its trades in the form that an export is held against."""

from __future__ import annotations

from dataclasses import dataclass

from engines.orders import Reason
from engines.result import Result


@dataclass(frozen=True)
class OurTrade:
    """One row of a run's trades; signals are None where the strategy does not name its orders."""

    number: int
    side: int
    qty: float
    entry_ms: int
    entry_price: float
    exit_ms: int
    exit_price: float
    pnl: float
    reason: Reason
    entry_signal: str | None
    exit_signal: str | None

    @property
    def is_open(self) -> bool:
        """Was it still open when the bars ended?"""
        return self.reason is Reason.OPEN


def our_trades(result: Result) -> tuple[OurTrade, ...]:
    """The trades of a run, oldest entry first."""
    table = result.trades
    names = ("side", "qty", "entry_ms", "entry_price", "exit_ms", "exit_price", "pnl", "reason")
    columns = [table[name].tolist() for name in names]
    nothing = [None] * len(columns[0])
    signals = [
        table[name].tolist() if name in table else nothing
        for name in ("entry_signal", "exit_signal")
    ]
    numbers = table["number"].tolist()
    rows = sorted(
        zip(numbers, *columns, *signals, strict=True), key=lambda row: (row[3], row[0], row[5])
    )
    return tuple(
        OurTrade(place, side, qty, entry_ms, entry, exit_ms, leave, pnl, Reason(reason), *named)
        for place, (
            _,
            side,
            qty,
            entry_ms,
            entry,
            exit_ms,
            leave,
            pnl,
            reason,
            *named,
        ) in enumerate(rows, 1)
    )
