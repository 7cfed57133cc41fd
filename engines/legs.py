"""What trades on a shared account? Legs of one symbol each, and who conducts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from engines.bars import Bars
from engines.commands import Command, Properties
from engines.errors import InvalidInput
from engines.funding import FundingRates
from engines.instrument import Instrument
from engines.script import Script

_AS_PINE: Final = Properties()


@dataclass(frozen=True, eq=False)
class Leg:
    """One symbol on one interval; `script` orders at its closes, if it has one.

    Bars `start` to `stop` (exclusive, None for all) are traded; `finer` bars inside them replace
    the assumed path and give its stretches their times (B7).
    """

    bars: Bars
    instrument: Instrument
    script: Script | None = None
    properties: Properties = _AS_PINE
    finer: Bars | None = None
    funding: FundingRates | None = None
    start: int = 0
    stop: int | None = None

    @property
    def symbol(self) -> str:
        """The leg's name."""
        return self.bars.series.symbol

    @property
    def traded(self) -> range:
        """Numbers of the bars that are traded."""
        return range(self.start, len(self.bars) if self.stop is None else self.stop)

    @property
    def span_ms(self) -> tuple[int, int]:
        """From the open of the first traded bar to the close of the last."""
        traded = self.traded
        return int(self.bars.open_ms[traded[0]]), int(self.bars.close_ms[traded[-1]])


@dataclass(frozen=True)
class LegView:
    """One leg as a conductor sees it. `price` is its last, NaN before its first bar.

    `closed` tells whether a bar of it closed at this very moment: only then it takes orders.
    """

    position_size: float
    price: float
    closed: bool


@dataclass(frozen=True)
class PortfolioView:
    """The whole account at a moment at which bars close."""

    time_ms: int
    equity: float
    cash: float
    legs: Mapping[str, LegView]


@dataclass(frozen=True)
class Turn:
    """What a conductor wants: orders by symbol, and what share of its default size a leg takes.

    A share stays until another is given; without any a leg takes its whole default size.
    """

    commands: Mapping[str, Sequence[Command]] = field(default_factory=dict)
    shares: Mapping[str, float] = field(default_factory=dict)


class Conductor(Protocol):
    """Decides over all legs, once at every moment at which bars close, before their scripts."""

    def on_close(self, view: PortfolioView) -> Turn:
        """What to do now."""
        ...


def by_symbol(legs: Sequence[Leg]) -> list[Leg]:
    """Legs by their names. Raises InvalidInput for legs that cannot share an account."""
    if not legs:
        raise InvalidInput("legs", "none", "at least one")
    ordered = sorted(legs, key=lambda leg: leg.symbol)
    names = [leg.symbol for leg in ordered]
    for name in names:
        if names.count(name) > 1:
            # In one-way mode Bybit has one position for each symbol.
            raise InvalidInput("legs", f"{name} twice", "each symbol once")
    for leg in ordered:
        if leg.instrument.category == "inverse":
            expected = "linear or spot: an inverse contract is settled in its own coin"
            raise InvalidInput(f"category of {leg.symbol}", "inverse", expected)
        if not len(leg.traded):
            raise InvalidInput(f"bars of {leg.symbol}", "none", "at least one in the range")
    quotes = {leg.instrument.quote for leg in ordered} - {""}
    if len(quotes) > 1:
        raise InvalidInput("quote currency", ", ".join(sorted(quotes)), "one for all legs")
    return ordered
