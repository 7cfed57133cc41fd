"""How does a script trade on bars? The trader and a simulated venue, taking turns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engines.bars import Bars
from engines.broker import Broker
from engines.commands import Properties
from engines.doubts import Doubts
from engines.errors import InvalidInput
from engines.event.account import Account, Fill, Refused, Trade
from engines.event.doubt import Weighing
from engines.event.events import Bar, Prices
from engines.event.exchange import Exchange
from engines.event.marking import marks_of
from engines.event.order_rules import check_mode, order_rules_for
from engines.event.perpetual import Perpetual
from engines.event.trader import Trader
from engines.event.wallet import Wallet
from engines.instrument import Instrument
from engines.kernel.market import market_for
from engines.kernel.rounding import round_price
from engines.payoff import check_profile, payoff_of
from engines.rate_history import RateHistory
from engines.script import Guarding, Script
from engines.zones import trading_days


@dataclass(frozen=True)
class Outcome:
    """What came of it. `trades` in the order of their exits, `open` what is left at the end."""

    fills: list[Fill]
    trades: list[Trade]
    open: list[Trade]
    equity: list[float]
    refusals: list[Refused]
    doubts: Doubts | None = None


def account_under(broker: Broker, instrument: Instrument, said: Properties) -> Account:
    """A fresh account that trades one market. Raises InvalidInput for a profile of another kind."""
    check_profile(broker.profile, instrument.category, instrument.symbol)
    check_mode(broker, said.margin)
    market = market_for(broker, instrument)
    return Account(
        market,
        said.close_rule,
        market.initial_cash,
        payoff=payoff_of(broker.profile),
        wallet=Wallet() if broker.profile == "bybit_spot" else None,
        hedged=broker.position_mode == "hedge",
    )


class Session:
    """A trader at a simulated venue, fed bar by bar."""

    def __init__(
        self,
        script: Script,
        instrument: Instrument,
        broker: Broker,
        properties: Properties | None = None,
        run: str = "",
        perpetual: Perpetual | None = None,
    ) -> None:
        said = properties or Properties()
        if broker.position_mode == "hedge" and (said.risk.watches or said.calc_on_order_fills):
            expected = "one_way for a script with risk rules or calc_on_order_fills"
            raise InvalidInput("broker.position_mode", "hedge", expected)
        account = account_under(broker, instrument, said)
        self.trader = Trader(script, account.market, said, run, account)
        self.exchange = Exchange(
            account,
            said,
            self.trader.handle,
            perpetual=perpetual,
            rules=order_rules_for(instrument, broker, said.margin),
        )
        self.weighing = self.exchange.weighing = Weighing(self.trader, self.exchange)
        if isinstance(script, Guarding) and script.guards:
            self.exchange.held_back = self.trader.held_back

    def feed(self, bar: Bar) -> float:
        """One bar: what its path fills, what the script decides at its close; the equity then."""
        self.exchange.live_through(bar)
        self.exchange.receive(self.trader.handle(bar))
        self.exchange.close_bar()
        return self.trader.account.equity(bar.prices.close)


def simulate(
    script: Script,
    bars: Bars,
    instrument: Instrument,
    broker: Broker,
    properties: Properties | None = None,
    finer: Bars | None = None,
    run: str = "",
    perpetual: Perpetual | None = None,
    marks: Bars | None = None,
    rates: RateHistory | None = None,
) -> Outcome:
    """Run a script over all bars; `finer` bars replace the assumed path where they lie (B7).

    Under a `perpetual`'s rules funding is paid and positions are liquidated as on Bybit;
    otherwise they are called for margin as on TradingView. With `rates` the account is kept in
    their currency (G8); raises MissingData where they end.
    """
    session = Session(script, instrument, broker, properties, run, perpetual)
    equity, close = [], 0.0
    for bar in bar_events(bars, instrument, finer, marks, rates):
        equity.append(session.feed(bar))
        close = bar.prices.close
    account = session.trader.account
    left = account.still_open(len(bars) - 1, close)
    doubts = session.weighing.doubts
    return Outcome(account.fills, account.trades, left, equity, account.refusals, doubts)


def bar_events(
    bars: Bars,
    instrument: Instrument,
    finer: Bars | None = None,
    marks: Bars | None = None,
    rates: RateHistory | None = None,
) -> Iterator[Bar]:
    """Bars as events, oldest first, with the finer bars inside each; prices on the grid (C3).

    `marks` are bars of the mark price, as fine as the path at least. Raises MissingData where
    they, or the `rates` of the account's currency, have a hole.
    """
    tick = float(instrument.tick)
    moments = np.append(bars.open_ms, bars.close_ms[-1:])
    days = trading_days(moments, instrument.timezone, instrument.day_start).tolist()
    worth = [1.0] * len(bars) if rates is None else rates.of_bars(bars.open_ms).tolist()
    table = _prices(bars, tick)
    fine = [] if finer is None else _prices(finer, tick)
    fine_opens = [] if finer is None else finer.open_ms.tolist()
    first = last = [0] * len(bars)
    if finer is not None:
        first = finer.open_ms.searchsorted(bars.open_ms).tolist()
        last = finer.open_ms.searchsorted(bars.close_ms).tolist()
    opens, closes, volume = bars.open_ms.tolist(), bars.close_ms.tolist(), bars.volume.tolist()
    for t, prices in enumerate(table):
        inside = tuple(fine[first[t] : last[t]])
        parts = fine_opens[first[t] : last[t]] or [opens[t]]
        beside = marks_of(parts, closes[t], marks)
        clock = days[t], days[t + 1]
        yield Bar(t, opens[t], closes[t], prices, volume[t], inside, beside, *clock, worth[t])


def _prices(bars: Bars, tick: float) -> list[Prices]:
    columns = (bars.open, bars.high, bars.low, bars.close)
    rounded = [[float(round_price(price, tick)) for price in column] for column in columns]
    lowest = min(rounded[2], default=1.0)
    if lowest <= 0.0:
        at = rounded[2].index(lowest)
        moment = f"low of {bars.series} at {np.datetime64(int(bars.open_ms[at]), 'ms')}Z"
        raise InvalidInput(moment, float(bars.low[at]), f"half a tick of {tick:g} at least")
    return [Prices(*row) for row in zip(*rounded, strict=True)]
