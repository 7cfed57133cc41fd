"""A disk that fills up, or cannot be written, leaves everything as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from actors.market_data.errors import StorageFull, WriteFailed
from actors.market_data.files import Files
from actors.market_data.store import Catalog
from engines.bars import Bars

MakeBars = Callable[..., Bars]


class FillingUp(Files):
    """A disk that has room for `room` more files: the next write meets /dev/full."""

    room = 0

    def _write(self, target: Path, content: bytes) -> None:
        if self.room == 0:
            target.symlink_to("/dev/full")
        self.room -= 1
        super()._write(target, content)


def filling_up(root: Path, room: int) -> Catalog:
    catalog = Catalog(root)
    catalog.files = FillingUp(root)
    catalog.files.room = room
    return catalog


@pytest.mark.parametrize("room", [0, 1])
def test_a_full_disk_leaves_every_old_month_intact(
    tmp_path: Path, make_bars: MakeBars, room: int
) -> None:
    bars = make_bars(n_bars=110_000)
    Catalog(tmp_path).write(bars.rows(0, 50_000))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    with pytest.raises(StorageFull) as full:
        filling_up(tmp_path, room).write(bars.rows(10, 110_000))
    assert "2024-0" in str(full.value)
    assert f"free {full.value.n_bytes:,} bytes" in str(full.value)
    assert full.value.n_bytes > 1_000_000
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")} == before
    assert list(tmp_path.rglob(".*.tmp")) == []


def test_after_room_was_made_the_same_write_succeeds(tmp_path: Path, make_bars: MakeBars) -> None:
    bars = make_bars()
    with pytest.raises(StorageFull):
        filling_up(tmp_path, 0).write(bars)
    assert Catalog(tmp_path).write(bars).added == 100


def test_a_root_that_is_a_file_is_named(tmp_path: Path, make_bars: MakeBars) -> None:
    (tmp_path / "catalog").write_text("not a folder")
    with pytest.raises(WriteFailed, match=r"catalog/bars.*was not written"):
        Catalog(tmp_path / "catalog").write(make_bars())
