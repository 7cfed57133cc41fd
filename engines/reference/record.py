"""How deep and how high has the account been? Peaks and troughs along the path (K4)."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from engines.reference.grid import Units
from engines.script import Tally

ZERO = Fraction(0)


@dataclass
class Record:
    """Extremes of settled equity, and how far the marked equity went from them.

    `peak` and `trough` are of the initial capital and the equity after each closed trade.
    """

    initial: Fraction
    peak: Fraction = field(init=False)
    trough: Fraction = field(init=False)
    drawdown: Fraction = ZERO
    drawdown_share: Fraction = ZERO
    runup: Fraction = ZERO
    runup_share: Fraction = ZERO
    most_long: Units = 0
    most_short: Units = 0
    # As the last bar ended, and the highest equity at a close so far.
    entries: int = 0
    orders: int = 0
    closing: Fraction = field(init=False)
    highest: Fraction = field(init=False)

    def __post_init__(self) -> None:
        self.peak = self.trough = self.closing = self.highest = self.initial

    def end_bar(self, entries: int, orders: int, equity: Fraction) -> None:
        """A bar is over, what fills at its close included."""
        self.entries, self.orders, self.closing = entries, orders, equity
        self.highest = max(self.highest, equity)

    @property
    def tally(self) -> Tally:
        """As the last bar ended."""
        return Tally(self.entries, self.orders, float(self.closing), float(self.highest))

    def settle(self, equity: Fraction) -> None:
        """A trade was closed and left this much."""
        self.peak, self.trough = max(self.peak, equity), min(self.trough, equity)

    def mark(self, equity: Fraction) -> None:
        """The path went where an open position makes this much (K4)."""
        down, up = self.peak - equity, equity - self.trough
        self.drawdown, self.runup = max(self.drawdown, down), max(self.runup, up)
        # L4 leaves the percentage open: of the peak, or trough, in effect.
        if self.peak > 0 and down > 0:
            self.drawdown_share = max(self.drawdown_share, down / self.peak)
        if self.trough > 0 and up > 0:
            self.runup_share = max(self.runup_share, up / self.trough)

    def hold(self, position: Units) -> None:
        """An entry made the position this large."""
        self.most_long = max(self.most_long, position)
        self.most_short = max(self.most_short, -position)
