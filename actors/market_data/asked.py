"""Which stretches has a venue been asked for, so that what it lacks is not fetched again?

One JSON file beside the months. A month whose rows have vanished since (its file was deleted)
counts as never asked: the next sync brings it back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from actors.market_data.errors import DamagedFile
from actors.market_data.files import Files
from actors.market_data.months import month_of, month_range
from actors.market_data.ranges import Range, union

_SCHEMA: Final = 1
_NAME: Final = "asked.json"

# month: (were there rows when it was last asked for, the ranges asked for within it)
_Months = dict[str, tuple[bool, tuple[Range, ...]]]


def read_asked(files: Files, folder: str, stored_months: Iterable[str]) -> tuple[Range, ...]:
    """Ranges asked for so far, sorted and joined. Raises DamagedFile."""
    present = set(stored_months)
    recorded = _load(files, folder).items()
    return union(
        part
        for month, (had_rows, ranges) in recorded
        if month in present or not had_rows
        for part in ranges
    )


def add_asked(files: Files, folder: str, stored_months: Iterable[str], asked: Range) -> None:
    """Record that `asked` was asked for. The caller is the folder's sole writer.

    Raises DamagedFile, WriteFailed.
    """
    present = set(stored_months)
    months = {
        month: entry
        for month, entry in _load(files, folder).items()
        if month in present or not entry[0]
    }
    for month, part in _by_month(asked):
        _, ranges = months.get(month, (False, ()))
        months[month] = (month in present, union([*ranges, part]))
    content = {
        "schema": _SCHEMA,
        "months": {
            month: {"rows": had_rows, "ranges": [list(part) for part in ranges]}
            for month, (had_rows, ranges) in sorted(months.items())
        },
    }
    files.replace({f"{folder}/{_NAME}": json.dumps(content, indent=1).encode()})


def _by_month(whole: Range) -> Iterable[tuple[str, Range]]:
    begin = whole.start_ms
    while begin < whole.end_ms:
        month = month_of(begin)
        end = min(month_range(month)[1], whole.end_ms)
        yield month, Range(begin, end)
        begin = end


def _load(files: Files, folder: str) -> _Months:
    path = f"{folder}/{_NAME}"
    if not files.exists(path):
        return {}
    try:
        content = json.loads(files.read(path))
        if content["schema"] != _SCHEMA:
            raise DamagedFile(files.full(path), f"schema was {content['schema']!r}, not {_SCHEMA}")
        return {
            month: (bool(entry["rows"]), tuple(Range(int(a), int(b)) for a, b in entry["ranges"]))
            for month, entry in content["months"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise DamagedFile(files.full(path), f"not a record of ranges: {problem}") from problem
