"""In which time zone is an export? The one in which its prices lie inside the bars of its times."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from engines.bars import Bars, Floats
from engines.errors import InvalidInput
from engines.intervals import MINUTE_MS, Times
from strategies.tradingview.trades import TradeList

# Zones with a summer time, each for all that change their clocks with it.
_SUMMER_TIME: Final = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles",
    "Europe/London", "Europe/Berlin", "Europe/Athens", "America/Santiago", "America/Sao_Paulo",
    "Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland", "Asia/Jerusalem",
    "Africa/Cairo", "America/Halifax", "America/Havana",
)  # fmt: skip
_MOST_FILLS: Final = 2_000
_SURE: Final = 0.95
_FEW_FILLS: Final = 3
# Offsets in use that are no whole hours.
_ODD_MINUTES: Final = (-570, -210, 210, 270, 330, 345, 390, 525, 570, 630, 765)
_OFFSET: Final = re.compile(r"^(?:UTC|GMT)?([+-])(\d{1,2})(?::?(\d{2}))?$")


@dataclass(frozen=True)
class Fills:
    """Times and prices of an export: milliseconds and quote currency, (n_fills,)."""

    ms: Times
    price: Floats


class Score(NamedTuple):
    """How many fills lie inside the bar of their time, and at its open (or at its close)."""

    inside: int
    at_open: int

    @property
    def points(self) -> int:
        """What zones are ranked by: neighbouring bars overlap, their opens rarely are the same."""
        return self.inside + self.at_open


@dataclass(frozen=True)
class Zone:
    """How an export's times become UTC, and how well that fits the bars.

    `share` of the fills lie inside the bar that opens at their time, `at_open` at its very open,
    or at its close if orders fill there (A2); under the next best offset, `next_name`, so many do.
    """

    name: str
    share: float
    at_open: float
    next_name: str = ""
    next_share: float = 0.0
    next_at_open: float = 0.0
    n_fills: int = 0
    given: bool = False

    @property
    def sure(self) -> bool:
        """Do the fills tell it, and nothing else as well?

        Of a zone with a summer time few fills may tell that its clocks were changed.
        """
        lead = max(self.share - self.next_share, self.at_open - self.next_at_open)
        alone = self.share == 1.0 and round(lead * self.n_fills) >= _FEW_FILLS
        return self.given or alone or (self.share >= _SURE and lead > 1.0 - _SURE)

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        inside, edge = percent_text(self.share), percent_text(self.at_open)
        fits = f"{inside} of its fills lie inside the bars, {edge} at their edge"
        if self.given:
            return f"The export's times are {self.name}, as given: {fits}."
        inside, edge = percent_text(self.next_share), percent_text(self.next_at_open)
        rival = f"; as {self.next_name} {inside} and {edge} would"
        doubt = "" if self.sure else " That is not sure: say --time-zone."
        return (
            f"The export's times are {self.name}: {fits}{rival if self.next_name else ''}.{doubt}"
        )


def zone_named(name: str) -> tzinfo:
    """A zone by its IANA name, or an offset such as UTC+3. Raises InvalidInput."""
    if cut := _OFFSET.match(name.strip()):
        sign = -1 if cut[1] == "-" else 1
        minutes = int(cut[2]) * 60 + int(cut[3] or 0)
        if minutes <= 15 * 60:
            return timezone(sign * timedelta(minutes=minutes))
    try:
        return UTC if name.upper() in ("UTC", "GMT", "Z") else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        expected = "an IANA name such as America/New_York, or an offset such as UTC+3"
        raise InvalidInput("time zone", name, expected) from None


def find_zone(listed: TradeList, bars: Bars, slack: float) -> Zone:
    """The time zone that explains most of an export's fills; prices may miss a bar by `slack`.

    Times that are UTC already are tried at other offsets too: bars may be in a wrong zone.
    """
    fills = fills_of(listed)
    offsets = [hours * 60 for hours in range(-12, 15)] + list(_ODD_MINUTES)
    # Of equals the first is taken: UTC, then what is near to it.
    offsets.sort(key=lambda minutes: (abs(minutes), -minutes))
    scored = [
        (_score(Fills(fills.ms - minutes * MINUTE_MS, fills.price), bars, slack), -place, minutes)
        for place, minutes in enumerate(offsets)
    ]
    scored.sort(key=lambda one: (one[0].points, one[1]), reverse=True)
    (best, _, minutes), (second, _, next_minutes) = scored[:2]
    name, rival, runner_up = offset_name(minutes), offset_name(next_minutes), second
    if listed.wall_clock:
        for zone in _SUMMER_TIME:
            ms = np.array(to_utc(fills.ms.tolist(), ZoneInfo(zone)), dtype=np.int64)
            score = _score(Fills(ms, fills.price), bars, slack)
            if score.points > best.points:
                if name not in _SUMMER_TIME:
                    rival, runner_up = name, best
                name, best = zone, score
    n_fills = max(len(fills.ms), 1)
    return Zone(
        name,
        best.inside / n_fills,
        best.at_open / n_fills,
        rival,
        runner_up.inside / n_fills,
        runner_up.at_open / n_fills,
        n_fills,
    )


def fit_of(listed: TradeList, zone: tzinfo, bars: Bars, slack: float) -> Zone:
    """How well a given zone fits."""
    fills = fills_of(listed)
    ms = np.array(to_utc(fills.ms.tolist(), zone), dtype=np.int64)
    score, n_fills = _score(Fills(ms, fills.price), bars, slack), max(len(fills.ms), 1)
    return Zone(str(zone), score.inside / n_fills, score.at_open / n_fills, given=True)


def in_utc(listed: TradeList, zone: tzinfo) -> TradeList:
    """The export with its times in UTC, if they were a clock's of `zone`."""
    moved = []
    for one in listed.trades:
        entry_ms = to_utc([one.entry_ms], zone)[0]
        exit_ms = None if one.exit_ms is None else to_utc([one.exit_ms], zone)[0]
        moved.append(replace(one, entry_ms=entry_ms, exit_ms=exit_ms))
    return replace(listed, trades=tuple(moved), wall_clock=False)


def to_utc(wall_ms: Sequence[int], zone: tzinfo) -> list[int]:
    """UTC milliseconds of what a clock showed; of an hour that came twice the first is taken."""
    found = []
    for ms in wall_ms:
        shown = datetime.fromtimestamp(ms / 1_000, UTC).replace(tzinfo=zone)
        offset = shown.utcoffset() or timedelta()
        found.append(ms - offset // timedelta(milliseconds=1))
    return found


def fills_of(listed: TradeList) -> Fills:
    """Entries, and exits that have happened, evenly thinned to a number that is enough."""
    pairs = [(one.entry_ms, one.entry_price) for one in listed.trades]
    pairs += [(one.exit_ms, one.exit_price) for one in listed.closed if one.exit_ms is not None]
    step = -(-len(pairs) // _MOST_FILLS)
    chosen = pairs[::step] if step > 1 else pairs
    return Fills(
        np.array([ms for ms, _ in chosen], dtype=np.int64), np.array([price for _, price in chosen])
    )


def percent_text(share: float) -> str:
    """A share in percent, never 100 unless it is all."""
    return f"{math.floor(share * 1_000 + 1e-9) / 10:g} %"


def offset_name(minutes: int) -> str:
    """UTC, UTC+3 or UTC-03:30."""
    if minutes == 0:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else "-"
    return f"UTC{sign}{hours:02d}:{rest:02d}" if rest else f"UTC{sign}{hours}"


def _score(fills: Fills, bars: Bars, slack: float) -> Score:
    if len(bars) == 0 or len(fills.ms) == 0:
        return Score(0, 0)
    place = np.minimum(np.searchsorted(bars.open_ms, fills.ms), len(bars) - 1)
    there = bars.open_ms[place] == fills.ms
    low, high = bars.low[place] - slack, bars.high[place] + slack
    inside = there & (low <= fills.price) & (fills.price <= high)
    opens, closes = (
        int(np.sum(inside & (np.abs(fills.price - column[place]) <= slack)))
        for column in (bars.open, bars.close)
    )
    return Score(int(inside.sum()), max(opens, closes))
