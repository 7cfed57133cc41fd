"""When does what happen to a leg? Its opens, ways, settlements, decisions and closes, in order."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

from engines.event import bar_events
from engines.event.events import Bar, Prices
from engines.legs import Leg


class Moment(IntEnum):
    """What comes first of several things at one time.

    A way is known when it ends, so it comes before the decisions that see its close, and those
    before the opens that follow.
    """

    WAY = 0
    SETTLE = 1
    DECIDE = 2
    CLOSE = 3
    OPEN = 4


class Stretch(NamedTuple):
    """A bar, or a finer bar inside one: the path between two times."""

    open_ms: int
    close_ms: int
    prices: Prices


class Timetable:
    """Walks through a leg's bars; `when` is what comes next, None at the end."""

    def __init__(self, leg: Leg) -> None:
        self._leg = leg
        traded = leg.traded
        finer = leg.finer
        if finer is not None:
            start_ms, end_ms = leg.span_ms
            finer = finer.between(start_ms, end_ms)
        part = leg.bars.rows(traded[0], traded[-1] + 1)
        self._bars = self._numbered(bar_events(part, leg.instrument, finer), traded[0])
        self._times = (
            []
            if finer is None
            else list(zip(finer.open_ms.tolist(), finer.close_ms.tolist(), strict=True))
        )
        self._used = 0
        self.bar = next(self._bars)
        self._stretches = self._stretches_of(self.bar)
        self._place = 0
        self.when: tuple[int, Moment] | None = (self.bar.open_ms, Moment.OPEN)

    @staticmethod
    def _numbered(bars: Iterator[Bar], first: int) -> Iterator[Bar]:
        for bar in bars:
            rest = bar.open_ms, bar.close_ms, bar.prices, bar.volume, bar.inside
            yield Bar(bar.number + first, *rest)

    def _stretches_of(self, bar: Bar) -> list[Stretch]:
        if not bar.inside:
            return [Stretch(bar.open_ms, bar.close_ms, bar.prices)]
        while self._times[self._used][0] < bar.open_ms:
            self._used += 1
        times = self._times[self._used : self._used + len(bar.inside)]
        self._used += len(bar.inside)
        return [
            Stretch(start, end, prices)
            for (start, end), prices in zip(times, bar.inside, strict=True)
        ]

    @property
    def stretch(self) -> Stretch:
        """Where on the bar's path the leg is."""
        return self._stretches[self._place]

    @property
    def begins(self) -> bool:
        """Whether the stretch is the bar's first."""
        return self._place == 0

    def advance(self, idle: bool) -> None:
        """Go to what comes next; an idle leg goes to the end of its bar."""
        if self.when is None:
            return
        moment, last = self.when[1], len(self._stretches) - 1
        if moment is Moment.OPEN:
            # Nothing rests and nothing is held: the prices between change nothing.
            self._place = last if idle else self._place
            self.when = self.stretch.close_ms, Moment.WAY
        elif moment is Moment.WAY and self._place < last:
            self._place += 1
            self.when = self.stretch.open_ms, Moment.OPEN
        elif moment is Moment.CLOSE:
            self._next_bar()
        else:
            self.when = self.bar.close_ms, Moment(moment + 1)

    def _next_bar(self) -> None:
        bar = next(self._bars, None)
        if bar is None:
            self.when = None
            return
        self.bar, self._place = bar, 0
        self._stretches = self._stretches_of(bar)
        self.when = bar.open_ms, Moment.OPEN
