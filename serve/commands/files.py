"""How does a user's own file become bars to run on? Imported once, into a catalog of its own."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from actors.clock import SystemClock
from actors.market_data.store import Catalog
from cluster.settings import Settings
from engines.errors import InvalidInput
from engines.intervals import Interval, interval_ms
from engines.rate_history import RateHistory
from serve.commands.requests import DataRequest

_BLOCK: Final = 1 << 20


def catalog_of_file(data: DataRequest, settings: Settings) -> Path:
    """Folder of the catalog that holds the file's bars; made at the first use of the file.

    Raises UnusableFile, ConflictingRows and BadBars for what cannot be imported.
    """
    path = data.file
    if path is None or not path.exists():
        raise InvalidInput("data.file", str(path), "a file that exists")
    symbol = data.symbols[0] if "symbols" in data.model_fields_set else None
    if symbol is not None and len(data.symbols) > 1:
        symbol = None
    category = data.category if "category" in data.model_fields_set else None
    root = settings.file_folder(content_digest(path, f"{symbol}/{category}"))
    catalog = Catalog(root)
    if not catalog.series():
        # The readers of all formats are slow to import, and a file is imported once.
        from actors.market_data.importers.load import load

        now_ms = SystemClock().now_ms()
        found = load(
            path,
            now_ms=now_ms,
            symbol=symbol,
            category=category,
            assumed_category=data.category,
        )
        found.store_in(catalog)
    return root


def rates_of(data: DataRequest, settings: Settings) -> RateHistory | None:
    """Rates of the account's currency from a file of bars, None where it is the quote's (G8).

    Raises InvalidInput for one of file and currency without the other, and for several series.
    """
    if data.rates is None and not data.account_currency:
        return None
    if data.rates is None or not data.account_currency:
        missing = "data.rates" if data.rates is None else "data.account_currency"
        raise InvalidInput(missing, None, "given: rates and their currency go together")
    root = catalog_of_file(DataRequest(file=data.rates, symbols=("RATES",)), settings)
    catalog = Catalog(root)
    series = catalog.series()
    if len(series) != 1:
        raise InvalidInput("data.rates", str(data.rates), "a file with one series of bars")
    return RateHistory.from_bars(data.account_currency, catalog.read(series[0]))


def symbols_of(data: DataRequest, catalog: Catalog) -> tuple[str, ...]:
    """Those asked for, or all of the file. Raises InvalidInput for one that it does not hold."""
    held = [one.symbol for one in catalog.series() if one.category == data.category]
    if not held:
        categories = sorted({one.category for one in catalog.series()})
        raise InvalidInput("data.category", data.category, f"the file's: {', '.join(categories)}")
    if "symbols" not in data.model_fields_set:
        return tuple(dict.fromkeys(held))
    for symbol in data.symbols:
        if symbol not in held:
            expected = f"one that the file holds: {', '.join(dict.fromkeys(held))}"
            raise InvalidInput("data.symbols", symbol, expected)
    return data.symbols


def intervals_of(data: DataRequest, catalog: Catalog) -> tuple[Interval, ...]:
    """Those asked for; if none were, the default where the file is fine enough, else its own."""
    finest = min((one.interval for one in catalog.series()), key=interval_ms)
    default_ms = interval_ms(data.intervals[0])
    fits = interval_ms(finest) <= default_ms and default_ms % interval_ms(finest) == 0
    return data.intervals if "intervals" in data.model_fields_set or fits else (finest,)


def content_digest(path: Path, options: str = "") -> str:
    """Sixteen digits of a file, or of all files of a folder, their names and how they are read."""
    content = hashlib.sha256(options.encode())
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
    for one in files:
        # The name counts: it may tell symbol and interval.
        content.update(one.name.encode())
        with one.open("rb") as file:
            while block := file.read(_BLOCK):
                content.update(block)
    return content.hexdigest()[:16]
