"""What does Tardis hold that a backtest of bars needs? derivative_ticker: funding, mark, index.

Columns: exchange, symbol, timestamp, local_timestamp, funding_timestamp, funding_rate,
predicted_funding_rate, open_interest, last_price, index_price, mark_price; times in microseconds.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from actors.market_data.importers.names import derivative_category, plain_symbol
from actors.market_data.importers.parsed import Hints, Parsed
from actors.market_data.importers.tables import Candidate, Table
from actors.market_data.importers.times import times_from_integers
from engines.bars import Floats
from engines.intervals import MINUTE_MS, Times

_HEADER: Final = ("exchange", "symbol", "timestamp", "local_timestamp", "funding_timestamp")


def is_ticker(candidate: Candidate) -> bool:
    """The header of derivative_ticker."""
    return candidate.begins_with(*_HEADER)


def parse_ticker(candidate: Candidate) -> tuple[Parsed, ...]:
    """Settled funding, and one-minute bars of mark and index price made of the updates."""
    table = candidate.table()
    symbol = plain_symbol(table.texts(1)[0])
    hints = Hints(symbol, derivative_category(symbol), "1")
    times = table.times(2)
    order = np.argsort(times, kind="stable")
    found = [_funding(table, hints, times, order)]
    kinds: tuple[Literal["mark", "index"], ...] = ("mark", "index")
    for kind in kinds:
        place = table.place(f"{kind}_price")
        if place is None or table.is_blank(place):
            continue
        prices = table.known_numbers(place, f"{kind}_price")
        opens, columns = _minutes(times[order], prices[order])
        remarks = (f"{kind} price bars were made of the ticker's updates",)
        series = Hints(symbol, hints.category, "1", kind)
        found.append(Parsed(table.source.trail, opens, columns, series, remarks=remarks))
    return tuple(part for part in found if len(part.time_ms))


def _funding(table: Table, hints: Hints, times: Times, order: NDArray[np.intp]) -> Parsed:
    """The last rate told before each settlement, if one was told in its last minute.

    `funding_rate` is the one due at `funding_timestamp`; it moves until then. A settlement after
    the file's end is not in the file.
    """
    due = np.nan_to_num(table.known_numbers(4, "funding_timestamp"))[order]
    rates = table.known_numbers(5, "funding_rate")[order]
    told = times[order]
    known = (due > 0) & ~np.isnan(rates)
    due_ms = times_from_integers(due[known].astype(np.int64), table.source.trail)
    rates, told = rates[known], told[known]
    before = told <= due_ms
    due_ms, rates, told = due_ms[before], rates[before], told[before]
    settlements, newest = np.unique(due_ms[::-1], return_index=True)
    newest = len(due_ms) - 1 - newest
    settled = settlements - told[newest] <= MINUTE_MS
    unsettled = int((~settled).sum())
    remarks = (f"{unsettled} settlements after the file's end were left out",)
    return Parsed(
        table.source.trail,
        settlements[settled],
        {"rate": rates[newest][settled]},
        Hints(hints.symbol, hints.category),
        table="funding",
        remarks=remarks if unsettled else (),
    )


def _minutes(times: Times, prices: Floats) -> tuple[Times, dict[str, Floats]]:
    known = ~np.isnan(prices)
    prices = prices[known]
    minutes = times[known] // MINUTE_MS * MINUTE_MS
    opens, first = np.unique(minutes, return_index=True)
    last = np.append(first[1:], len(minutes)) - 1
    columns = {
        "open": prices[first],
        "high": np.maximum.reduceat(prices, first),
        "low": np.minimum.reduceat(prices, first),
        "close": prices[last],
    }
    return opens, columns
