"""What does a PyneCore .ohlcv file hold? Records of 24 bytes: uint32 seconds, five float32.

Gaps are filled with the previous close and a volume of -1 (pynecore, core/ohlcv_file.py): those
records are no bars. A .toml file of the same name may tell symbol and period.
"""

from __future__ import annotations

import tomllib
from typing import Final

import numpy as np

from actors.market_data.importers.names import hints_from, plain_symbol
from actors.market_data.importers.parsed import Hints, Parsed
from actors.market_data.importers.sources import Source
from actors.market_data.importers.tables import Candidate
from actors.market_data.importers.times import times_from_integers
from engines.errors import InvalidInput
from engines.intervals import Interval, parse_interval

_COLUMNS: Final = ("open", "high", "low", "close", "volume")
_RECORD: Final = np.dtype([("time", "<u4"), *((name, "<f4") for name in _COLUMNS)])
_PRECISION: Final = (
    "prices were stored as float32 (7 digits): they are the shortest decimals that fit, "
    "not always the venue's"
)


def is_pynecore(candidate: Candidate) -> bool:
    """The suffix says so: the bytes have no mark of their own."""
    return candidate.source.name.endswith(".ohlcv")


def parse_pynecore(candidate: Candidate) -> tuple[Parsed, ...]:
    """Bars without the fillers."""
    source = candidate.source
    if len(source.content) % _RECORD.itemsize:
        expected = f"a multiple of {_RECORD.itemsize} bytes, one record a bar"
        raise source.refused(f"{len(source.content)} bytes", expected)
    records = np.frombuffer(source.content, dtype=_RECORD)
    fillers = records["volume"] < 0.0
    kept = records[~fillers]
    columns = {name: kept[name].astype(str).astype(np.float64) for name in _COLUMNS}
    times = times_from_integers(kept["time"], source.trail)
    remarks = [_PRECISION]
    if fillers.any():
        remarks.append(f"{int(fillers.sum())} records that only filled gaps were left out")
    return (Parsed(source.trail, times, columns, _hints(source), remarks=tuple(remarks)),)


def _hints(source: Source) -> Hints:
    beside = source.path.with_suffix(".toml")
    named = hints_from(source.name)
    if not beside.is_file():
        return named
    try:
        content = tomllib.loads(beside.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise source.refused(f"{beside.name}: {problem}", "a readable .toml beside it") from problem
    facts = content.get("symbol", content)
    ticker = facts.get("ticker") if isinstance(facts, dict) else None
    period = facts.get("period") if isinstance(facts, dict) else None
    symbol = plain_symbol(ticker) if isinstance(ticker, str) and ticker else None
    return Hints(symbol, interval=_interval(period)).over(named)


def _interval(period: object) -> Interval | None:
    try:
        return parse_interval(str(period))
    except InvalidInput:
        return None
