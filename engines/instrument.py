"""What is traded? Grid, limits, fees and margin tiers of one contract at one time."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from engines.bars import Category
from engines.errors import InvalidInput
from engines.zones import check_zone, minute_of_day

_ZERO: Final = Decimal(0)


class MarginTier(NamedTuple):
    """One step of the venue's risk limits: up to `limit_notional`, these margins."""

    limit_notional: Decimal
    max_leverage: Decimal
    maintenance_rate: Decimal
    deduction: Decimal


@dataclass(frozen=True)
class Instrument:
    """A contract's rules, as the venue states them from `valid_from_ms` on.

    `tick` is the price step in quote currency, `lot` the quantity step in base currency; zero
    means unrounded. `contract_value` is quote currency per point and unit of quantity (1 for
    linear contracts and spot). Fees are fractions of the notional. `max_qty` and
    `max_market_qty` bound one order, `price_limit_ratio` how far beyond the market a limit may
    be; zero is no bound. The exchange's clock is that of `timezone`, its day begins at `day_start`
    there (A6, J2).
    """

    category: Category
    symbol: str
    tick: Decimal
    lot: Decimal
    base: str = ""
    quote: str = ""
    min_qty: Decimal = _ZERO
    max_qty: Decimal = _ZERO
    max_market_qty: Decimal = _ZERO
    min_notional: Decimal = _ZERO
    taker_fee_rate: Decimal = Decimal("0.00055")
    maker_fee_rate: Decimal = Decimal("0.0002")
    contract_value: Decimal = Decimal(1)
    max_leverage: Decimal = Decimal(1)
    price_limit_ratio: Decimal = _ZERO
    funding_interval_minutes: int = 0
    margin_tiers: tuple[MarginTier, ...] = ()
    valid_from_ms: int = 0
    timezone: str = "UTC"
    day_start: str = "00:00"

    def __post_init__(self) -> None:
        for name in ("tick", "lot", "min_qty", "max_qty", "max_market_qty", "min_notional"):
            value = getattr(self, name)
            if not value.is_finite() or value < 0:
                raise InvalidInput(f"{self.symbol}.{name}", str(value), "zero or more")
        if not self.contract_value > 0:
            value = str(self.contract_value)
            raise InvalidInput(f"{self.symbol}.contract_value", value, "above zero")
        check_zone(f"{self.symbol}.timezone", self.timezone)
        minute_of_day(f"{self.symbol}.day_start", self.day_start)
        limits = [tier.limit_notional for tier in self.margin_tiers]
        if limits != sorted(set(limits)):
            expected = "tiers with strictly rising limits"
            raise InvalidInput(f"{self.symbol}.margin_tiers", [str(x) for x in limits], expected)

    def canonical(self) -> dict[str, object]:
        """Everything that decides a fill, as JSON values with exact decimals as text."""
        tiers = [[decimal_text(part) for part in tier] for tier in self.margin_tiers]
        names = ("tick", "lot", "min_qty", "max_qty", "min_notional", "contract_value")
        later = (name for name in _LATER if getattr(self, name) != _LATER[name])
        return {
            "category": self.category,
            "symbol": self.symbol,
            **{name: decimal_text(getattr(self, name)) for name in (*names, *later)},
            "margin_tiers": tiers,
            "valid_from_ms": self.valid_from_ms,
            # What was named before the exchange's clock was known keeps its name.
            **({} if self.timezone == "UTC" else {"timezone": self.timezone}),
            **({} if self.day_start == "00:00" else {"day_start": self.day_start}),
        }


# What a market was named before these were part of it, it is still named without them.
_LATER: Final = {
    "max_market_qty": _ZERO,
    "price_limit_ratio": _ZERO,
    "taker_fee_rate": Instrument.taker_fee_rate,
    "maker_fee_rate": Instrument.maker_fee_rate,
}


def unrounded(symbol: str, category: Category = "linear") -> Instrument:
    """An instrument without tick, lot and minimum: what other backtesters assume."""
    return Instrument(category, symbol, tick=_ZERO, lot=_ZERO)


def decimal_text(value: Decimal) -> str:
    """Shortest plain text of an exact number: 0.10 and 1E-1 are both 0.1."""
    text = format(value.normalize(), "f")
    return "0" if text == "-0" else text
