"""Which tables does a portfolio's section hold? Rows of finished text."""

from __future__ import annotations

import math
from typing import NamedTuple

from serve.reports import figures
from serve.reports.content import Portfolio
from serve.reports.figures import Shown, Tone


class LegRow(NamedTuple):
    """What one leg brought, and at what cost."""

    symbol: str
    strategy: str
    trades: str
    brought: Shown
    returned: Shown
    fees: Shown
    funding: Shown


class Coefficient(NamedTuple):
    """A correlation as text, and how deep its colour is, 0 to 100, by its sign."""

    shown: Shown
    depth: int


def leg_rows(portfolio: Portfolio) -> tuple[LegRow, ...]:
    """One row a leg, by symbol."""

    def money(value: float, signed: bool = False) -> Shown:
        text = figures.number(value, portfolio.quote.digits, signed=signed)
        return Shown(text, tone=figures.tone(value) if signed else "")

    rows = zip(
        portfolio.symbols,
        portfolio.strategies,
        portfolio.trades,
        portfolio.brought.tolist(),
        portfolio.fees.tolist(),
        portfolio.funding.tolist(),
        strict=True,
    )
    return tuple(
        LegRow(
            symbol,
            strategy,
            f"{trades:,}",
            money(brought, signed=True),
            _returned(brought / portfolio.initial_cash),
            money(fees),
            money(funding),
        )
        for symbol, strategy, trades, brought, fees, funding in rows
    )


def _returned(share: float) -> Shown:
    return Shown(figures.percent(share, signed=True), tone=figures.tone(share))


def correlation_rows(portfolio: Portfolio) -> tuple[tuple[str, tuple[Coefficient, ...]], ...]:
    """Below the diagonal how profits moved together, above it how the markets did."""
    found = []
    for i, symbol in enumerate(portfolio.symbols):
        cells = [
            _coefficient(float((portfolio.markets if k >= i else portfolio.profits)[i, k]))
            for k in range(len(portfolio.symbols))
        ]
        found.append((symbol, tuple(cells)))
    return tuple(found)


def _coefficient(value: float) -> Coefficient:
    if math.isnan(value):
        return Coefficient(Shown(figures.NOTHING, "One of the two did not move."), 0)
    tone: Tone = "gain" if value > 0.0 else "loss"
    # + 0.0: no −0.00.
    return Coefficient(Shown(f"{round(value, 2) + 0.0:.2f}", tone=tone), round(abs(value) * 60))
