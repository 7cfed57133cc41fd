"""What is known when two lists of trades differ? Both lists, the bars and the rules."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np

from engines.bars import Bars
from engines.broker import Broker
from engines.instrument import Instrument
from engines.intervals import interval_ms
from engines.result import Result
from strategies.tradingview.alignment import Pair
from strategies.tradingview.fields import Precision
from strategies.tradingview.ours import OurTrade
from strategies.tradingview.trades import ExportedTrade, TradeList
from strategies.tradingview.zone import Zone

# What most fills say is what the two sides differ in; limit fills and gaps are the rest.
MOST: Final = 0.6
# Of a position's entries no more are looked at.
_RECENT: Final = 100
_NEVER_MS: Final = 1 << 62
_STEPS: Final = (5.0, 2.5, 2.0, 1.0)


class Cause(NamedTuple):
    """Why two trades differ: a name to count by, and what tells it."""

    name: str
    sentence: str


class Bar(NamedTuple):
    """One of the bars here."""

    number: int
    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """Both lists aligned, `fields` the ones that differ in each pair, and what they ran on."""

    listed: TradeList
    pairs: Sequence[Pair]
    fields: Sequence[tuple[str, ...]]
    precision: Precision
    bars: Bars
    has_finer: bool
    instrument: Instrument
    broker: Broker
    result: Result
    used: Zone
    best: Zone

    @property
    def tick(self) -> float:
        """Price step here, 0 if prices are unrounded."""
        return float(self.instrument.tick)

    @property
    def slack(self) -> float:
        """How far a fill may lie outside a bar: its slippage, and a tick."""
        return (self.broker.slippage_ticks + 1.0) * self.tick

    @property
    def bar_ms(self) -> int:
        """Length of a bar."""
        return interval_ms(self.bars.series.interval)

    @cached_property
    def matched(self) -> list[Pair]:
        """Pairs of trades that have a counterpart and had ended there."""
        both = [pair for pair in self.pairs if pair.theirs is not None and pair.ours is not None]
        return [pair for pair in both if pair.theirs is not None and not pair.theirs.is_open]

    @cached_property
    def grid(self) -> float:
        """The coarsest step that all of the export's prices lie on."""
        return grid_of(prices_of(self.listed.trades))

    @cached_property
    def last_ms(self) -> int:
        """The last moment of the export."""
        return max(max(one.entry_ms, one.exit_ms or 0) for one in self.listed.trades)

    def common_before(self, time_ms: int) -> list[Pair]:
        """The last pairs entered at one time on both sides, up to a time."""
        end = bisect_right(self._common, time_ms, key=_entry_ms)
        return self._common[max(end - _RECENT, 0) : end]

    @cached_property
    def _common(self) -> list[Pair]:
        both = [pair for pair in self.pairs if pair.theirs is not None and pair.ours is not None]
        same = [pair for pair in both if _entry_ms(pair) == (pair.ours and pair.ours.entry_ms)]
        return sorted(same, key=_entry_ms)

    @cached_property
    def most_there(self) -> int:
        """How many entries the export holds at once."""
        return most_at_once(self.listed.trades)

    @cached_property
    def most_here(self) -> int:
        """How many entries the run here holds at once."""
        return most_at_once([one.ours for one in self.pairs if one.ours is not None])

    def bar_at(self, time_ms: int | None) -> Bar | None:
        """The bar that opens at a time, None if there is none."""
        if time_ms is None:
            return None
        place = int(np.searchsorted(self.bars.open_ms, time_ms))
        if place == len(self.bars) or int(self.bars.open_ms[place]) != time_ms:
            return None
        prices = (
            float(getattr(self.bars, name)[place]) for name in ("open", "high", "low", "close")
        )
        return Bar(place, *prices)

    def differs(self, place: int) -> bool:
        """Is this pair incomplete, or different in a field?"""
        pair = self.pairs[place]
        return pair.theirs is None or pair.ours is None or bool(self.fields[place])

    def same(self, value: float, other: float) -> bool:
        """Are two prices the same?"""
        return abs(value - other) <= self.precision.price(value)


def _entry_ms(pair: Pair) -> int:
    return 0 if pair.theirs is None else pair.theirs.entry_ms


def number_text(value: float) -> str:
    """A number without an exponent and without the noise of its last bits."""
    return f"{value:.10f}".rstrip("0").rstrip(".") if value else "0"


def grid_of(values: Sequence[float]) -> float:
    """The coarsest of the usual steps (1, 2, 2.5, 5 times a power of ten) that all lie on.

    0 for no values.
    """
    if not values:
        return 0.0
    column = np.abs(np.array(values))
    for power in range(4, -11, -1):
        for mantissa in _STEPS:
            step = mantissa * 10.0**power
            counts = column / step
            if np.all(np.abs(counts - np.rint(counts)) <= np.maximum(1e-6, 1e-12 * counts)):
                return step
    return 0.0


def simplest(low: float, high: float) -> float | None:
    """The number with the fewest decimals in `[low, high]`, None if that is empty."""
    if not low <= high:
        return None
    for digits in range(9):
        found = float(np.ceil(low * 10**digits - 1e-9) / 10**digits)
        if found <= high:
            return found
    return low


def most_at_once(trades: Sequence[ExportedTrade] | Sequence[OurTrade]) -> int:
    """How many entries were open together at most; parts of one entry count once."""
    ends: dict[tuple[int, int, float, str | None], int] = {}
    for one in trades:
        key = (one.entry_ms, one.side, one.entry_price, one.entry_signal)
        ends[key] = max(ends.get(key, 0), one.exit_ms or _NEVER_MS)
    changes = [(key[0], 1) for key in ends]
    changes += [(max(end_ms, key[0]), -1) for key, end_ms in ends.items()]
    held = most = 0
    # At one moment what ends makes room for what begins.
    for _, step in sorted(changes):
        held += step
        most = max(most, held)
    return most


def prices_of(trades: Sequence[ExportedTrade]) -> list[float]:
    """Every price that was traded at."""
    prices = [one.entry_price for one in trades]
    return prices + [one.exit_price for one in trades if not one.is_open]
