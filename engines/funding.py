"""Who paid whom, and when? Funding rates of one perpetual at their real times."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engines.bars import Category, Floats, canonical_bytes, frozen
from engines.errors import BadBars, InvalidInput
from engines.intervals import Times


@dataclass(frozen=True, eq=False)
class FundingRates:
    """Funding settlements, oldest first; arrays (n,), read-only, no NaN.

    `time_ms` is the moment of settlement in UTC milliseconds, strictly rising; `rate` the
    fraction of the position's value that longs pay to shorts (negative: shorts pay longs).
    """

    category: Category
    symbol: str
    time_ms: Times
    rate: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "time_ms", frozen(self.time_ms, np.int64))
        object.__setattr__(self, "rate", frozen(self.rate, np.float64))
        if len(self.time_ms) != len(self.rate):
            raise InvalidInput("rate", f"{len(self.rate)} rows", f"{len(self.time_ms)} rows")
        self._refuse(np.diff(self.time_ms, prepend=np.int64(-1)) <= 0, "strictly rising times")
        self._refuse(~np.isfinite(self.rate), "a finite rate")
        self._refuse(np.abs(self.rate) >= 1.0, "a fraction below 1 (0.0001 is 0.01 %)")

    def _refuse(self, rows: np.typing.NDArray[np.bool_], expected: str) -> None:
        bad = np.flatnonzero(rows)
        if len(bad):
            row = int(bad[0])
            moment = np.datetime64(int(self.time_ms[row]), "ms")
            name = f"row {row} ({moment}Z) of {self.category}/{self.symbol}/funding"
            raise BadBars(name, float(self.rate[row]), expected)

    def __len__(self) -> int:
        return len(self.time_ms)

    def between(self, start_ms: int, end_ms: int) -> FundingRates:
        """Settlements in `[start_ms, end_ms)`."""
        first, last = np.searchsorted(self.time_ms, [start_ms, end_ms])
        rows = slice(int(first), int(last))
        return FundingRates(self.category, self.symbol, self.time_ms[rows], self.rate[rows])

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the name and the little-endian column bytes."""
        content = hashlib.sha256(f"{self.category}/{self.symbol}/funding".encode())
        content.update(self.time_ms.astype("<i8").tobytes())
        content.update(canonical_bytes(self.rate))
        return content.hexdigest()
