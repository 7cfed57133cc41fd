"""The event engine: events in, instructions out, with the kernel's arithmetic.

`Trader` decides and keeps the account; it knows neither wire nor clock, so that the same object
trades in a backtest, on paper and live. `Exchange` is a simulated venue. `simulate` lets the two
take turns over bars; `Session` does it one bar at a time; `snapshot` and `restore` lay a session
down and take it up again.
"""

from engines.event.account import Fill, Trade
from engines.event.exchange import Exchange
from engines.event.latency import ConstantLatency, MeasuredLatency
from engines.event.perpetual import Perpetual, perpetual_for
from engines.event.queueing import AtTheFront, Probabilistic, RiskAverse
from engines.event.simulate import Outcome, Session, bar_events, simulate
from engines.event.snapshot import restore, snapshot
from engines.event.tick_exchange import Models, TickExchange
from engines.event.ticks import TickSession, bars_between, replay
from engines.event.trader import Trader

__all__ = [
    "AtTheFront",
    "ConstantLatency",
    "Exchange",
    "Fill",
    "MeasuredLatency",
    "Models",
    "Outcome",
    "Perpetual",
    "Probabilistic",
    "RiskAverse",
    "Session",
    "TickExchange",
    "TickSession",
    "Trade",
    "Trader",
    "bar_events",
    "bars_between",
    "perpetual_for",
    "replay",
    "restore",
    "simulate",
    "snapshot",
]
