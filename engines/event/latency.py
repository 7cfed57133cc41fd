"""How long does news take? From the venue to the trader, and from the trader to the venue."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from engines.errors import InvalidInput


class Latency(Protocol):
    """Delays in nanoseconds, as they are at a moment (UTC nanoseconds)."""

    def feed(self, time_ns: int) -> int:
        """From an event at the venue until the trader hears of it."""
        ...

    def order(self, time_ns: int) -> int:
        """From a decision until it reaches the venue."""
        ...

    def report(self, time_ns: int) -> int:
        """From a fill at the venue until the trader hears of it."""
        ...


@dataclass(frozen=True)
class ConstantLatency:
    """The same delays at all times."""

    feed_ns: int = 0
    order_ns: int = 0
    report_ns: int = 0

    def __post_init__(self) -> None:
        for name in ("feed_ns", "order_ns", "report_ns"):
            if getattr(self, name) < 0:
                raise InvalidInput(f"latency.{name}", getattr(self, name), "zero or more")

    def feed(self, time_ns: int) -> int:
        """See `Latency`."""
        return self.feed_ns

    def order(self, time_ns: int) -> int:
        """See `Latency`."""
        return self.order_ns

    def report(self, time_ns: int) -> int:
        """See `Latency`."""
        return self.report_ns


class Sample(NamedTuple):
    """Delays as they were measured at one moment, nanoseconds."""

    time_ns: int
    feed_ns: int
    order_ns: int
    report_ns: int


class MeasuredLatency:
    """Delays between measured samples on a straight line; before and after them the nearest."""

    def __init__(self, samples: tuple[Sample, ...]) -> None:
        if not samples:
            raise InvalidInput("latency.samples", 0, "one sample or more")
        self._samples = tuple(sorted(samples))
        self._times = [one.time_ns for one in self._samples]
        ConstantLatency(*(min(one[part] for one in samples) for part in (1, 2, 3)))

    def feed(self, time_ns: int) -> int:
        """See `Latency`."""
        return self._between(time_ns, 1)

    def order(self, time_ns: int) -> int:
        """See `Latency`."""
        return self._between(time_ns, 2)

    def report(self, time_ns: int) -> int:
        """See `Latency`."""
        return self._between(time_ns, 3)

    def _between(self, time_ns: int, part: int) -> int:
        after = bisect_right(self._times, time_ns)
        if after == 0:
            return int(self._samples[0][part])
        if after == len(self._times):
            return int(self._samples[-1][part])
        first, second = self._samples[after - 1], self._samples[after]
        share = (time_ns - first.time_ns) * (second[part] - first[part])
        return int(first[part] + share // (second.time_ns - first.time_ns))


NO_LATENCY: Final = ConstantLatency()
