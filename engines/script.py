"""What is a strategy with order logic of its own? What it sees at a close, what it answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from engines.commands import Command


@dataclass(frozen=True)
class View:
    """What a script sees of its account at a close: Pine's built-ins of the same names.

    `entry_bar` is the bar of the oldest open entry, `flat_bar` the bar of the fill that last left
    nothing open, `loss_bar` the same for a last part that closed at a loss; −1 for none.
    In hedge mode `position_size` is `long_size` less `short_size`.
    """

    bar: int
    position_size: float
    position_avg_price: float
    equity: float
    netprofit: float
    openprofit: float
    opentrades: int
    closedtrades: int
    entry_bar: int = -1
    flat_bar: int = -1
    loss_bar: int = -1
    long_size: float = 0.0
    short_size: float = 0.0


class Script(Protocol):
    """A strategy with order logic of its own."""

    def on_close(self, view: View) -> Iterable[Command]:
        """Commands at the close of bar `view.bar`, in the order of the calls."""
        ...
