"""What does a resting entry do when the price meets it? One order, as the market's own (D1, H3)."""

from __future__ import annotations

import math
from typing import Final

from engines.compile import scalar
from engines.kernel import layout as at
from engines.kernel import rests
from engines.kernel.exits import place_exits
from engines.kernel.fills import Seen, close_units, drop_empty_lots, open_lot, refuse
from engines.kernel.layout import Account, Run
from engines.kernel.limits import hindrance
from engines.kernel.money import equity_at, market_price, order_fee, quantity
from engines.kernel.path import next_order
from engines.kernel.resting import take_away
from engines.kernel.shares import size_of, within_limits
from engines.kernel.sizing import check_entry, entry_units
from engines.orders import Reason, Refusal

_ENTRY: Final = int(Reason.ENTRY)
_REVERSAL: Final = int(Reason.REVERSAL)
_SAFETY_ORDER: Final = int(Reason.SAFETY_ORDER)
_CAPACITY: Final = int(Refusal.CAPACITY)
_NO_MARGIN: Final = int(Refusal.NO_MARGIN)
# An order that spends exactly what there is must not fail by the last bit of a division.
_MARGIN_SLACK: Final = 1.0 + 1e-9


@scalar
def own_units(run: Run, account: Account, row: int, bar: int, price: float) -> float:
    """Lots that a resting entry asks for itself at its fill (G5); 0 after a refusal."""
    market, one = run.market, run.resting[row]
    side = one[rests.SIDE]
    equity = equity_at(account, price, market)
    sizing = equity if math.isnan(one[rests.EQUITY]) else one[rests.EQUITY]
    asked = size_of(run, side, int(one[rests.SIGNAL_BAR]), price)
    size = asked.size * one[rests.SHARE]
    free = equity - carried(account, side, price, run)
    units = entry_units(asked.mode, size, sizing, free, price, asked.away, market)
    if row < rests.SAFETY:
        units = within_limits(run, units, sizing, price)
    reason = asked.refusal
    if run.choices[at.RULES] != 0 and row < rests.SAFETY:
        reason = max(reason, hindrance(run, account, bar, side))
    if reason == 0:
        # The margin is that of the part that opens: it is checked with the whole order.
        reason = check_entry(units, equity, math.inf, price, market)
    if reason != 0:
        refuse(run, bar, side, reason)
        return 0.0
    return units


@scalar
def carried(account: Account, side: float, price: float, run: Run) -> float:
    """Margin of what is open on a side already, at its value (I5)."""
    if account.side != side:
        return 0.0
    value = price * quantity(account.units, run.market) * run.market.contract_value
    return value / run.market.leverage


@scalar
def can_carry(run: Run, account: Account, side: float, price: float, units: float) -> bool:
    """I5: whether the equity at the fill is margin enough for what opens."""
    market = run.market
    if units == 0.0 or not market.check_margin:
        return True
    margin = price * quantity(units, market) * market.contract_value / market.leverage
    needed = carried(account, side, price, run) + margin
    return needed <= equity_at(account, price, market) * _MARGIN_SLACK


@scalar
def leave_oldest(
    run: Run, account: Account, bar: int, units: float, price: float, fee: float, seen: Seen
) -> Account:
    """Close `units` of the position for a reversal, oldest lots first, the fee shared (H3)."""
    left, unpaid = units, fee
    # Without a lot, what rounding leaves of several entries is nothing.
    whole = not units < account.units
    for lot in range(account.n_lots):
        held = run.lots[lot, at.LOT_UNITS]
        part = held if whole else min(left, held)
        if not part > 0.0:
            break
        left -= part
        last = not left > 0.0 or lot == account.n_lots - 1
        share = unpaid if last else fee * (part / units)
        unpaid -= share
        account = close_units(run, account, bar, lot, part, price, share, _REVERSAL, seen)
    return drop_empty_lots(run, account)


@scalar
def fill_entry(
    run: Run, account: Account, row: int, bar: int, met: float, moment: float, seen: Seen
) -> Account:
    """Fill the resting entry of a row where the path meets it; it is gone, also if refused.

    `moment` is when in the bar: `AT_CLOSE` or `INSIDE`.
    """
    one, market = run.resting[row], run.market
    side, slips = one[rests.SIDE], one[rests.TYPE] == at.STOP_ENTRY
    # C4: a stop is slipped as a market order, a limit never.
    price = market_price(met, side, market) if slips else met
    units = own_units(run, account, row, bar, price)
    take_away(run, row)
    if units == 0.0:
        return account
    total = units + one[rests.AGAINST]
    closing = min(total, account.units) if account.side == -side else 0.0
    opening = total - closing
    if not can_carry(run, account, side, price, opening):
        refuse(run, bar, side, _NO_MARGIN)
        return account
    lot = account.n_lots if account.side == side else 0
    if lot >= len(run.lots):
        refuse(run, bar, side, _CAPACITY)
        return account
    rate = market.taker_fee_rate if slips else market.maker_fee_rate
    fee = order_fee(price, quantity(total, market), rate, market)
    account = next_order(account)
    share = fee
    if closing > 0.0:
        share = fee * (opening / total)
        account = leave_oldest(run, account, bar, closing, price, fee - share, seen)
    if opening > 0.0:
        reason = _REVERSAL if closing > 0.0 else _ENTRY
        if row >= rests.SAFETY:
            reason = _SAFETY_ORDER
        signal_bar, inside = int(one[rests.SIGNAL_BAR]), moment != at.AT_CLOSE
        account = open_lot(
            run, account, bar, side, opening, price, share, reason, signal_bar, inside
        )
        run.lots[lot, at.LOT_AT_OPEN] = moment
        run.lots[lot, at.LOT_HIGH] = price
        run.lots[lot, at.LOT_LOW] = price
        place_exits(run, lot, side)
    return account
