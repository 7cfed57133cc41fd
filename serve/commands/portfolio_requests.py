"""What may be asked of a portfolio? Legs, one account, weights and limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from engines.portfolio.allocation import Allocation, Method
from engines.risk import Limits
from serve.commands.requests import (
    BrokerRequest,
    FinerCode,
    InstrumentRequest,
    IntervalCode,
    Model,
    MomentMs,
    Number,
    SourceName,
)
from strategies.allocation import Period, Policy, Schedule


class LegRequest(Model):
    """One symbol. What is left out is the portfolio's own."""

    symbol: str = Field(min_length=1)
    interval: IntervalCode | None = None
    strategy: str | dict[str, Any] | None = Field(
        default=None,
        description="library name, JSON file, Python file of an event strategy, or a graph",
    )
    parameters: dict[str, Number] = Field(default_factory=dict)
    file: Path | None = Field(default=None, description="bars in any layout that can be imported")
    instrument: InstrumentRequest | None = None


class PortfolioDataRequest(Model):
    """Which bars, for all legs."""

    category: Literal["linear", "spot"] = "linear"
    interval: IntervalCode = "60"
    start: MomentMs | None = Field(default=None, description="UTC; date, time or milliseconds")
    end: MomentMs | None = Field(default=None, description="UTC, exclusive")
    finer: FinerCode = Field(
        default="auto", description="interval of the bars that fills walk through inside each bar"
    )
    source: SourceName = Field(
        default="auto",
        description="auto: imported bars if they have all symbols, else those of BST_VENUE",
    )
    fetch: bool = Field(default=True, description="fetch from the venue what is missing")
    warm_up_days: float = Field(
        default=0, ge=0, description="bars before start that indicators and look-backs see"
    )


class AllocationRequest(Model):
    """Target weights, and when the portfolio comes back to them."""

    method: Method = "equal"
    lookback_bars: int = Field(default=60, ge=2, description="returns that the method looks at")
    top: int = Field(default=1, ge=1, description="symbols that momentum holds")
    weights_percent: dict[str, float] = Field(
        default_factory=dict, description="by symbol, for the method fixed; the rest stays cash"
    )
    max_weight_percent: float = Field(default=100, gt=0, le=100)
    rebalance: Period = "monthly"
    every_bars: int = Field(default=1, ge=1, description="for rebalance: bars")
    threshold_percent: float = Field(
        default=0, ge=0, lt=100, description="of the equity; a weight further off is put right"
    )
    exposure_percent: float = Field(
        default=100, gt=0, le=100_000, description="of the equity; above 100 needs leverage"
    )
    keep_cash_percent: float = Field(
        default=1, ge=0, lt=100, description="of the exposure, for costs and gaps"
    )
    min_trade: float = Field(default=0, ge=0, description="quote currency; less is left as it is")

    def policy(self) -> Policy:
        """The engine's settings."""
        return Policy(
            Allocation(
                self.method,
                self.lookback_bars,
                self.top,
                {name: share / 100.0 for name, share in self.weights_percent.items()},
                self.max_weight_percent / 100.0,
            ),
            Schedule(self.rebalance, self.every_bars, self.threshold_percent / 100.0),
            self.exposure_percent / 100.0,
            self.keep_cash_percent / 100.0,
            self.min_trade,
        )


class LimitsRequest(Model):
    """What no entry may lead beyond; 0 is no limit."""

    max_open_positions: int = Field(default=0, ge=0)
    max_correlated_positions: int = Field(default=0, ge=0)
    portfolio_heat_limit_percent: float = Field(
        default=0, ge=0, description="of the equity, lost if every stop is met"
    )
    correlation: float = Field(default=0.7, gt=0, le=1, description="from which two count as one")
    correlation_bars: int = Field(default=50, ge=3)

    def limits(self) -> Limits:
        """The engine's settings."""
        return Limits(
            self.max_open_positions,
            self.max_correlated_positions,
            self.portfolio_heat_limit_percent / 100.0,
            self.correlation,
            self.correlation_bars,
        )


class PortfolioRequest(Model):
    """Several symbols on one account: legs with strategies of their own, or target weights."""

    name: str = "portfolio"
    legs: tuple[LegRequest, ...] = Field(min_length=1)
    strategy: str | dict[str, Any] | None = Field(
        default=None, description="for legs that name none"
    )
    parameters: dict[str, Number] = Field(default_factory=dict)
    data: PortfolioDataRequest = PortfolioDataRequest()
    broker: BrokerRequest = BrokerRequest()
    allocation: AllocationRequest | None = None
    limits: LimitsRequest = LimitsRequest()
