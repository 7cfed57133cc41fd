"""What do rows without a header hold? A time, four prices, and perhaps volume and more.

Covers ninjabot (time, open, close, low, high, volume, trades) and what people write themselves.
"""

from __future__ import annotations

import re
from typing import Final

from actors.market_data.importers.headerless import OCHL, OHLC, named, price_order
from actors.market_data.importers.names import hints_from
from actors.market_data.importers.parsed import Parsed
from actors.market_data.importers.tables import Candidate

_TIME: Final = re.compile(r"^(\d{10,19}(\.\d+)?|\d{4}-\d{2}-\d{2}.*)$")


def is_bare(candidate: Candidate) -> bool:
    """Five to seven cells a row, the first of them a time."""
    cells = candidate.bare_cells()
    return 5 <= len(cells) <= 7 and bool(_TIME.match(cells[0]))


def parse_bare(candidate: Candidate) -> tuple[Parsed, ...]:
    """Bars; the prices themselves tell their order. A seventh column is left aside."""
    table = candidate.table()
    prices = [table.numbers(place, f"column {place + 1}") for place in range(1, 5)]
    order = price_order(prices, candidate.source.trail)
    columns = named(prices, order)
    remarks = []
    if table.width > 5:
        columns["volume"] = table.numbers(5, "volume")
    if table.width > 6:
        remarks.append("the seventh column (trades, turnover?) was left aside")
    if order != OHLC:
        text = "open, close, high, low" if order == OCHL else "open, close, low, high"
        remarks.append(f"prices were in the order {text}")
    hints = hints_from(candidate.source.name)
    times = table.times(0)
    return (Parsed(candidate.source.trail, times, columns, hints, remarks=tuple(remarks)),)
