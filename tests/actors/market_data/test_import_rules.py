"""What an import does with repeated, late, early and ambiguous rows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.market_data.errors import ConflictingRows, UnusableFile
from actors.market_data.importers import load
from actors.market_data.importers.headerless import OCHL, OCLH, OHLC, Order, price_order
from actors.market_data.importers.sources import Source
from actors.market_data.importers.tables import Candidate, sample_of
from actors.market_data.importers.times import times_from_integers, times_from_text
from actors.market_data.store import Catalog
from engines.bars import Bars, Series
from engines.errors import BadBars, InvalidInput
from engines.intervals import MINUTE_MS

MakeBars = Callable[..., Bars]
NOW_MS = 1_800_000_000_000
MINUTES = Series("linear", "BTCUSDT", "1")
HEADER = "time,open,high,low,close,volume"


def lines_of(bars: Bars) -> list[str]:
    columns = [column.tolist() for column in bars.columns().values()]
    return [",".join(map(str, row[:6])) for row in zip(*columns, strict=True)]


def write(path: Path, lines: list[str], header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


@given(st.integers(1_000_000_000, 4_000_000_000), st.sampled_from([1, 10**3, 10**6, 10**9]))
def test_the_unit_of_a_time_is_told_by_its_size(second: int, units: int) -> None:
    found = times_from_integers(np.array([second * units], dtype=np.int64), "x.csv")
    assert found.tolist() == [second * 1000]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-31 23:59", "2024-01-31T23:59"),
        ("2024-01-31T23:59:00+02:00", "2024-01-31T21:59"),
        ("2024-01-31T23:59:00Z", "2024-01-31T23:59"),
        ("2024-01-31 23:59:00 UTC", "2024-01-31T23:59"),
        ("2024.01.31 23:59", "2024-01-31T23:59"),
        ("2024/01/31", "2024-01-31"),
        ("20240131", "2024-01-31"),
        ("20240131 23:59:00", "2024-01-31T23:59"),
        ("2024-01-31 12-AM", "2024-01-31T00:00"),
        ("2024-01-31 11-PM", "2024-01-31T23:00"),
        ("1706745540", "2024-01-31T23:59"),
        ("1706745540.017", "2024-01-31T23:59:00.017"),
        ("1706745540000", "2024-01-31T23:59"),
        ("1706745540000000000", "2024-01-31T23:59"),
    ],
)
def test_a_moment_is_read_in_its_usual_spellings(text: str, moment: str) -> None:
    expected = np.datetime64(moment, "ms").astype(np.int64)
    assert times_from_text(pl.Series([text]), "x.csv").tolist() == [expected]


@given(
    st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)), min_size=1, max_size=5),
    st.sampled_from(["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"]),
    st.sampled_from(["", "Z", "+00:00", "-05:30", "+1000"]),
)
def test_every_spelling_is_read_as_python_reads_it(
    moments: list[datetime], spelling: str, zone: str
) -> None:
    ending = zone if "%S" in spelling else ""
    texts = [moment.strftime(spelling) + ending for moment in moments]
    read = [datetime.fromisoformat(text) for text in texts]
    zoned = [moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in read]
    found = times_from_text(pl.Series(texts), "x.csv")
    assert found.tolist() == [int(moment.timestamp()) * 1000 for moment in zoned]


@pytest.mark.parametrize(
    "text", ["31/01/2024", "Jan 31, 2024", "2024-13-01", "12", "-5", "24-01-05"]
)
def test_a_moment_that_could_mean_two_things_is_refused(text: str) -> None:
    with pytest.raises(UnusableFile, match="should be a time: Unix s, ms"):
        times_from_text(pl.Series([text]), "x.csv")


@given(st.lists(st.floats(1e-12, 1e12), min_size=1, max_size=50))
def test_numbers_in_text_are_read_to_the_bit(values: list[float]) -> None:
    content = "\n".join(f"name,{value!r}" for value in values).encode()
    source = Source(Path("x.csv"), "x.csv", b"a,b\n" + content)
    table = Candidate(source, sample_of(source)).table()
    assert table.numbers(1, "b").tolist() == values


@given(
    st.lists(st.tuples(*[st.integers(1, 6)] * 4), min_size=1, max_size=4),
    st.sampled_from([OHLC, OCHL, OCLH]),
)
def test_prices_tell_their_own_order(numbers: list[tuple[int, ...]], order: Order) -> None:
    rows = [(a, max(a, b, c, d), min(a, b, c, d), b) for a, b, c, d in numbers]
    truth = [np.array(column, dtype=float) for column in zip(*rows, strict=True)]
    columns: list[np.typing.NDArray[np.float64]] = [truth[0]] * 4
    for column, place in zip(truth, order, strict=True):
        columns[place] = column
    found = price_order(columns, "x.csv")
    again = [columns[place] for place in found]
    assert all(np.array_equal(one, other) for one, other in zip(again, truth, strict=True))


def test_exact_duplicates_are_dropped_and_counted(tmp_path: Path, make_bars: MakeBars) -> None:
    bars = make_bars()
    lines = lines_of(bars)
    path = write(tmp_path / "linear_BTCUSDT.csv", lines + lines[10:15])
    imported = load(path, now_ms=NOW_MS)
    assert imported.notes.exact_duplicates == 5
    assert imported.notes.rows_read == 105
    assert np.array_equal(imported.bars[0].close, bars.close)


def test_rows_that_differ_stop_the_import_unless_told(tmp_path: Path, make_bars: MakeBars) -> None:
    bars = make_bars()
    lines = lines_of(bars)
    other = lines[10].rsplit(",", 1)[0] + ",99.0"
    path = write(tmp_path / "linear_BTCUSDT.csv", [*lines, other])
    with pytest.raises(ConflictingRows, match=r"row 2024-01-01T00:10:00.000Z of linear/BTCUSDT"):
        load(path, now_ms=NOW_MS)
    first = load(path, now_ms=NOW_MS, on_conflict="keep_first")
    last = load(path, now_ms=NOW_MS, on_conflict="keep_last")
    assert first.bars[0].volume[10] == bars.volume[10]
    assert last.bars[0].volume[10] == 99.0
    assert last.notes.conflicts == 1


def test_the_unfinished_last_bar_is_dropped(tmp_path: Path, make_bars: MakeBars) -> None:
    bars = make_bars()
    path = write(tmp_path / "linear_BTCUSDT.csv", lines_of(bars))
    imported = load(path, now_ms=bars.end_ms - 1)
    assert len(imported.bars[0]) == 99
    assert imported.notes.unfinished == 1
    assert load(path, now_ms=bars.end_ms).notes.unfinished == 0


def test_an_unfinished_bar_alone_is_nothing_to_import(tmp_path: Path, make_bars: MakeBars) -> None:
    bars = make_bars(n_bars=1)
    path = write(tmp_path / "linear_BTCUSDT_1m.csv", lines_of(bars))
    with pytest.raises(UnusableFile, match="an unfinished bar alone"):
        load(path, now_ms=bars.start_ms)


def test_bars_of_the_future_are_refused(tmp_path: Path, make_bars: MakeBars) -> None:
    bars = make_bars()
    path = write(tmp_path / "linear_BTCUSDT.csv", lines_of(bars))
    with pytest.raises(UnusableFile, match=r"last time was '2024-01-01 01:39Z', should be a time"):
        load(path, now_ms=bars.start_ms)


def test_the_most_frequent_step_is_the_interval_and_is_stated(
    tmp_path: Path, make_bars: MakeBars
) -> None:
    bars = make_bars(MINUTES._replace(interval="15"), missing=[3, 4, 50])
    imported = load(write(tmp_path / "linear_BTCUSDT.csv", lines_of(bars)), now_ms=NOW_MS)
    assert imported.bars[0].series.interval == "15"
    assert any("interval 15: 98% of the rows" in text for text in imported.notes.remarks)


@pytest.mark.parametrize(("name", "given"), [("x.csv", "1"), ("x_1m.csv", None)])
def test_an_interval_that_the_rows_contradict_is_refused(
    tmp_path: Path, make_bars: MakeBars, name: str, given: str | None
) -> None:
    path = write(tmp_path / name, lines_of(make_bars(MINUTES._replace(interval="60"))))
    with pytest.raises(UnusableFile, match=r"most frequent step was '60 minutes', should be that"):
        load(path, now_ms=NOW_MS, symbol="BTCUSDT", category="linear", interval=given)  # type: ignore[arg-type]


def test_a_quiet_market_may_skip_most_minutes(tmp_path: Path, make_bars: MakeBars) -> None:
    bars = make_bars(missing=[n for n in range(1, 99) if n % 2 and n % 10 != 1])
    path = write(tmp_path / "linear_BTCUSDT_1m.csv", lines_of(bars))
    assert load(path, now_ms=NOW_MS).bars[0].series.interval == "1"


def test_a_step_that_is_no_interval_is_refused(tmp_path: Path, make_bars: MakeBars) -> None:
    lines = lines_of(make_bars())[::7]
    with pytest.raises(UnusableFile, match="most frequent step was '7 minutes', should be a step"):
        load(write(tmp_path / "linear_BTCUSDT.csv", lines), now_ms=NOW_MS)


def test_one_bar_needs_its_interval_told(tmp_path: Path, make_bars: MakeBars) -> None:
    path = write(tmp_path / "linear_BTCUSDT.csv", lines_of(make_bars(n_bars=1)))
    with pytest.raises(UnusableFile, match="interval was None, should be given as an option"):
        load(path, now_ms=NOW_MS)
    assert len(load(path, now_ms=NOW_MS, interval="1").bars[0]) == 1


@pytest.mark.parametrize(
    ("name", "options", "field"),
    [
        ("prices.csv", {"category": "linear"}, "symbol was None"),
        ("BTCUSDT.csv", {}, "category was None"),
    ],
)
def test_what_the_file_does_not_tell_is_asked_for(
    tmp_path: Path, make_bars: MakeBars, name: str, options: dict[str, str], field: str
) -> None:
    path = write(tmp_path / name, lines_of(make_bars()))
    with pytest.raises(UnusableFile, match=f"{field}, should be given as an option"):
        load(path, now_ms=NOW_MS, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"category": "swap"}, "category was 'swap'"),
        ({"interval": "7"}, "interval was '7'"),
        ({"kind": "bid"}, "kind was 'bid'"),
        ({"volume": "lots"}, "volume was 'lots'"),
        ({"on_conflict": "maybe"}, "on_conflict was 'maybe'"),
    ],
)
def test_an_option_that_does_not_exist_names_those_that_do(
    tmp_path: Path, make_bars: MakeBars, options: dict[str, str], field: str
) -> None:
    path = write(tmp_path / "linear_BTCUSDT.csv", lines_of(make_bars()))
    with pytest.raises(InvalidInput, match=f"{field}, should be one of"):
        load(path, now_ms=NOW_MS, **options)  # type: ignore[arg-type]


def test_a_symbol_given_with_separators_is_written_as_bybit_does(
    tmp_path: Path, make_bars: MakeBars
) -> None:
    path = write(tmp_path / "x.csv", lines_of(make_bars()))
    imported = load(path, now_ms=NOW_MS, symbol="btc/usdt:usdt", category="linear")
    assert imported.bars[0].series.symbol == "BTCUSDT"


def test_a_quote_volume_is_divided_by_the_close(tmp_path: Path, make_bars: MakeBars) -> None:
    bars = make_bars()
    path = write(tmp_path / "linear_BTCUSDT.csv", lines_of(bars))
    (found,) = load(path, now_ms=NOW_MS, volume="quote").bars
    assert np.array_equal(found.volume, bars.volume / bars.close)
    assert np.array_equal(found.turnover, bars.volume)


def test_a_file_of_several_symbols_becomes_several_series(
    tmp_path: Path, make_bars: MakeBars
) -> None:
    lines = [f"{line},BTC-USDT" for line in lines_of(make_bars(seed=1))]
    lines += [f"{line},ETH-USDT" for line in lines_of(make_bars(seed=2))]
    path = write(tmp_path / "all.csv", lines, HEADER + ",symbol")
    every = load(path, now_ms=NOW_MS, category="spot")
    assert [bars.series.symbol for bars in every.bars] == ["BTCUSDT", "ETHUSDT"]
    (one,) = load(path, now_ms=NOW_MS, category="spot", symbol="ETHUSDT").bars
    assert np.array_equal(one.close, make_bars(seed=2).close)
    with pytest.raises(UnusableFile, match="symbol was 'XRPUSDT', should be one of BTCUSDT, ETH"):
        load(path, now_ms=NOW_MS, category="spot", symbol="XRPUSDT")


def test_a_folder_of_files_becomes_one_series(tmp_path: Path, make_bars: MakeBars) -> None:
    bars = make_bars(n_bars=300)
    for number, cut in enumerate([slice(200, 300), slice(0, 110), slice(100, 210)]):
        write(tmp_path / f"linear_BTCUSDT_{number}.csv", lines_of(bars)[cut])
    (tmp_path / ".hidden").write_text("not looked at")
    imported = load(tmp_path, now_ms=NOW_MS)
    assert np.array_equal(imported.bars[0].close, bars.close)
    assert imported.notes.exact_duplicates == 20


def test_one_bad_file_in_a_folder_stores_nothing(
    tmp_path: Path, catalog: Catalog, make_bars: MakeBars
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    write(folder / "linear_BTCUSDT.csv", lines_of(make_bars()))
    (folder / "zz_notes.txt").write_text("remember the milk")
    with pytest.raises(UnusableFile, match=r"zz_notes.txt was 'remember the milk', should be bars"):
        load(folder, now_ms=NOW_MS).store_in(catalog)
    assert catalog.series() == []


def test_a_checksum_beside_the_file_is_held_against_it(tmp_path: Path, make_bars: MakeBars) -> None:
    path = write(tmp_path / "linear_BTCUSDT.csv", lines_of(make_bars()))
    beside = tmp_path / "linear_BTCUSDT.csv.CHECKSUM"
    beside.write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    assert len(load(path, now_ms=NOW_MS).bars[0]) == 100
    beside.write_text(f"{'0' * 64}  {path.name}\n")
    with pytest.raises(UnusableFile, match=r"should be 0{64}, as linear_BTCUSDT.csv.CHECKSUM says"):
        load(path, now_ms=NOW_MS)


def test_a_conflict_in_the_last_series_stores_none_of_the_first(
    tmp_path: Path, catalog: Catalog, make_bars: MakeBars
) -> None:
    other = MINUTES._replace(symbol="ETHUSDT")
    catalog.write(make_bars(other, seed=3))
    lines = [f"{line},BTCUSDT" for line in lines_of(make_bars(seed=1))]
    lines += [f"{line},ETHUSDT" for line in lines_of(make_bars(seed=2))]
    path = write(tmp_path / "all.csv", lines, HEADER + ",symbol")
    imported = load(path, now_ms=NOW_MS, category="linear")
    with pytest.raises(ConflictingRows):
        imported.store_in(catalog)
    assert catalog.series() == [other]
    assert imported.store_in(catalog, on_conflict="keep_last").conflicts == 100


def test_an_impossible_bar_is_named_by_its_time(tmp_path: Path, make_bars: MakeBars) -> None:
    lines = lines_of(make_bars())
    cells = lines[42].split(",")
    cells[2] = str(float(cells[3]) - 1)
    lines[42] = ",".join(cells)
    with pytest.raises(BadBars, match=r"row 42 \(2024-01-01T00:42:00.000Z\).*low <= open"):
        load(write(tmp_path / "linear_BTCUSDT.csv", lines), now_ms=NOW_MS)


def test_rows_off_the_grid_are_named(tmp_path: Path, make_bars: MakeBars) -> None:
    bars = make_bars(start_ms=1_704_067_200_000)
    lines = [
        f"{t + 1000},{line.split(',', 1)[1]}"
        for t, line in zip(bars.open_ms, lines_of(bars), strict=True)
    ]
    with pytest.raises(BadBars, match="open time off the grid"):
        load(write(tmp_path / "linear_BTCUSDT.csv", lines), now_ms=NOW_MS)


def test_two_funding_rates_of_one_minute_conflict(tmp_path: Path) -> None:
    start = 1_704_067_200_000
    path = write(
        tmp_path / "linear_BTCUSDT.csv",
        [f"{start},0.0001", f"{start + MINUTE_MS // 2},0.0002"],
        "time,rate",
    )
    with pytest.raises(ConflictingRows, match="funding"):
        load(path, now_ms=NOW_MS)
