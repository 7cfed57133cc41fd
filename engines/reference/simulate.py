"""How does a script trade? Bar by bar: the path, the fills on it, and the script at its close."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from engines.bars import Bars
from engines.broker import Broker
from engines.commands import Properties
from engines.instrument import Instrument
from engines.reference.account import Account, Fill, Refused, Trade
from engines.reference.desk import Desk
from engines.reference.grid import Grid, Ticks
from engines.reference.market import Market
from engines.reference.path import paths_inside
from engines.script import Script, View


@dataclass(frozen=True)
class Outcome:
    """What came of it. `trades` in the order of their exits, `open` what is left at the end."""

    fills: list[Fill]
    trades: list[Trade]
    open: list[Trade]
    equity: list[Fraction]
    refusals: list[Refused]


def simulate(
    script: Script,
    bars: Bars,
    instrument: Instrument,
    broker: Broker,
    properties: Properties | None = None,
    finer: Bars | None = None,
    start: int = 0,
) -> Outcome:
    """Run a script over the bars from `start` on.

    `finer` bars replace the assumed path where they lie (B7).
    """
    grid = Grid.of(instrument, inverse=broker.profile == "bybit_inverse")
    said = properties or Properties()
    account = Account(grid, broker, said.close_rule)
    desk = Desk(grid, broker, said, account, instrument)
    market = Market(desk, int(broker.slippage_ticks))
    equity = []
    close: Ticks = 0
    for bar in range(start, len(bars)):
        for path in paths_inside(bars, finer, bar, grid):
            market.jump(bar, path.open)
            for price in path[1:]:
                market.move(bar, price)
            close = path.close
        # A1: the script runs once, at the close.
        for command in script.on_close(view_of(account, bar, close)):
            desk.take(command, bar, close)
        desk.see_first_close(bar, close)
        market.end_bar(bar, close)
        equity.append(account.equity(close))
    left = account.still_open(len(bars) - 1, close) if len(bars) else []
    return Outcome(account.fills, account.trades, left, equity, account.refusals)


def view_of(account: Account, bar: int, close: Ticks) -> View:
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
    )
