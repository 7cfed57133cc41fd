"""Pine's built-in channel breakout with a bracket, carried over; docs/guides/pine.md shows it."""

from __future__ import annotations

from engines.commands import Properties
from strategies.graph import atr, high, highest, low, lowest
from strategies.scripting import EventStrategy, Now


class Channel(EventStrategy):
    """Stop orders at a channel's edges, a bracket of ATRs around each entry."""

    parameters = {"length": 20, "target": 3.0, "stop": 1.5}  # noqa: RUF012 - as a user writes it
    properties = Properties(qty_type="percent_of_equity", qty_value=25, pyramiding=1)

    def setup(self) -> None:
        self.top = highest(high, int(self["length"]))
        self.bottom = lowest(low, int(self["length"]))
        self.range = atr(14)

    def on_bar(self, now: Now) -> None:
        now.entry("L", "long", stop=now[self.top] + now.mintick, oca_name="channel")
        now.entry("S", "short", stop=now[self.bottom] - now.mintick, oca_name="channel")
        ticks = now[self.range] / now.mintick
        for name in ("L", "S"):
            profit, loss = self["target"] * ticks, self["stop"] * ticks
            now.exit(f"X{name}", name, profit=profit, loss=loss, comment="bracket")
