"""When was that? Moments in files, in any of their spellings, as UTC milliseconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from actors.market_data.errors import UnusableFile
from engines.intervals import Times

EXPECTED: Final = (
    "a time: Unix s, ms, µs or ns, or text such as 2024-01-31 23:59, 2024-01-31T23:59:00+00:00"
)
# A Unix second has ten digits from 2001 to 2286; each finer unit has three more.
_SECONDS_BELOW: Final = 100_000_000_000
_MILLISECONDS_BELOW: Final = _SECONDS_BELOW * 1_000
_MICROSECONDS_BELOW: Final = _MILLISECONDS_BELOW * 1_000
_COMMON_SPELLINGS: Final = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%#z",
    "%Y-%m-%d %H:%M:%S%#z",
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_SECOND: Final = 100_000_000
_DOTTED_DATE: Final = re.compile(r"^(\d{4})[./](\d{2})[./](\d{2})")
_HOUR_OF_TWELVE: Final = re.compile(r"^\d{4}-\d{2}-\d{2} \d{1,2}-[AP]M$")
_BASIC_DATE: Final = re.compile(r"^(19|20|21)\d{6}$")


def times_from_text(column: pl.Series, where: str) -> Times:
    """UTC milliseconds (n,) of a text column; unmarked times are UTC.

    Raises UnusableFile naming `where`, the row and the text.
    """
    texts = column.str.strip_chars()
    if texts.is_null().any() or (texts == "").any():
        row = int((texts.is_null() | (texts == "").fill_null(True)).arg_max() or 0)
        raise UnusableFile(f"{where}, row {row + 1}, time", "", EXPECTED)
    if not _BASIC_DATE.match(texts[0]):
        whole = texts.cast(pl.Int64, strict=False)
        if not whole.is_null().any():
            return times_from_integers(whole.to_numpy(), where)
        fractions = texts.cast(pl.Float64, strict=False)
        if not fractions.is_null().any():
            return times_from_floats(fractions.to_numpy(), where)
    if (common := _common_spelling(texts)) is not None:
        return common
    return np.array(
        [_milliseconds(text, f"{where}, row {row + 1}, time") for row, text in enumerate(texts)],
        dtype=np.int64,
    )


def times_from_integers(values: NDArray[np.integer], where: str) -> Times:
    """UTC milliseconds (n,) of Unix times, whose unit each value's size tells.

    A file may change its unit on the way: Binance spot did so on 2025-01-01.
    """
    values = np.asarray(values).astype(np.int64)
    _check_size(values, where)
    conditions = [
        values < _SECONDS_BELOW,
        values < _MILLISECONDS_BELOW,
        values < _MICROSECONDS_BELOW,
    ]
    choices = [values * 1_000, values, values // 1_000]
    return np.select(conditions, choices, values // 1_000_000).astype(np.int64)


def times_from_floats(values: NDArray[np.floating], where: str) -> Times:
    """As `times_from_integers`, for times with decimals; finer than a millisecond is cut off."""
    if not np.isfinite(values).all():
        row = int(np.argmax(~np.isfinite(values)))
        raise UnusableFile(f"{where}, row {row + 1}, time", float(values[row]), EXPECTED)
    if (values == np.floor(values)).all():
        return times_from_integers(values.astype(np.int64), where)
    _check_size(values, where)
    seconds = values < _SECONDS_BELOW
    # A millisecond is far coarser than a double's step here; the nudge undoes binary fractions.
    in_milliseconds = np.floor(np.where(seconds, values, 0.0) * 1_000 + 1e-3)
    others = times_from_integers(np.where(seconds, 2 * _SECONDS_BELOW, values), where)
    return np.where(seconds, in_milliseconds.astype(np.int64), others)


def _check_size(values: NDArray[np.integer] | NDArray[np.floating], where: str) -> None:
    early = values < _EARLIEST_SECOND
    if early.any():
        row = int(np.argmax(early))
        raise UnusableFile(f"{where}, row {row + 1}, time", values[row].item(), EXPECTED)


def _common_spelling(texts: pl.Series) -> Times | None:
    """Milliseconds if all texts share one of the usual spellings, found twenty times as fast."""
    for spelling in _COMMON_SPELLINGS:
        if texts.head(1).str.to_datetime(spelling, time_unit="ms", strict=False).is_null().any():
            continue
        moments = texts.str.to_datetime(spelling, time_unit="ms", strict=False)
        if not moments.is_null().any() and texts.str.contains(r"^\d{4}-").all():
            return moments.dt.epoch("ms").to_numpy().astype(np.int64)
    return None


def _milliseconds(text: str, where: str) -> int:
    try:
        if _HOUR_OF_TWELVE.match(text):
            moment = datetime.strptime(text, "%Y-%m-%d %I-%p").replace(tzinfo=UTC)
        else:
            dashed = _DOTTED_DATE.sub(r"\1-\2-\3", text.removesuffix(" UTC"))
            moment = datetime.fromisoformat(dashed)
    except ValueError as problem:
        raise UnusableFile(where, text, EXPECTED) from problem
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000 + since.microseconds // 1_000
