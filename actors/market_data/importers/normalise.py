"""What of a file's rows can be stored? Checked bars and funding, and what was dropped.

The rules: sort; drop exact duplicates and count them; stop on rows of one moment that differ
unless told which to keep; never fill a gap; drop the unfinished last bar; refuse impossible rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Literal

import numpy as np

from actors.market_data.errors import UnusableFile
from actors.market_data.importers.interval import infer_interval
from actors.market_data.importers.names import plain_symbol
from actors.market_data.importers.parsed import Parsed
from actors.market_data.layout import check_market
from actors.market_data.merging import Merged, OnConflict, merge
from actors.market_data.months import BAR_ROWS, FUNDING_ROWS, Rows, RowSchema
from actors.market_data.ranges import utc_text
from engines.bars import VALUE_COLUMNS, Bars, Category, Kind, Series
from engines.funding import FundingRates
from engines.intervals import MINUTE_MS, Interval

VolumeUnit = Literal["base", "quote"]


@dataclass(frozen=True)
class Options:
    """What the user says of a file; None where the file shall tell."""

    symbol: str | None = None
    category: Category | None = None
    interval: Interval | None = None
    kind: Kind | None = None
    volume: VolumeUnit = "base"
    on_conflict: OnConflict = "stop"
    assumed_category: Category | None = None


@dataclass(frozen=True)
class Notes:
    """What happened to the rows on the way: counts, and sentences for the user."""

    rows_read: int = 0
    exact_duplicates: int = 0
    conflicts: int = 0
    unfinished: int = 0
    remarks: tuple[str, ...] = ()

    def __add__(self, other: Notes) -> Notes:
        return Notes(
            self.rows_read + other.rows_read,
            self.exact_duplicates + other.exact_duplicates,
            self.conflicts + other.conflicts,
            self.unfinished + other.unfinished,
            tuple(dict.fromkeys([*self.remarks, *other.remarks])),
        )


def bars_of(
    parts: Sequence[Parsed], options: Options, now_ms: int
) -> tuple[tuple[Bars, ...], Notes]:
    """Bars of every series in `parts`, rows of several files joined.

    Raises UnusableFile naming what the files do not tell, ConflictingRows, BadBars.
    """
    by_series: dict[Series, list[Parsed]] = {}
    notes = Notes()
    for part in parts:
        series, remark = _series(part, options)
        by_series.setdefault(series, []).append(part)
        notes += Notes(len(part.time_ms), remarks=(f"{series}: {remark}", *part.remarks))
    finished = [_bars(*item, options, now_ms) for item in by_series.items()]
    return tuple(bars for bars, _ in finished), reduce(
        Notes.__add__, (found for _, found in finished), notes
    )


def funding_of(
    parts: Sequence[Parsed], options: Options, now_ms: int
) -> tuple[tuple[FundingRates, ...], Notes]:
    """Funding of every market in `parts`; times are floored to the minute they settle at.

    Raises UnusableFile naming what the files do not tell, ConflictingRows, BadBars.
    """
    by_market: dict[tuple[Category, str], list[Parsed]] = {}
    notes = Notes()
    for part in parts:
        by_market.setdefault(_market(part, options), []).append(part)
        notes += Notes(len(part.time_ms), remarks=part.remarks)
    found = []
    for (category, symbol), group in by_market.items():
        rows = [Rows(part.time_ms // MINUTE_MS * MINUTE_MS, part.columns) for part in group]
        merged = _joined(FUNDING_ROWS, rows, options.on_conflict, f"{category}/{symbol}/funding")
        _refuse_future(merged.rows, now_ms, group)
        found.append(
            FundingRates(category, symbol, merged.rows.time_ms, merged.rows.values["rate"])
        )
        notes += _counts(merged)
    return tuple(found), notes


def wanted(parts: Iterable[Parsed], options: Options) -> list[Parsed]:
    """Of files that name several symbols, the rows of the one asked for."""
    everything = list(parts)
    named = {part.hints.symbol for part in everything if part.hints.symbol}
    if options.symbol is None or len(named) < 2:
        return everything
    symbol = plain_symbol(options.symbol)
    chosen = [part for part in everything if plain_symbol(part.hints.symbol or "") == symbol]
    if not chosen:
        raise UnusableFile("symbol", options.symbol, f"one of {', '.join(sorted(named))}")
    return chosen


def _market(part: Parsed, options: Options) -> tuple[Category, str]:
    symbol = options.symbol or part.hints.symbol
    category = options.category or part.hints.category or options.assumed_category
    if symbol is None:
        expected = "given as an option (for example BTCUSDT): the file does not name it"
        raise UnusableFile(f"{part.source}, symbol", None, expected)
    if category is None:
        expected = "given as an option (linear, inverse or spot): the file does not tell it"
        raise UnusableFile(f"{part.source}, category", None, expected)
    market = check_market(category, plain_symbol(symbol))
    return market.category, market.symbol


def _series(part: Parsed, options: Options) -> tuple[Series, str]:
    category, symbol = _market(part, options)
    interval, remark = infer_interval(
        part.time_ms, options.interval, part.hints.interval, part.source
    )
    kind = options.kind or part.hints.kind or "last"
    return Series(category, symbol, interval, kind), remark


def _bars(series: Series, parts: list[Parsed], options: Options, now_ms: int) -> tuple[Bars, Notes]:
    rows = [_bar_rows(part, series, options.volume) for part in parts]
    merged = _joined(BAR_ROWS, rows, options.on_conflict, str(series))
    _refuse_future(merged.rows, now_ms, parts)
    bars = Bars.from_columns(series, {"open_ms": merged.rows.time_ms, **merged.rows.values})
    closed = int(np.count_nonzero(bars.close_ms <= now_ms))
    if closed == 0:
        expected = f"a bar that had closed by {utc_text(now_ms)}"
        raise UnusableFile(parts[0].source, "an unfinished bar alone", expected)
    return bars.rows(0, closed), _counts(merged) + Notes(unfinished=len(bars) - closed)


def _bar_rows(part: Parsed, series: Series, volume: VolumeUnit) -> Rows:
    n_rows = len(part.time_ms)
    unknown = {"volume": np.zeros(n_rows), "turnover": np.full(n_rows, np.nan)}
    known = part.columns
    if part.inverse_columns and series.category == "inverse":
        known = known | part.inverse_columns
    if volume == "quote" and "volume" in known:
        quote = known["volume"]
        known = {**known, "volume": quote / known["close"], "turnover": quote}
    values = {name: (unknown | known)[name] for name in VALUE_COLUMNS}
    return Rows(part.time_ms, values)


def _joined(schema: RowSchema, parts: list[Rows], on_conflict: OnConflict, name: str) -> Merged:
    times = np.concatenate([part.time_ms for part in parts])
    values = {
        column: np.concatenate([part.values[column] for part in parts]) for column in schema.values
    }
    return merge(schema, schema.nothing(), Rows(times, values), on_conflict, name)


def _counts(merged: Merged) -> Notes:
    report = merged.report
    return Notes(exact_duplicates=report.exact_duplicates, conflicts=report.conflicts)


def _refuse_future(rows: Rows, now_ms: int, parts: Sequence[Parsed]) -> None:
    last = int(rows.time_ms[-1])
    if last > now_ms:
        expected = f"a time before now, {utc_text(now_ms)}"
        raise UnusableFile(f"{parts[0].source}, last time", utc_text(last), expected)
