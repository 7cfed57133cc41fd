"""How does an entry meet the market? At once, or by an order that waits for its price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from strategies.graph.levels import Level, check_number
from strategies.graph.scalars import Range, Scalar

_FROM_ZERO: Final = Range(0)
_UP_TO_ALL: Final = Range(0, 100)
_BARS: Final = Range(0, 1_000_000, whole=True)


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class EntryOrder(Level):
    """Base of entries that rest: at a distance from the signal's close, or at a price.

    One order waits on each side. It is given up after so many `bars` (0: never), at a signal to
    leave its side, or when a new signal replaces it.
    """

    bars: Scalar = 0

    def _check(self) -> None:
        super()._check()
        check_number(self, "bars", _BARS)

    def _percent_range(self) -> Range:
        return _UP_TO_ALL

    def _ticks_range(self) -> Range:
        return _FROM_ZERO


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class LimitEntry(EntryOrder):
    """Enter at a better price than the signal's close: below it for longs, above for shorts."""

    kind: ClassVar[str] = "limit_entry"
    bars: Scalar = 5


@dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class StopEntry(EntryOrder):
    """Enter once the price goes on: above the signal's close for longs, below for shorts.

    With `limit_percent` the stop only puts a limit into the market, so far beyond it.
    """

    kind: ClassVar[str] = "stop_entry"
    limit_percent: Scalar | None = None

    def _check(self) -> None:
        super()._check()
        check_number(self, "limit_percent", _UP_TO_ALL)
