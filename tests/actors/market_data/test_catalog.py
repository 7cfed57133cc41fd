"""What is written to the catalog comes back, and nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import fs

from actors.market_data.errors import ConflictingRows, DamagedFile, SeriesBusy
from actors.market_data.locks import sole_writer
from actors.market_data.merging import WriteReport
from actors.market_data.months import BAR_ROWS, Rows, encode_month
from actors.market_data.store import Catalog
from engines.bars import VALUE_COLUMNS, Bars, Series
from engines.errors import InvalidInput, MissingData
from engines.intervals import INTERVALS, MINUTE_MS, Interval
from engines.resampling import resample
from tests.examples import examples

MakeBars = Callable[..., Bars]
MINUTES = Series("linear", "BTCUSDT", "1")


def same(one: Bars, other: Bars) -> bool:
    return one.series == other.series and all(
        np.array_equal(column, other.columns()[name], equal_nan=name == "turnover")
        for name, column in one.columns().items()
    )


def with_close(bars: Bars, row: int, close: float) -> Bars:
    columns = {name: column.copy() for name, column in bars.columns().items()}
    columns["close"][row] = close
    columns["low"][row] = min(columns["low"][row], close)
    return Bars.from_columns(bars.series, columns)


@pytest.mark.parametrize("interval", INTERVALS)
def test_bars_come_back_to_the_bit(
    catalog: Catalog, make_bars: MakeBars, interval: Interval
) -> None:
    bars = make_bars(MINUTES._replace(interval=interval), n_bars=90, missing=[3, 4, 50])
    report = catalog.write(bars)
    assert report == WriteReport(added=87)
    assert same(catalog.read(bars.series), bars)
    assert catalog.digest(bars.series) == bars.digest


def test_a_catalog_on_another_file_system_serves_the_same_bars(make_bars: MakeBars) -> None:
    memory = Catalog("bucket/market", filesystem=fs._MockFileSystem())
    bars = make_bars(n_bars=50_000)
    memory.write(bars)
    memory.mark_asked(bars.series, bars.start_ms, bars.end_ms)
    assert same(memory.read(bars.series), bars)
    assert memory.series() == [bars.series]
    assert memory.missing(bars.series, bars.start_ms, bars.end_ms) == ()


@examples(30)
@given(cuts=st.lists(st.integers(0, 400), min_size=1, max_size=6), order=st.randoms())
def test_pieces_in_any_order_make_the_whole(
    tmp_path: Path, make_bars: MakeBars, cuts: list[int], order: object
) -> None:
    catalog = Catalog(tmp_path / os.urandom(8).hex())
    bars = make_bars(Series("linear", "BTCUSDT", "240"), n_bars=400, missing=[10, 11, 300])
    bounds = sorted({0, len(bars), *(min(cut, len(bars)) for cut in cuts)})
    pieces = [bars.rows(a, min(b + 5, len(bars))) for a, b in pairwise(bounds)]
    order.shuffle(pieces)  # type: ignore[attr-defined]
    added = sum(catalog.write(piece).added for piece in pieces)
    assert added == len(bars)
    assert same(catalog.read(bars.series), bars)


def test_only_the_months_of_the_range_are_opened(catalog: Catalog, make_bars: MakeBars) -> None:
    bars = make_bars(Series("spot", "ETHUSDT", "60"), n_bars=24 * 91)
    catalog.write(bars)
    (Path(catalog.files.root) / catalog.store(bars.series).path("2024-01")).write_bytes(b"junk")
    february = bars.start_ms + 31 * 86_400_000
    assert len(catalog.read(bars.series, february, february + 3_600_000)) == 1
    with pytest.raises(DamagedFile, match=r"2024-01\.parquet is damaged"):
        catalog.read(bars.series, february - 1, february)


def test_equal_bars_are_counted_and_stored_once(catalog: Catalog, make_bars: MakeBars) -> None:
    bars = make_bars()
    catalog.write(bars)
    assert catalog.write(bars.rows(40, 60)) == WriteReport(exact_duplicates=20)
    assert len(catalog.read(bars.series)) == 100


def test_a_conflicting_bar_stops_the_whole_write(catalog: Catalog, make_bars: MakeBars) -> None:
    bars = make_bars(n_bars=60_000)
    catalog.write(bars.rows(50_000, 50_100))
    wrong = with_close(bars, 50_007, 1.0)
    with pytest.raises(ConflictingRows) as stopped:
        catalog.write(wrong)
    moment = np.datetime64(int(bars.open_ms[50_007]), "ms")
    assert f"row {moment}Z of linear/BTCUSDT/1/last" in str(stopped.value)
    assert f"close {float(bars.close[50_007])!r}" in str(stopped.value)
    assert "close 1.0" in str(stopped.value)
    assert same(catalog.read(bars.series), bars.rows(50_000, 50_100))


@pytest.mark.parametrize(("choice", "close"), [("keep_first", 0), ("keep_last", 1)])
def test_a_conflict_is_settled_as_told(
    catalog: Catalog, make_bars: MakeBars, choice: str, close: int
) -> None:
    bars = make_bars()
    both = (bars, with_close(bars, 7, 1.0))
    catalog.write(both[0])
    report = catalog.write(both[1], on_conflict=choice)  # type: ignore[arg-type]
    assert report == WriteReport(exact_duplicates=99, conflicts=1)
    assert same(catalog.read(bars.series), both[close])


def test_an_unknown_choice_names_the_choices(catalog: Catalog, make_bars: MakeBars) -> None:
    with pytest.raises(InvalidInput, match="on_conflict was 'newest', should be one of stop"):
        catalog.write(make_bars(), on_conflict="newest")  # type: ignore[arg-type]


def test_an_unknown_turnover_contradicts_nothing_and_is_learned(
    catalog: Catalog, make_bars: MakeBars
) -> None:
    bars = make_bars()
    columns = {**bars.columns(), "turnover": np.full(len(bars), np.nan)}
    catalog.write(Bars.from_columns(bars.series, columns))
    assert catalog.write(bars) == WriteReport(exact_duplicates=100)
    assert same(catalog.read(bars.series), bars)


def test_reading_what_was_never_stored_says_what_to_do(catalog: Catalog) -> None:
    with pytest.raises(MissingData, match=r"linear/BTCUSDT/1/last .* sync or import"):
        catalog.read(MINUTES)


def test_a_range_without_bars_of_a_stored_series_is_empty(
    catalog: Catalog, make_bars: MakeBars
) -> None:
    bars = make_bars()
    catalog.write(bars)
    assert len(catalog.read(MINUTES, bars.end_ms, bars.end_ms + MINUTE_MS)) == 0


def test_a_range_that_ends_before_it_begins_is_refused(catalog: Catalog) -> None:
    with pytest.raises(InvalidInput, match="end_ms was 5, should be not before start_ms"):
        catalog.read(MINUTES, 10, 5)


@pytest.mark.parametrize("symbol", ["../../etc", "btc usdt", "", "A/B", "BTCUSDT\n"])
def test_a_symbol_that_is_no_symbol_never_becomes_a_path(catalog: Catalog, symbol: str) -> None:
    with pytest.raises(InvalidInput, match="symbol was"):
        catalog.read(MINUTES._replace(symbol=symbol))


def test_the_series_are_listed_by_name_and_length(catalog: Catalog, make_bars: MakeBars) -> None:
    wanted = [
        Series("linear", "BTCUSDT", "1"),
        Series("linear", "BTCUSDT", "60", "mark"),
        Series("linear", "BTCUSDT", "D"),
        Series("spot", "ADAUSDT", "15"),
    ]
    for series in reversed(wanted):
        catalog.write(make_bars(series, n_bars=3))
    (Path(catalog.files.root) / "bars" / "notes.txt").write_text("a stray file")
    assert catalog.series() == wanted


def test_a_truncated_file_is_named(catalog: Catalog, make_bars: MakeBars) -> None:
    catalog.write(make_bars())
    path = Path(catalog.files.root) / catalog.store(MINUTES).path("2024-01")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DamagedFile) as damaged:
        catalog.read(MINUTES)
    assert str(path) in str(damaged.value)


def test_every_flipped_byte_of_the_data_is_noticed(catalog: Catalog, make_bars: MakeBars) -> None:
    bars = make_bars()
    catalog.write(bars)
    path = Path(catalog.files.root) / catalog.store(MINUTES).path("2024-01")
    whole = path.read_bytes()
    unnoticed = []
    for place in range(4, len(whole) - 4000, 37):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        try:
            if not same(catalog.read(MINUTES), bars):
                unnoticed.append(place)
        except DamagedFile:
            continue
    assert unnoticed == []


def test_a_file_of_another_series_is_not_read_as_this_one(
    catalog: Catalog, make_bars: MakeBars
) -> None:
    catalog.write(make_bars())
    other = MINUTES._replace(symbol="ETHUSDT")
    catalog.write(make_bars(other))
    root = Path(catalog.files.root)
    mine, theirs = (root / catalog.store(series).path("2024-01") for series in (MINUTES, other))
    theirs.write_bytes(mine.read_bytes())
    with pytest.raises(DamagedFile, match=r"holds linear/BTCUSDT/1/last, should hold linear/ETH"):
        catalog.read(other)


def test_a_file_under_the_wrong_month_is_noticed(catalog: Catalog, make_bars: MakeBars) -> None:
    catalog.write(make_bars())
    path = Path(catalog.files.root) / catalog.store(MINUTES).path("2024-01")
    path.rename(path.with_name("2024-02.parquet"))
    with pytest.raises(DamagedFile, match="holds rows of another month"):
        catalog.read(MINUTES)


def test_two_writers_of_one_series_do_not_meet(catalog: Catalog, make_bars: MakeBars) -> None:
    bars = make_bars()
    with sole_writer(catalog.files, catalog.store(MINUTES).folder):
        with pytest.raises(SeriesBusy, match=f"is held by process {os.getpid()} on "):
            catalog.write(bars)
        catalog.write(make_bars(MINUTES._replace(symbol="ETHUSDT")))
    assert catalog.write(bars).added == 100


def test_the_lock_and_the_leftovers_of_a_killed_writer_hold_nobody_up(
    catalog: Catalog, make_bars: MakeBars
) -> None:
    folder = Path(catalog.files.root) / catalog.store(MINUTES).folder
    program = (
        "import time, sys; from actors.market_data.files import Files;"
        "from actors.market_data.locks import sole_writer\n"
        "with sole_writer(Files(sys.argv[1]), sys.argv[2]):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, catalog.files.root, catalog.store(MINUTES).folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:  # noqa: S603
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"held\n"
        (folder / ".2024-01.parquet.1.0.tmp").write_bytes(b"half")
        with pytest.raises(SeriesBusy, match=f"process {writer.pid} "):
            catalog.write(make_bars())
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    assert catalog.write(make_bars()).added == 100
    assert [path.name for path in folder.glob("*.tmp")] == []
    assert [path.name for path in folder.glob(".*.tmp")] == []


def test_an_impossible_bar_in_a_sound_file_is_named_with_its_file(
    catalog: Catalog, make_bars: MakeBars
) -> None:
    bars = make_bars()
    low = bars.high + 1
    rows = Rows(bars.open_ms, {name: getattr(bars, name) for name in VALUE_COLUMNS} | {"low": low})
    path = catalog.store(MINUTES).path("2024-01")
    catalog.files.replace({path: encode_month(BAR_ROWS, rows, str(MINUTES), "0")})
    with pytest.raises(DamagedFile, match=r"2024-01\.parquet is damaged .row 0 .*low <= open"):
        catalog.read(MINUTES)


@pytest.mark.parametrize("interval", ["5", "60", "240", "D", "W"])
def test_coarser_bars_are_made_of_the_finest_stored_ones(
    catalog: Catalog, make_bars: MakeBars, interval: Interval
) -> None:
    minutes = make_bars(n_bars=30_000, missing=[0, 1, 2, 700, 29_000])
    catalog.write(minutes)
    catalog.write(make_bars(MINUTES._replace(interval="3"), n_bars=10, seed=1))
    made = catalog.resampled(MINUTES._replace(interval=interval))
    assert same(made, resample(minutes, made.series.interval))
    assert len(made) > 0


@examples(60)
@given(
    missing=st.sets(st.integers(0, 499), max_size=60),
    begin=st.integers(-20, 500),
    length=st.integers(0, 300),
    interval=st.sampled_from(["3", "5", "15", "60"]),
)
def test_made_bars_do_not_depend_on_the_range_asked_for(
    tmp_path: Path,
    make_bars: MakeBars,
    missing: set[int],
    begin: int,
    length: int,
    interval: str,
) -> None:
    catalog = Catalog(tmp_path / os.urandom(8).hex())
    minutes = make_bars(n_bars=500, missing=missing)
    catalog.write(minutes)
    series = MINUTES._replace(interval=interval)  # type: ignore[arg-type]
    start_ms = minutes.start_ms + begin * MINUTE_MS
    end_ms = start_ms + length * MINUTE_MS
    whole = catalog.resampled(series)
    assert same(catalog.resampled(series, start_ms, end_ms), whole.between(start_ms, end_ms))


def test_stored_coarser_bars_are_preferred_to_made_ones(
    catalog: Catalog, make_bars: MakeBars
) -> None:
    hours = make_bars(MINUTES._replace(interval="60"), n_bars=5, seed=3)
    catalog.write(make_bars(n_bars=600))
    catalog.write(hours)
    assert same(catalog.resampled(hours.series), hours)


def test_weeks_make_no_months_and_the_message_says_what_would(
    catalog: Catalog, make_bars: MakeBars
) -> None:
    catalog.write(make_bars(MINUTES._replace(interval="W"), n_bars=20))
    with pytest.raises(
        MissingData, match="sync or import linear/BTCUSDT/M/last or linear/BTCUSDT/1"
    ):
        catalog.resampled(MINUTES._replace(interval="M"))


@pytest.mark.shared
def test_real_bars_come_back_to_the_bit(catalog: Catalog, real_bars: dict[str, Bars]) -> None:
    assert len(real_bars) > 15
    for bars in real_bars.values():
        catalog.write(bars, on_conflict="keep_last")
        read = catalog.read(bars.series, bars.start_ms, bars.end_ms)
        found = np.isin(read.open_ms, bars.open_ms)
        assert np.array_equal(read.close[found], bars.close)
