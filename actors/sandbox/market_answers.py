"""How does Bybit write market data? Its JSON: numbers as text, newest first."""

from __future__ import annotations

import uuid
from decimal import Decimal

from actors.sandbox.book import Book, Side
from actors.sandbox.funding import RATE_DECIMALS
from actors.sandbox.instruments import Listing
from actors.sandbox.markets import scale_of
from actors.sandbox.prints import Prints
from actors.sandbox.sentiment import Sentiment
from engines.bars import Bars
from engines.funding import FundingRates
from engines.instrument import decimal_text

Json = dict[str, object]


def units_text(value: float, decimals: int) -> str:
    """Text of a whole number of grid units: 72133 with one decimal is 7213.3."""
    return f"{value / 10.0**decimals:.{decimals}f}"


def candles_json(listing: Listing, bars: Bars) -> str:
    """The `list` of a kline answer as JSON text, newest first, assembled by hand for speed."""
    scale = scale_of(listing, bars.series.kind)
    price = f'"%.{scale.price}f"'
    row = ",".join(['["%d"', price, price, price, price])
    prices = [bars.open, bars.high, bars.low, bars.close]
    columns = [bars.open_ms, *(column / 10.0**scale.price for column in prices)]
    if bars.series.kind == "last":
        row += f',"%.{scale.volume}f","%.{scale.turnover}f"'
        columns += [bars.volume / 10.0**scale.volume, bars.turnover / 10.0**scale.turnover]
    row += "]"
    rows = zip(*(column[::-1].tolist() for column in columns), strict=True)
    return "[" + ",".join([row % values for values in rows]) + "]"


def book_json(listing: Listing, book: Book, now_ms: int) -> Json:
    """The result of an orderbook request."""
    return {
        "s": listing.symbol,
        "b": levels_json(listing, book.bids),
        "a": levels_json(listing, book.asks),
        "ts": now_ms,
        "u": book.update,
        "seq": book.update * 7 + listing.symbol_id,
        "cts": book.time_ms,
    }


def trades_json(listing: Listing, trades: Prints) -> list[Json]:
    """The `list` of recent-trade, newest first."""
    rows = range(len(trades.time_ms) - 1, -1, -1)
    return [_trade(listing, trades, row) for row in rows]


def funding_json(rates: FundingRates) -> list[Json]:
    """The `list` of funding history, newest first."""
    rows = zip(rates.time_ms[::-1].tolist(), rates.rate[::-1].tolist(), strict=True)
    return [
        {
            "symbol": rates.symbol,
            "fundingRate": rate_text(rate),
            "fundingRateTimestamp": str(time_ms),
        }
        for time_ms, rate in rows
    ]


def open_interest_json(values: Sentiment) -> list[Json]:
    """The `list` of open-interest, newest first; both sides of each contract are counted."""
    rows = zip(values.time_ms[::-1].tolist(), values.open_interest[::-1].tolist(), strict=True)
    return [
        {
            "openInterest": f"{both_sides:.8f}",
            "singleOpenInterest": decimal_text(Decimal(f"{both_sides / 2:.8f}")),
            "timestamp": str(time_ms),
        }
        for time_ms, both_sides in rows
    ]


def account_ratio_json(listing: Listing, values: Sentiment) -> list[Json]:
    """The `list` of account-ratio, newest first."""
    rows = zip(values.time_ms[::-1].tolist(), values.long_share[::-1].tolist(), strict=True)
    return [
        {
            "symbol": listing.symbol,
            "buyRatio": f"{longs:.4f}",
            "sellRatio": f"{1.0 - longs:.4f}",
            "timestamp": str(time_ms),
        }
        for time_ms, longs in rows
    ]


def levels_json(listing: Listing, side: Side) -> list[list[str]]:
    """Price and size of each level, best first."""
    return [
        [units_text(price, listing.price_decimals), units_text(size, listing.qty_decimals)]
        for price, size in zip(side.price.tolist(), side.size.tolist(), strict=True)
    ]


def _trade(listing: Listing, trades: Prints, row: int) -> Json:
    time_ms = int(trades.time_ms[row])
    sequence = time_ms // 1000 * 100 + listing.symbol_id
    return {
        "execId": str(uuid.UUID(int=int(trades.words[row]) << 64 | sequence)),
        "symbol": listing.symbol,
        "price": units_text(trades.price[row], listing.price_decimals),
        "size": units_text(trades.volume[row], listing.qty_decimals),
        "side": "Buy" if trades.is_buy[row] else "Sell",
        "time": str(time_ms),
        "isBlockTrade": False,
        "isRPITrade": False,
        "seq": str(sequence),
    }


def rate_text(rate: float) -> str:
    """Shortest text of a funding rate: 0.0001, -0.00004339."""
    return decimal_text(Decimal(f"{rate:.{RATE_DECIMALS}f}"))
