"""An event strategy as a user writes it: a channel's break, trailed by ATR."""

from __future__ import annotations

from engines.commands import Properties
from strategies.graph import atr, close, high, highest, sma
from strategies.scripting import EventStrategy, Now


class Breakout(EventStrategy):
    """Buys the break of a channel, trails by ATR."""

    parameters = {"length": 20, "risk": 2.0}  # noqa: RUF012 - as a user writes it
    properties = Properties(qty_type="percent_of_equity", qty_value=50)

    def setup(self) -> None:
        self.top = highest(high, int(self["length"]))
        self.range = atr(14)
        self.trend = close.crosses_above(sma(close, 50))

    def on_bar(self, now: Now) -> None:
        if now.position_size == 0:
            now.entry("L", "long", stop=now[self.top])
        else:
            now.exit("X", "L", stop=now.close - self["risk"] * now[self.range], comment="atr")
