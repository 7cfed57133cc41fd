"""What does CryptoDataDownload hold? Bars of many venues, newest first, under a line with its URL.

Columns: unix, date, symbol, open, high, low, close, Volume BTC, Volume USD[, tradecount]; older
files have no unix column and dates such as 2017-07-01 11-AM.
"""

from __future__ import annotations

from typing import Final

from actors.market_data.importers.names import hints_from, plain_symbol
from actors.market_data.importers.parsed import Hints, Parsed
from actors.market_data.importers.tables import Candidate, Table
from engines.bars import PRICE_COLUMNS, Floats

_VOLUME: Final = "volume "
_UNIX_NAMES: Final = ("unix", "unix timestamp", "unix_timestamp")


def is_cryptodatadownload(candidate: Candidate) -> bool:
    """A symbol column, and volumes whose currencies are named."""
    header = candidate.header
    named = {"symbol", "date", *PRICE_COLUMNS} <= set(header)
    return named and any(name.startswith(_VOLUME) for name in header)


def parse_cryptodatadownload(candidate: Candidate) -> tuple[Parsed, ...]:
    """Bars with the volume in base and, where the file has it, in quote currency."""
    table = candidate.table()
    time = next(name for name in (*_UNIX_NAMES, "date") if name in table.header)
    symbol = plain_symbol(table.texts(table.header.index("symbol"))[0])
    columns = {name: table.numbers(table.header.index(name), name) for name in PRICE_COLUMNS}
    columns |= _volumes(table, symbol)
    hints = Hints(symbol).over(hints_from(candidate.source.name))
    return (Parsed(candidate.source.trail, table.times(table.header.index(time)), columns, hints),)


def _volumes(table: Table, symbol: str) -> dict[str, Floats]:
    currencies = {
        name.removeprefix(_VOLUME).upper(): place
        for place, name in enumerate(table.header)
        if name.startswith(_VOLUME)
    }
    base = next((code for code in currencies if symbol.startswith(code)), None)
    quote = next((code for code in currencies if code != base and symbol.endswith(code)), None)
    if base is None:
        expected = f"a volume column in the base currency of {symbol}"
        raise table.source.refused(f"volumes in {', '.join(currencies)}", expected)
    found = {"volume": table.numbers(currencies[base], f"Volume {base}")}
    if quote is not None:
        found["turnover"] = table.numbers(currencies[quote], f"Volume {quote}")
    return found
