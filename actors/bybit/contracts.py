"""What is listed at the exchange? Instruments, margin tiers and tickers out of its answers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final

from actors.bybit.errors import BadAnswer
from actors.bybit.fields import Fields
from engines.bars import Category
from engines.errors import InvalidInput
from engines.instrument import Instrument, MarginTier

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)
# Bybit's standard fees without VIP level; an account's own come from its fee-rate endpoint.
_SPOT_FEE_RATE: Final = Decimal("0.001")
_TAKER_FEE_RATE: Final = Decimal("0.00055")
_MAKER_FEE_RATE: Final = Decimal("0.0002")


@dataclass(frozen=True)
class Listed:
    """An instrument together with what its listing says about its life.

    `status` is Bybit's word (Trading, PreLaunch, Delivering, Closed). `launch_ms` is 0 where the
    venue does not tell (spot), `delivery_ms` 0 for perpetuals and spot.
    """

    instrument: Instrument
    status: str
    contract_type: str
    launch_ms: int
    delivery_ms: int


@dataclass(frozen=True)
class Ticker:
    """A market at one moment, exact. None where the venue left the field empty or has none."""

    category: Category
    symbol: str
    last: Decimal
    bid: Decimal | None
    ask: Decimal | None
    bid_size: Decimal | None
    ask_size: Decimal | None
    volume_24h: Decimal
    turnover_24h: Decimal
    mark: Decimal | None
    index: Decimal | None
    funding_rate: Decimal | None
    next_funding_ms: int
    open_interest: Decimal | None


def listed_from(category: Category, row: Fields) -> Listed:
    """One row of instruments-info. Raises BadAnswer naming the field."""
    try:
        instrument = _spot(row) if category == "spot" else _contract(category, row)
    except InvalidInput as error:
        raise BadAnswer(f"instruments-info: {error}") from error
    return Listed(
        instrument,
        status=row.text("status"),
        contract_type=row.text("contractType", "Spot"),
        launch_ms=row.whole("launchTime", 0),
        delivery_ms=row.whole("deliveryTime", 0),
    )


def tiers_from(rows: list[Fields]) -> tuple[MarginTier, ...]:
    """Margin tiers of one contract, lowest limit first. Raises BadAnswer naming the field."""
    tiers = sorted(_tier(row) for row in rows)
    if any(low.limit_notional == high.limit_notional for low, high in pairwise(tiers)):
        raise BadAnswer("risk-limit: two tiers have the same riskLimitValue")
    return tuple(tiers)


def ticker_from(category: Category, row: Fields) -> Ticker:
    """One row of tickers. Raises BadAnswer naming the field."""
    return Ticker(
        category,
        symbol=row.text("symbol"),
        last=row.decimal("lastPrice"),
        bid=row.optional_decimal("bid1Price"),
        ask=row.optional_decimal("ask1Price"),
        bid_size=row.optional_decimal("bid1Size"),
        ask_size=row.optional_decimal("ask1Size"),
        volume_24h=row.decimal("volume24h", _ZERO),
        turnover_24h=row.decimal("turnover24h", _ZERO),
        mark=row.optional_decimal("markPrice"),
        index=row.optional_decimal("usdIndexPrice" if category == "spot" else "indexPrice"),
        funding_rate=row.optional_decimal("fundingRate"),
        next_funding_ms=row.whole("nextFundingTime", 0),
        open_interest=row.optional_decimal("openInterest"),
    )


def _contract(category: Category, row: Fields) -> Instrument:
    lots = row.inner("lotSizeFilter")
    return Instrument(
        category,
        symbol=row.text("symbol"),
        tick=row.inner("priceFilter").decimal("tickSize"),
        lot=lots.decimal("qtyStep"),
        base=row.text("baseCoin"),
        quote=row.text("quoteCoin"),
        min_qty=lots.decimal("minOrderQty"),
        max_qty=lots.decimal("maxOrderQty", _ZERO),
        max_market_qty=lots.decimal("maxMktOrderQty", _ZERO),
        # Older answers do not have it: there the smallest quantity is the only minimum.
        min_notional=lots.decimal("minNotionalValue", _ZERO),
        taker_fee_rate=_TAKER_FEE_RATE,
        maker_fee_rate=_MAKER_FEE_RATE,
        max_leverage=row.inner("leverageFilter", optional=True).decimal("maxLeverage", _ONE),
        price_limit_ratio=_price_limit(row),
        funding_interval_minutes=row.whole("fundingInterval", 0),
    )


def _price_limit(row: Fields) -> Decimal:
    return row.inner("riskParameters", optional=True).decimal("priceLimitRatioX", _ZERO)


def _spot(row: Fields) -> Instrument:
    lots = row.inner("lotSizeFilter")
    return Instrument(
        "spot",
        symbol=row.text("symbol"),
        tick=row.inner("priceFilter").decimal("tickSize"),
        lot=lots.decimal("basePrecision"),
        base=row.text("baseCoin"),
        quote=row.text("quoteCoin"),
        min_qty=lots.decimal("minOrderQty", _ZERO),
        max_qty=lots.decimal("maxLimitOrderQty", lots.decimal("maxOrderQty", _ZERO)),
        max_market_qty=lots.decimal("maxMarketOrderQty", _ZERO),
        price_limit_ratio=_price_limit(row),
        min_notional=lots.decimal("minOrderAmt", _ZERO),
        taker_fee_rate=_SPOT_FEE_RATE,
        maker_fee_rate=_SPOT_FEE_RATE,
    )


def _tier(row: Fields) -> MarginTier:
    leverage = row.decimal("maxLeverage")
    maintenance = row.decimal("maintenanceMargin")
    # Initial margin is 1 / leverage. Bybit has written margins as fractions and as percent, so
    # the product tells which: about 1 or about 100.
    product = row.decimal("initialMargin") * leverage
    if not (0 < product < 1000 and 0 < maintenance < 100):
        raise BadAnswer(
            f"risk-limit: initialMargin × maxLeverage was {product} and maintenanceMargin "
            f"{maintenance}, should be about 1 or 100, and above zero"
        )
    percent = 100 if product > 10 else 1
    limit = row.decimal("riskLimitValue")
    deduction = row.decimal("mmDeduction", _ZERO)
    return MarginTier(limit, leverage, maintenance / percent, deduction)
