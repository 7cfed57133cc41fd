"""What does one bar do to an account? The resumable step of a run, for kernels and agents."""

from __future__ import annotations

from typing import Final

from engines.compile import scalar
from engines.kernel import layout as at
from engines.kernel.decide import NO_ORDER, decide
from engines.kernel.execute import execute
from engines.kernel.exits import follow_column, raise_water
from engines.kernel.fills import Seen
from engines.kernel.inside import live_bar
from engines.kernel.layout import Account, Finer, Pending, Run, Signals
from engines.kernel.money import equity_at
from engines.orders import Reason

_BANKRUPT: Final = int(Reason.BANKRUPT)


@scalar
def waits(order: Pending) -> bool:
    """Whether there is anything to fill."""
    return order.close or order.side != 0.0


@scalar
def ready_exits(run: Run, account: Account, bar: int) -> None:
    """What a script does at the close for the exits of the bars to come."""
    close = run.bars.close[bar]
    side = account.side
    for lot in range(account.n_lots):
        # E8: exits issued at the first close that sees the position arm from that close.
        armed = side * close >= side * run.lots[lot, at.LOT_ACTIVATION]
        if armed and run.lots[lot, at.LOT_LIVE_FROM] == bar + 1:
            raise_water(run, lot, side, close)
        if run.choices[at.STOP_FOLLOWS] != 0:
            follow_column(run, lot, side, bar)


@scalar
def step(
    run: Run,
    finer: Finer,
    account: Account,
    order: Pending,
    action: Signals,
    bar: int,
    bracket: bool,
) -> tuple[Account, Pending, bool]:
    """One bar in full: what waited fills, the path is walked, the action becomes an order.

    `account` and `order` are all that a run hands from bar to bar beside its lots; the returned
    ones go into the next step. The flag tells that all is lost: nothing can follow.
    """
    bars, market = run.bars, run.market
    held = account.side != 0.0
    if waits(order):
        open_ = bars.open[bar]
        seen = Seen(open_, open_)
        account = execute(run, account, order, bar, open_, True, seen, bracket)
        held = held or account.side != 0.0
    if bracket and account.side != 0.0:
        account = live_bar(run, account, bar, finer)
    order = decide(run, action, account, bar)
    close = bars.close[bar]
    lost = equity_at(account, close, market) <= 0.0
    if lost:
        order = Pending(account.side != 0.0, _BANKRUPT, 0.0, 0.0, bar)
    if (market.fill_at_close or lost) and waits(order):
        seen = Seen(bars.high[bar], bars.low[bar])
        account = execute(run, account, order, bar, close, False, seen, bracket)
        order = NO_ORDER
    if bracket:
        ready_exits(run, account, bar)
    if held or account.side != 0.0:
        run.stats[at.STAT_BARS_HELD] += 1.0
    return account, order, lost
