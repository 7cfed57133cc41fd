"""Decoders: every recorded answer is read, additions are survived, nonsense is refused by name."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from actors.bybit.candles import bars_from
from actors.bybit.contracts import listed_from, ticker_from, tiers_from
from actors.bybit.errors import BadAnswer
from actors.bybit.fields import Fields
from engines.bars import Category, Kind, Series
from engines.instrument import MarginTier

RECORDED = Path(__file__).parents[4] / "shared/bybit/recorded"
EXAMPLES = RECORDED / "docs_examples"
CLIENTS = RECORDED / "bybit_net/Endpoints/V5Api/ExchangeData"


def recorded(path: Path) -> Any:
    if not path.exists():
        pytest.skip("recorded examples are not beside the project")
    text = path.read_text(encoding="utf-8", errors="replace")
    return json.loads(text[text.index("{") :])["result"]


def rows_of(result: object) -> list[Fields]:
    return list(Fields(result, "result").rows())


@pytest.mark.shared
@pytest.mark.parametrize(
    ("path", "series", "count"),
    [
        (EXAMPLES / "market__kline__0.json", Series("inverse", "BTCUSD", "60"), 3),
        (EXAMPLES / "market__mark-kline__0.json", Series("linear", "BTCUSDT", "15", "mark"), 1),
        (EXAMPLES / "market__index-kline__0.json", Series("inverse", "BTCUSDZ22", "1", "index"), 2),
        (
            EXAMPLES / "market__premium-index-kline__0.json",
            Series("linear", "BTCUSDT", "D", "premium"),
            2,
        ),
        (CLIENTS / "GetKlines.txt", Series("inverse", "BTCUSD", "60"), 3),
        (CLIENTS / "GetMarkPriceKlines.txt", Series("linear", "BTCUSDT", "1", "mark"), 1),
        (CLIENTS / "GetIndexPriceKlines.txt", Series("inverse", "BTCUSDZ22", "1", "index"), 2),
        (
            CLIENTS / "GetPremiumIndexPriceKlines.txt",
            Series("linear", "BTCUSDT", "D", "premium"),
            2,
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_recorded_klines_become_bars(path: Path, series: Series, count: int) -> None:
    bars = bars_from(series, recorded(path))
    assert len(bars) == count
    assert bars.series == series


@pytest.mark.shared
def test_a_premium_bar_is_widened_to_hold_its_open() -> None:
    result = recorded(EXAMPLES / "market__premium-index-kline__0.json")
    bars = bars_from(Series("linear", "BTCUSDT", "D", "premium"), result)
    assert bars.open.tolist() == [-0.000989, -0.000587]
    assert bars.low.tolist() == [-0.000989, -0.000587]
    assert bars.high.tolist() == [-0.000561, -0.000344]


@pytest.mark.shared
def test_an_inverse_kline_has_its_volume_in_coins() -> None:
    result = recorded(EXAMPLES / "market__kline__0.json")
    bars = bars_from(Series("inverse", "BTCUSD", "60"), result)
    assert bars.open_ms.tolist() == [1670601600000, 1670605200000, 1670608800000]
    assert bars.volume.tolist() == [0.37288112, 0.24469757, 15.74462667]
    assert bars.turnover.tolist() == [6356.0, 4177.0, 268611.0]
    assert bars.close.tolist() == [17071.5, 17071.0, 17055.5]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("path", "category", "symbol"),
    [
        (EXAMPLES / "market__instrument__0.json", "linear", "BTCUSDT"),
        (EXAMPLES / "market__instrument__1.json", "linear", "BIOUSDT"),
        (EXAMPLES / "market__instrument__3.json", "spot", "BTCUSDT"),
        (CLIENTS / "GetLinearInverseSymbols.txt", "linear", "BTCUSDT"),
        (CLIENTS / "GetLinearInverseSymbolsPreListing.txt", "linear", "PRE02ZROUSDT"),
        (CLIENTS / "GetSpotSymbols.txt", "spot", "BTCUSDT"),
        (RECORDED / "xchange/getInstrumentLinear.json5", "linear", "BTCUSDT"),
        (RECORDED / "xchange/getInstrumentInverse.json5", "inverse", "BTCUSD"),
        (RECORDED / "xchange/getInstrumentSpot.json5", "spot", "BTCUSDT"),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
def test_recorded_instruments_are_read(path: Path, category: Category, symbol: str) -> None:
    listed = [listed_from(category, row) for row in rows_of(recorded(path))]
    assert listed[0].instrument.symbol == symbol
    assert all(x.instrument.tick > 0 and x.instrument.lot > 0 for x in listed)


@pytest.mark.shared
def test_an_instruments_numbers_are_exact() -> None:
    row = rows_of(recorded(EXAMPLES / "market__instrument__0.json"))[0]
    listed = listed_from("linear", row)
    instrument = listed.instrument
    assert (instrument.tick, instrument.lot) == (Decimal("0.10"), Decimal("0.001"))
    assert (instrument.min_qty, instrument.max_qty) == (Decimal("0.001"), Decimal(1190))
    assert (instrument.min_notional, instrument.max_leverage) == (Decimal(5), Decimal(100))
    assert instrument.funding_interval_minutes == 480
    assert (listed.status, listed.contract_type) == ("Trading", "LinearPerpetual")
    assert (listed.launch_ms, listed.delivery_ms) == (1585526400000, 0)


@pytest.mark.shared
def test_a_spot_instrument_has_spot_limits_and_fees() -> None:
    row = rows_of(recorded(EXAMPLES / "market__instrument__3.json"))[0]
    instrument = listed_from("spot", row).instrument
    assert (instrument.tick, instrument.lot) == (Decimal("0.1"), Decimal("0.000001"))
    assert (instrument.max_qty, instrument.min_notional) == (Decimal(83), Decimal(5))
    assert instrument.taker_fee_rate == instrument.maker_fee_rate == Decimal("0.001")
    assert (instrument.funding_interval_minutes, instrument.max_leverage) == (0, Decimal(1))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("path", "category"),
    [
        (EXAMPLES / "market__tickers__0.json", "inverse"),
        (EXAMPLES / "market__tickers__2.json", "spot"),
        (CLIENTS / "GetLinearInverseTickers.txt", "inverse"),
        (CLIENTS / "GetSpotTickers.txt", "spot"),
        (RECORDED / "xchange/getTickerInverse.json5", "inverse"),
        (RECORDED / "xchange/getTickerSpot.json5", "spot"),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else value,
)
def test_recorded_tickers_are_read(path: Path, category: Category) -> None:
    for row in rows_of(recorded(path)):
        ticker = ticker_from(category, row)
        assert ticker.last > 0
        assert (ticker.funding_rate is None) == (category == "spot")
        assert ticker.index is not None


@pytest.mark.shared
@pytest.mark.parametrize(
    "path",
    [EXAMPLES / "market__risk-limit__0.json", CLIENTS / "GetRiskLimit.txt"],
    ids=lambda p: p.name,
)
def test_recorded_risk_limits_are_read_as_fractions(path: Path) -> None:
    tiers = tiers_from(rows_of(recorded(path)))
    assert tiers[0] == MarginTier(Decimal(150), Decimal(100), Decimal("0.005"), Decimal(0))


def tier_row(**changes: object) -> dict[str, object]:
    return {
        "id": 1,
        "symbol": "BTCUSDT",
        "riskLimitValue": "2000000",
        "maintenanceMargin": "0.005",
        "initialMargin": "0.01",
        "isLowestRisk": 1,
        "maxLeverage": "100.00",
        "mmDeduction": "",
        **changes,
    }


@pytest.mark.parametrize(
    ("maintenance", "initial"), [("0.005", "0.01"), ("0.5", "1")], ids=["fraction", "percent"]
)
def test_margins_may_be_written_as_fraction_or_percent(maintenance: str, initial: str) -> None:
    row = tier_row(maintenanceMargin=maintenance, initialMargin=initial)
    tiers = tiers_from([Fields(row, "risk-limit")])
    assert tiers[0].maintenance_rate == Decimal("0.005")


def test_tiers_come_lowest_limit_first() -> None:
    rows = [tier_row(riskLimitValue=limit) for limit in ("900", "100", "500")]
    tiers = tiers_from([Fields(row, "risk-limit") for row in rows])
    assert [int(tier.limit_notional) for tier in tiers] == [100, 500, 900]


INSTRUMENT: dict[str, Any] = {
    "symbol": "ETHUSDT",
    "contractType": "LinearPerpetual",
    "status": "Trading",
    "baseCoin": "ETH",
    "quoteCoin": "USDT",
    "launchTime": "1584230400000",
    "deliveryTime": "0",
    "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
    "priceFilter": {"minPrice": "0.01", "maxPrice": "19999.98", "tickSize": "0.01"},
    "lotSizeFilter": {"maxOrderQty": "724.00", "minOrderQty": "0.01", "qtyStep": "0.01"},
    "fundingInterval": 480,
}
KLINE: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "category": "linear",
    "list": [
        ["1670608860000", "17", "18", "16", "17.5", "3", "51"],
        ["1670608800000", "16", "17", "15", "17", "2", "33"],
    ],
}
MINUTES = Series("linear", "BTCUSDT", "1")


def test_unknown_fields_and_columns_are_ignored() -> None:
    instrument = {**INSTRUMENT, "brandNew": {"deep": [1]}}
    assert listed_from("linear", Fields(instrument, "row")).instrument.symbol == "ETHUSDT"
    wider = {**KLINE, "list": [[*row, "new"] for row in KLINE["list"]], "brandNew": 1}
    assert len(bars_from(MINUTES, wider)) == 2
    assert tiers_from([Fields(tier_row(brandNew=None), "row")])[0].deduction == 0


def without(row: dict[str, Any], *path: str) -> dict[str, Any]:
    changed = copy.deepcopy(row)
    inner = changed
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return changed


@pytest.mark.parametrize(
    "path",
    [
        ("launchTime",),
        ("deliveryTime",),
        ("contractType",),
        ("leverageFilter",),
        ("fundingInterval",),
        ("lotSizeFilter", "maxOrderQty"),
    ],
    ids="/".join,
)
def test_optional_fields_may_be_missing(path: tuple[str, ...]) -> None:
    listed = listed_from("linear", Fields(without(INSTRUMENT, *path), "row"))
    assert listed.instrument.tick == Decimal("0.01")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (("symbol",), "row has no symbol, should be a text"),
        (("priceFilter",), "row.priceFilter was None, should be an object"),
        (("priceFilter", "tickSize"), "row.priceFilter has no tickSize"),
        (("lotSizeFilter", "qtyStep"), "row.lotSizeFilter has no qtyStep"),
        (("status",), "row has no status"),
    ],
    ids=str,
)
def test_a_missing_field_that_matters_is_named(path: tuple[str, ...], message: str) -> None:
    with pytest.raises(BadAnswer, match=message):
        listed_from("linear", Fields(without(INSTRUMENT, *path), "row"))


@pytest.mark.parametrize("value", ["abc", "NaN", "Infinity", "", None, True, 0.1, [], {}, "-0.5"])
def test_a_nonsense_number_is_refused_by_name(value: object) -> None:
    row = copy.deepcopy(INSTRUMENT)
    row["priceFilter"]["tickSize"] = value
    with pytest.raises(BadAnswer, match="tick"):
        listed_from("linear", Fields(row, "row"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda k: k.update(symbol="ETHUSDT"), "symbol was 'ETHUSDT', should be 'BTCUSDT'"),
        (lambda k: k.update(category="spot"), "category was 'spot'"),
        (lambda k: k.update(list=None), "list was None, should be an array"),
        (lambda k: k.pop("list"), "has no list"),
        (lambda k: k["list"].append(["1"]), "not arrays of one length"),
        (lambda k: k["list"].append(7), "not arrays of one length"),
        (lambda k: k.update(list=[["1670608800000", "16", "17"]]), "should hold start, open"),
        (lambda k: k["list"][0].__setitem__(0, "soon"), "start: invalid literal"),
        (lambda k: k["list"][0].__setitem__(2, "high"), "high: could not convert"),
        (lambda k: k["list"][0].__setitem__(2, None), "high: "),
        (lambda k: k["list"][0].__setitem__(2, "nan"), "high not a number"),
        (lambda k: k["list"][0].__setitem__(2, "1"), "low <= open, close <= high"),
        (lambda k: k["list"][0].__setitem__(1, "-17"), "above zero"),
        (lambda k: k["list"][0].__setitem__(5, "-1"), "negative volume"),
        (lambda k: k["list"].reverse(), "strictly rising"),
        (lambda k: k["list"].append(k["list"][0]), "strictly rising"),
        (lambda k: k["list"][0].__setitem__(0, "1670608860001"), "a multiple of interval"),
    ],
)
def test_a_nonsense_kline_is_refused_by_name(
    change: Callable[[dict[str, Any]], object], message: str
) -> None:
    result = copy.deepcopy(KLINE)
    change(result)
    with pytest.raises(BadAnswer, match=message):
        bars_from(MINUTES, result)


@pytest.mark.parametrize("result", [None, [], "text", 7])
def test_a_result_that_is_no_object_is_refused(result: object) -> None:
    with pytest.raises(BadAnswer, match="should be an object"):
        bars_from(MINUTES, result)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"riskLimitValue": "much"}, "riskLimitValue was 'much'"),
        ({"initialMargin": "50"}, "initialMargin × maxLeverage"),
        ({"maintenanceMargin": "0"}, "maintenanceMargin 0"),
        ({"maxLeverage": None}, "maxLeverage"),
    ],
)
def test_a_nonsense_tier_is_refused_by_name(changes: dict[str, object], message: str) -> None:
    with pytest.raises(BadAnswer, match=message):
        tiers_from([Fields(tier_row(**changes), "risk-limit")])


def test_two_tiers_of_one_limit_are_refused() -> None:
    with pytest.raises(BadAnswer, match="same riskLimitValue"):
        tiers_from([Fields(tier_row(), "risk-limit"), Fields(tier_row(), "risk-limit")])


def test_an_empty_kline_is_no_bars() -> None:
    assert len(bars_from(MINUTES, {**KLINE, "list": []})) == 0


def test_a_kind_without_volume_says_so() -> None:
    rows = [row[:5] for row in KLINE["list"]]
    bars = bars_from(MINUTES._replace(kind="mark"), {**KLINE, "list": rows})
    assert bars.volume.tolist() == [0.0, 0.0]
    assert all(turnover != turnover for turnover in bars.turnover)


@pytest.mark.parametrize("kind", ["last", "mark", "index"])
def test_only_a_premium_may_be_negative(kind: Kind) -> None:
    rows = [["1670608800000", "-0.0005", "0.0001", "-0.001", "-0.0002", "0", "0"]]
    result = {**KLINE, "list": rows}
    assert len(bars_from(MINUTES._replace(kind="premium"), result)) == 1
    with pytest.raises(BadAnswer, match="not positive"):
        bars_from(MINUTES._replace(kind=kind), result)
