"""What does one bar do to an account? The resumable step of a run, for kernels and agents."""

from __future__ import annotations

from typing import Final

from engines.compile import scalar
from engines.kernel import layout as at
from engines.kernel.anchors import guard_margin, show_own_stop
from engines.kernel.ask import ask
from engines.kernel.day_end import close_for_losses, end_day
from engines.kernel.decide import NO_ORDER, decide
from engines.kernel.execute import execute
from engines.kernel.exits import follow_column, raise_water
from engines.kernel.fills import Seen
from engines.kernel.funding import settle
from engines.kernel.inside import live_bar
from engines.kernel.ladder import end_with_position
from engines.kernel.layout import Account, Finer, Pending, Run, Signals
from engines.kernel.limits import begin_day
from engines.kernel.money import equity_at
from engines.kernel.resting import anything_rests, sizing_equity
from engines.kernel.walking import begin_position, meet_at_close, walk_bar
from engines.orders import Reason

_BANKRUPT: Final = int(Reason.BANKRUPT)


@scalar
def waits(order: Pending) -> bool:
    """Whether there is anything to fill."""
    return order.close or order.side != 0.0


@scalar
def arm_trails(run: Run, account: Account, bar: int, bracket: bool) -> None:
    """E8: exits issued at the first close that sees the position arm from that close.

    That comes before what fills at the close (A2) and moves what is anchored to the position.
    """
    if not bracket or not run.market.exits_from_next_bar:
        return
    close = run.bars.close[bar]
    side = account.side
    for lot in range(account.n_lots):
        armed = side * close >= side * run.lots[lot, at.LOT_ACTIVATION]
        if armed and run.lots[lot, at.LOT_LIVE_FROM] == bar + 1:
            raise_water(run, lot, side, close)


@scalar
def ready_exits(run: Run, account: Account, bar: int, rests: bool) -> None:
    """Stops that follow their column go where the closed bar has it."""
    side = account.side
    for lot in range(account.n_lots):
        if run.choices[at.STOP_FOLLOWS] != 0:
            if rests:
                show_own_stop(run, lot)
            follow_column(run, lot, side, bar)
            if rests:
                guard_margin(run, lot, side)


@scalar
def fill(
    run: Run,
    account: Account,
    order: Pending,
    bar: int,
    raw: float,
    at_open: bool,
    seen: Seen,
    bracket: bool,
    rests: bool,
) -> Account:
    """Fill a market order at `raw`; with `rests` its entry may begin a ladder."""
    before = account
    account = execute(run, account, order, bar, raw, at_open, seen, bracket)
    if rests:
        end_with_position(run, account)
        if account.trades > before.trades:
            equity = sizing_equity(run, before, run.bars.close[order.signal_bar])
            begin_position(run, account, bar, equity, order.signal_bar)
        if run.choices[at.RULES] != 0:
            account = end_day(run, account, bar, raw, seen)
    return account


@scalar
def begin_bar(run: Run, account: Account, bar: int, rests: bool) -> Account:
    """What comes before a bar's orders fill: a new day of limits, funding due at its open."""
    if not rests:
        return account
    if run.choices[at.RULES] != 0:
        begin_day(run, account, bar, run.stats[at.STAT_EQUITY])
    return settle(run, account, bar, True)


@scalar
def ask_within_limits(run: Run, action: Signals, account: Account, bar: int) -> Pending:
    """What the closed bar asks for, unless a limit of losses closes everything."""
    limited = close_for_losses(run, account, NO_ORDER, bar)
    order = ask(run, action, account, bar)
    return limited if limited.reason != 0 else order


@scalar
def step(
    run: Run,
    finer: Finer,
    account: Account,
    order: Pending,
    action: Signals,
    bar: int,
    bracket: bool,
    rests: bool,
) -> tuple[Account, Pending, bool]:
    """One bar in full: what waited fills, the path is walked, the action becomes an order.

    `bracket` tells that exits rest in the market, `rests` that entries may too. `account` and
    `order` are all that a run hands from bar to bar beside its lots and resting entries; the
    returned ones go into the next step. The flag tells that all is lost: nothing can follow.
    """
    bars, market = run.bars, run.market
    held = account.side != 0.0
    entries = account.trades
    account = begin_bar(run, account, bar, rests)
    if waits(order):
        open_ = bars.open[bar]
        seen = Seen(open_, open_)
        account = fill(run, account, order, bar, open_, True, seen, bracket, rests)
        held = held or account.side != 0.0
    if rests:
        if account.side != 0.0 or anything_rests(run):
            account = walk_bar(run, account, bar, finer)
        account = settle(run, account, bar, False)
        held = held or account.trades > entries
        order = ask_within_limits(run, action, account, bar)
    else:
        if bracket and account.side != 0.0:
            account = live_bar(run, account, bar, finer)
        order = decide(run, action, account, bar)
    arm_trails(run, account, bar, bracket)
    close = bars.close[bar]
    lost = equity_at(account, close, market) <= 0.0
    if lost:
        order = Pending(account.side != 0.0, _BANKRUPT, 0.0, 0.0, bar)
    entries = account.trades
    if (market.fill_at_close or lost) and waits(order):
        seen = Seen(bars.high[bar], bars.low[bar])
        account = fill(run, account, order, bar, close, False, seen, bracket, rests)
        order = NO_ORDER
    if rests and market.fill_at_close and not lost:
        account = meet_at_close(run, account, bar, entries)
    if bracket:
        ready_exits(run, account, bar, rests)
    if held or account.side != 0.0:
        run.stats[at.STAT_BARS_HELD] += 1.0
    return account, order, lost
