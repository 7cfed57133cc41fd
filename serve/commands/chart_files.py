"""How do files become a dataset to run on once? Bars of a chart, and finer ones inside them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from actors.clock import SystemClock
from actors.market_data.errors import UnusableFile
from actors.market_data.importers.load import load
from engines.bars import PRICE_COLUMNS, Bars
from engines.errors import InvalidInput
from engines.intervals import Interval, interval_ms
from engines.resampling import resample
from serve.commands.requests import DataRequest
from strategies.evaluation.dataset import Dataset
from strategies.moments import minute_text

# What a file is called that does not name its symbol: nothing depends on it.
_NAMELESS: Final = "CHART"
# Prices that went through text or sums are this close to the grid that they were on.
_NEAR_TICKS: Final = 0.1
_NEARLY_ALL: Final = 0.999


def dataset_of_files(data: DataRequest, finer: Path | None, tick: float) -> Dataset:
    """The chart's bars out of `data.file`, resampled if another interval is asked for.

    Finer bars come from a file of their own, or, where `data.finer` names an interval, from the
    chart's file. Prices that are nearly on the tick's grid are put on it. Raises InvalidInput and
    what importing raises.
    """
    bars = _bars_of(data.file, data, None)
    wanted = data.intervals[0] if "intervals" in data.model_fields_set else bars.series.interval
    inside = None if finer is None else _bars_of(finer, data, bars)
    if inside is None and data.finer != "auto" and data.finer != "none":
        inside = _resampled(bars, data.finer, "finer")
    chart = _resampled(bars, wanted, "interval")
    if data.end is not None:
        chart = chart.between(chart.start_ms, data.end)
    if len(chart) == 0:
        start = minute_text(bars.start_ms)
        raise InvalidInput("data.end", data.end, f"after the first of the bars, {start} UTC")
    if inside is not None:
        inside = _inside(on_grid(inside, tick), chart)
    return Dataset(on_grid(chart, tick), inside)


def on_grid(bars: Bars, tick: float) -> Bars:
    """The bars with their prices on the tick's grid, if they were there.

    They were if nearly all are near it, or if they went through float32, finer than the tick.
    """
    if tick == 0.0:
        return bars
    columns = np.array([getattr(bars, name) for name in PRICE_COLUMNS])
    gaps = np.abs(columns / tick - np.rint(columns / tick))
    near = np.mean(gaps <= _NEAR_TICKS) >= _NEARLY_ALL
    narrow = columns.astype(np.float32)
    rounded = bool(np.all(narrow == columns)) and np.spacing(narrow.max()) < tick
    if not (near or rounded):
        return bars
    prices = dict(zip(PRICE_COLUMNS, np.rint(columns / tick) * tick, strict=True))
    return Bars.from_columns(bars.series, {**bars.columns(), **prices})


def _bars_of(path: Path | None, data: DataRequest, chart: Bars | None) -> Bars:
    if path is None or not path.exists():
        raise InvalidInput("bars", str(path), "a file that exists")
    said = "symbols" in data.model_fields_set
    symbol = chart.series.symbol if chart is not None else data.symbols[0] if said else None
    try:
        found = _loaded(path, data, symbol)
    except UnusableFile as problem:
        if symbol is not None or not problem.field.endswith("symbol"):
            raise
        found = _loaded(path, data, _NAMELESS)
    if len(found) != 1:
        names = ", ".join(str(one.series) for one in found) or "none"
        raise InvalidInput("bars", f"{path} with series {names}", "a file with bars of one series")
    return found[0]


def _loaded(path: Path, data: DataRequest, symbol: str | None) -> tuple[Bars, ...]:
    return load(
        path,
        now_ms=SystemClock().now_ms(),
        symbol=symbol,
        category=data.category if "category" in data.model_fields_set else None,
        assumed_category=data.category,
    ).bars


def _resampled(bars: Bars, interval: Interval, field: str) -> Bars:
    own = bars.series.interval
    if interval == own:
        return bars
    if interval_ms(interval) <= interval_ms(own):
        raise InvalidInput(field, interval, f"{own}, the file's, or a coarser one")
    return resample(bars, interval, keep_partial=True)


def _inside(finer: Bars, chart: Bars) -> Bars:
    own, inner = chart.series.interval, finer.series.interval
    if interval_ms(own) % interval_ms(inner) or interval_ms(inner) >= interval_ms(own):
        raise InvalidInput("finer", inner, f"bars of an interval that divides {own}")
    return finer.between(chart.start_ms, chart.end_ms)
