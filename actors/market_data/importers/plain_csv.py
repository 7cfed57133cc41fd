"""What does a text file with an obvious header hold? Bars or funding, columns in any order."""

from __future__ import annotations

from actors.market_data.importers.named_columns import are_bars, are_funding, parse_named
from actors.market_data.importers.names import hints_from
from actors.market_data.importers.parsed import Parsed
from actors.market_data.importers.tables import Candidate


def is_plain(candidate: Candidate) -> bool:
    """A header that names a time and either four prices or a rate."""
    return are_bars(candidate.header) or are_funding(candidate.header)


def parse_plain(candidate: Candidate) -> tuple[Parsed, ...]:
    """Bars or funding by column names."""
    return parse_named(candidate.table(), hints_from(candidate.source.name))
