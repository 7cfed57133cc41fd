"""How does Bybit describe a contract? The JSON of instruments, tickers and risk limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from actors.sandbox.book import Side
from actors.sandbox.exchange import Quote
from actors.sandbox.instruments import Listing
from actors.sandbox.market_answers import Json, levels_json, rate_text, units_text
from actors.sandbox.markets import scale_of
from engines.instrument import MarginTier, decimal_text

_MINUTES_PER_HOUR: Final = 60
# Prices may move this far from the mark: Bybit's riskParameters for large and small contracts.
_PRICE_LIMITS: Final = {"BTC": ("0.01", "0.02"), "ETH": ("0.01", "0.02")}
_OTHER_PRICE_LIMITS: Final = ("0.05", "0.1")
_SPOT_PRICE_LIMITS: Final = ("0.005", "0.01")
_CONTRACT_TYPE: Final = {"linear": "LinearPerpetual", "inverse": "InversePerpetual"}


def instrument_json(listing: Listing) -> Json:
    """One row of instruments-info."""
    return _spot_instrument(listing) if listing.category == "spot" else _perpetual(listing)


def ticker_json(listing: Listing, quote: Quote) -> Json:
    """One row of tickers."""
    return _spot_ticker(listing, quote) if listing.category == "spot" else _ticker(listing, quote)


def risk_limits_json(listing: Listing) -> list[Json]:
    """The rows of risk-limit for one contract, margins in percent."""
    return [
        _risk_limit(listing, number, tier) for number, tier in enumerate(listing.margin_tiers, 1)
    ]


def _risk_limit(listing: Listing, number: int, tier: MarginTier) -> Json:
    initial = (100 / tier.max_leverage).quantize(Decimal("0.01"))
    return {
        "id": number,
        "symbol": listing.symbol,
        "riskLimitValue": decimal_text(tier.limit_notional),
        "maintenanceMargin": decimal_text(tier.maintenance_rate * 100),
        "initialMargin": decimal_text(initial),
        "isLowestRisk": int(number == 1),
        "maxLeverage": f"{tier.max_leverage:.2f}",
        "mmDeduction": decimal_text(tier.deduction) if tier.deduction else "",
    }


def _perpetual(listing: Listing) -> Json:
    tick, lot = str(listing.tick), str(listing.lot)
    ratio_x, ratio_y = _PRICE_LIMITS.get(listing.base, _OTHER_PRICE_LIMITS)
    highest = listing.tick * 19_999_998
    return {
        "symbol": listing.symbol,
        "symbolId": listing.symbol_id,
        "contractType": _CONTRACT_TYPE[listing.category],
        "status": "Trading",
        "baseCoin": listing.base,
        "quoteCoin": listing.quote,
        "launchTime": str(listing.launch_ms),
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": str(listing.price_decimals),
        "leverageFilter": {
            "minLeverage": "1",
            "maxLeverage": f"{listing.margin_tiers[0].max_leverage:.2f}",
            "leverageStep": "0.01",
        },
        "priceFilter": {"minPrice": tick, "maxPrice": str(highest), "tickSize": tick},
        "lotSizeFilter": {
            "maxOrderQty": listing.max_qty,
            "minOrderQty": lot,
            "qtyStep": lot,
            "postOnlyMaxOrderQty": listing.max_qty,
            "maxMktOrderQty": listing.max_market_qty,
            "minNotionalValue": listing.min_notional,
        },
        "unifiedMarginTrade": True,
        "fundingInterval": listing.funding_interval_minutes,
        "settleCoin": listing.settle,
        "copyTrading": "both" if listing.category == "linear" else "none",
        "upperFundingRate": listing.funding_cap,
        "lowerFundingRate": f"-{listing.funding_cap}",
        "isPreListing": False,
        "preListingInfo": None,
        "riskParameters": {"priceLimitRatioX": ratio_x, "priceLimitRatioY": ratio_y},
        "symbolType": "",
    }


def _spot_instrument(listing: Listing) -> Json:
    ratio_x, ratio_y = _SPOT_PRICE_LIMITS
    return {
        "symbolId": listing.symbol_id,
        "symbol": listing.symbol,
        "baseCoin": listing.base,
        "quoteCoin": listing.quote,
        "innovation": "0",
        "status": "Trading",
        "marginTrading": "utaOnly",
        "stTag": "0",
        "lotSizeFilter": {
            "basePrecision": format(listing.lot, "f"),
            "quotePrecision": "0.0000001",
            "minOrderQty": format(listing.lot, "f"),
            "maxOrderQty": listing.max_qty,
            "minOrderAmt": listing.min_notional,
            "maxOrderAmt": "8000000",
            "maxLimitOrderQty": listing.max_qty,
            "maxMarketOrderQty": listing.max_market_qty,
            "postOnlyMaxLimitOrderSize": "60000",
        },
        "priceFilter": {"tickSize": str(listing.tick)},
        "riskParameters": {"priceLimitRatioX": ratio_x, "priceLimitRatioY": ratio_y},
        "symbolType": "",
    }


def _common_ticker(listing: Listing, quote: Quote) -> Json:
    scale = scale_of(listing, "last")
    bid, ask = (_best(listing, side) for side in (quote.book.bids, quote.book.asks))
    return {
        "symbol": listing.symbol,
        "bid1Price": bid[0],
        "bid1Size": bid[1],
        "ask1Price": ask[0],
        "ask1Size": ask[1],
        "lastPrice": units_text(quote.last, scale.price),
        "prevPrice24h": units_text(quote.day_ago, scale.price),
        "price24hPcnt": f"{quote.last / quote.day_ago - 1.0:.6f}",
        "highPrice24h": units_text(quote.high, scale.price),
        "lowPrice24h": units_text(quote.low, scale.price),
        "turnover24h": units_text(quote.turnover, scale.turnover),
        "volume24h": units_text(quote.volume, scale.volume),
    }


def _spot_ticker(listing: Listing, quote: Quote) -> Json:
    decimals = scale_of(listing, "index").price
    return {
        **_common_ticker(listing, quote),
        "usdIndexPrice": units_text(quote.index_price, decimals),
    }


def _ticker(listing: Listing, quote: Quote) -> Json:
    decimals = scale_of(listing, "mark").price
    mark = quote.mark_price / 10.0**decimals
    inverse = listing.category == "inverse"
    value = quote.open_interest / mark if inverse else quote.open_interest * mark
    return {
        **_common_ticker(listing, quote),
        "indexPrice": units_text(quote.index_price, decimals),
        "markPrice": units_text(quote.mark_price, decimals),
        "prevPrice1h": units_text(quote.hour_ago, listing.price_decimals),
        "openInterest": f"{quote.open_interest:.{listing.qty_decimals}f}",
        "openInterestValue": f"{value:.2f}",
        "fundingRate": rate_text(quote.funding_rate),
        "nextFundingTime": str(quote.next_funding_ms),
        "predictedDeliveryPrice": "",
        "basisRate": "",
        "deliveryFeeRate": "",
        "deliveryTime": "0",
        "basis": "",
        "preOpenPrice": "",
        "preQty": "",
        "curPreListingPhase": "",
        "fundingIntervalHour": str(listing.funding_interval_minutes // _MINUTES_PER_HOUR),
        "basisRateYear": "",
        "fundingCap": listing.funding_cap,
    }


def _best(listing: Listing, side: Side) -> list[str]:
    levels = levels_json(listing, Side(side.price[:1], side.size[:1]))
    return levels[0] if levels else ["", ""]
