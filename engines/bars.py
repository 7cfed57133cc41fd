"""What did the market do? Validated columns of bars, and the digests that name them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Final, Literal, NamedTuple, TypeVar, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engines.errors import BadBars, InvalidInput
from engines.intervals import Interval, Times, floor_open_ms, next_open_ms

Category = Literal["linear", "inverse", "spot"]
Kind = Literal["last", "mark", "index", "premium"]
Floats = NDArray[np.float64]
Scalar = TypeVar("Scalar", bound=np.generic)

CATEGORIES: Final[tuple[Category, ...]] = get_args(Category)
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
PRICE_COLUMNS: Final = ("open", "high", "low", "close")
VALUE_COLUMNS: Final = (*PRICE_COLUMNS, "volume", "turnover")
_ALL_COLUMNS: Final = ("open_ms", *VALUE_COLUMNS)


class Series(NamedTuple):
    """Which market's bars: the name under which they are stored and digested."""

    category: Category
    symbol: str
    interval: Interval
    kind: Kind = "last"

    def __str__(self) -> str:
        return "/".join(self)


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars of one series, oldest first; all arrays (n_bars,), read-only.

    `open_ms` is the bar's open in UTC milliseconds, int64, strictly rising and aligned to the
    interval; gaps are allowed. Prices are float64 and positive (a premium index may have any
    sign). `volume` is in base currency. `turnover` is in quote currency, NaN where the source
    does not tell it; no other column holds NaN.

    Raises BadBars naming the first impossible row.
    """

    series: Series
    open_ms: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    turnover: Floats
    # Set by a caller that has just cut these rows out of validated ones.
    checked: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "open_ms", frozen(self.open_ms, np.int64))
        for name in VALUE_COLUMNS:
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))
        if not self.checked:
            _check(self)

    @classmethod
    def from_columns(cls, series: Series, columns: Mapping[str, ArrayLike]) -> Bars:
        """Build bars from named columns; `turnover` may be missing, `volume` too (then zero).

        Raises InvalidInput for a missing column, BadBars for an impossible row.
        """
        for name in ("open_ms", *PRICE_COLUMNS):
            if name not in columns:
                raise InvalidInput("columns", sorted(columns), f"a set that has {name!r}")
        n_bars = len(np.asarray(columns["open_ms"]))
        filled = {
            "volume": np.zeros(n_bars),
            "turnover": np.full(n_bars, np.nan),
            **{name: values for name, values in columns.items() if name in _ALL_COLUMNS},
        }
        return cls(series, **filled)  # type: ignore[arg-type]

    @classmethod
    def empty(cls, series: Series) -> Bars:
        """No bars at all of `series`."""
        return cls.from_columns(series, {name: [] for name in _ALL_COLUMNS})

    def __len__(self) -> int:
        return len(self.open_ms)

    @property
    def start_ms(self) -> int:
        """Open of the first bar. Raises IndexError when there is none."""
        return int(self.open_ms[0])

    @property
    def end_ms(self) -> int:
        """Close of the last bar: the end of the half-open range that the bars cover."""
        return int(self.close_ms[-1])

    @cached_property
    def close_ms(self) -> Times:
        """When each bar's values became available, (n_bars,) int64 ms."""
        return next_open_ms(self.open_ms, self.series.interval)

    def between(self, start_ms: int, end_ms: int) -> Bars:
        """Bars whose open lies in `[start_ms, end_ms)`, without a copy."""
        first, last = np.searchsorted(self.open_ms, [start_ms, end_ms])
        return self.rows(int(first), int(last))

    def rows(self, first: int, last: int) -> Bars:
        """Bars number `first` to `last` (exclusive), without a copy."""
        cut = {name: column[first:last] for name, column in self.columns().items()}
        return Bars(self.series, **cut, checked=True)  # type: ignore[arg-type]

    def columns(self) -> dict[str, NDArray[np.int64] | Floats]:
        """All columns by name, without a copy; the inverse of `from_columns`."""
        return {name: getattr(self, name) for name in _ALL_COLUMNS}

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the digests of the months that the rows fall into."""
        root = hashlib.sha256()
        for leaf in self.leaves():
            root.update(leaf.encode())
        return root.hexdigest()

    def leaves(self) -> list[str]:
        """One digest a calendar month: series, month, then little-endian column bytes."""
        months = floor_open_ms(self.open_ms, "M")
        cuts = np.flatnonzero(np.diff(months)) + 1
        bounds = [0, *cuts.tolist(), len(self)] if len(self) else [0]
        return [self._leaf(first, last) for first, last in pairwise(bounds)]

    def _leaf(self, first: int, last: int) -> str:
        leaf = hashlib.sha256(f"{self.series}/{int(self.open_ms[first])}".encode())
        leaf.update(self.open_ms[first:last].astype("<i8").tobytes())
        for name in VALUE_COLUMNS:
            leaf.update(canonical_bytes(getattr(self, name)[first:last]))
        return leaf.hexdigest()


def canonical_bytes(values: Floats) -> bytes:
    """Little-endian float64 bytes with one NaN and no negative zero, as digests take them."""
    clean = np.where(np.isnan(values), np.nan, values) + 0.0
    return clean.astype("<f8").tobytes()


def dataset_digest(parts: Iterable[str]) -> str:
    """Name of a dataset made of several digested series, whatever their order."""
    return hashlib.sha256("".join(sorted(parts)).encode()).hexdigest()


def frozen(values: ArrayLike, dtype: type[Scalar]) -> NDArray[Scalar]:
    """Read-only contiguous view (or copy) of `values` as `dtype`."""
    array = np.ascontiguousarray(values, dtype=dtype)
    if array.flags.writeable:
        # A view: the caller's own array stays as writable as it was.
        array = array.view()
        array.flags.writeable = False
    return array


def _check(bars: Bars) -> None:
    n_bars = len(bars.open_ms)
    for name in VALUE_COLUMNS:
        if len(getattr(bars, name)) != n_bars:
            expected = f"{n_bars} rows, as many as open_ms"
            raise InvalidInput(name, f"{len(getattr(bars, name))} rows", expected)
    for problem, rows, expected in _problems(bars):
        bad = np.flatnonzero(rows)
        if len(bad):
            row = int(bad[0])
            raise BadBars(_row_name(bars, row), f"{problem} ({_row_text(bars, row)})", expected)


def _problems(bars: Bars) -> Iterable[tuple[str, NDArray[np.bool_], str]]:
    later = np.zeros(len(bars), dtype=bool)
    later[1:] = np.diff(bars.open_ms) <= 0
    yield "time not after the row before", later, "strictly rising open times"
    aligned = floor_open_ms(bars.open_ms, bars.series.interval) == bars.open_ms
    yield "open time off the grid", ~aligned, f"a multiple of interval {bars.series.interval}"
    for name in (*PRICE_COLUMNS, "volume"):
        yield f"{name} not a number", ~np.isfinite(getattr(bars, name)), "a finite number"
    yield "infinite turnover", np.isinf(bars.turnover), "a finite number, or NaN if unknown"
    if bars.series.kind != "premium":
        for name in PRICE_COLUMNS:
            yield f"{name} not positive", getattr(bars, name) <= 0.0, "a price above zero"
    yield "negative volume", bars.volume < 0.0, "a volume of zero or more"
    yield "negative turnover", bars.turnover < 0.0, "a turnover of zero or more"
    body_low = np.minimum(bars.open, bars.close)
    body_high = np.maximum(bars.open, bars.close)
    inside = (bars.low <= body_low) & (body_high <= bars.high)
    yield "prices inconsistent", ~inside, "low <= open, close <= high"


def _row_name(bars: Bars, row: int) -> str:
    moment = np.datetime64(int(bars.open_ms[row]), "ms")
    return f"row {row} ({moment}Z) of {bars.series}"


def _row_text(bars: Bars, row: int) -> str:
    return ", ".join(f"{name} {getattr(bars, name)[row]:g}" for name in VALUE_COLUMNS)
