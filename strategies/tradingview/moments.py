"""When was that on the chart's clock? Dates in every spelling that exports and spreadsheets use."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from engines.errors import InvalidInput

EXPECTED: Final = "a time such as 2025-01-31 23:45, 31.01.2025 23:45 or Jan 31, 2025, 23:45"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_CLOCK: Final = r"(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([AaPp]\.?[Mm]\.?)?)?"
_ZONE: Final = r"\s*(Z|UTC|[+-]\d{2}:?\d{2})?$"
_YEAR_FIRST: Final = re.compile(rf"^(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_CLOCK}{_ZONE}")
_YEAR_LAST: Final = re.compile(rf"^(\d{{1,2}})([-/.])(\d{{1,2}})[-/.](\d{{4}}){_CLOCK}{_ZONE}")
_NAMED: Final = re.compile(
    rf"^(?:(\d{{1,2}})\.? ?([^\W\d]+)\.?|([^\W\d]+)\.? (\d{{1,2}}))[ ,]+(\d{{4}}){_CLOCK}{_ZONE}"
)
_EAST_ASIAN: Final = re.compile(r"^(\d{4})[年년] ?(\d{1,2})[月월] ?(\d{1,2})[日일]")
_SERIAL: Final = re.compile(r"^\d{5}(\.\d+)?$")
_UNIX: Final = re.compile(r"^\d{10}(\d{3})?$")
# A spreadsheet counts days from 1899-12-30.
_SERIAL_EPOCH_MS: Final = -2_209_161_600_000
_DAY_MS: Final = 86_400_000
_MONTHS: Final = (
    ("jan", "янв", "ene", "janv", "gen", "sty", "oca"),
    ("feb", "фев", "fév", "fev", "lut", "şub"),
    ("mar", "мар", "mär", "mrz"),
    ("apr", "апр", "abr", "avr", "kwi", "nis"),
    ("may", "мая", "май", "mai", "mag", "maj", "mayıs"),
    ("jun", "июн", "juin", "giu", "cze", "haz"),
    ("jul", "июл", "juil", "lug", "lip", "tem"),
    ("aug", "авг", "ago", "aoû", "sie", "ağu"),
    ("sep", "сен", "set", "wrz", "eyl"),
    ("oct", "окт", "okt", "out", "ott", "paź", "eki"),
    ("nov", "ноя", "lis", "kas"),
    ("dec", "дек", "dez", "dic", "déc", "gru", "ara"),
)


class Moments(NamedTuple):
    """Times of a column: milliseconds on the chart's clock, or UTC where the cells tell offsets."""

    ms: list[int]
    wall_clock: bool


def moments(cells: Sequence[str], fields: Sequence[str]) -> Moments:
    """The times of a file's cells, whose names `fields` are for errors.

    Raises InvalidInput naming a cell that is no time, and columns that mix clocks or could be
    read day first as well as month first.
    """
    day_first = _day_first(cells)
    found = [_moment(text, day_first, field) for text, field in zip(cells, fields, strict=True)]
    zoned = {one[1] for one in found}
    if len(zoned) > 1:
        raise InvalidInput("times of the file", "some with and some without an offset", "one kind")
    return Moments([ms for ms, _ in found], zoned != {True})


def _day_first(cells: Sequence[str]) -> bool:
    """Whether 03/04/2025 is in April, as the column's other dates and its order tell."""
    parts = [
        (int(cut[1]), int(cut[3]), cut[2]) for text in cells if (cut := _YEAR_LAST.match(text))
    ]
    if not parts or any(separator == "." for _, _, separator in parts):
        return True
    day_first = all(second <= 12 for _, second, _ in parts)
    month_first = all(first <= 12 for first, _, _ in parts)
    if day_first and month_first:
        if any(re.search(r"[AaPp]\.?[Mm]", text) for text in cells):
            return False
        if len({(first, second) for first, second, _ in parts}) == 1 and parts[0][0] == parts[0][1]:
            return True
        expected = "dates that tell the day from the month, such as 2025-01-31"
        raise InvalidInput("dates of the file", cells[0], expected)
    return day_first


def _moment(text: str, day_first: bool, field: str) -> tuple[int, bool]:
    """Milliseconds, and whether they are UTC."""
    try:
        if _UNIX.match(text):
            return int(text.ljust(13, "0")), True
        if _SERIAL.match(text):
            # To the second: a day's fraction has lost the milliseconds.
            seconds = round(float(text) * 86_400)
            return _SERIAL_EPOCH_MS + seconds * 1_000, False
        return _parsed(_EAST_ASIAN.sub(r"\1-\2-\3", text), day_first)
    except (ValueError, OverflowError):
        raise InvalidInput(field, text, EXPECTED) from None


def _parsed(text: str, day_first: bool) -> tuple[int, bool]:
    if cut := _YEAR_FIRST.match(text):
        year, month, day, *rest = cut.groups()
    elif cut := _YEAR_LAST.match(text):
        first, _, second, year, *rest = cut.groups()
        day, month = (first, second) if day_first else (second, first)
    elif cut := _NAMED.match(text):
        early, name, late_name, late, year, *rest = cut.groups()
        day, month = early or late, str(_month(name or late_name))
    else:
        raise ValueError(text)
    hour, minute, second, half, zone = rest
    hours = _hours(int(hour or 0), half)
    moment = datetime(
        int(year), int(month), int(day), hours, int(minute or 0), int(second or 0), tzinfo=UTC
    )
    ms = (moment - _offset(zone) - _EPOCH) // timedelta(milliseconds=1)
    return ms, zone is not None


def _hours(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError(hour)
    return hour % 12 + (12 if half[0] in "pP" else 0)


def _offset(zone: str | None) -> timedelta:
    if zone in (None, "Z", "UTC"):
        return timedelta()
    digits = str(zone).replace(":", "")
    span = timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
    return -span if digits[0] == "-" else span


def _month(name: str) -> int:
    word = name.casefold()
    for number, beginnings in enumerate(_MONTHS, 1):
        if word.startswith(beginnings):
            return number
    raise ValueError(name)
