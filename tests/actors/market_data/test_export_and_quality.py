"""What leaves the catalog comes back equal, and what is wrong in it is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from actors.market_data.errors import StorageFull, WriteFailed
from actors.market_data.export import export_bars
from actors.market_data.importers.load import load
from actors.market_data.quality import verify
from actors.market_data.store import Catalog
from engines.bars import Bars, Series
from engines.errors import InvalidInput
from engines.resampling import resample

START_MS = 1_735_689_600_000
NOW_MS = 1_790_000_000_000
MINUTES = Series("linear", "BTCUSDT", "1")


def walk(n_bars: int = 3_000) -> Bars:
    rng = np.random.default_rng(1)
    close = 100.0 + np.cumsum(rng.standard_normal(n_bars)) / 7.0
    opened = np.append(close[:1], close[:-1])
    return Bars.from_columns(
        MINUTES,
        {
            "open_ms": START_MS + 60_000 * np.arange(n_bars),
            "open": opened,
            "high": np.maximum(opened, close) + rng.random(n_bars) / 3.0,
            "low": np.minimum(opened, close) - rng.random(n_bars) / 3.0,
            "close": close,
            "volume": rng.random(n_bars) * 10.0,
        },
    )


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".feather", ".arrow"])
def test_an_exported_file_is_imported_equal(tmp_path: Path, suffix: str) -> None:
    bars, path = walk(), tmp_path / f"BTCUSDT-1m{suffix}"
    export_bars(bars, path)
    (again,) = load(path, now_ms=NOW_MS, category="linear").bars
    assert again.digest == bars.digest


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"one ending with .csv"):
        export_bars(walk(5), tmp_path / "bars.xlsx")


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "bars.csv").mkdir()
    with pytest.raises(WriteFailed, match=r"bars\.csv"):
        export_bars(walk(5), tmp_path / "bars.csv")


def test_a_full_disk_is_told_with_its_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("actors.market_data.files.os.fsync", full)
    with pytest.raises(StorageFull, match=r"free .* bytes"):
        export_bars(walk(5), tmp_path / "bars.csv")
    assert not list(tmp_path.iterdir())


def test_sound_bars_are_found_sound(tmp_path: Path) -> None:
    catalog, bars = Catalog(tmp_path), walk()
    catalog.write(bars)
    catalog.write(resample(bars, "15"))
    for series in catalog.series():
        assert verify(catalog, series).sound


def test_gaps_are_told_with_their_lengths(tmp_path: Path) -> None:
    catalog, bars = Catalog(tmp_path), walk()
    catalog.write(bars.rows(0, 100))
    catalog.write(bars.rows(130, 200))
    found = verify(catalog, MINUTES)
    assert found.sound
    assert [gap.missing_bars for gap in found.gaps] == [30]


def test_coarser_bars_that_contradict_finer_ones_are_found(tmp_path: Path) -> None:
    catalog, bars = Catalog(tmp_path), walk()
    catalog.write(bars)
    coarse = resample(bars, "15")
    columns = coarse.columns()
    high = columns["high"].copy()
    high[7] = max(coarse.open[7], coarse.close[7])
    catalog.write(Bars.from_columns(coarse.series, {**columns, "high": high}))
    found = verify(catalog, coarse.series)
    (contradiction,) = found.contradictions
    assert (contradiction.n_bars, contradiction.first_ms) == (1, int(coarse.open_ms[7]))
    assert not found.sound


def test_every_damaged_file_is_named(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path)
    catalog.write(walk(60_000))
    files = sorted(tmp_path.rglob("*.parquet"))
    for path in files:
        path.write_bytes(path.read_bytes()[:-40])
    found = verify(catalog, MINUTES)
    assert len(found.damaged) == len(files) == 2
    assert all(path.name in text for path, text in zip(files, found.damaged, strict=True))
