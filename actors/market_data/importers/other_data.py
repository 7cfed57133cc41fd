"""Is this a file we know that holds no bars? Trades, order books, old containers."""

from __future__ import annotations

import re
from typing import Final

from actors.market_data.importers.tables import Candidate

_BY_HEADER: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    (("timestamp", "symbol", "side", "size", "price"), "Bybit's trades"),
    (("id", "timestamp", "price", "volume", "side"), "Bybit's spot trades"),
    (("trade #", "type"), "TradingView's list of trades (import it as a strategy's trades)"),
    (("id", "price", "qty"), "Binance's trades"),
    (("agg_trade_id", "price", "quantity"), "Binance's aggregated trades"),
    (("create_time", "symbol", "sum_open_interest"), "Binance's open interest"),
    (("timestamp", "percentage", "depth"), "Binance's book depth in percent bands"),
    (("exchange", "symbol", "timestamp", "local_timestamp"), "Tardis trades, books or quotes"),
)
_BY_MAGIC: Final[tuple[tuple[bytes, str], ...]] = (
    (
        b"\x89HDF\r\n\x1a\n",
        "HDF5, which needs the package 'tables'; convert it: freqtrade convert-data "
        "--format-from hdf5 --format-to feather",
    ),
    (b"FEA1", "Feather version 1; write it again with pyarrow 1 or newer (version 2)"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it first"),
    (b"BZh", "bzip2; unpack it first"),
    (b"\x28\xb5\x2f\xfd", "zstd; unpack it first"),
)
_JSON_LINES: Final = re.compile(r"^\{.*\}\s*\n\{")
_STAMPED_JSON: Final = re.compile(r"^\d{13,19} \{")
_LEAN_QUOTE_CELLS: Final = 11


def other_data(candidate: Candidate) -> str | None:
    """What the file holds instead of bars or funding, None if it is not known to."""
    for magic, description in _BY_MAGIC:
        if candidate.source.content.startswith(magic):
            return description
    for names, description in _BY_HEADER:
        # Tardis' derivative_ticker goes on with funding_timestamp, and is welcome.
        if candidate.begins_with(*names) and "funding_timestamp" not in candidate.header:
            return description
    return _by_shape(candidate)


def _by_shape(candidate: Candidate) -> str | None:
    head = candidate.source.head or ""
    if _JSON_LINES.match(head) or _STAMPED_JSON.match(head):
        return "messages line by line (an order book or trades)"
    cells = candidate.bare_cells()
    if len(cells) == _LEAN_QUOTE_CELLS and "quote" in candidate.source.trail:
        return "LEAN's quotes"
    if any(cell.lower() in ("true", "false") for cell in cells):
        return "Binance's trades"
    return None
