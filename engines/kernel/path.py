"""In which order does a bar touch the exits? The assumed path, and gaps.

A path goes from the open to the nearer extreme, to the other, to the close (B1). Each stretch is
walked in price order, so several exits in one bar fill as the market would have met them (B2).
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from engines.compile import scalar
from engines.kernel import layout as at
from engines.kernel.exits import (
    active_stop,
    break_even,
    move_with_price,
    next_in_favour,
    stop_reason,
)
from engines.kernel.fills import Seen, close_units, drop_empty_lots
from engines.kernel.layout import Account, Run
from engines.kernel.money import market_price, order_fee, quantity
from engines.kernel.rounding import high_comes_first
from engines.orders import Reason

_TAKE_PROFIT: Final = int(Reason.TAKE_PROFIT)
_NO_LOT: Final = -1


class Prices(NamedTuple):
    """Open, high, low and close of one bar."""

    open: float
    high: float
    low: float
    close: float


@scalar
def see(seen: Seen, price: float) -> Seen:
    """The part of the path seen so far, with one price more."""
    return Seen(max(seen.high, price), min(seen.low, price))


@scalar
def stop_out(run: Run, account: Account, bar: int, lot: int, raw: float, seen: Seen) -> Account:
    """Sell a whole lot by its stop at `raw`, slipped as a market order (C4)."""
    side = account.side
    reason = stop_reason(run, lot, active_stop(run, lot, side))
    price = market_price(raw, -side, run.market)
    units = run.lots[lot, at.LOT_UNITS]
    fee = order_fee(price, quantity(units, run.market), run.market.taker_fee_rate, run.market)
    account = next_order(account)
    return close_units(run, account, bar, lot, units, price, fee, reason, seen)


@scalar
def take_profit(
    run: Run, account: Account, bar: int, lot: int, target: int, price: float, seen: Seen
) -> Account:
    """Sell a target's part of a lot at `price`; a limit is never slipped (C4)."""
    lots = run.lots
    units = min(lots[lot, at.LOT_TARGET_UNITS + target], lots[lot, at.LOT_UNITS])
    lots[lot, at.LOT_TARGET + target] = math.nan
    fee = order_fee(price, quantity(units, run.market), run.market.maker_fee_rate, run.market)
    account = next_order(account)
    account = close_units(run, account, bar, lot, units, price, fee, _TAKE_PROFIT, seen)
    if (
        run.choices[at.BREAK_EVEN_KIND] == at.AFTER_TARGET
        and target + 1 == int(run.params[at.BREAK_EVEN_TRIGGER])
        and lots[lot, at.LOT_UNITS] > 0.0
    ):
        break_even(run, lot, account.side)
    return account


@scalar
def next_order(account: Account) -> Account:
    """The account with a fresh order number."""
    return Account(
        account.cash,
        account.side,
        account.units,
        account.cost,
        account.n_lots,
        account.trades,
        account.orders + 1,
        account.blocked_until,
    )


@scalar
def is_live(run: Run, lot: int, bar: int) -> bool:
    """Whether a lot is still open and its exits already rest in the market at `bar` (E1)."""
    lots = run.lots
    return bool(lots[lot, at.LOT_UNITS] > 0.0 and lots[lot, at.LOT_LIVE_FROM] <= bar)


@scalar
def jump_to(run: Run, account: Account, bar: int, price: float, seen: Seen) -> Account:
    """The market opens at `price`: exits that it jumped over fill there (B3)."""
    side = account.side
    for lot in range(account.n_lots):
        if not is_live(run, lot, bar):
            continue
        if side * price <= side * active_stop(run, lot, side):
            account = stop_out(run, account, bar, lot, price, seen)
            continue
        for target in range(run.choices[at.N_TARGETS]):
            if side * price >= side * run.lots[lot, at.LOT_TARGET + target]:
                account = take_profit(run, account, bar, lot, target, price, seen)
        move_with_price(run, lot, side, price)
    return drop_empty_lots(run, account)


@scalar
def walk(run: Run, account: Account, bar: int, start: float, end: float, seen: Seen) -> Account:
    """The market moves from `start` to `end` without turning."""
    if account.side * (end - start) > 0.0:
        return walk_in_favour(run, account, bar, end, seen)
    return walk_against(run, account, bar, end, seen)


@scalar
def walk_in_favour(run: Run, account: Account, bar: int, end: float, seen: Seen) -> Account:
    """Fill the targets up to `end`, nearest first (B6), then let stops follow the price."""
    side = account.side
    while account.side != 0.0:
        near = side * math.inf
        near_lot = _NO_LOT
        near_target = 0
        for lot in range(account.n_lots):
            if is_live(run, lot, bar):
                for target in range(run.choices[at.N_TARGETS]):
                    price = run.lots[lot, at.LOT_TARGET + target]
                    if side * price <= side * end and side * price < side * near:
                        near = price
                        near_lot = lot
                        near_target = target
        if near_lot == _NO_LOT:
            break
        account = take_profit(run, account, bar, near_lot, near_target, near, see(seen, near))
    for lot in range(account.n_lots):
        if is_live(run, lot, bar):
            move_with_price(run, lot, side, end)
    return drop_empty_lots(run, account)


@scalar
def walk_against(run: Run, account: Account, bar: int, end: float, seen: Seen) -> Account:
    """Fill the stops down to `end`, nearest first (B6)."""
    side = account.side
    while account.side != 0.0:
        near = -side * math.inf
        near_lot = _NO_LOT
        for lot in range(account.n_lots):
            if is_live(run, lot, bar):
                price = active_stop(run, lot, side)
                if side * price >= side * end and side * price > side * near:
                    near = price
                    near_lot = lot
        if near_lot == _NO_LOT:
            break
        account = stop_out(run, account, bar, near_lot, near, see(seen, near))
    return drop_empty_lots(run, account)


@scalar
def live_through(
    run: Run, account: Account, bar: int, prices: Prices, seen: Seen, other: bool
) -> tuple[Account, Seen]:
    """Walk one base or finer bar along its assumed path (B1), or in the `other` order."""
    start = prices.open
    high_first = high_comes_first(start, prices.high, prices.low, run.market.tick) != other
    seen = see(seen, start)
    account = jump_to(run, account, bar, start, seen)
    for stretch in range(3):
        end = prices.close
        if stretch < 2:
            end = prices.high if (stretch == 0) == high_first else prices.low
        if account.side != 0.0:
            account = walk(run, account, bar, start, end, seen)
        seen = see(seen, end)
        start = end
    return account, seen


@scalar
def quiet_band(run: Run, account: Account, bar: int) -> tuple[float, float]:
    """Prices (low, high) between which no exit rests: bars inside need no walk.

    The band is empty while a lot's exits are not live yet or its stop follows a column.
    """
    side = account.side
    stop = -side * math.inf
    near = side * math.inf
    for lot in range(account.n_lots):
        if run.lots[lot, at.LOT_LIVE_FROM] > bar or run.choices[at.STOP_FOLLOWS] != 0:
            return math.inf, -math.inf
        price = active_stop(run, lot, side)
        if side * price > side * stop:
            stop = price
        price = next_in_favour(run, lot, side)
        if side * price < side * near:
            near = price
    return (stop, near) if side > 0.0 else (near, stop)
