"""What does each path answer? Bybit's market endpoints: read the query, ask the exchange."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qs, quote, unquote

from actors.sandbox import contract_answers, market_answers
from actors.sandbox.book import MAX_DEPTH
from actors.sandbox.exchange import Exchange, Window
from actors.sandbox.instruments import Listing
from actors.sandbox.query import PARAMETER_ERROR, Query, Rejected
from engines.bars import Kind
from engines.intervals import DAY_MS, MINUTE_MS

Endpoint = Callable[[Exchange, Query], str]

_OPEN_INTEREST_STEPS: Final = {
    "5min": 5 * MINUTE_MS,
    "15min": 15 * MINUTE_MS,
    "30min": 30 * MINUTE_MS,
    "1h": 60 * MINUTE_MS,
    "4h": 240 * MINUTE_MS,
    "1d": DAY_MS,
}
# Long/short ratios begin on 2020-07-20.
_RATIOS_SINCE_MS: Final = 1_595_203_200_000


def server_time(exchange: Exchange, query: Query) -> str:
    now_ms = exchange.now_ms()
    nanoseconds = str(now_ms * 1_000_000)
    return json.dumps({"timeSecond": str(now_ms // 1000), "timeNano": nanoseconds})


def candles_of(kind: Kind) -> Endpoint:
    """The endpoint that serves bars of one kind."""

    def candles(exchange: Exchange, query: Query) -> str:
        category = query.category("linear", perpetual=kind != "last")
        listing = query.listing(category)
        interval = query.interval()
        window = query.window("start", "end", query.limit(200, 1000))
        rows = market_answers.candles_json(
            listing, exchange.candles(listing, kind, interval, window)
        )
        head = json.dumps({"symbol": listing.symbol, "category": category})
        return f'{head[:-1]}, "list": {rows}}}'

    return candles


def instruments(exchange: Exchange, query: Query) -> str:
    category = query.category()
    limit = query.limit(500, 1000)
    chosen = [x for x in query.chosen(category) if query.text("baseCoin") in ("", x.base)]
    if query.text("status") not in ("", "Trading"):
        chosen = []
    page, cursor = _page(chosen, query.text("cursor"), limit)
    result: market_answers.Json = {
        "category": category,
        "list": [contract_answers.instrument_json(x) for x in page],
    }
    if category != "spot":
        result["nextPageCursor"] = cursor
    return json.dumps(result)


def tickers(exchange: Exchange, query: Query) -> str:
    category = query.category()
    chosen = [x for x in query.chosen(category) if query.text("baseCoin") in ("", x.base)]
    rows = [contract_answers.ticker_json(listing, exchange.quote(listing)) for listing in chosen]
    return json.dumps({"category": category, "list": rows})


def order_book(exchange: Exchange, query: Query) -> str:
    category = query.category()
    listing = query.listing(category)
    depth = query.limit(1 if category == "spot" else 25, MAX_DEPTH)
    book = exchange.book(listing, depth)
    return json.dumps(market_answers.book_json(listing, book, exchange.now_ms()))


def recent_trades(exchange: Exchange, query: Query) -> str:
    category = query.category()
    listing = query.listing(category)
    limit = query.limit(60, 60) if category == "spot" else query.limit(500, 1000)
    trades = exchange.trades(listing, limit)
    return json.dumps({"category": category, "list": market_answers.trades_json(listing, trades)})


def funding_history(exchange: Exchange, query: Query) -> str:
    category = query.category(perpetual=True)
    listing = query.listing(category)
    window = query.window("startTime", "endTime", query.limit(200, 200))
    if window.start_ms is not None and window.end_ms is None:
        raise Rejected(PARAMETER_ERROR, "params error: endTime is required with startTime")
    rates = exchange.funding(listing, window)
    return json.dumps({"category": category, "list": market_answers.funding_json(rates)})


def open_interest(exchange: Exchange, query: Query) -> str:
    category = query.category(perpetual=True)
    listing = query.listing(category)
    step_ms = query.period_ms("intervalTime", _OPEN_INTEREST_STEPS)
    window = _after(query.window("startTime", "endTime", query.limit(50, 200)), query)
    values = exchange.sentiment(listing, step_ms, window)
    rows = market_answers.open_interest_json(values)
    cursor = _time_cursor(values.time_ms.tolist(), window, listing.launch_ms, step_ms)
    result = {"symbol": listing.symbol, "category": category, "list": rows}
    return json.dumps({**result, "nextPageCursor": cursor})


def account_ratio(exchange: Exchange, query: Query) -> str:
    listing = query.listing(query.category(perpetual=True))
    step_ms = query.period_ms("period", _OPEN_INTEREST_STEPS)
    window = _after(query.window("startTime", "endTime", query.limit(50, 500)), query)
    since_ms = max(listing.launch_ms, _RATIOS_SINCE_MS)
    window = window._replace(start_ms=max(window.start_ms or 0, since_ms))
    values = exchange.sentiment(listing, step_ms, window)
    rows = market_answers.account_ratio_json(listing, values)
    cursor = _time_cursor(values.time_ms.tolist(), window, since_ms, step_ms)
    return json.dumps({"list": rows, "nextPageCursor": cursor})


def risk_limits(exchange: Exchange, query: Query) -> str:
    category = query.category(perpetual=True)
    rows = [row for x in query.chosen(category) for row in contract_answers.risk_limits_json(x)]
    return json.dumps({"category": category, "list": rows})


ENDPOINTS: Final[dict[str, Endpoint]] = {
    "/v5/market/time": server_time,
    "/v5/market/kline": candles_of("last"),
    "/v5/market/mark-price-kline": candles_of("mark"),
    "/v5/market/index-price-kline": candles_of("index"),
    "/v5/market/premium-index-price-kline": candles_of("premium"),
    "/v5/market/instruments-info": instruments,
    "/v5/market/tickers": tickers,
    "/v5/market/orderbook": order_book,
    "/v5/market/recent-trade": recent_trades,
    "/v5/market/funding/history": funding_history,
    "/v5/market/open-interest": open_interest,
    "/v5/market/account-ratio": account_ratio,
    "/v5/market/risk-limit": risk_limits,
}


def _page(listings: list[Listing], cursor: str, limit: int) -> tuple[list[Listing], str]:
    """The listings after the cursor, and the cursor that leads on, empty at the end.

    Cursors look like Bybit's: an escaped query string with the first and last row of the page.
    """
    last = _cursor_field(cursor, "last") if cursor else ""
    rest = [listing for listing in listings if listing.symbol > last]
    page = rest[:limit]
    if len(rest) <= limit:
        return page, ""
    return page, quote(f"first={page[0].symbol}&last={page[-1].symbol}", safe="")


def _after(window: Window, query: Query) -> Window:
    """The window cut to what comes after the page that the request's cursor names."""
    cursor = query.text("cursor")
    if not cursor:
        return window
    seconds = _cursor_field(cursor, "lasttime")
    if not seconds.isascii() or not seconds.isdigit():
        raise Rejected(PARAMETER_ERROR, "params error: cursor is invalid")
    return window._replace(end_ms=int(seconds[:12]) * 1000 - 1)


def _cursor_field(cursor: str, name: str) -> str:
    # Clients send it back as it came, or escape it once more.
    values = parse_qs(unquote(cursor)).get(name)
    if values is None:
        raise Rejected(PARAMETER_ERROR, "params error: cursor is invalid")
    return values[0]


def _time_cursor(times_ms: list[int], window: Window, since_ms: int, step_ms: int) -> str:
    """The cursor to the rows before the oldest of `times_ms`, empty if there are none."""
    oldest_ms = max(window.start_ms or 0, since_ms)
    if not times_ms or times_ms[0] - step_ms < oldest_ms:
        return ""
    return quote(f"lastid=0&lasttime={times_ms[0] // 1000}", safe="")
