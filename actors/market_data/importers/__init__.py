"""How does market data get in from files? Every layout we know, recognised by content."""

from __future__ import annotations

from actors.market_data.importers.formats import FORMATS, Format
from actors.market_data.importers.load import Imported, load, recognise

__all__ = ["FORMATS", "Format", "Imported", "load", "recognise"]
