"""Which rows are best? The top of a table by one statistic, kept while parts come in."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engines.batch.summary import STATISTICS
from engines.errors import InvalidInput
from tune.chunk import TRAIN

KEPT: Final = 20


class Best:
    """The best rows so far by their in-sample value of `objective`.

    Rows without a value come last; of equal rows the one with the lower number comes first,
    whatever the order in which parts arrive.
    """

    def __init__(self, objective: str, kept: int = KEPT) -> None:
        if objective not in STATISTICS:
            raise InvalidInput("objective", objective, f"one of {', '.join(STATISTICS)}")
        self.column = f"{TRAIN}{objective}"
        self._better = STATISTICS[objective].better or 1
        self._kept = kept
        self._top: pa.Table | None = None

    def add(self, table: pa.Table) -> None:
        """Take the rows of one more part."""
        joined = table if self._top is None else pa.concat_tables([self._top, table])
        scores = self._better * joined.column(self.column).to_numpy()
        scores = np.where(np.isnan(scores), -np.inf, scores)
        places = [joined.column(name).to_numpy() for name in ("row",)]
        symbols = pc.rank(joined.column("symbol")).to_numpy()
        order = np.lexsort((*places, symbols, -scores))[: self._kept]
        self._top = joined.take(pa.array(order)).combine_chunks()

    def rows(self) -> list[dict[str, Any]]:
        """The best rows as mappings, best first."""
        return [] if self._top is None else self._top.to_pylist()

    def top_row(self) -> dict[str, Any] | None:
        """The best row so far."""
        rows = None if self._top is None else self._top.slice(0, 1).to_pylist()
        return rows[0] if rows else None
