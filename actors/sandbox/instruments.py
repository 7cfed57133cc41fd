"""What is listed? The sandbox's contracts with Bybit's grids, limits, tiers and funding terms."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Final, NamedTuple

from engines.bars import Category
from engines.instrument import MarginTier


class Step(NamedTuple):
    """A risk limit as Bybit's margin page prints it: limit, leverage, maintenance in percent."""

    limit: str
    max_leverage: str
    maintenance_percent: str


@dataclass(frozen=True)
class Listing:
    """One contract. Quantities are in base currency, in USD contracts for inverse ones.

    `price_decimals` and `qty_decimals` are the grid: one tick is 10 to the minus that many.
    `turnover_decimals` is the precision of the other side of a trade. `usd_per_minute` is the
    average turnover.
    """

    category: Category
    symbol: str
    symbol_id: int
    base: str
    quote: str
    settle: str
    launch_ms: int
    price_decimals: int
    qty_decimals: int
    max_qty: str
    max_market_qty: str
    min_notional: str
    usd_per_minute: float
    turnover_decimals: int = 4
    funding_interval_minutes: int = 0
    funding_cap: str = "0"
    steps: tuple[Step, ...] = ()

    @property
    def tick(self) -> Decimal:
        return Decimal(1).scaleb(-self.price_decimals)

    @property
    def lot(self) -> Decimal:
        return Decimal(1).scaleb(-self.qty_decimals)

    @property
    def is_perpetual(self) -> bool:
        return self.funding_interval_minutes > 0

    @cached_property
    def margin_tiers(self) -> tuple[MarginTier, ...]:
        """Risk limits with the deduction that makes maintenance margin continuous.

        d(n) = limit(n−1) × (rate(n) − rate(n−1)) + d(n−1), as Bybit's margin page defines it.
        """
        tiers = [_tier(step, Decimal(0)) for step in self.steps[:1]]
        for before, step in pairwise(self.steps):
            rise = Decimal(step.maintenance_percent) - Decimal(before.maintenance_percent)
            deduction = tiers[-1].deduction + Decimal(before.limit) * rise / 100
            tiers.append(_tier(step, deduction))
        return tuple(tiers)


def _tier(step: Step, deduction: Decimal) -> MarginTier:
    limit, leverage, maintenance = (Decimal(text) for text in step)
    return MarginTier(limit, leverage, maintenance / 100, deduction)


# The first fifteen tiers of Bybit's margin-parameters page for BTCUSDT.
_BTCUSDT_STEPS: Final = (
    Step("2000000", "100", "0.5"),
    Step("2600000", "90", "0.56"),
    Step("3200000", "80", "0.63"),
    Step("3800000", "75", "0.67"),
    Step("4400000", "70", "0.71"),
    Step("5000000", "65", "0.77"),
    Step("5600000", "55", "0.91"),
    Step("8500000", "50", "1"),
    Step("10000000", "45", "1.3"),
    Step("14000000", "40", "1.5"),
    Step("20000000", "35", "1.6"),
    Step("28000000", "30", "2"),
    Step("38000000", "25", "2.5"),
    Step("50000000", "20", "2.9"),
    Step("55000000", "19", "3"),
)
# Shaped like the above: first tiers of ETHUSDT and ADAUSDT are Bybit's, the rest is scaled.
_ETHUSDT_STEPS: Final = (
    Step("900000", "100", "0.5"),
    Step("1800000", "75", "0.67"),
    Step("3600000", "50", "1"),
    Step("8000000", "40", "1.5"),
    Step("15000000", "25", "2.5"),
    Step("30000000", "16.67", "3.5"),
)
_ALTCOIN_STEPS: Final = (
    Step("200000", "75", "0.75"),
    Step("500000", "50", "1"),
    Step("1000000", "33.33", "1.5"),
    Step("2000000", "25", "2"),
    Step("4000000", "16.67", "3"),
    Step("8000000", "10", "5"),
)
_BTCUSD_STEPS: Final = (
    Step("150", "100", "0.5"),
    Step("300", "66.67", "1"),
    Step("450", "50", "1.5"),
    Step("600", "40", "2"),
    Step("750", "33.33", "2.5"),
)

LISTINGS: Final[tuple[Listing, ...]] = (
    Listing(
        "linear", "BTCUSDT", 5, "BTC", "USDT", "USDT", 1_569_888_000_000, 1, 3, "1190.000",
        "500.000", "5", 2_600_000.0, 4, 480, "0.00375", _BTCUSDT_STEPS,
    ),
    Listing(
        "linear", "ETHUSDT", 7, "ETH", "USDT", "USDT", 1_572_566_400_000, 2, 2, "7240.00",
        "1440.00", "5", 1_500_000.0, 4, 480, "0.00375", _ETHUSDT_STEPS,
    ),
    Listing(
        "linear", "XRPUSDT", 12, "XRP", "USDT", "USDT", 1_575_158_400_000, 4, 1, "2500000.0",
        "500000.0", "5", 320_000.0, 4, 480, "0.005", _ALTCOIN_STEPS,
    ),
    Listing(
        "linear", "ADAUSDT", 20, "ADA", "USDT", "USDT", 1_577_836_800_000, 4, 0, "5900000",
        "1070000", "5", 180_000.0, 4, 480, "0.005", _ALTCOIN_STEPS,
    ),
    Listing(
        "linear", "SOLUSDT", 41, "SOL", "USDT", "USDT", 1_602_720_000_000, 3, 1, "79770.0",
        "15950.0", "5", 700_000.0, 4, 480, "0.005", _ALTCOIN_STEPS,
    ),
    Listing(
        "linear", "DOGEUSDT", 38, "DOGE", "USDT", "USDT", 1_622_592_000_000, 5, 0, "44770000",
        "8950000", "5", 350_000.0, 4, 240, "0.01", _ALTCOIN_STEPS,
    ),
    Listing(
        "inverse", "BTCUSD", 1, "BTC", "USD", "BTC", 1_542_153_600_000, 1, 0, "25000000",
        "5000000", "1", 420_000.0, 8, 480, "0.00375", _BTCUSD_STEPS,
    ),
    Listing(
        "spot", "BTCUSDT", 9, "BTC", "USDT", "USDT", 1_546_300_800_000, 1, 6, "83",
        "41.5", "5", 450_000.0, 4,
    ),
    Listing(
        "spot", "ETHUSDT", 10, "ETH", "USDT", "USDT", 1_546_300_800_000, 2, 5, "1310",
        "655", "5", 260_000.0, 4,
    ),
)  # fmt: skip
