"""A day trader with limits of `strategy.risk.*`, carried over; docs/guides/pine.md shows it."""

from __future__ import annotations

from engines.commands import Properties
from engines.risk_rules import LossLimit, RiskRules
from strategies.graph import close, ema
from strategies.scripting import EventStrategy, Now


class DayTrader(EventStrategy):
    """Crosses of two averages inside New York's hours; flat at their end."""

    properties = Properties(
        qty_type="fixed",
        qty_value=1.0,
        risk=RiskRules(max_intraday_filled_orders=6, max_intraday_loss=LossLimit(2.0)),
    )

    def setup(self) -> None:
        fast, slow = ema(close, 5), ema(close, 13)
        self.up, self.down = fast.crosses_above(slow), fast.crosses_below(slow)

    def on_bar(self, now: Now) -> None:
        if not now.in_session("0930-1555:23456", "America/New_York"):
            if now.position_size != 0:
                now.close_all(comment="end of day", immediately=True)
            return
        if now[self.up]:
            now.entry("L", "long")
        if now[self.down]:
            now.entry("S", "short")
