"""A strategy as a user would port it: averages cross, a bracket rests on each entry."""

from __future__ import annotations

from engines.commands import Properties
from strategies.graph import close, ema
from strategies.scripting import EventStrategy, Now


class Bracket(EventStrategy):
    """Enters at the market when two averages cross, leaves by a stop or a target."""

    parameters = {"quick": 5, "lazy": 12, "size": 2.0, "target": 60, "stop": 40}  # noqa: RUF012

    def setup(self) -> None:
        quick, lazy = ema(close, int(self["quick"])), ema(close, int(self["lazy"]))
        self.up, self.down = quick.crosses_above(lazy), quick.crosses_below(lazy)

    def on_bar(self, now: Now) -> None:
        for signal, side, way in ((self.up, "long", 1), (self.down, "short", -1)):
            if now[signal]:
                target = now.close + way * self["target"]
                stop = now.close - way * self["stop"]
                now.entry(f"{side} entry", side, qty=self["size"])  # type: ignore[arg-type]
                now.exit(f"{side} exit", f"{side} entry", limit=target, stop=stop)


class Adding(EventStrategy):
    """Adds to a long while it lasts, as far as `pyramiding` lets it."""

    properties = Properties(pyramiding=3)

    def setup(self) -> None:
        self.up = close.crosses_above(ema(close, 12))
        self.out = close.crosses_below(ema(close, 40))

    def on_bar(self, now: Now) -> None:
        if now[self.up]:
            now.entry("add", "long", qty=1)
        if now[self.out]:
            now.close_all()


class Single(Adding):
    """The same, with one entry at a time."""

    properties = Properties(pyramiding=0)
