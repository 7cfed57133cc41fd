"""Which funding rates do we have? The funding half of the catalog."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from actors.market_data.files import Files
from actors.market_data.layout import FUNDING, Market, funding_at, funding_folder
from actors.market_data.merging import OnConflict, WriteReport
from actors.market_data.month_store import MonthStore
from actors.market_data.months import FUNDING_ROWS, Rows
from actors.market_data.ranges import Range, subtract
from engines.bars import Category
from engines.errors import MissingData
from engines.funding import FundingRates
from engines.intervals import MINUTE_MS

# Bybit's longest funding interval is 480 minutes (bybit-v5, instruments-info).
LONGEST_STEP_MS: Final = 480 * MINUTE_MS


class FundingCoverage(NamedTuple):
    """Settlements stored of one market; `gaps` are steps longer than eight hours."""

    market: Market
    n_rates: int
    start_ms: int | None
    end_ms: int | None
    gaps: tuple[Range, ...]
    asked: tuple[Range, ...]


class FundingStore:
    """Funding rates by market; the rules of `Catalog` hold here too."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def write(self, rates: FundingRates, on_conflict: OnConflict = "stop") -> WriteReport:
        """Merge `rates` into those stored; as `Catalog.write`."""
        return self.store(rates.category, rates.symbol).write(_rows(rates), on_conflict)

    def check(self, rates: FundingRates, on_conflict: OnConflict = "stop") -> WriteReport:
        """What `write` would report, without writing. Raises ConflictingRows, DamagedFile."""
        return self.store(rates.category, rates.symbol).check(_rows(rates), on_conflict)

    def read(
        self,
        category: Category,
        symbol: str,
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> FundingRates:
        """Settlements in `[start_ms, end_ms)`. Raises MissingData if none at all is stored."""
        store = self.store(category, symbol)
        rows = store.read(start_ms, end_ms)
        if len(rows.time_ms) == 0 and not store.months():
            name = f"{category}/{symbol}"
            raise MissingData(f"no funding of {name} is stored: sync or import it first")
        return _rates(category, symbol, rows)

    def markets(self) -> list[Market]:
        """Every market that has funding, sorted."""
        found = {funding_at(path) for path in self._files.below(FUNDING)}
        return sorted(market for market in found if market is not None)

    def coverage(self, category: Category, symbol: str) -> FundingCoverage:
        """What is stored and what was asked for; empty if nothing is. Raises DamagedFile."""
        store = self.store(category, symbol)
        times = store.times()
        late = np.flatnonzero(np.diff(times) > LONGEST_STEP_MS)
        gaps = tuple(Range(int(times[row]), int(times[row + 1])) for row in late)
        start, end = (int(times[0]), int(times[-1])) if len(times) else (None, None)
        return FundingCoverage(
            Market(category, symbol), len(times), start, end, gaps, store.asked()
        )

    def missing(
        self, category: Category, symbol: str, start_ms: int, end_ms: int
    ) -> tuple[Range, ...]:
        """What of `[start_ms, end_ms)` was never asked for."""
        asked = self.store(category, symbol).asked()
        return subtract(Range(start_ms, end_ms), asked)

    def mark_asked(self, category: Category, symbol: str, start_ms: int, end_ms: int) -> None:
        """Record that a venue was asked for `[start_ms, end_ms)`, all settled by then."""
        self.store(category, symbol).mark_asked(Range(start_ms, end_ms))

    def store(self, category: Category, symbol: str) -> MonthStore:
        """The months of a market's funding. Raises InvalidInput if it cannot be one."""
        folder = funding_folder(category, symbol)

        def checked(rows: Rows) -> FundingRates:
            return _rates(category, symbol, rows)

        def digest(rows: Rows) -> str:
            return _rates(category, symbol, rows).digest

        name = f"{category}/{symbol}/funding"
        return MonthStore(self._files, folder, FUNDING_ROWS, name, checked, digest)


def _rows(rates: FundingRates) -> Rows:
    return Rows(rates.time_ms, {"rate": rates.rate})


def _rates(category: Category, symbol: str, rows: Rows) -> FundingRates:
    return FundingRates(category, symbol, rows.time_ms, rows.values["rate"])
