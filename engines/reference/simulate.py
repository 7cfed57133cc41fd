"""How does a script trade? Bar by bar: the path, the fills on it, and the script at its close."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np

from engines.bars import Bars
from engines.broker import Broker
from engines.commands import Properties
from engines.doubts import Doubts
from engines.instrument import Instrument
from engines.orders import Refusal
from engines.rate_history import RateHistory
from engines.reference.account import Account, Fill, Refused, Trade
from engines.reference.day_orders import DayBook
from engines.reference.desk import Desk
from engines.reference.doubt import Weighing
from engines.reference.grid import Grid, Ticks
from engines.reference.guard import Guard
from engines.reference.market import Market
from engines.reference.path import paths_inside
from engines.reference.recalculation import walk
from engines.reference.statement import Statement
from engines.script import Guarding, Recalculated, Script, View
from engines.zones import trading_days


@dataclass(frozen=True)
class Outcome:
    """What came of it. `trades` in the order of their exits, `open` what is left at the end."""

    fills: list[Fill]
    trades: list[Trade]
    open: list[Trade]
    equity: list[Fraction]
    refusals: list[Refused]
    doubts: Doubts | None = None


def simulate(
    script: Script,
    bars: Bars,
    instrument: Instrument,
    broker: Broker,
    properties: Properties | None = None,
    finer: Bars | None = None,
    start: int = 0,
    rates: RateHistory | None = None,
) -> Outcome:
    """Run a script over the bars from `start` on.

    `finer` bars replace the assumed path where they lie (B7). With `rates` the account is kept in
    their currency (G8); raises MissingData where they end.
    """
    run = _Run(script, bars, instrument, broker, properties or Properties(), finer, rates)
    for bar in range(start, len(bars)):
        run.live_through(bar)
    account = run.account
    left = account.still_open(len(bars) - 1, run.close) if len(bars) else []
    doubts = run.weighing.doubts
    return Outcome(account.fills, account.trades, left, run.equity, account.refusals, doubts)


class _Run:
    """A script with its account and market, bar after bar."""

    def __init__(
        self,
        script: Script,
        bars: Bars,
        instrument: Instrument,
        broker: Broker,
        said: Properties,
        finer: Bars | None,
        rates: RateHistory | None,
    ) -> None:
        self.script, self.bars, self.finer, self.said = script, bars, finer, said
        self.grid = Grid.of(instrument, inverse=broker.profile == "bybit_inverse")
        self.account = Account(self.grid, broker, said.close_rule)
        self.desk = Desk(self.grid, broker, said, self.account, instrument)
        self.market = Market(self.desk, int(broker.slippage_ticks))
        self.weighing = self.market.weighing = Weighing(self.market, instrument)
        if said.risk.watches:
            self.market.guard = Guard(self.account, said.risk)
        if said.day_orders is not None:
            self.market.day_book = DayBook(self.account, said.day_orders)
        if isinstance(script, Guarding) and script.guards:
            self.market.held_back = partial(self._held_back, script)
        moments = np.append(bars.open_ms, bars.close_ms[-1:])
        self.days = trading_days(moments, instrument.timezone, instrument.day_start).tolist()
        self.rates = None if rates is None else rates.of_bars(bars.open_ms).tolist()
        self.fills_at_close = broker.fill_at == "close"
        self.equity: list[Fraction] = []
        self.close: Ticks = 0
        self.passes = 0

    def live_through(self, bar: int) -> None:
        """The path of a bar, and the script at its close."""
        if self.rates is not None:
            self.account.rate = Fraction(self.rates[bar])
        paths = list(paths_inside(self.bars, self.finer, bar, self.grid))
        if self.market.day_book is not None:
            self.market.day_book.open_bar(int(self.bars.open_ms[bar]))
        self.market.open_bar(bar, self.days[bar], paths[0].open)
        # I4, not settled by the rules: among finer bars no call waits for the close.
        self.market.close = paths[0].close if len(paths) == 1 else None
        saved = self._saved()
        for path in paths:
            self.market.path = path
            if self.said.calc_on_order_fills:
                walk(self.market, bar, path, lambda price: self._run_pass(bar, price, saved))
                continue
            self.market.jump(bar, path.open)
            for price in path[1:]:
                self.market.move(bar, price)
        self.close = paths[-1].close
        self._decide(bar)
        self.market.end_bar(bar, self.close)
        account = self.account
        self.equity.append(account.equity(self.close))
        account.record.end_bar(account.entries, account.orders, self.equity[-1])

    def _held_back(self, script: Guarding, side: int, price: Ticks) -> Refusal | None:
        bar = self.market.bar
        view = view_of(self.account, bar, price, self.desk)
        return script.held_back(side, int(self.bars.open_ms[bar]), view)

    def _saved(self) -> object:
        again = self.said.calc_on_order_fills
        return self.script.save() if again and isinstance(self.script, Recalculated) else None

    def _run_pass(self, bar: int, price: Ticks, saved: object) -> None:
        """The script after a fill inside the bar: what it remembers of this is undone (A5)."""
        # Not settled by the rules: sizes and equity are those of the price where the path stands.
        self.passes += 1
        commands = list(self.script.on_close(view_of(self.account, bar, price, self.desk)))
        if isinstance(self.script, Recalculated):
            self.script.roll_back(saved)
        guard = self.market.guard
        if guard is None or not guard.refuses(self.days[bar]):
            for command in commands:
                self.desk.take(command, bar, price, -self.passes)

    def _decide(self, bar: int) -> None:
        """A1: the script runs once, at the close."""
        guard, close = self.market.guard, self.close
        ended = None if guard is None else guard.close_bar(close)
        next_day = self.days[bar if self.fills_at_close else bar + 1]
        self.desk.ladders.close_bar(close)
        for command in self.script.on_close(view_of(self.account, bar, close, self.desk)):
            if guard is None or not guard.refuses(next_day):
                self.desk.take(command, bar, close)
        self.desk.see_first_close(bar, close)
        if ended is not None:
            self.market.force_out(bar, close, ended)


def view_of(account: Account, bar: int, close: Ticks, desk: Desk | None = None) -> View:
    """What a script sees of its account at a close."""
    grid, position = account.grid, account.position
    profit = account.open_profit(close)
    entered = [(lot.price, lot.units) for lot in account.lots]
    sides = {lot.side for lot in account.lots}
    return View(
        bar=bar,
        position_size=float(position * grid.lot),
        position_avg_price=math.nan if len(sides) > 1 else grid.average(entered),
        equity=float(account.equity(close)),
        netprofit=float(account.cash - Fraction(account.broker.initial_cash)),
        openprofit=float(profit),
        opentrades=len(account.lots),
        closedtrades=len(account.trades),
        entry_bar=account.lots[0].bar if account.lots else -1,
        flat_bar=account.flat_bar,
        loss_bar=account.loss_bar,
        long_size=float(account.open_on(1) * grid.lot),
        short_size=float(account.open_on(-1) * grid.lot),
        price=grid.price(close),
        waiting=() if desk is None else tuple(desk.pending),
        statement=None if desk is None else Statement(account, desk, close),
    )
