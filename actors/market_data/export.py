"""How do bars leave the catalog? As a file that others read, and that can be imported again."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from actors.market_data.files import Files
from engines.bars import VALUE_COLUMNS, Bars
from engines.errors import InvalidInput


def export_bars(bars: Bars, path: Path) -> None:
    """Write `bars` to `path`, all or nothing: time (UTC ms), open, high, low, close, volume, …

    The suffix tells the format. Numbers read back are equal to the bit. Raises InvalidInput for
    a suffix that is not known, StorageFull or WriteFailed.
    """
    write = _WRITERS.get(path.suffix.lower())
    if write is None:
        raise InvalidInput("export file", str(path), f"one ending with {', '.join(_WRITERS)}")
    columns = {"time": bars.open_ms, **{name: getattr(bars, name) for name in VALUE_COLUMNS}}
    if np.isnan(bars.turnover).any():
        # An unknown turnover is left out: not every reader takes an empty cell for unknown.
        del columns["turnover"]
    frame = pl.DataFrame(columns)
    content = io.BytesIO()
    write(frame, content)
    Files(path.absolute().parent).replace({path.name: content.getvalue()})


def _csv(frame: pl.DataFrame, to: io.BytesIO) -> None:
    frame.write_csv(to)


def _parquet(frame: pl.DataFrame, to: io.BytesIO) -> None:
    frame.write_parquet(to, compression="zstd")


def _feather(frame: pl.DataFrame, to: io.BytesIO) -> None:
    frame.write_ipc(to, compression="zstd")


_WRITERS: Final[Mapping[str, Callable[[pl.DataFrame, io.BytesIO], None]]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".feather": _feather,
    ".arrow": _feather,
}
