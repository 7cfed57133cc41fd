"""The HTTP surface: Bybit's shapes, limits, error codes and cursors, checked over the wire."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from actors.sandbox.exchange import Window
from actors.sandbox.faults import ConnectionCut, Garbled, HttpStatus, RateLimited, Slow
from actors.sandbox.limits import IpLimit
from actors.sandbox.market_answers import candles_json
from actors.sandbox.runner import running_sandbox
from engines.intervals import DAY_MS, MINUTE_MS

if TYPE_CHECKING:
    from tests.actors.conftest import Sandbox

EXAMPLES = Path(__file__).parents[4] / "shared/bybit/recorded/docs_examples"
KLINE = "/v5/market/kline"
BTCUSDT = {"category": "linear", "symbol": "BTCUSDT"}
BTCUSD = {"category": "inverse", "symbol": "BTCUSD"}
SPOT = {"category": "spot", "symbol": "BTCUSDT"}


def answer(sandbox: Sandbox, path: str, **parameters: object) -> dict[str, Any]:
    response = sandbox.get(path, **parameters)
    assert response.status_code == 200
    body: dict[str, Any] = response.json()
    return body


def shape(value: object) -> object:
    """Keys and kinds of a JSON value: what a decoder relies on; a list stands for its rows."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def test_every_answer_is_in_bybits_envelope(sandbox: Sandbox) -> None:
    body = answer(sandbox, "/v5/market/time")
    assert list(body) == ["retCode", "retMsg", "result", "retExtInfo", "time"]
    assert body["time"] == sandbox.clock.now_ms()
    assert body["result"]["timeSecond"] == str(sandbox.clock.now_ms() // 1000)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("example", "path", "parameters"),
    [
        ("time__0", "/v5/market/time", {}),
        ("kline__0", KLINE, {**BTCUSD, "interval": "60"}),
        ("mark-kline__0", "/v5/market/mark-price-kline", {**BTCUSDT, "interval": "60"}),
        ("index-kline__0", "/v5/market/index-price-kline", {**BTCUSD, "interval": "1"}),
        (
            "premium-index-kline__0",
            "/v5/market/premium-index-price-kline",
            {**BTCUSDT, "interval": "D"},
        ),
        ("instrument__0", "/v5/market/instruments-info", BTCUSDT),
        ("instrument__3", "/v5/market/instruments-info", SPOT),
        ("tickers__0", "/v5/market/tickers", BTCUSD),
        ("tickers__0", "/v5/market/tickers", BTCUSDT),
        ("tickers__2", "/v5/market/tickers", SPOT),
        ("orderbook__0", "/v5/market/orderbook", SPOT),
        ("recent-trade__0", "/v5/market/recent-trade", SPOT),
        ("history-fund-rate__0", "/v5/market/funding/history", BTCUSDT),
        ("open-interest__0", "/v5/market/open-interest", {**BTCUSD, "intervalTime": "1d"}),
        ("long-short-ratio__0", "/v5/market/account-ratio", {**BTCUSDT, "period": "1h"}),
        ("risk-limit__0", "/v5/market/risk-limit", BTCUSD),
    ],
)
def test_answers_have_the_shape_of_bybits_own(
    sandbox: Sandbox, example: str, path: str, parameters: dict[str, object]
) -> None:
    recorded = EXAMPLES / f"market__{example}.json"
    if not recorded.exists():
        pytest.skip("recorded examples are not beside the project")
    ours = answer(sandbox, path, **parameters)
    assert shape(ours) == shape(json.loads(recorded.read_text(encoding="utf-8")))


def test_candles_come_newest_first_with_the_instruments_decimals(sandbox: Sandbox) -> None:
    result = answer(sandbox, KLINE, **BTCUSDT, interval="1", limit=5)["result"]
    times = [int(row[0]) for row in result["list"]]
    assert times == sorted(times, reverse=True)
    assert {result["symbol"], result["category"]} == {"BTCUSDT", "linear"}
    for row in result["list"]:
        assert [len(text.partition(".")[2]) for text in row[1:]] == [1, 1, 1, 1, 3, 4]


def test_candles_are_what_the_exchange_holds(sandbox: Sandbox) -> None:
    listing = sandbox.exchange.listing("linear", "ETHUSDT")
    start_ms = sandbox.clock.now_ms() - 3 * DAY_MS
    bars = sandbox.exchange.candles(listing, "mark", "15", Window(start_ms, None, 77))
    result = answer(
        sandbox,
        "/v5/market/mark-price-kline",
        category="linear",
        symbol="ETHUSDT",
        interval="15",
        start=start_ms,
        limit=77,
    )["result"]
    assert result["list"] == json.loads(candles_json(listing, bars))


def test_consecutive_candles_join_over_a_page_border(sandbox: Sandbox) -> None:
    end_ms = sandbox.clock.now_ms() - 5 * DAY_MS
    newer = answer(sandbox, KLINE, **BTCUSDT, interval="1", end=end_ms, limit=10)["result"]["list"]
    before_ms = int(newer[-1][0]) - 1
    older = answer(sandbox, KLINE, **BTCUSDT, interval="1", end=before_ms, limit=10)
    rows = [*newer, *older["result"]["list"]]
    for later, earlier in pairwise(rows):
        assert int(later[0]) - int(earlier[0]) == MINUTE_MS
        assert later[1] == earlier[4]


@pytest.mark.parametrize(
    ("path", "parameters", "default", "most"),
    [
        (KLINE, {**BTCUSDT, "interval": "1"}, 200, 1000),
        ("/v5/market/recent-trade", BTCUSDT, 500, 1000),
        ("/v5/market/recent-trade", SPOT, 60, 60),
        ("/v5/market/funding/history", BTCUSDT, 200, 200),
        ("/v5/market/open-interest", {**BTCUSDT, "intervalTime": "5min"}, 50, 200),
        ("/v5/market/account-ratio", {**BTCUSDT, "period": "5min"}, 50, 500),
    ],
)
def test_lists_have_bybits_default_and_highest_lengths(
    sandbox: Sandbox, path: str, parameters: dict[str, object], default: int, most: int
) -> None:
    assert len(answer(sandbox, path, **parameters)["result"]["list"]) == default
    assert len(answer(sandbox, path, **parameters, limit=9999)["result"]["list"]) == most


@pytest.mark.parametrize(("category", "default"), [("linear", 25), ("inverse", 25), ("spot", 1)])
def test_the_book_has_bybits_default_depth(sandbox: Sandbox, category: str, default: int) -> None:
    symbol = "BTCUSD" if category == "inverse" else "BTCUSDT"
    path = "/v5/market/orderbook"
    result = answer(sandbox, path, category=category, symbol=symbol)["result"]
    assert len(result["a"]) == len(result["b"]) == default
    deep = answer(sandbox, path, category=category, symbol=symbol, limit=50)["result"]
    assert len(deep["a"]) == 50
    assert float(deep["b"][0][0]) < float(deep["a"][0][0])


@pytest.mark.parametrize(
    ("path", "parameters", "text"),
    [
        (KLINE, {"symbol": "NOPEUSDT", "interval": "1"}, "Not supported symbols"),
        (KLINE, {"category": "spot", "symbol": "SOLUSDT", "interval": "1"}, "Not supported"),
        (KLINE, {"interval": "1"}, "symbol is required"),
        (KLINE, {**BTCUSDT, "interval": "7"}, "Invalid period!"),
        (KLINE, {**BTCUSDT, "interval": "1h"}, "Invalid period!"),
        (KLINE, BTCUSDT, "Invalid period!"),
        (KLINE, {**BTCUSDT, "interval": "1", "category": "option"}, "Illegal category"),
        (KLINE, {**BTCUSDT, "interval": "1", "limit": "0"}, "limit is invalid"),
        (KLINE, {**BTCUSDT, "interval": "1", "limit": "-3"}, "limit is invalid"),
        (KLINE, {**BTCUSDT, "interval": "1", "start": "yesterday"}, "start is invalid"),
        (KLINE, {**BTCUSDT, "interval": "1", "start": "1e12"}, "start is invalid"),
        (KLINE, {**BTCUSDT, "interval": "1", "end": "9" * 40}, "end is invalid"),
        (KLINE, {**BTCUSDT, "interval": "1", "start": "\N{SUPERSCRIPT TWO}"}, "start is invalid"),
        (KLINE, {**BTCUSDT, "interval": "1", "start": "2", "end": "1"}, "start is greater"),
        ("/v5/market/mark-price-kline", {**SPOT, "interval": "1"}, "Illegal category"),
        ("/v5/market/instruments-info", {}, "Illegal category"),
        ("/v5/market/instruments-info", {**BTCUSDT, "symbol": "X"}, "Not supported"),
        (
            "/v5/market/instruments-info",
            {"category": "linear", "cursor": "junk"},
            "cursor is invalid",
        ),
        ("/v5/market/tickers", {"category": "linear", "symbol": "X"}, "Not supported"),
        ("/v5/market/funding/history", SPOT, "Illegal category"),
        ("/v5/market/funding/history", {**BTCUSDT, "startTime": "1"}, "endTime is required"),
        ("/v5/market/open-interest", {**BTCUSDT, "intervalTime": "7"}, "intervalTime is invalid"),
        (
            "/v5/market/open-interest",
            {**BTCUSDT, "intervalTime": "1h", "cursor": "lasttime%3Dx"},
            "cursor is invalid",
        ),
        ("/v5/market/account-ratio", BTCUSDT, "period is invalid"),
    ],
)
def test_a_bad_parameter_is_refused_with_10001_and_its_name(
    sandbox: Sandbox, path: str, parameters: dict[str, object], text: str
) -> None:
    body = answer(sandbox, path, **parameters)
    assert body["retCode"] == 10001
    assert text in body["retMsg"]
    assert body["result"] == {}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_route_is_404_with_10017(sandbox: Sandbox, method: str) -> None:
    path = "/v5/market/weather" if method == "GET" else KLINE
    response = sandbox.session.request(method, sandbox.url + path, timeout=10)
    assert response.status_code == 404
    assert response.json()["retCode"] == 10017


def test_instruments_are_paged_by_cursor(sandbox: Sandbox) -> None:
    path = "/v5/market/instruments-info"
    whole = answer(sandbox, path, category="linear")["result"]
    assert whole["nextPageCursor"] == ""
    symbols: list[str] = []
    cursor = ""
    for _ in range(10):
        url = f"{sandbox.url}{path}?category=linear&limit=4&cursor={cursor}"
        page = sandbox.session.get(url, timeout=10).json()["result"]
        symbols += [row["symbol"] for row in page["list"]]
        cursor = page["nextPageCursor"]
        if not cursor:
            break
    assert symbols == [row["symbol"] for row in whole["list"]]
    assert len(symbols) == 6


def test_open_interest_is_paged_by_cursor(sandbox: Sandbox) -> None:
    path = "/v5/market/open-interest"
    since_ms = sandbox.clock.now_ms() - 3 * DAY_MS
    asked = {**BTCUSDT, "intervalTime": "1h", "startTime": since_ms, "endTime": since_ms + DAY_MS}
    whole = answer(sandbox, path, **asked, limit=200)["result"]
    paged: list[dict[str, str]] = []
    cursor = ""
    for _ in range(10):
        page = answer(sandbox, path, **asked, limit=10, cursor=cursor)["result"]
        paged += page["list"]
        cursor = page["nextPageCursor"]
        if not cursor:
            break
    assert paged == whole["list"]
    assert len(paged) == 24


@pytest.mark.parametrize(
    ("parameters", "symbols"),
    [
        ({"category": "linear", "baseCoin": "ETH"}, ["ETHUSDT"]),
        ({"category": "spot"}, ["BTCUSDT", "ETHUSDT"]),
        ({"category": "linear", "status": "PreLaunch"}, []),
    ],
)
def test_instruments_can_be_filtered(
    sandbox: Sandbox, parameters: dict[str, object], symbols: list[str]
) -> None:
    rows = answer(sandbox, "/v5/market/instruments-info", **parameters)["result"]["list"]
    assert [row["symbol"] for row in rows] == symbols


def test_risk_limits_of_all_symbols_come_without_one(sandbox: Sandbox) -> None:
    rows = answer(sandbox, "/v5/market/risk-limit", category="linear")["result"]["list"]
    lowest = [row["symbol"] for row in rows if row["isLowestRisk"] == 1]
    assert lowest == sorted(x.symbol for x in sandbox.exchange.listings("linear"))


def test_a_ticker_agrees_with_the_other_endpoints(sandbox: Sandbox) -> None:
    ticker = answer(sandbox, "/v5/market/tickers", **BTCUSDT)["result"]["list"][0]
    book = answer(sandbox, "/v5/market/orderbook", **BTCUSDT, limit=1)["result"]
    trade = answer(sandbox, "/v5/market/recent-trade", **BTCUSDT, limit=1)["result"]["list"][0]
    bar = answer(sandbox, KLINE, **BTCUSDT, interval="1", limit=1)["result"]["list"][0]
    assert ticker["lastPrice"] == trade["price"] == bar[4]
    assert [ticker["bid1Price"], ticker["bid1Size"]] == book["b"][0]
    assert [ticker["ask1Price"], ticker["ask1Size"]] == book["a"][0]
    interest = answer(sandbox, "/v5/market/open-interest", **BTCUSDT, intervalTime="5min", limit=1)
    newest = interest["result"]["list"][0]["openInterest"]
    assert float(ticker["openInterest"]) == float(newest)


def test_trades_have_ids_of_their_own(sandbox: Sandbox) -> None:
    rows = answer(sandbox, "/v5/market/recent-trade", **BTCUSDT, limit=1000)["result"]["list"]
    assert len({row["execId"] for row in rows}) == 1000
    assert {row["side"] for row in rows} == {"Buy", "Sell"}


def test_a_planted_rate_limit_answers_10006_with_its_reset_time(sandbox: Sandbox) -> None:
    sandbox.faults.plant(RateLimited(reset_after_ms=700))
    response = sandbox.get("/v5/market/time")
    assert response.json()["retCode"] == 10006
    assert response.headers["X-Bapi-Limit-Status"] == "0"
    reset_ms = int(response.headers["X-Bapi-Limit-Reset-Timestamp"])
    assert reset_ms == sandbox.clock.now_ms() + 700
    assert answer(sandbox, "/v5/market/time")["retCode"] == 0


@pytest.mark.parametrize("status", [403, 429, 500, 502, 503])
def test_a_planted_status_strikes_as_often_as_asked(sandbox: Sandbox, status: int) -> None:
    sandbox.faults.plant(HttpStatus(status), times=2)
    seen = [sandbox.get("/v5/market/time").status_code for _ in range(3)]
    assert seen == [status, status, 200]


def test_a_cut_connection_ends_within_the_body(sandbox: Sandbox) -> None:
    sandbox.faults.plant(ConnectionCut())
    with pytest.raises(requests.RequestException):
        sandbox.get("/v5/market/time")
    assert answer(sandbox, "/v5/market/time")["retCode"] == 0


def test_a_slow_answer_is_late_and_right(sandbox: Sandbox) -> None:
    sandbox.faults.plant(Slow(0.3))
    started = time.monotonic()
    assert answer(sandbox, "/v5/market/time")["retCode"] == 0
    assert time.monotonic() - started >= 0.3


def test_a_garbled_answer_is_no_json(sandbox: Sandbox) -> None:
    sandbox.faults.plant(Garbled())
    assert sandbox.get("/v5/market/time").text.startswith("<html>")


def test_cleared_faults_do_not_strike(sandbox: Sandbox) -> None:
    sandbox.faults.plant(HttpStatus(500), times=3)
    sandbox.faults.clear()
    assert sandbox.get("/v5/market/time").status_code == 200


def test_an_address_that_asks_too_often_is_banned_with_403() -> None:
    now_s = [100.0]
    limit = IpLimit(requests=20, now_s=lambda: now_s[0])
    with running_sandbox(ip_limit=limit) as url, requests.Session() as session:

        def status() -> int:
            return session.get(f"{url}/v5/market/time", timeout=10).status_code

        assert [status() for _ in range(21)] == [200] * 20 + [403]
        now_s[0] += 599.0
        assert status() == 403
        now_s[0] += 2.0
        assert status() == 200
