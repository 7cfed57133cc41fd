"""Whatever is handed in: a message says what it was and what would be right."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import feather, parquet

from actors.market_data.errors import UnusableFile
from actors.market_data.importers import load, recognise
from engines.errors import InvalidInput
from tests.examples import examples

NOW_MS = 1_800_000_000_000
ROWS = (
    "time,open,high,low,close,volume\n"
    "1704067200000,10,12,9,11,5\n"
    "1704067260000,11,12,9,10,5\n"
    "1704067320000,10,12,9,11,5\n"
)


def zipped(*members: tuple[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def as_parquet(**columns: Sequence[object]) -> bytes:
    packed = io.BytesIO()
    parquet.write_table(pa.table(columns), packed)
    return packed.getvalue()


def nested(depth: int) -> bytes:
    content = ROWS.encode()
    for _ in range(depth):
        content = gzip.compress(content)
    return content


T = [1704067200000, 1704067260000]
OHLC: dict[str, Sequence[object]] = {key: [1.0, 1.0] for key in ("open", "high", "low", "close")}
TRADES = b"timestamp,symbol,side,size,price\n1,B,Buy,1,1"
TARDIS = b"exchange,symbol,timestamp,local_timestamp,id,side,price,amount\nbybit,BTC,1,1,1,buy,1,1"
BOOK = b'{"topic":"orderbook.500.BTC","type":"snapshot"}\n{"topic":"orderbook.500.BTC"}\n'

RUBBISH: dict[str, tuple[str, bytes, str]] = {
    "an empty file": ("x.csv", b"", "an empty file"),
    "blank lines": ("x.csv", b"\n\n\n", "blank lines"),
    "a text file": ("x.txt", b"Dear diary,\ntoday I lost.", "Dear diary,"),
    "binary junk": ("x.bin", bytes(range(256)) * 9, "binary data"),
    "an image": ("x.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "binary data"),
    "text in another encoding": ("x.csv", ROWS.encode("utf-16"), "binary data"),
    "a header without rows": ("x.csv", ROWS.splitlines()[0].encode(), "a header without rows"),
    "a truncated gzip": ("x.csv.gz", gzip.compress(ROWS.encode() * 50)[:-20], "damaged gzip"),
    "gzip of nothing": ("x.csv.gz", gzip.compress(b""), "an empty file"),
    "a broken gzip": ("x.gz", b"\x1f\x8b" + b"junk" * 9, "damaged gzip"),
    "a truncated zip": ("x.zip", zipped(("a.csv", ROWS.encode()))[:-30], "damaged zip"),
    "an empty zip": ("x.zip", zipped(), "a zip file without files"),
    "an Excel workbook": ("x.xlsx", zipped(("[Content_Types].xml", b"<x/>")), "an Excel workbook"),
    "gzip in gzip in gzip in gzip": ("x.gz", nested(4), "archives in archives"),
    "a truncated parquet": ("x.parquet", as_parquet(time=T, **OHLC)[:-9], "damaged"),
    "a parquet of other columns": ("x.parquet", as_parquet(a=[1], b=[2]), "columns a, b"),
    "a parquet without rows": ("x.parquet", as_parquet(time=[], rate=[]), "columns without rows"),
    "a parquet with a null": (
        "x.parquet", as_parquet(time=[T[0], None], **OHLC), "row 2, time was None"
    ),
    "a parquet with a NaN": (
        "x.parquet", as_parquet(time=T, **{**OHLC, "low": [1.0, float("nan")]}),
        "row 2, low was nan, should be a number",
    ),
    "a parquet of texts": (
        "x.parquet", as_parquet(time=T, **{**OHLC, "low": ["a", "b"]}), "low was "
    ),
    "a truncated arrow file": ("x.arrow", b"ARROW1\0\0junk", "damaged"),
    "JSON that ends early": ("x.json", b"[[1704067200000, 1, 1", "damaged JSON"),
    "JSON of something else": ("x.json", b'{"a": 1}', "'{\"a\": 1}'"),
    "an empty JSON list": ("x.json", b"[]", "'\\[\\]'"),
    "JSON rows of unequal length": (
        "x.json", b"[[1704067200000,1,1,1,1,1],[1704067260000,1]]", "row 2, cells"
    ),
    "a JSON row with null": (
        "x.json", b"[[1704067200000,1,1,1,1,1],[1704067260000,1,1,null,1,1]]",
        "row 2, price 3 was None",
    ),
    "an answer with an error": (
        "x.json", b'{"retCode":10001,"retMsg":"params error","result":{}}', "retCode"
    ),
    "an answer without rows": ("x.json", b'{"result":{"list":[]}}', "an answer without rows"),
    "an answer of order books": (
        "x.json", b'{"result":{"list":[{"symbol":"BTC"}]}}', "neither klines nor funding"
    ),
    "an answer of odd rows": (
        "x.json", b'{"result":{"list":[["1704067200000","1"]]}}', "rows of 2 cells"
    ),
    "a cell that is no number": (
        "x.csv", ROWS.replace("11,12,9,10", "11,12,nine,10").encode(),
        "row 2, low was 'nine', should be a number",
    ),
    "an empty cell": (
        "x.csv", ROWS.replace("11,12,9,10", "11,,9,10").encode(), "row 2, high was ''"
    ),
    "a NaN": ("x.csv", ROWS.replace("11,12,9,10", "NaN,12,9,10").encode(), "row 2, open was 'NaN'"),
    "an infinity": ("x.csv", ROWS.replace("12,9,10", "inf,9,10").encode(), "high not a number"),
    "a negative price": (
        "x.csv", ROWS.replace("11,12,9,10", "11,12,-9,10").encode(), "low not positive"
    ),
    "a price of zero": ("x.csv", ROWS.replace("12,9,10", "12,0,10").encode(), "low not positive"),
    "a negative volume": ("x.csv", ROWS.replace("10,5", "10,-5").encode(), "negative volume"),
    "a row that ends early": ("x.csv", (ROWS + "1704067380000,10").encode(), "row 4, high was ''"),
    "a row that is too long": (
        "x.csv", (ROWS + "1704067380000,10,12,9,11,5,6,7").encode(), "found more fields"
    ),
    "a missing time": ("x.csv", (ROWS + ",10,12,9,11,5").encode(), "row 4, time was ''"),
    "a time before 1973": ("x.csv", ROWS.replace("1704067260000", "12").encode(), "row 2, time"),
    "a spreadsheet's dates": (
        "x.csv", ROWS.replace("17040672", "01/02/20").encode(), "should be a time"
    ),
    "no column for low": ("x.csv", ROWS.replace("low", "lo").encode(), "'time,open,high,lo,"),
    "records of odd length": ("x.ohlcv", b"x" * 25, "25 bytes"),
    "bare rows in no possible order": (
        "x.csv", b"1704067200000,10,8,12,11,5\n1704067260000,10,8,7,30,5", "row 1, prices"
    ),
    "trades of Bybit": ("x.csv", TRADES, "Bybit's trades"),
    "trades of Binance": ("x.csv", b"1,7000.1,0.5,3500.05,1704067200000,True,True", "Binance's tr"),
    "a list of trades": ("x.csv", b"Trade #,Type,Signal\n1,Entry,Long", "TradingView's list"),
    "trades of Tardis": ("x.csv", TARDIS, "Tardis trades, books or quotes"),
    "an order book": ("x.data", BOOK, "messages line by line"),
    "an HDF5 file": ("x.h5", b"\x89HDF\r\n\x1a\n\0\0", "needs the package 'tables'"),
    "a feather file of version 1": ("x.feather", b"FEA1\0\0", "Feather version 1"),
    "another archive": ("x.7z", b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
}  # fmt: skip


@pytest.mark.parametrize("name", RUBBISH)
def test_rubbish_is_refused_with_its_name(tmp_path: Path, name: str) -> None:
    file, content, message = RUBBISH[name]
    (tmp_path / file).write_bytes(content)
    with pytest.raises(InvalidInput, match=message):
        load(tmp_path / file, now_ms=NOW_MS, symbol="BTCUSDT", category="linear", interval="1")


def test_the_sound_version_of_the_rubbish_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(ROWS)
    imported = load(tmp_path / "x.csv", now_ms=NOW_MS, symbol="BTCUSDT", category="linear")
    assert imported.bars[0].close.tolist() == [11, 10, 11]


def test_an_encrypted_zip_is_refused(tmp_path: Path) -> None:
    content = bytearray(zipped(("a.csv", ROWS.encode())))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(UnusableFile, match="should be a zip file without a password"):
        load(tmp_path / "x.zip", now_ms=NOW_MS)


@pytest.mark.parametrize("call", [recognise, lambda path: load(path, now_ms=NOW_MS)])
def test_a_path_that_is_not_there_is_named(tmp_path: Path, call: Callable[[Path], object]) -> None:
    with pytest.raises(UnusableFile, match=r"nothing.csv was 'No such file or directory'"):
        call(tmp_path / "nothing.csv")


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusableFile, match="a folder without data files"):
        load(tmp_path, now_ms=NOW_MS)


def sound_files() -> dict[str, bytes]:
    times = [T[0] + 60_000 * number for number in range(50)]
    columns = {name: [10.0 + number for number in range(50)] for name in OHLC}
    arrow = io.BytesIO()
    feather.write_feather(pa.table({"time": times, **columns}), arrow)
    return {
        "x.parquet": as_parquet(time=times, **columns),
        "x.feather": arrow.getvalue(),
        "x.gz": gzip.compress(ROWS.encode()),
        "x.zip": zipped(("a.csv", ROWS.encode())),
    }


SOUND = sound_files()


@examples(300)
@given(
    name=st.sampled_from(sorted(SOUND)),
    place=st.floats(0, 1, exclude_max=True),
    damage=st.binary(min_size=1, max_size=4),
)
def test_a_damaged_container_is_read_or_refused(
    tmp_path: Path, name: str, place: float, damage: bytes
) -> None:
    content = bytearray(SOUND[name])
    start = int(place * len(content))
    content[start : start + len(damage)] = damage
    (tmp_path / name).write_bytes(content)
    try:
        imported = load(
            tmp_path / name, now_ms=NOW_MS, symbol="BTCUSDT", category="linear", interval="1"
        )
    except InvalidInput:
        return
    assert all(len(bars) for bars in imported.bars)


@examples(300)
@given(
    name=st.sampled_from(["x.csv", "x.json", "x.ohlcv", "x.parquet", "x.gz", "x.zip"]),
    content=st.one_of(
        st.binary(max_size=200),
        st.text(alphabet="0123456789,.-;eE\n\"'[]{}:timeopenhlwcv ", max_size=300).map(str.encode),
        st.builds(
            lambda place, byte: ROWS.encode()[:place] + bytes([byte]) + ROWS.encode()[place + 1 :],
            st.integers(0, len(ROWS) - 1),
            st.integers(0, 255),
        ),
    ),
)
def test_no_content_at_all_causes_anything_but_a_refusal(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    try:
        imported = load(
            tmp_path / name, now_ms=NOW_MS, symbol="BTCUSDT", category="linear", interval="1"
        )
    except InvalidInput:
        return
    assert all(len(bars) for bars in imported.bars)
