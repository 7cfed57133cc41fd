"""What ends a day, or all trading, at once? The last order of the day, a limit of losses."""

from __future__ import annotations

from typing import Final

from engines.compile import scalar, seldom
from engines.kernel import layout as at
from engines.kernel import rests
from engines.kernel.execute import execute
from engines.kernel.fills import Seen
from engines.kernel.ladder import end_with_position
from engines.kernel.layout import Account, Pending, Run
from engines.kernel.limits import check_losses, day_of_orders
from engines.kernel.resting import take_away
from engines.orders import Reason

_ORDER_LIMIT: Final = int(Reason.ORDER_LIMIT)


@scalar
def withdraw_all(run: Run) -> None:
    """Take away every entry that rests."""
    for row in range(rests.LONG_ENTRY, len(run.resting)):
        take_away(run, row)


@seldom
def end_day(run: Run, account: Account, bar: int, price: float, seen: Seen) -> Account:
    """After an order: the day's last one withdraws everything, and closes at its price (J2)."""
    if not day_of_orders(run, account):
        return account
    withdraw_all(run)
    if account.side != 0.0:
        order = Pending(True, _ORDER_LIMIT, 0.0, 0.0, bar)
        account = execute(run, account, order, bar, price, False, seen, True)
        end_with_position(run, account)
    return account


@scalar
def close_for_losses(run: Run, account: Account, order: Pending, bar: int) -> Pending:
    """The order of a close, or that of a limit of losses which is reached there (J3, J4)."""
    if run.choices[at.RULES] == 0:
        return order
    reason = check_losses(run, account, bar)
    if reason == 0:
        return order
    withdraw_all(run)
    return Pending(account.side != 0.0, reason, 0.0, 0.0, bar)
