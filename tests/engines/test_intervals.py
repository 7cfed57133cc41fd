"""Bar lengths and alignment as Bybit has them."""

from __future__ import annotations

import numpy as np
import pytest

from engines.errors import InvalidInput
from engines.intervals import floor_open_ms, interval_ms, next_open_ms, parse_interval


def ms(text: str) -> int:
    return int(np.datetime64(text, "ms").astype(np.int64))


@pytest.mark.parametrize(
    ("interval", "inside", "opened", "closes"),
    [
        ("15", "2025-03-05T10:44:59", "2025-03-05T10:30", "2025-03-05T10:45"),
        ("240", "2025-03-05T10:44:59", "2025-03-05T08:00", "2025-03-05T12:00"),
        ("720", "2025-03-05T10:44:59", "2025-03-05T00:00", "2025-03-05T12:00"),
        ("D", "2025-03-05T10:44:59", "2025-03-05", "2025-03-06"),
        ("W", "2025-03-05T10:44:59", "2025-03-03", "2025-03-10"),
        ("M", "2024-02-29T10:44:59", "2024-02-01", "2024-03-01"),
    ],
)
def test_bars_are_aligned_as_bybit_aligns_them(
    interval: str, inside: str, opened: str, closes: str
) -> None:
    code = parse_interval(interval)
    open_ms = floor_open_ms(np.array([ms(inside)]), code)
    assert open_ms[0] == ms(opened)
    assert next_open_ms(open_ms, code)[0] == ms(closes)


@pytest.mark.parametrize(("text", "code"), [("4h", "240"), ("1d", "D"), ("1M", "M"), ("15m", "15")])
def test_common_spellings_are_understood(text: str, code: str) -> None:
    assert parse_interval(text) == code


def test_an_unknown_interval_names_the_ones_that_exist() -> None:
    with pytest.raises(InvalidInput, match="interval was '7m', should be one of 1, 3, 5"):
        parse_interval("7m")


def test_interval_lengths() -> None:
    assert interval_ms("240") == 4 * 3600 * 1000
