"""Every documented layout comes back as the bars it was written from."""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from actors.market_data.importers import FORMATS, load, recognise
from actors.market_data.store import Catalog
from engines.bars import Bars, Category, Kind, Series
from engines.intervals import Interval, interval_ms, parse_interval

NOW_MS = 1_800_000_000_000
HOURS = Series("linear", "BTCUSDT", "60")
MakeBars = Callable[..., Bars]
Row = tuple[int, float, float, float, float, float, float]


def rows_of(bars: Bars) -> list[Row]:
    columns = [column.tolist() for column in bars.columns().values()]
    return list(zip(*columns, strict=True))


def csv(rows: Sequence[tuple[object, ...]], header: str = "") -> bytes:
    lines = [header] * bool(header) + [",".join(map(str, row)) for row in rows]
    return "\n".join(lines).encode() + b"\n"


def zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def text_time(open_ms: int, pattern: str, ahead_ms: int = 0) -> str:
    moment = np.datetime64(open_ms + ahead_ms, "ms").item()
    return str(moment.strftime(pattern))


def mt4(bars: Bars) -> bytes:
    ahead = 3 * 3_600_000
    rows = [(text_time(t, "%Y.%m.%d %H:%M", ahead), *prices) for t, *prices in rows_of(bars)]
    return gzip.compress(csv([row[:6] for row in rows]))


def bybit_index(bars: Bars) -> bytes:
    minutes = interval_ms(bars.series.interval) // 60_000
    rows = [
        (t // 1000, bars.series.symbol, minutes, o, h, lo, c)
        for t, o, h, lo, c, _, _ in rows_of(bars)
    ]
    return gzip.compress(csv(rows, "start_at,symbol,period,open,high,low,close"))


def bybit_answer(bars: Bars) -> bytes:
    inverse = bars.series.category == "inverse"
    cells = [
        [str(t), str(o), str(h), str(lo), str(c), *map(str, (to, v) if inverse else (v, to))]
        for t, o, h, lo, c, v, to in reversed(rows_of(bars))
    ]
    if bars.series.kind != "last":
        cells = [row[:5] for row in cells]
    result = {"symbol": bars.series.symbol, "category": bars.series.category, "list": cells}
    answer = {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": NOW_MS}
    return json.dumps(answer).encode()


def bybit_list(bars: Bars) -> bytes:
    return json.dumps([list(map(str, row)) for row in reversed(rows_of(bars))]).encode()


def binance(bars: Bars, *, header: bool, units: int) -> bytes:
    length = interval_ms(bars.series.interval)
    inverse = bars.series.category == "inverse"
    names = (
        "open_time,open,high,low,close,volume,close_time,quote_volume,count,"
        "taker_buy_volume,taker_buy_quote_volume,ignore"
    )
    rows = [
        (
            t * units, o, h, lo, c, 12345.0 if inverse else v, (t + length) * units - 1,
            v if inverse else to, 7, 0, 0, 0,
        )
        for t, o, h, lo, c, v, to in rows_of(bars)
    ]  # fmt: skip
    return csv(rows, names if header else "")


def tradingview(bars: Bars, *, iso: bool) -> bytes:
    rows = []
    for number, (t, o, h, lo, c, v, _) in enumerate(rows_of(bars)):
        time = text_time(t, "%Y-%m-%dT%H:%M:%S-05:00", -5 * 3_600_000) if iso else t // 1000
        plot = "NaN" if number < 20 else f"{c + 1}"
        rows.append((time, o, h, lo, c, plot, "", v))
    return csv(rows, "time,open,high,low,close,MA,time,Volume")


def cdd(bars: Bars, *, units: float) -> bytes:
    header = "unix,date,symbol,open,high,low,close,Volume BTC,Volume USDT"
    rows = [
        (int(t * units), text_time(t, "%Y-%m-%d %H:%M:%S"), "BTC/USDT", o, h, lo, c, v, to)
        for t, o, h, lo, c, v, to in reversed(rows_of(bars))
    ]
    return b"https://www.CryptoDataDownload.com\n" + csv(rows, header)


def old_cdd(bars: Bars) -> bytes:
    header = "Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT"
    rows = [
        (text_time(t, "%Y-%m-%d %I-%p"), "BTCUSDT", o, h, lo, c, v, to)
        for t, o, h, lo, c, v, to in reversed(rows_of(bars))
    ]
    return b"http://www.CryptoDataDownload.com\n" + csv(rows, header)


def ccxt(bars: Bars) -> bytes:
    return json.dumps([row[:6] for row in rows_of(bars)]).encode()


def bitfinex(bars: Bars) -> bytes:
    return json.dumps([(t, o, c, h, lo, v) for t, o, h, lo, c, v, _ in rows_of(bars)]).encode()


def ninjabot(bars: Bars) -> bytes:
    return csv([(t // 1000, o, c, lo, h, v, 17) for t, o, h, lo, c, v, _ in rows_of(bars)])


def lean_day(bars: Bars) -> bytes:
    midnight = bars.start_ms
    rows = csv([(t - midnight, o, h, lo, c, v) for t, o, h, lo, c, v, _ in rows_of(bars)])
    return zipped("20240101_btcusdt_minute_trade_perp.csv", rows)


def lean_hours(bars: Bars) -> bytes:
    rows = [(text_time(t, "%Y%m%d %H:%M"), *prices[:5]) for t, *prices in rows_of(bars)]
    return zipped("btcusdt_trade_perp.csv", csv(rows))


def pynecore(bars: Bars) -> bytes:
    records = []
    before: Row | None = None
    for row in rows_of(bars):
        while before is not None and row[0] > before[0] + interval_ms(bars.series.interval):
            close = before[4]
            opened = before[0] + interval_ms(bars.series.interval)
            before = (opened, close, close, close, close, -1.0, 0.0)
            records.append(before)
        records.append(row)
        before = row
    return b"".join(struct.pack("<I5f", row[0] // 1000, *row[1:6]) for row in records)


def freqtrade_table(bars: Bars, unit: str) -> pa.Table:
    columns = dict(bars.columns())
    date = columns.pop("open_ms").astype("datetime64[ms]").astype(f"datetime64[{unit}]")
    columns.pop("turnover")
    table = pa.table({"date": date, **columns})
    return table.set_column(0, "date", table["date"].cast(pa.timestamp(unit, "UTC")))


def freqtrade_feather(bars: Bars, unit: str) -> bytes:
    packed = io.BytesIO()
    feather.write_feather(freqtrade_table(bars, unit), packed, compression="lz4")
    return packed.getvalue()


def as_parquet(table: pa.Table) -> bytes:
    packed = io.BytesIO()
    parquet.write_table(table, packed)
    return packed.getvalue()


def plain_parquet(bars: Bars) -> bytes:
    columns = dict(bars.columns())
    return as_parquet(pa.table({"ts": columns.pop("open_ms"), **columns}))


def shuffled_csv(bars: Bars) -> bytes:
    rows = [(v, c, t, lo, h, o, to) for t, o, h, lo, c, v, to in rows_of(bars)]
    return csv(rows, "VOLUME,Close,Timestamp,LOW,High,open,turnover")


def semicolons(bars: Bars) -> bytes:
    rows = [(text_time(t, "%Y-%m-%d %H:%M"), *prices[:5]) for t, *prices in rows_of(bars)]
    content = csv(rows, "Date,Open,High,Low,Close,Volume").replace(b",", b";")
    return b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n")


@dataclass(frozen=True)
class Layout:
    """One way to write bars: which, under what name, read as what, with which options."""

    file: str
    write: Callable[[Bars], bytes]
    format: str
    series: Series = HOURS
    category: Category | None = None
    symbol: str | None = None
    kind: Kind | None = None
    interval: Interval | None = None
    lost: tuple[str, ...] = ()
    float32: bool = False


NO_TURNOVER = ("turnover",)
PRICES = ("volume", "turnover")
UM = "data/futures/um/monthly/"
LAYOUTS = {
    "bybit mt4": Layout(
        "BTCUSDT_60_2024-01-01_2024-01-31.csv.gz", mt4, "bybit-mt4", lost=NO_TURNOVER
    ),
    "bybit index archive": Layout(
        "BTCUSD2019-10-01_index_price.csv.gz", bybit_index, "bybit-index",
        Series("inverse", "BTCUSD", "60", "index"), lost=PRICES,
    ),
    "bybit answer": Layout("answer.json", bybit_answer, "bybit-rest"),
    "bybit inverse answer": Layout(
        "answer.json", bybit_answer, "bybit-rest", Series("inverse", "BTCUSD", "60")
    ),
    "bybit mark answer": Layout(
        "answer.json.gz", lambda bars: gzip.compress(bybit_answer(bars)), "bybit-rest",
        Series("linear", "BTCUSDT", "60", "mark"), kind="mark", lost=PRICES,
    ),
    "bybit bare list": Layout("linear_BTCUSDT_1h.json", bybit_list, "bybit-rest"),
    "bybit csv with names": Layout(
        "BTCUSDT.csv",
        lambda bars: csv(rows_of(bars)[::-1], "startTime,open,high,low,close,volume,turnover"),
        "bybit-csv", category="linear",
    ),
    "bybit csv bare": Layout(
        "BTCUSDT.csv", lambda bars: csv(list(reversed(rows_of(bars)))), "bybit-csv",
        category="linear",
    ),
    "binance spot 2024": Layout(
        "data/spot/monthly/klines/BTCUSDT-1h-2024-01.zip",
        lambda bars: zipped("BTCUSDT-1h-2024-01.csv", binance(bars, header=False, units=1)),
        "binance-klines", Series("spot", "BTCUSDT", "60"),
    ),
    "binance spot 2025 in microseconds": Layout(
        "BTCUSDT-1h-2025-01.zip",
        lambda bars: zipped("BTCUSDT-1h-2025-01.csv", binance(bars, header=False, units=1000)),
        "binance-klines", Series("spot", "BTCUSDT", "60"),
    ),
    "binance USD-M with header": Layout(
        "BTCUSDT-1h-2024-01.csv", lambda bars: binance(bars, header=True, units=1),
        "binance-klines",
    ),
    "binance COIN-M": Layout(
        "BTCUSD_PERP-1h-2024-01.csv", lambda bars: binance(bars, header=False, units=1),
        "binance-klines", Series("inverse", "BTCUSD", "60"), lost=NO_TURNOVER,
    ),
    "binance mark": Layout(
        UM + "markPriceKlines/BTCUSDT/1h/BTCUSDT-1h-2024-01.csv",
        lambda bars: binance(bars, header=True, units=1), "binance-klines",
        Series("linear", "BTCUSDT", "60", "mark"), lost=PRICES,
    ),
    "binance index": Layout(
        UM + "indexPriceKlines/BTCUSDT/1h/BTCUSDT-1h-2024-01.csv",
        lambda bars: binance(bars, header=False, units=1), "binance-klines",
        Series("linear", "BTCUSDT", "60", "index"), lost=PRICES,
    ),
    "tradingview iso": Layout(
        "BYBIT_BTCUSDT.P, 60.csv", lambda bars: tradingview(bars, iso=True), "tradingview",
        lost=NO_TURNOVER,
    ),
    "tradingview unix": Layout(
        "BYBIT_BTCUSDT, 60_1a2b3.csv", lambda bars: tradingview(bars, iso=False), "tradingview",
        Series("spot", "BTCUSDT", "60"), lost=NO_TURNOVER,
    ),
    "freqtrade feather ns": Layout(
        "BTC_USDT_USDT-1h-futures.feather", lambda bars: freqtrade_feather(bars, "ns"),
        "freqtrade", lost=NO_TURNOVER,
    ),
    "freqtrade feather ms": Layout(
        "BTC_USDT-1h.feather", lambda bars: freqtrade_feather(bars, "ms"), "freqtrade",
        Series("spot", "BTCUSDT", "60"), lost=NO_TURNOVER,
    ),
    "freqtrade mark": Layout(
        "BTC_USDT_USDT-1h-mark.feather", lambda bars: freqtrade_feather(bars, "ms"), "freqtrade",
        Series("linear", "BTCUSDT", "60", "mark"), lost=PRICES,
    ),
    "freqtrade json.gz": Layout(
        "BTC_USD_BTC-1h-futures.json.gz", lambda bars: gzip.compress(ccxt(bars)), "freqtrade",
        Series("inverse", "BTCUSD", "60"), lost=NO_TURNOVER,
    ),
    "freqtrade parquet": Layout(
        "BTC_USDT_USDT-1h-futures.parquet",
        lambda bars: as_parquet(freqtrade_table(bars, "us")), "freqtrade", lost=NO_TURNOVER,
    ),
    "ccxt": Layout(
        "ohlcv.json", ccxt, "candle-rows", category="linear", symbol="BTC/USDT:USDT",
        lost=NO_TURNOVER,
    ),
    "bitfinex": Layout(
        "BTCUSD.json", bitfinex, "candle-rows", Series("spot", "BTCUSD", "60"), "spot",
        lost=NO_TURNOVER,
    ),
    "cryptodatadownload s": Layout(
        "Bitstamp_BTCUSDT_1h.csv", lambda bars: cdd(bars, units=0.001), "cryptodatadownload",
        category="linear",
    ),
    "cryptodatadownload ms": Layout(
        "Bitstamp_BTCUSDT_1h.csv", lambda bars: cdd(bars, units=1), "cryptodatadownload",
        category="linear",
    ),
    "cryptodatadownload 11-AM": Layout(
        "Kraken_BTCUSDT_1h.csv", old_cdd, "cryptodatadownload", category="linear"
    ),
    "ninjabot": Layout(
        "btc-1h.csv", ninjabot, "bare-csv", category="linear", symbol="BTCUSDT", lost=NO_TURNOVER
    ),
    "lean minutes": Layout(
        "cryptofuture/bybit/minute/btcusdt/20240101_trade.zip", lean_day, "lean-bars",
        Series("linear", "BTCUSDT", "1"), lost=NO_TURNOVER,
    ),
    "lean hours": Layout(
        "cryptofuture/bybit/hour/btcusdt_trade.zip", lean_hours, "lean-bars", lost=NO_TURNOVER
    ),
    "pynecore": Layout(
        "BTCUSDT.ohlcv", pynecore, "pynecore", category="linear", lost=NO_TURNOVER, float32=True
    ),
    "plain parquet": Layout("BTCUSDT_1h.parquet", plain_parquet, "columnar", category="linear"),
    "csv in any order and case": Layout("BTCUSDT.csv", shuffled_csv, "csv", category="linear"),
    "csv with semicolons, a BOM and CRLF": Layout(
        "BTCUSDT-1h.csv", semicolons, "csv", category="linear", lost=NO_TURNOVER
    ),
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_layout_comes_back_as_the_bars_it_was_written_from(
    tmp_path: Path, make_bars: MakeBars, layout: Layout
) -> None:
    bars = make_bars(layout.series, n_bars=200, missing=[50, 51, 120])
    path = tmp_path / layout.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(layout.write(bars))
    assert recognise(path).name == layout.format
    imported = load(
        path, now_ms=NOW_MS, category=layout.category, symbol=layout.symbol, kind=layout.kind
    )
    (found,) = imported.bars
    assert found.series == layout.series
    expected = dict(bars.columns())
    if "volume" in layout.lost:
        expected["volume"] = np.zeros(len(bars))
    if "turnover" in layout.lost:
        expected["turnover"] = np.full(len(bars), np.nan)
    for name, column in expected.items():
        if layout.float32 and name not in ("open_ms", "turnover"):
            assert np.array_equal(getattr(found, name).astype("f4"), column.astype("f4")), name
        else:
            assert np.array_equal(getattr(found, name), column, equal_nan=name != "open_ms"), name


def test_every_format_has_a_layout_or_a_funding_test() -> None:
    tested = {layout.format for layout in LAYOUTS.values()}
    funding_or_ticks = {"binance-funding", "tardis", "lean-funding"}
    assert {form.name for form in FORMATS} == tested | funding_or_ticks


@pytest.mark.parametrize("interval", ["1m", "15m", "1h", "4h", "1d", "1w", "1mo"])
def test_every_length_of_binance_bars_is_known_by_name(
    tmp_path: Path, make_bars: MakeBars, interval: str
) -> None:
    code = parse_interval({"1mo": "1M"}.get(interval, interval))
    bars = make_bars(Series("spot", "BTCUSDT", code), n_bars=1)
    path = tmp_path / f"data/spot/BTCUSDT-{interval}-2024-01.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(binance(bars, header=False, units=1))
    assert load(path, now_ms=NOW_MS).bars[0].series.interval == code


def test_a_binance_file_that_changes_its_unit_on_the_way_is_read(
    tmp_path: Path, make_bars: MakeBars
) -> None:
    bars = make_bars(Series("spot", "BTCUSDT", "60"))
    old, new = bars.rows(0, 40), bars.rows(40, 100)
    content = binance(old, header=False, units=1) + binance(new, header=False, units=1000)
    (tmp_path / "BTCUSDT-1h-2024-12.csv").write_bytes(content)
    (found,) = load(tmp_path / "BTCUSDT-1h-2024-12.csv", now_ms=NOW_MS, category="spot").bars
    assert np.array_equal(found.open_ms, bars.open_ms)


def test_bybit_premium_may_be_negative(tmp_path: Path, make_bars: MakeBars) -> None:
    bars = make_bars(Series("inverse", "BTCUSD", "1"))
    premium = {name: getattr(bars, name) / 4e4 - 1 for name in ("open", "high", "low", "close")}
    wanted = Bars.from_columns(
        Series("inverse", "BTCUSD", "1", "premium"), {"open_ms": bars.open_ms, **premium}
    )
    path = tmp_path / "renamed.csv.gz"
    path.write_bytes(bybit_index(wanted))
    (found,) = load(path, now_ms=NOW_MS).bars
    assert found.series == wanted.series
    assert np.array_equal(found.low, wanted.low)


def test_a_month_of_the_catalog_tells_everything_itself(
    tmp_path: Path, catalog: Catalog, make_bars: MakeBars
) -> None:
    bars = make_bars(Series("inverse", "BTCUSD", "15"), n_bars=50)
    catalog.write(bars)
    path = Path(catalog.files.root) / catalog.store(bars.series).path("2024-01")
    (found,) = load(path.rename(tmp_path / "x.bin"), now_ms=NOW_MS).bars
    assert found.digest == bars.digest


def test_a_whole_catalog_folder_is_imported_series_by_series(
    tmp_path: Path, catalog: Catalog, make_bars: MakeBars
) -> None:
    hours, minutes = make_bars(HOURS, n_bars=1000), make_bars(n_bars=60)
    for bars in (hours, minutes):
        catalog.write(bars)
        catalog.mark_asked(bars.series, bars.start_ms, bars.end_ms)
    copy = Catalog(tmp_path / "copy")
    imported = load(catalog.files.root, now_ms=NOW_MS)
    assert imported.store_in(copy).added == 1060
    assert [copy.digest(bars.series) for bars in (hours, minutes)] == [hours.digest, minutes.digest]


def test_pynecore_says_that_precision_is_lost_and_what_was_left_out(
    tmp_path: Path, make_bars: MakeBars
) -> None:
    bars = make_bars(HOURS, n_bars=50, missing=[7, 8, 9])
    (tmp_path / "btc.ohlcv").write_bytes(pynecore(bars))
    (tmp_path / "btc.toml").write_text('[symbol]\nticker = "BTCUSDT.P"\nperiod = "60"\n')
    imported = load(tmp_path / "btc.ohlcv", now_ms=NOW_MS, category="linear")
    assert imported.bars[0].series == HOURS
    assert any("float32" in remark for remark in imported.notes.remarks)
    assert "3 records that only filled gaps were left out" in imported.notes.remarks


FUNDING_MS = [1_704_067_200_000 + 28_800_000 * number for number in range(6)]
RATES = [0.0001, -0.00021, 0.00005703, 0.0001, 0.003, -0.0]


def funding_files() -> dict[str, tuple[str, bytes]]:
    binance_rows = [(t + 3, 8, r) for t, r in zip(FUNDING_MS, RATES, strict=True)]
    header = "calc_time,funding_interval_hours,last_funding_rate"
    lean_rows = [
        (text_time(t, "%Y%m%d %H:%M:%S"), r) for t, r in zip(FUNDING_MS, RATES, strict=True)
    ]
    candles = [(t + 17, r, 0.0, 0.0, 0.0, 0.0) for t, r in zip(FUNDING_MS, RATES, strict=True)]
    answers = [
        {"symbol": "BTCUSDT", "fundingRate": repr(r), "fundingRateTimestamp": str(t)}
        for t, r in zip(reversed(FUNDING_MS), reversed(RATES), strict=True)
    ]
    names = ("date", "open", "high", "low", "close", "volume")
    columns = dict(zip(names, map(list, zip(*candles, strict=True)), strict=True))
    dates = pa.array(columns.pop("date")).cast(pa.timestamp("ms", "UTC"))
    packed = io.BytesIO()
    feather.write_feather(pa.table({"date": dates, **columns}), packed, compression="lz4")
    plain = pa.table({"ts": FUNDING_MS, "symbol": ["BTCUSDT"] * 6, "rate": RATES})
    return {
        "binance": (
            "BTCUSDT-fundingRate-2024-01.zip",
            zipped("BTCUSDT-fundingRate-2024-01.csv", csv(binance_rows, header)),
        ),
        "lean": ("margin_interest/btcusdt.csv", csv(lean_rows)),
        "freqtrade feather": ("BTC_USDT_USDT-8h-funding_rate.feather", packed.getvalue()),
        "freqtrade json": (
            "BTC_USDT_USDT-8h-funding_rate.json", json.dumps(candles).encode()
        ),
        "bybit answer": (
            "funding.json", json.dumps({"retCode": 0, "result": {"list": answers}}).encode()
        ),
        "parquet": ("linear_funding.parquet", as_parquet(plain)),
        "csv": (
            "linear_BTCUSDT.csv",
            csv(list(zip(FUNDING_MS, RATES, strict=True)), "time,fundingRate"),
        ),
    }  # fmt: skip


@pytest.mark.parametrize("name", funding_files())
def test_funding_comes_back_at_its_settlement_times(tmp_path: Path, name: str) -> None:
    file, content = funding_files()[name]
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    (found,) = load(path, now_ms=NOW_MS).funding
    assert (found.category, found.symbol) == ("linear", "BTCUSDT")
    assert found.time_ms.tolist() == FUNDING_MS
    assert found.rate.tolist() == RATES


def tardis(updates: list[tuple[int, object, object, object, object]]) -> bytes:
    header = (
        "exchange,symbol,timestamp,local_timestamp,funding_timestamp,funding_rate,"
        "predicted_funding_rate,open_interest,last_price,index_price,mark_price"
    )
    rows = [
        ("bybit", "BTCUSDT", us, us + 900, due, rate, "", 1, 2, index, mark)
        for us, due, rate, index, mark in updates
    ]
    return gzip.compress(csv(rows, header))


def test_tardis_gives_settled_funding_and_bars_of_mark_and_index(tmp_path: Path) -> None:
    settled, next_one = 1_704_096_000_000_000, 1_704_124_800_000_000
    minute = 60_000_000
    updates: list[tuple[int, object, object, object, object]] = [
        (settled - minute * 2, settled, 0.0001, 41_000, 41_010.5),
        (settled - minute * 2 + 5, settled, 0.0002, 41_007, ""),
        (settled - minute * 2 + 9, settled, 0.0002, 40_990, 41_000.5),
        (settled - 1, settled, 0.0003, 41_005, 41_001),
        (settled + 1, next_one, 0.0009, 41_006, 41_002),
    ]
    path = tmp_path / "bybit_derivative_ticker_2024-01-01_BTCUSDT.csv.gz"
    path.write_bytes(tardis(updates))
    imported = load(path, now_ms=NOW_MS)
    (funding,) = imported.funding
    assert funding.time_ms.tolist() == [settled // 1000]
    assert funding.rate.tolist() == [0.0003]
    assert "1 settlements after the file's end were left out" in imported.notes.remarks
    bars = {found.series.kind: found for found in imported.bars}
    assert bars["index"].close.tolist() == [40_990, 41_005, 41_006]
    assert (bars["index"].high[0], bars["index"].low[0]) == (41_007, 40_990)
    assert (bars["mark"].open[0], bars["mark"].close[0]) == (41_010.5, 41_000.5)
    assert bars["mark"].open_ms.tolist() == [
        settled // 1000 - 120_000,
        settled // 1000 - 60_000,
        settled // 1000,
    ]


@pytest.mark.shared
def test_real_bars_survive_every_text_layout(tmp_path: Path, real_bars: dict[str, Bars]) -> None:
    chosen = [bars.rows(0, 500) for bars in real_bars.values()]
    for bars in chosen:
        path = tmp_path / "a.csv"
        path.write_bytes(shuffled_csv(bars))
        series = bars.series
        (found,) = load(
            path, now_ms=NOW_MS, category=series.category, symbol=series.symbol,
            interval=series.interval,
        ).bars  # fmt: skip
        assert found.digest == bars.digest


@pytest.mark.shared
def test_real_files_import_by_their_names(real_files: list[Path]) -> None:
    for path in real_files:
        imported = load(path, now_ms=NOW_MS, category="linear", symbol="BTCUSDT")
        assert len(imported.bars[0]) == parquet.read_metadata(path).num_rows
