"""What is quote currency worth in the account's? Daily closes, each for the day after it (G8)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.bars import Bars, Floats, canonical_bytes
from engines.canonical import digest_of
from engines.errors import InvalidInput, MissingData
from engines.intervals import DAY_MS, Times


@dataclass(frozen=True, eq=False)
class RateHistory:
    """Account `currency` for one unit of quote currency at the close of UTC days.

    `day` (n,) numbers the days since 1970, rising; `rate` (n,) is above zero. A day without a
    rate takes the last before it.
    """

    currency: str
    day: NDArray[np.int64]
    rate: Floats

    def __post_init__(self) -> None:
        if len(self.day) != len(self.rate) or len(self.day) == 0:
            raise InvalidInput("rates", len(self.rate), "one rate for each of its days")
        if not (np.diff(self.day) > 0).all():
            raise InvalidInput("rates", "days that do not rise", "one rate a day, oldest first")
        if not (np.isfinite(self.rate) & (self.rate > 0.0)).all():
            raise InvalidInput("rates", float(np.nanmin(self.rate)), "finite and above zero")

    @classmethod
    def from_bars(cls, currency: str, bars: Bars) -> RateHistory:
        """The last close of each UTC day of bars of a pair of the two currencies."""
        day = (bars.close_ms - 1) // DAY_MS
        last = np.append(np.diff(day) > 0, True)
        return cls(currency, day[last], bars.close[last])

    def of_bars(self, open_ms: Times) -> Floats:
        """Rate of the previous UTC day's close for each bar, (n_bars,).

        Raises MissingData for bars before the second day of the history.
        """
        place = np.searchsorted(self.day, open_ms // DAY_MS, side="left") - 1
        if len(place) and place[0] < 0:
            first = np.datetime64(int(self.day[0] + 1) * DAY_MS, "ms").astype("datetime64[D]")
            raise MissingData(f"no rate of {self.currency} is known for bars before {first}")
        return np.asarray(self.rate[place])

    @property
    def digest(self) -> str:
        """Name of the history."""
        content = self.day.astype("<i8").tobytes() + canonical_bytes(self.rate)
        name = hashlib.sha256(content).hexdigest()
        return digest_of({"kind": "rates", "currency": self.currency, "content": name})
