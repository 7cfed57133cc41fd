"""The event engine: events in, instructions out, with the kernel's arithmetic.

`Trader` decides and keeps the account; it knows neither wire nor clock, so that the same object
trades in a backtest, on paper and live. `Exchange` is a simulated venue. `simulate` lets the two
take turns over bars; `Session` does it one bar at a time; `snapshot` and `restore` lay a session
down and take it up again.
"""

from engines.event.account import Fill, Trade
from engines.event.exchange import Exchange
from engines.event.perpetual import Perpetual, perpetual_for
from engines.event.simulate import Outcome, Session, bar_events, simulate
from engines.event.snapshot import restore, snapshot
from engines.event.trader import Trader

__all__ = [
    "Exchange",
    "Fill",
    "Outcome",
    "Perpetual",
    "Session",
    "Trade",
    "Trader",
    "bar_events",
    "perpetual_for",
    "restore",
    "simulate",
    "snapshot",
]
