"""A script with `calc_on_order_fills`, `var` and `varip`, carried over; docs/guides/pine.md."""

from __future__ import annotations

from engines.commands import Properties
from strategies.graph import close, sma
from strategies.scripting import EventStrategy, Now


class Refill(EventStrategy):
    """Buys below an average; as soon as that has filled, its target rests at the market."""

    properties = Properties(qty_type="fixed", qty_value=1.0, calc_on_order_fills=True)
    varip = ("runs",)

    def setup(self) -> None:
        self.average = sma(close, 10)
        self.bars = 0
        self.runs = 0

    def on_bar(self, now: Now) -> None:
        self.bars += 1
        self.runs += 1
        if now.position_size == 0:
            now.entry("L", "long", limit=now[self.average] * 0.998)
        else:
            now.exit("X", "L", limit=now.position_avg_price * 1.002)
