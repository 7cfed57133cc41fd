"""What does this file hold for the catalog? Recognise it, read it, check it, store it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from actors.market_data.errors import UnusableFile
from actors.market_data.importers.formats import FORMATS, Format
from actors.market_data.importers.normalise import (
    Notes,
    Options,
    VolumeUnit,
    bars_of,
    funding_of,
    wanted,
)
from actors.market_data.importers.other_data import other_data
from actors.market_data.importers.parsed import Parsed
from actors.market_data.importers.sources import Source, sources
from actors.market_data.importers.tables import Candidate, sample_of
from actors.market_data.merging import OnConflict, WriteReport, check_on_conflict
from actors.market_data.store import Catalog
from engines.bars import CATEGORIES, KINDS, Bars, Category, Kind
from engines.errors import InvalidInput
from engines.funding import FundingRates
from engines.intervals import INTERVALS, Interval

_SHOWN_CHARACTERS: Final = 80
_EXPECTED: Final = (
    "bars or funding in a layout we know; a CSV with the header "
    "time,open,high,low,close,volume always works"
)


@dataclass(frozen=True)
class Imported:
    """What files held: checked bars and funding, the formats found, what was dropped."""

    bars: tuple[Bars, ...]
    funding: tuple[FundingRates, ...]
    formats: tuple[str, ...]
    notes: Notes

    def store_in(self, catalog: Catalog, on_conflict: OnConflict = "stop") -> WriteReport:
        """Write everything, or nothing if a row conflicts with a stored one.

        Raises ConflictingRows, SeriesBusy, WriteFailed, DamagedFile.
        """
        for bars in self.bars:
            catalog.check(bars, on_conflict)
        for rates in self.funding:
            catalog.funding.check(rates, on_conflict)
        reports = [catalog.write(bars, on_conflict) for bars in self.bars]
        reports += [catalog.funding.write(rates, on_conflict) for rates in self.funding]
        return sum(reports, WriteReport())


def recognise(path: Path | str) -> Format:
    """The format of the file at `path` (of the first file, if it is a folder or an archive).

    Raises UnusableFile saying what the file is, if that is known, and what would be right.
    """
    first = next(sources(Path(path)))
    found, _ = _format(first)
    return found


def load(
    path: Path | str,
    *,
    now_ms: int,
    symbol: str | None = None,
    category: Category | None = None,
    interval: Interval | None = None,
    kind: Kind | None = None,
    volume: VolumeUnit = "base",
    on_conflict: OnConflict = "stop",
    assumed_category: Category | None = None,
) -> Imported:
    """Everything in the file, archive or folder at `path`, checked; nothing is stored.

    Options say what the files do not tell, and overrule what their names say; `assumed_category`
    is that of files which name none. A bar that has not
    closed by `now_ms` is dropped. `volume="quote"` divides the volume column by the close. Raises
    UnusableFile, ConflictingRows, BadBars, InvalidInput.
    """
    _check_options(category, interval, kind, volume, on_conflict)
    options = Options(symbol, category, interval, kind, volume, on_conflict, assumed_category)
    formats: list[str] = []
    parsed: list[Parsed] = []
    for source in sources(Path(path)):
        found, candidate = _format(source)
        formats.append(found.name)
        parsed.extend(part for part in found.parse(candidate) if len(part.time_ms))
    if not parsed:
        raise UnusableFile(str(path), "no rows that could be stored", _EXPECTED)
    parts = wanted(parsed, options)
    bars, bar_notes = bars_of([p for p in parts if p.table == "bars"], options, now_ms)
    funding, funding_notes = funding_of([p for p in parts if p.table == "funding"], options, now_ms)
    names = tuple(dict.fromkeys(formats))
    return Imported(bars, funding, names, bar_notes + funding_notes)


def _format(source: Source) -> tuple[Format, Candidate]:
    candidate = Candidate(source, sample_of(source))
    if (description := other_data(candidate)) is not None:
        raise source.refused(description, _EXPECTED)
    for found in FORMATS:
        if found.recognises(candidate):
            return found, candidate
    raise source.refused(_first_words(source), _EXPECTED)


def _first_words(source: Source) -> str:
    if source.head is None:
        return "binary data"
    lines = source.head.strip().splitlines() or ["blank lines"]
    return lines[0][:_SHOWN_CHARACTERS]


def _check_options(
    category: str | None, interval: str | None, kind: str | None, volume: str, on_conflict: str
) -> None:
    check_on_conflict(on_conflict)
    for name, value, choices in (
        ("category", category, CATEGORIES),
        ("interval", interval, INTERVALS),
        ("kind", kind, KINDS),
        ("volume", volume, get_args(VolumeUnit)),
    ):
        if value is not None and value not in choices:
            raise InvalidInput(name, value, f"one of {', '.join(choices)}")
