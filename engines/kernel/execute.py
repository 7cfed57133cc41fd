"""How does a market order fill? One order closes, opens or reverses (D1), with one fee (H3)."""

from __future__ import annotations

import math
from typing import Final

from engines.compile import scalar
from engines.kernel import layout as at
from engines.kernel.decide import accepted
from engines.kernel.exits import place_exits
from engines.kernel.fills import Seen, close_units, drop_empty_lots, open_lot, refuse
from engines.kernel.layout import Account, Market, Pending, Run
from engines.kernel.money import equity_at, market_price, order_fee, quantity
from engines.kernel.path import next_order
from engines.kernel.sizing import margin_held
from engines.orders import Reason, Refusal

_ENTRY: Final = int(Reason.ENTRY)
_REVERSAL: Final = int(Reason.REVERSAL)
_CAPACITY: Final = int(Refusal.CAPACITY)


@scalar
def closing_cost(units: float, price: float, market: Market) -> float:
    """What closing so many lots at `price` will cost before the new size is known."""
    qty = quantity(units, market)
    notional = price * qty * market.contract_value
    return market.taker_fee_rate * notional + market.fee_per_contract * qty


@scalar
def fill_units(run: Run, account: Account, order: Pending, bar: int, price: float) -> float:
    """Lots that the entry part of an order fills at `price`; 0 if refused there."""
    if order.side == 0.0:
        return 0.0
    if account.side == order.side and account.n_lots >= len(run.lots):
        refuse(run, bar, order.side, _CAPACITY)
        return 0.0
    if not math.isnan(order.units):
        return order.units
    equity = equity_at(account, price, run.market)
    free = equity
    if account.side == order.side:
        free -= margin_held(account, price, run.market)
    if order.close:
        # What closing costs is gone before the new size is found.
        closing = closing_cost(account.units, price, run.market)
        equity -= closing
        free -= closing
    return accepted(run, bar, order.side, order.signal_bar, price, equity, free)


@scalar
def execute(
    run: Run,
    account: Account,
    order: Pending,
    bar: int,
    raw: float,
    at_open: bool,
    seen: Seen,
    bracket: bool,
) -> Account:
    """Fill a waiting market order at `raw`, slipped: first what it closes, then what it opens.

    An entry that is refused takes the closing part of its reversal with it (D11).
    """
    trade_side = order.side if order.side != 0.0 else -account.side
    price = market_price(raw, trade_side, run.market)
    units = fill_units(run, account, order, bar, price)
    if order.side != 0.0 and units == 0.0:
        return account
    account = next_order(account)
    closing = account.units if order.close else 0.0
    total = closing + units
    fee = order_fee(price, quantity(total, run.market), run.market.taker_fee_rate, run.market)
    left = fee
    if order.close:
        for lot in range(account.n_lots):
            part = run.lots[lot, at.LOT_UNITS]
            # H3, H4: one fee an order, split by quantity; the last part takes what is left.
            last = units == 0.0 and lot == account.n_lots - 1
            share = left if last else fee * (part / total)
            left -= share
            account = close_units(run, account, bar, lot, part, price, share, order.reason, seen)
        account = drop_empty_lots(run, account)
    if units > 0.0:
        lot = account.n_lots
        reason = _REVERSAL if order.close else _ENTRY
        account = open_lot(
            run, account, bar, order.side, units, price, left, reason, order.signal_bar, at_open
        )
        if bracket:
            place_exits(run, lot, order.side)
    return account
