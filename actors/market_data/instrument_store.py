"""What were a contract's rules at a given time? Their history, one JSON file an instrument."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields, replace
from decimal import Decimal, InvalidOperation
from pathlib import PurePosixPath
from typing import Any, Final

from actors.market_data.errors import DamagedFile
from actors.market_data.files import Files
from actors.market_data.layout import INSTRUMENTS, Market, check_market, instrument_path
from actors.market_data.locks import sole_writer
from engines.bars import Category
from engines.errors import InvalidInput, MissingData
from engines.instrument import Instrument, MarginTier, decimal_text

_SCHEMA: Final = 1
_DECIMALS: Final = tuple(
    field.name for field in fields(Instrument) if field.type in ("Decimal", Decimal)
)
_TIERS: Final = "margin_tiers"
_SINCE: Final = "valid_from_ms"


class InstrumentStore:
    """Instruments by the time from which they were valid. Thread-safe; decimals are exact."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def write(self, instruments: Iterable[Instrument]) -> int:
        """Add each instrument to its history unless the newest entry says the same.

        An entry of the same `valid_from_ms` is replaced. Returns how many histories changed.
        Raises DamagedFile, SeriesBusy, WriteFailed.
        """
        return sum(self._add(instrument) for instrument in instruments)

    def at(self, category: Category, symbol: str, time_ms: int | None = None) -> Instrument:
        """The rules in force at `time_ms` (newest if None).

        Before the first entry the first one holds: a venue does not tell older rules. Raises
        MissingData if there is no entry, DamagedFile.
        """
        history = self.history(category, symbol)
        if not history:
            raise MissingData(f"no instrument {category}/{symbol} is stored: sync it first")
        past = [entry for entry in history if time_ms is None or entry.valid_from_ms <= time_ms]
        return past[-1] if past else history[0]

    def history(self, category: Category, symbol: str) -> tuple[Instrument, ...]:
        """All entries, oldest first; empty if there is none. Raises DamagedFile."""
        path = instrument_path(category, symbol)
        if not self._files.exists(path):
            return ()
        try:
            content = json.loads(self._files.read(path))
            if content["schema"] != _SCHEMA:
                raise InvalidInput("schema", content["schema"], str(_SCHEMA))
            return tuple(_decode(entry) for entry in content["history"])
        except (ValueError, KeyError, TypeError, InvalidOperation, InvalidInput) as problem:
            raise DamagedFile(self._files.full(path), f"no instrument: {problem}") from problem

    def markets(self) -> list[Market]:
        """Every market that has an entry, sorted."""
        paths = map(PurePosixPath, self._files.below(INSTRUMENTS))
        return [check_market(path.parts[1], path.stem) for path in paths if len(path.parts) == 3]

    def _add(self, instrument: Instrument) -> bool:
        path = instrument_path(instrument.category, instrument.symbol)
        folder, file_name = path.rsplit("/", 1)
        with sole_writer(self._files, folder, file_name):
            history = self.history(instrument.category, instrument.symbol)
            if (
                history
                and replace(history[-1], valid_from_ms=instrument.valid_from_ms) == instrument
            ):
                return False
            kept = [entry for entry in history if entry.valid_from_ms != instrument.valid_from_ms]
            entries = sorted([*kept, instrument], key=lambda entry: entry.valid_from_ms)
            content = {"schema": _SCHEMA, "history": [_encode(entry) for entry in entries]}
            self._files.replace({path: json.dumps(content, indent=1).encode()})
        return True


def _encode(instrument: Instrument) -> dict[str, object]:
    values = {field.name: getattr(instrument, field.name) for field in fields(instrument)}
    values |= {name: decimal_text(values[name]) for name in _DECIMALS}
    values[_TIERS] = [[decimal_text(part) for part in tier] for tier in instrument.margin_tiers]
    return values


def _decode(entry: dict[str, Any]) -> Instrument:
    values = dict(entry)
    values |= {name: Decimal(values[name]) for name in _DECIMALS if name in values}
    values[_TIERS] = tuple(MarginTier(*map(Decimal, tier)) for tier in values.get(_TIERS, ()))
    if not isinstance(values.get(_SINCE), int):
        raise InvalidInput(_SINCE, values.get(_SINCE), "whole milliseconds")
    return Instrument(**values)
