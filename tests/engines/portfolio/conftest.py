"""Plays a handful of bars of several symbols to scripts, on both engines."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, NamedTuple

import numpy as np
import pytest

from engines import portfolio, reference
from engines.bars import Bars, Series
from engines.broker import BYBIT_LINEAR
from engines.commands import Command, Properties
from engines.funding import FundingRates
from engines.instrument import Instrument
from engines.intervals import Interval
from engines.legs import Conductor, Leg
from engines.risk import Limits
from tests.engines.reference.conftest import Bar, Planned

MINUTE_MS: Final = 60_000
ENGINES: Final[dict[str, Callable[..., Any]]] = {
    "event": portfolio.simulate,
    "oracle": reference.simulate_portfolio,
}


class Told(NamedTuple):
    """A row of the common ledger, and money as doubles."""

    symbol: str
    bar: int
    side: int
    price: float
    qty: float
    cash: float
    signal: str


class Played(NamedTuple):
    """What came of a portfolio, on whichever engine."""

    rows: list[Told]
    equity: list[float]
    close_ms: list[int]
    outcome: Any

    def order(self) -> list[tuple[str, str]]:
        """Who did what, in order: funding has no signal."""
        return [(row.symbol, row.signal or "funding") for row in self.rows]

    def refused(self, symbol: str) -> list[tuple[int, int, str]]:
        """Bar, reason and id of the entries kept out."""
        refusals = self.outcome.legs[symbol].refusals
        return [(one.bar, int(one.reason), one.id) for one in refusals]


def leg_of(
    symbol: str,
    bars: Sequence[Bar],
    plan: Mapping[int, Sequence[Command]] | None = None,
    *,
    interval: Interval = "1",
    at: Sequence[int] | None = None,
    funding: Mapping[int, float] | None = None,
    instrument: Mapping[str, Any] | None = None,
    **properties: Any,
) -> Leg:
    """A leg on a grid of 0.1 and 0.01; `at` are the minutes of its bars, `funding` by minute."""
    table = np.array(bars, dtype=float)
    step = 1 if interval == "D" else int(interval)
    minutes = np.array([step * k for k in range(len(bars))] if at is None else at)
    if interval == "D":
        minutes = minutes * 1440
    columns = dict(zip(("open", "high", "low", "close"), table.T, strict=True))
    times = {"open_ms": MINUTE_MS * minutes, "volume": np.ones(len(bars))}
    made = Bars.from_columns(Series("linear", symbol, interval), {**times, **columns})
    grid: dict[str, Any] = {"tick": Decimal("0.1"), "lot": Decimal("0.01"), **(instrument or {})}
    rates = None
    if funding is not None:
        paid = sorted(funding)
        times_ms = MINUTE_MS * np.array(paid, dtype=np.int64)
        rates = FundingRates("linear", symbol, times_ms, np.array([funding[one] for one in paid]))
    return Leg(
        made,
        Instrument("linear", symbol, **grid),
        None if plan is None else Planned(plan),
        Properties(**properties),
        funding=rates,
    )


Play = Callable[..., Played]


@pytest.fixture(params=ENGINES)
def play(request: pytest.FixtureRequest) -> Play:
    """Legs on one account, without fees unless asked for."""

    def run(
        legs: Sequence[Leg],
        conductor: Conductor | None = None,
        limits: Limits | None = None,
        **broker: Any,
    ) -> Played:
        given = {"initial_cash": 1_000.0, "taker_fee_rate": 0.0, "maker_fee_rate": 0.0, **broker}
        rules = replace(BYBIT_LINEAR, **given)
        outcome = ENGINES[request.param](legs, rules, conductor, limits or Limits())
        rows = [
            Told(name, one.bar, one.side, one.price, one.qty, float(one.cash), one.signal)
            for name, one in outcome.ledger
        ]
        return Played(rows, [float(one) for one in outcome.equity], outcome.close_ms, outcome)

    return run
