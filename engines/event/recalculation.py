"""How does a bar go when the script runs again after fills? `calc_on_order_fills` (A5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from engines.event.events import Event, Instruction, Pass, Prices
from engines.kernel.rounding import high_comes_first

# Passes stand at the open, the near and the far extreme; the close has the script's own run.
_NODES: Final = 3


class Venue(Protocol):
    """What a walk needs of a simulated venue."""

    bar: int
    orders_filled: int

    @property
    def report(self) -> Callable[[Event], list[Instruction]]: ...
    def receive(self, instructions: list[Instruction]) -> None: ...
    def jump(self, price: float) -> None: ...
    def fill_here(self, price: float) -> None: ...
    def move(self, price: float) -> None: ...


def way_of(prices: Prices, tick: float, of: Prices | None = None) -> tuple[float, float, float]:
    """Where a bar goes from its open: the nearer extreme, the other, the close (B1).

    `of` is what goes that way: the mark price has its highs when the last price has them.
    """
    _, high, low, close = prices if of is None else of
    if high_comes_first(prices.open, prices.high, prices.low, tick):
        return high, low, close
    return low, high, close


def walk(venue: Venue, prices: Prices, tick: float) -> None:
    """Go along one path; where something has filled, the script runs at the end of that leg.

    What a pass orders at the market fills where it stands; it then goes one leg, and the next
    pass stands at its end. A pass without fills of its own lets the path go on.
    """
    before = venue.orders_filled
    venue.jump(prices.open)
    for node, (here, there) in enumerate(
        zip((prices.open, *way_of(prices, tick)), way_of(prices, tick), strict=False)
    ):
        if venue.orders_filled > before and node < _NODES:
            before = venue.orders_filled
            venue.receive(venue.report(Pass(venue.bar, here)))
            venue.fill_here(here)
        else:
            before = venue.orders_filled
        venue.move(there)
