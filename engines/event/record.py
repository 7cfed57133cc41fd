"""How deep and how high has the account been along its path? (K4)"""

from __future__ import annotations

from dataclasses import dataclass, field

from engines.script import Tally


@dataclass
class Record:
    """Extremes of settled equity, of the marked one against them, and of the position.

    Shares are of the peak or trough that was in effect; positions are lots of the instrument.
    """

    initial: float
    peak: float = field(init=False)
    trough: float = field(init=False)
    drawdown: float = 0.0
    drawdown_share: float = 0.0
    runup: float = 0.0
    runup_share: float = 0.0
    most_long: float = 0.0
    most_short: float = 0.0
    # As the last bar ended, and the highest equity at the close of an earlier one.
    entries: int = 0
    orders: int = 0
    equity: float = field(init=False)
    highest: float = field(init=False)
    # Closed trades: those that won and lost, and what they made.
    trades: int = 0
    wins: int = 0
    losses: int = 0
    profit: float = 0.0
    loss: float = 0.0

    def __post_init__(self) -> None:
        self.peak = self.trough = self.equity = self.highest = self.initial

    def end_bar(self, entries: int, orders: int, equity: float) -> None:
        """A bar is over."""
        self.highest = max(self.highest, self.equity)
        self.fill_at_close(entries, orders, equity)

    def fill_at_close(self, entries: int, orders: int, equity: float) -> None:
        """Something more has filled at the close of the bar that is over."""
        self.entries, self.orders, self.equity = entries, orders, equity

    @property
    def tally(self) -> Tally:
        """As the last bar ended."""
        highest = max(self.highest, self.equity)
        return Tally(self.entries, self.orders, self.equity, highest)

    def settle(self, equity: float) -> None:
        """A trade was closed and left this much."""
        if equity > self.peak:
            self.peak = equity
        if equity < self.trough:
            self.trough = equity

    def count(self, pnl: float) -> None:
        """A trade was closed."""
        self.trades += 1
        if pnl > 0.0:
            self.wins += 1
            self.profit += pnl
        elif pnl < 0.0:
            self.losses += 1
            self.loss -= pnl

    def mark(self, equity: float) -> None:
        """The path went where an open position makes this much."""
        down, up = self.peak - equity, equity - self.trough
        if down > self.drawdown:
            self.drawdown = down
        if up > self.runup:
            self.runup = up
        if down > self.drawdown_share * self.peak > 0.0 or self.drawdown_share == 0.0 < down:
            self.drawdown_share = down / self.peak if self.peak > 0.0 else 0.0
        if up > self.runup_share * self.trough > 0.0 or self.runup_share == 0.0 < up:
            self.runup_share = up / self.trough if self.trough > 0.0 else 0.0

    def hold(self, side: int, units: float) -> None:
        """An entry made the position this large."""
        if side > 0:
            self.most_long = max(self.most_long, units)
        else:
            self.most_short = max(self.most_short, units)
