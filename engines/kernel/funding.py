"""What does holding cost at a settlement? Funding, lot by lot, at the price of its moment."""

from __future__ import annotations

from engines.compile import scalar, seldom
from engines.kernel import layout as at
from engines.kernel.fills import record_funding
from engines.kernel.layout import Account, Run
from engines.kernel.money import quantity


@scalar
def next_settlement(run: Run, bar: int, stop: int) -> int:
    """First bar from `bar` on in which funding falls due; `stop` if none is before."""
    if bar >= stop:
        return stop
    first = run.funding.first[bar]
    return min(stop, int(run.funding.bar[first])) if first < len(run.funding.bar) else stop


@seldom
def settle(run: Run, account: Account, bar: int, at_open: bool) -> Account:
    """Pay what falls due at a bar's open, or inside it: there its close decides what is held."""
    due = run.funding
    mark = run.bars.open[bar] if at_open else run.bars.close[bar]
    for one in range(due.first[bar], len(due.bar)):
        if due.bar[one] != bar or account.side == 0.0:
            break
        if (due.at_open[one] != 0) == at_open:
            account = pay(run, account, bar, mark, due.rate[one])
    return account


@scalar
def pay(run: Run, account: Account, bar: int, mark: float, rate: float) -> Account:
    """Longs pay `rate` of the value at `mark` to shorts; below zero shorts pay longs."""
    lots, market, side = run.lots, run.market, account.side
    paid = 0.0
    for lot in range(account.n_lots):
        qty = quantity(lots[lot, at.LOT_UNITS], market)
        own = side * (mark * qty * market.contract_value) * rate
        lots[lot, at.LOT_FUNDING] += own
        paid += own
    after = Account(
        account.cash - paid,
        side,
        account.units,
        account.cost,
        account.n_lots,
        account.trades,
        account.orders,
        account.blocked_until,
    )
    record_funding(run, after, bar, mark, paid)
    return after
