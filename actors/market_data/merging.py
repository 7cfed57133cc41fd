"""What becomes of rows that arrive for moments that already have one?

Equal rows are one row. Rows of one moment that differ are a conflict, which stops everything
unless the caller says which to keep. An unknown turnover (NaN) contradicts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from actors.market_data.errors import ConflictingRows
from actors.market_data.months import Rows, RowSchema
from engines.errors import InvalidInput
from engines.intervals import Times

OnConflict = Literal["stop", "keep_first", "keep_last"]

ON_CONFLICT: Final[tuple[OnConflict, ...]] = get_args(OnConflict)


@dataclass(frozen=True)
class WriteReport:
    """Rows that were new, that were there already, and that differed from what was there."""

    added: int = 0
    exact_duplicates: int = 0
    conflicts: int = 0

    def __add__(self, other: WriteReport) -> WriteReport:
        return WriteReport(
            self.added + other.added,
            self.exact_duplicates + other.exact_duplicates,
            self.conflicts + other.conflicts,
        )


class Merged(NamedTuple):
    """Rows of both sides, sorted, one a moment; `changed` if they differ from the stored ones."""

    rows: Rows
    report: WriteReport
    changed: bool


class _Groups(NamedTuple):
    """Rows of the same moment lie together: where each group begins, and how long it is."""

    first: NDArray[np.intp]
    size: NDArray[np.int64]


def check_on_conflict(on_conflict: str) -> None:
    """Raise InvalidInput unless `on_conflict` is one of the three choices."""
    if on_conflict not in ON_CONFLICT:
        raise InvalidInput("on_conflict", on_conflict, f"one of {', '.join(ON_CONFLICT)}")


def merge(
    schema: RowSchema, stored: Rows, incoming: Rows, on_conflict: OnConflict, name: str
) -> Merged:
    """Merge `incoming` rows of series `name`, in any order, into the sorted `stored` ones.

    keep_first prefers stored rows to incoming ones, keep_last the opposite; among incoming rows
    their order decides. Raises ConflictingRows (on_conflict stop) naming the first such moment.
    """
    rows = _sorted(schema, stored, incoming)
    groups = _grouped(rows.time_ms)
    first = groups.first
    differs = _differs(rows, groups)
    if differs.any() and on_conflict == "stop":
        raise _conflict(rows, groups, int(np.argmax(differs)), name)
    chosen = first if on_conflict != "keep_last" else first + groups.size - 1
    merged = Rows(rows.time_ms[chosen], {key: col[chosen] for key, col in rows.values.items()})
    if "turnover" in schema.values:
        _learn_turnover(merged, rows, groups, differs)
    conflicts = int(differs.sum())
    report = WriteReport(
        added=len(first) - len(stored.time_ms),
        exact_duplicates=len(rows.time_ms) - len(first) - conflicts,
        conflicts=conflicts,
    )
    return Merged(merged, report, _changed(stored, merged))


def _sorted(schema: RowSchema, stored: Rows, incoming: Rows) -> Rows:
    time_ms = np.concatenate([stored.time_ms, incoming.time_ms])
    order = np.argsort(time_ms, kind="stable")
    both = {
        key: np.concatenate([stored.values[key], incoming.values[key]]) for key in schema.values
    }
    return Rows(time_ms[order], {key: column[order] for key, column in both.items()})


def _grouped(time_ms: Times) -> _Groups:
    begins = np.ones(len(time_ms), dtype=bool)
    begins[1:] = np.diff(time_ms) > 0
    first = np.flatnonzero(begins)
    return _Groups(first, np.diff(np.append(first, len(time_ms))))


def _differs(rows: Rows, groups: _Groups) -> NDArray[np.bool_]:
    """Rows (n,) whose known values differ from those of their moment's first row."""
    reference = np.repeat(groups.first, groups.size)
    differs = np.zeros(len(reference), dtype=bool)
    for own in rows.values.values():
        other = own[reference]
        differs |= (own != other) & ~np.isnan(own) & ~np.isnan(other)
    return differs


def _learn_turnover(merged: Rows, rows: Rows, groups: _Groups, differs: NDArray[np.bool_]) -> None:
    repeated = (groups.size > 1) & ~np.logical_or.reduceat(differs, groups.first)
    known = np.fmax.reduceat(rows.values["turnover"], groups.first)
    merged.values["turnover"][repeated] = known[repeated]


def _conflict(rows: Rows, groups: _Groups, row: int, name: str) -> ConflictingRows:
    reference = int(groups.first[np.searchsorted(groups.first, row, side="right") - 1])
    moment = np.datetime64(int(rows.time_ms[row]), "ms")
    first, second = (
        ", ".join(f"{key} {float(column[number])!r}" for key, column in rows.values.items())
        for number in (reference, row)
    )
    return ConflictingRows(
        f"row {moment}Z of {name}",
        f"first {first}, then {second}",
        "the same values twice (or say which to keep: on_conflict keep_first or keep_last)",
    )


def _changed(stored: Rows, merged: Rows) -> bool:
    same_times = np.array_equal(stored.time_ms, merged.time_ms)
    return not same_times or not all(
        np.array_equal(stored.values[key], column, equal_nan=True)
        for key, column in merged.values.items()
    )
