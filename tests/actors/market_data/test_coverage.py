"""What is stored, what is missing, and what nobody needs to ask for again."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.market_data.errors import DamagedFile
from actors.market_data.ranges import Gap, Range, bars_between, stored_ranges, subtract, union
from actors.market_data.store import Catalog
from engines.bars import Bars, Series
from engines.intervals import MINUTE_MS

MakeBars = Callable[..., Bars]
MINUTES = Series("linear", "BTCUSDT", "1")

ranges = st.builds(Range, st.integers(0, 60), st.integers(0, 60))


def moments(parts: tuple[Range, ...] | list[Range]) -> set[int]:
    return {moment for start, end in parts for moment in range(start, end)}


@given(st.lists(ranges, max_size=8))
def test_a_union_covers_the_same_moments_without_touching_ranges(parts: list[Range]) -> None:
    joined = union(parts)
    assert moments(joined) == moments(parts)
    assert all(a.end_ms < b.start_ms for a, b in pairwise(joined))


@given(ranges, st.lists(ranges, max_size=8))
def test_what_is_left_is_exactly_what_nothing_covers(wanted: Range, parts: list[Range]) -> None:
    left = subtract(wanted, parts)
    assert moments(left) == moments([wanted]) - moments(parts)
    assert all(part.start_ms < part.end_ms for part in left)


@given(st.sets(st.integers(0, 80), min_size=1))
def test_stored_ranges_hold_each_bar_once(numbers: set[int]) -> None:
    opens = np.array(sorted(numbers)) * MINUTE_MS
    found = stored_ranges(opens, "1")
    assert sum(bars_between(*part, "1") for part in found) == len(numbers)
    assert moments([Range(a // MINUTE_MS, b // MINUTE_MS) for a, b in found]) == numbers


def test_a_gap_is_listed_with_its_length(catalog: Catalog, make_bars: MakeBars) -> None:
    bars = make_bars(missing=[10, 11, 12, 40])
    catalog.write(bars)
    start = bars.start_ms
    coverage = catalog.coverage(MINUTES)
    assert coverage.n_bars == 96
    assert coverage.gaps == (
        Gap(start + 10 * MINUTE_MS, start + 13 * MINUTE_MS, 3, asked=False),
        Gap(start + 40 * MINUTE_MS, start + 41 * MINUTE_MS, 1, asked=False),
    )
    assert [part.start_ms for part in coverage.ranges] == [
        start,
        start + 13 * MINUTE_MS,
        start + 41 * MINUTE_MS,
    ]


def test_a_missing_month_counts_as_one_bar(catalog: Catalog, make_bars: MakeBars) -> None:
    months = MINUTES._replace(interval="M")
    catalog.write(make_bars(months, n_bars=14, missing=[1, 5, 6]))
    assert [gap.missing_bars for gap in catalog.coverage(months).gaps] == [1, 2]


def test_a_gap_the_venue_was_asked_for_says_so(catalog: Catalog, make_bars: MakeBars) -> None:
    bars = make_bars(missing=[10, 11, 40])
    catalog.write(bars)
    catalog.mark_asked(MINUTES, bars.start_ms, bars.start_ms + 30 * MINUTE_MS)
    assert [gap.asked for gap in catalog.coverage(MINUTES).gaps] == [True, False]


def test_what_is_stored_or_was_asked_for_is_not_missing(
    catalog: Catalog, make_bars: MakeBars
) -> None:
    bars = make_bars(missing=range(50, 60))
    catalog.write(bars)
    start = bars.start_ms
    catalog.mark_asked(MINUTES, start - 5 * MINUTE_MS, start + 55 * MINUTE_MS)
    missing = catalog.missing(MINUTES, start - 9 * MINUTE_MS, start + 120 * MINUTE_MS)
    assert missing == (
        Range(start - 9 * MINUTE_MS, start - 5 * MINUTE_MS),
        Range(start + 55 * MINUTE_MS, start + 60 * MINUTE_MS),
        Range(start + 100 * MINUTE_MS, start + 120 * MINUTE_MS),
    )


def test_a_deleted_month_is_missing_again(catalog: Catalog, make_bars: MakeBars) -> None:
    bars = make_bars(Series("linear", "BTCUSDT", "60"), n_bars=24 * 60)
    catalog.write(bars)
    catalog.mark_asked(bars.series, bars.start_ms - 86_400_000, bars.end_ms)
    february = bars.start_ms + 31 * 86_400_000
    (Path(catalog.files.root) / catalog.store(bars.series).path("2024-01")).unlink()
    missing = catalog.missing(bars.series, bars.start_ms - 86_400_000, bars.end_ms)
    assert missing == (Range(bars.start_ms, february),)


def test_a_series_without_bars_has_an_empty_coverage(catalog: Catalog) -> None:
    coverage = catalog.coverage(MINUTES)
    assert (coverage.n_bars, coverage.ranges, coverage.gaps, coverage.asked) == (0, (), (), ())


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        json.dumps({"schema": 2, "months": {}}),
        json.dumps({"schema": 1, "months": {"2024-01": {"rows": True, "ranges": [[1]]}}}),
    ],
)
def test_a_damaged_record_of_requests_is_named(
    catalog: Catalog, make_bars: MakeBars, content: str
) -> None:
    catalog.write(make_bars())
    path = Path(catalog.files.root) / catalog.store(MINUTES).folder / "asked.json"
    path.write_text(content)
    with pytest.raises(DamagedFile) as damaged:
        catalog.coverage(MINUTES)
    assert str(path) in str(damaged.value)
