"""How many lots, and can the account carry them? The kernel's sizing for a script's orders."""

from __future__ import annotations

import math
from typing import Final

from engines.brackets import Level
from engines.commands import Entry, Properties
from engines.event.account import Account
from engines.event.events import Place
from engines.event.levels import stop_distance
from engines.event.record import Record
from engines.kernel import layout as at
from engines.kernel.layout import Market
from engines.kernel.money import order_fee, quantity
from engines.kernel.rounding import whole_units
from engines.kernel.shares import bounded, share_of_wins
from engines.kernel.sizing import check_entry, entry_units, margin_held
from engines.orders import Refusal
from engines.payoff import Payoff
from engines.sizes import KellyRule, SizeBounds

_MODES: Final = {
    "fixed": at.SIZE_FIXED,
    "cash": at.SIZE_CASH,
    "percent_of_equity": at.SIZE_EQUITY,
    "risk_percent": at.SIZE_RISK,
    "kelly": at.SIZE_EQUITY,
}
# What a chain of doubles may lack of the exact sum, as a share of the equity.
_MONEY_NOISE: Final = 1e-9
# An order that spends exactly what there is must not fail by the last bit of a division.
_MARGIN_SLACK: Final = 1.0 + 1e-9


def lots_of(qty: float, market: Market) -> float:
    """A script's quantity in lots, rounded down; 0 for what is no number (D12)."""
    if not math.isfinite(qty) or qty <= 0.0:
        return 0.0
    return float(whole_units(qty, market))


def units_asked(
    command: Entry, said: Properties, account: Account, equity: float, close: float
) -> float | None:
    """Lots of an order; None where the price of its fill decides (G5)."""
    market = account.market
    if command.qty is not None:
        return lots_of(command.qty, market)
    if said.qty_type == "fixed":
        return lots_of(said.qty_value, market)
    if command.limit is not None or command.stop is not None:
        return None
    return units_bought(said, account, equity, close)


def refusal_of(units: float, close: float, command: Entry, account: Account) -> Refusal | None:
    """Why an order of so many lots may not go to the venue; None if it may."""
    market = account.market
    qty = quantity(units, market)
    price = command.limit or command.stop or close
    if not units > 0.0:
        return Refusal.QTY_ZERO
    if qty < market.min_qty:
        return Refusal.MIN_QTY
    least = market.min_notional * account.rate
    if qty * account.payoff.quoted(price) * market.contract_value < least:
        return Refusal.MIN_NOTIONAL
    return None


def units_bought(said: Properties, account: Account, equity: float, price: float) -> float:
    """Lots that the default size buys at `price` for an account of `equity` (G2 to G6)."""
    mode, size = _size(said, account.record)
    worth = account.payoff.worth(price)
    units = entry_units(mode, size, equity, equity, worth, math.nan, account.market)
    return max(float(units), 0.0)


def _size(said: Properties, record: Record) -> tuple[int, float]:
    if said.kelly is not None:
        return at.SIZE_EQUITY, max(_kelly_share(said, said.kelly, record), 0.0)
    percent = said.qty_type in ("percent_of_equity", "risk_percent")
    size = said.qty_value * 0.01 if percent else said.qty_value
    return _MODES[said.qty_type], size * said.first_share


def _kelly_share(said: Properties, rule: KellyRule, record: Record) -> float:
    """Share of the equity by the closed trades so far."""
    if record.trades < rule.trades:
        return rule.start_percent * 0.01 * said.first_share
    fraction = said.qty_value * said.first_share
    counts = float(record.trades), float(record.wins), float(record.losses)
    return float(share_of_wins(fraction, *counts, record.profit, record.loss))


def units_checked(
    account: Account,
    said: Properties,
    side: int,
    qty: float | None,
    stop: Level | None,
    price: float,
    against: float = 0.0,
    over: float | None = None,
) -> tuple[float, Refusal | None]:
    """Lots of an entry that is sized and checked at `price`, and why it is refused.

    What closing `against` lots costs is not there any more. A risk is measured `over` a move of
    the price where one is given, else to the stop.
    """
    market, worth = account.market, account.payoff.worth(price)
    equity = account.equity(price)
    kernel = account.as_kernel()
    # On an inverse scale costs are below zero.
    kernel = kernel._replace(cost=abs(kernel.cost))
    used = float(margin_held(kernel, worth, market)) if account.side == side else 0.0
    free = equity - used - account.elsewhere / market.leverage
    if against > 0.0:
        qty_closed = quantity(against, market)
        notional = worth * qty_closed * market.contract_value
        cost = market.taker_fee_rate * notional + market.fee_per_contract * qty_closed
        equity, free = equity - cost, free - cost
    if qty is not None:
        return _checked(lots_of(qty, market), equity, free, worth, account)
    units, reason = _units_wanted(account, said, side, stop, over, price, equity, free)
    return _checked(units, equity, free, worth, account) if reason is None else (units, reason)


def _units_wanted(
    account: Account,
    said: Properties,
    side: int,
    stop: Level | None,
    over: float | None,
    price: float,
    equity: float,
    free: float,
    share: float = 0.0,
) -> tuple[float, Refusal | None]:
    """Lots that the default size asks an account of `equity` for, and why it asks for none.

    A safety order asks for a `share` of it, whatever the bounds.
    """
    market, worth = account.market, account.payoff.worth(price)
    mode, size = _size(said, account.record)
    if over is not None and not over > 0.0:
        return 0.0, Refusal.NO_VOLATILITY
    if size == 0.0 and not said.bounds.least_percent > 0.0:
        return 0.0, Refusal.NO_EDGE
    move = stop_distance(stop, side, price, market) if over is None else over
    away = _risked(move, side, price, account.payoff)
    if share:
        return float(entry_units(mode, size * share, equity, free, worth, away, market)), None
    units = float(entry_units(mode, size, equity, free, worth, away, market))
    return _within_bounds(units, said.bounds, equity, worth, market), None


def _within_bounds(
    units: float, bounds: SizeBounds, equity: float, worth: float, market: Market
) -> float:
    least, most = bounds.least_percent * 0.01, bounds.most_percent * 0.01
    return float(bounded(units, least, most, equity, worth, market))


def _checked(
    units: float, equity: float, free: float, worth: float, account: Account
) -> tuple[float, Refusal | None]:
    market = account.market
    if not account.payoff.inverse:
        code = check_entry(units, equity, free, worth, market)
        return units, Refusal(int(code)) if code else None
    code = check_entry(units, equity, free, worth, market._replace(min_notional=0.0))
    # A venue's smallest order is in quote currency; it is asked for before the margin.
    small = quantity(units, market) * market.contract_value < market.min_notional
    if small and code in (0, int(Refusal.NO_MARGIN)):
        code = int(Refusal.MIN_NOTIONAL)
    return units, Refusal(int(code)) if code else None


def units_of_resting(
    account: Account, said: Properties, order: Place, price: float
) -> tuple[float, Refusal | None]:
    """Lots of an entry that rested, found at its fill at `price`, and why it is refused.

    The equity of its signal's close sizes it (G5). The margin is asked for with the whole order.
    """
    worth, side, stop = account.payoff.worth(price), order.side, order.sized_by_stop
    now = account.equity(price)
    equity = now if account.market.size_at_fill else order.equity
    free = now - carried(account, side, worth)
    over = order.sized_over
    units, reason = _units_wanted(account, said, side, stop, over, price, equity, free, order.share)
    return _checked(units, now, math.inf, worth, account) if reason is None else (units, reason)


def carried(account: Account, side: int, worth: float) -> float:
    """Margin of what is open on a side, at its value, and of other positions (I5)."""
    market, value = account.market, 0.0
    if account.side == side:
        value = worth * quantity(account.units, market) * market.contract_value
    return float((value + account.elsewhere) / market.leverage)


def can_carry(account: Account, side: int, opening: float, price: float) -> bool:
    """I5: whether the equity at a resting entry's fill is margin enough for what it opens."""
    market, worth = account.market, account.payoff.worth(price)
    if opening == 0.0 or not market.check_margin:
        return True
    margin = worth * quantity(opening, market) * market.contract_value / market.leverage
    needed = carried(account, side, worth) + margin
    return bool(needed <= account.equity(price) * _MARGIN_SLACK)


def _risked(distance: float, side: int, price: float, payoff: Payoff) -> float:
    """What one unit loses at a stop so far away, in the account's currency."""
    if not payoff.inverse:
        return distance
    return side * (payoff.level(price) - payoff.level(price - side * distance))


def own_units(
    units: float | None, order: Place, said: Properties, account: Account, price: float
) -> float:
    """Lots that an order enters with if it fills at `price`, apart from what it reverses."""
    own = units_bought(said, account, order.equity, price) if units is None else units
    if order.most is None:
        return own
    # J1: no more than the largest position leaves room for.
    held = account.units if account.side == order.side else 0.0
    return min(own, max(order.most - held, 0.0))


def margin_share(account: Account, said: Properties, side: int) -> float:
    """Share of a position's value that must be there as equity (I1); 0 for none."""
    market, percent = account.market, said.margin_percent(side)
    if not market.check_margin:
        return 0.0
    return 1.0 / market.leverage if percent is None else percent / 100.0


def fee_of(account: Account, units: float, price: float, rate: float) -> float:
    """Fee of one order for so many lots, in the account's currency."""
    market = account.market
    return float(order_fee(account.payoff.worth(price), quantity(units, market), rate, market))


def affords(
    account: Account, said: Properties, side: int, opening: float, price: float, kept: float = 0.0
) -> bool:
    """Whether the margin of what is held and of `opening` lots is there at `price` (I5).

    `kept` lots of the other side hold their margin back although they are closed (D10).
    """
    margin = margin_share(account, said, side)
    if margin == 0.0 or opening == 0.0:
        return True
    # Not settled by the rules: in hedge mode both sides hold margin back.
    held = account.units if account.hedged else account.held(side)
    needed = (account.value(held + opening, price) + account.elsewhere) * margin
    if kept:
        needed += account.value(kept, price) * margin_share(account, said, -side)
    equity = account.equity(price)
    return needed <= equity + _MONEY_NOISE * abs(equity)


def lots_to_call(account: Account, said: Properties, price: float) -> float:
    """Lots that a margin call sells at `price`; 0 while the account carries its own (I1, I3)."""
    missing = _lots_missing(account, said, price)
    if missing is None:
        return 0.0
    wanted = 4.0 * missing if missing > 0.0 else float(whole_units(1.0, account.market))
    return min(wanted, account.units)


def call_waits(account: Account, said: Properties, price: float, close: float) -> bool:
    """I4: whether one whole contract is called for at `price`, and margin is missing at `close`."""
    if _lots_missing(account, said, price) != 0.0:
        return False
    whole = account.units >= float(whole_units(1.0, account.market))
    return whole and _lots_missing(account, said, close) is not None


def _lots_missing(account: Account, said: Properties, price: float) -> float | None:
    """Whole lots whose margin is missing at `price`; None while the account carries its own."""
    market, margin = account.market, margin_share(account, said, account.side)
    if margin == 0.0:
        return None
    value = account.payoff.worth(price) * market.contract_value
    equity = account.equity(price)
    carried = quantity(account.units, market) * value + account.elsewhere
    available = equity - carried * margin
    if available >= -_MONEY_NOISE * abs(equity):
        return None
    return float(whole_units(-available / margin / value, market))
