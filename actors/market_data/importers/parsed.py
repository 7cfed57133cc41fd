"""What did a file hold, before anybody checked it? Columns with what the file says of itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from engines.bars import Category, Floats, Kind
from engines.intervals import Interval, Times


@dataclass(frozen=True)
class Hints:
    """What a file's name or metadata tells of its series; None where it tells nothing."""

    symbol: str | None = None
    category: Category | None = None
    interval: Interval | None = None
    kind: Kind | None = None

    def over(self, weaker: Hints) -> Hints:
        """These hints, completed by weaker ones."""
        return Hints(
            self.symbol or weaker.symbol,
            self.category or weaker.category,
            self.interval or weaker.interval,
            self.kind or weaker.kind,
        )


@dataclass(frozen=True)
class Parsed:
    """Rows of one table as the file gave them: any order, unchecked.

    `time_ms` (n,) int64; `columns` float64 (n,) by name: open, high, low, close and, if known,
    volume and turnover for bars, rate for funding. `inverse_columns` take their place if the
    market turns out to be inverse: venues swap its units. `remarks` are sentences for the user.
    """

    source: str
    time_ms: Times
    columns: dict[str, Floats]
    hints: Hints = Hints()
    table: Literal["bars", "funding"] = "bars"
    inverse_columns: dict[str, Floats] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
