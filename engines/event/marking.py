"""At what price are positions marked? The venue's mark price, laid beside the bars' path."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from engines.bars import Bars
from engines.errors import MissingData
from engines.event.events import Prices


def marks_of(opens: Sequence[int], close_ms: int, marks: Bars | None) -> tuple[Prices, ...]:
    """The mark price during each part of a bar: parts start at `opens`, the last at its close ends.

    Nothing without mark prices. Raises MissingData, naming the moment, for a part that begins
    without one.
    """
    if marks is None:
        return ()
    rows = marks.open_ms.searchsorted([*opens, close_ms]).tolist()
    parts = []
    for (first, last), start_ms in zip(pairwise(rows), opens, strict=True):
        if first == last or marks.open_ms[first] != start_ms:
            moment = np.datetime64(start_ms, "ms")
            raise MissingData(
                f"the mark price of {marks.series.symbol} is missing at {moment}Z: fetch it "
                "(bst data sync --kind mark), or choose to mark at the last price"
            )
        inside = slice(first, last)
        high, low = float(marks.high[inside].max()), float(marks.low[inside].min())
        parts.append(Prices(float(marks.open[first]), high, low, float(marks.close[last - 1])))
    return tuple(parts)
