"""What came out of a run? Ledger, trades, refusals, equity and statistics, as columns."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engines.bars import canonical_bytes
from engines.spec import Spec

Table = Mapping[str, NDArray[Any]]

RESULT_SCHEMA: Final = 1
# The columns whose bytes make the ledger's digest; equal on every path of computation.
LEDGER: Final = ("bar", "leg", "side", "price", "qty", "fee", "funding", "cash", "reason")


@dataclass(frozen=True, eq=False)
class Result:
    """A run with everything kept. Tables are columns of equal length; times are UTC ms.

    `fills`: bar, time_ms, leg, side (+1 buys), price, qty, fee, funding, cash (after the fill),
    reason (`engines.orders.Reason`), trade, order. `trades`: one row per closed part of an entry,
    then what is still open (reason OPEN): entry and exit bar, time and price, side, qty, fees,
    funding, pnl (after fees), pnl_fraction (of the entry's notional), mfe and mae (best and worst
    profit while it was open, after the entry fee), reason, number, leg, ambiguous (1: the exit
    hangs on the unknown order inside its bar). `refusals`: bar, time_ms,
    side, reason (`engines.orders.Refusal`). `equity` (n_bars,) is marked at each close from
    `open_ms[0]` on. `statistics` as in `engines.batch.summary.STATISTICS`.
    """

    spec: Spec
    open_ms: NDArray[np.int64]
    equity: NDArray[np.float64]
    fills: Table
    trades: Table
    refusals: Table
    statistics: Mapping[str, float]

    @cached_property
    def ledger_digest(self) -> str:
        """SHA-256 over the ledger's columns, little-endian."""
        return ledger_digest(self.fills)


def ledger_digest(fills: Table) -> str:
    """SHA-256 over the columns of a ledger, in a fixed order, little-endian."""
    content = hashlib.sha256(f"ledger/{RESULT_SCHEMA}".encode())
    for name in LEDGER:
        column = fills[name]
        if column.dtype == np.float64:
            content.update(canonical_bytes(column))
        else:
            content.update(column.astype("<i8").tobytes())
    return content.hexdigest()
