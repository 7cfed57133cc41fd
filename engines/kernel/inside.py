"""How is a bar lived through? Along its finer bars, or along its own path where it has none."""

from __future__ import annotations

from engines.compile import scalar
from engines.kernel.doubt import any_doubt, forget_doubt, weigh_orders
from engines.kernel.fills import NOTHING_SEEN
from engines.kernel.layout import Account, Finer, Run
from engines.kernel.path import Prices, live_through


@scalar
def live_bar(run: Run, account: Account, bar: int, finer: Finer) -> Account:
    """Walk a base bar through its finer bars, or along its own path where it has none (B7)."""
    bars = run.bars
    first = finer.first[bar]
    count = finer.end[bar] - first
    seen = NOTHING_SEEN
    prices = Prices(bars.open[bar], bars.high[bar], bars.low[bar], bars.close[bar])
    # What the whole bar leaves in no doubt, none of its finer bars does.
    doubtful = any_doubt(run, account, bar, prices)
    for k in range(max(count, 1)):
        if count > 0:
            j = first + k
            prices = Prices(finer.open[j], finer.high[j], finer.low[j], finer.close[j])
        if doubtful:
            weigh_orders(run, account, bar, prices)
        account, seen = live_through(run, account, bar, prices, seen, False)
        if account.side == 0.0:
            break
    if doubtful:
        forget_doubt(run, account)
    return account
