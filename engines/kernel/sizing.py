"""How much to buy or sell? Quantity of an entry in lots, and the checks it must pass."""

from __future__ import annotations

import math
from typing import Final

from engines.compile import scalar
from engines.kernel import layout as at
from engines.kernel.layout import Account, Market
from engines.kernel.money import equity_at, quantity
from engines.kernel.rounding import round_digits, whole_units
from engines.orders import Refusal

_ACCEPTED: Final = 0
_QTY_ZERO: Final = int(Refusal.QTY_ZERO)
_MIN_NOTIONAL: Final = int(Refusal.MIN_NOTIONAL)
_MIN_QTY: Final = int(Refusal.MIN_QTY)
_NO_MARGIN: Final = int(Refusal.NO_MARGIN)
_NO_STOP: Final = int(Refusal.NO_STOP)
_NO_EQUITY: Final = int(Refusal.NO_EQUITY)
# An order that spends exactly what there is must not fail by the last bit of a division.
_MARGIN_SLACK: Final = 1.0 + 1e-9


@scalar
def free_equity(account: Account, price: float, adds: bool, market: Market) -> float:
    """Equity at `price` that an entry may use as margin; an add leaves the open lots theirs."""
    equity = equity_at(account, price, market)
    if adds:
        return equity - margin_held(account, price, market)
    return equity


@scalar
def margin_held(account: Account, price: float, market: Market) -> float:
    """Margin of what is open: of its value at `price` (I1), or of its cost as on Bybit."""
    if market.margin_at_value:
        return price * quantity(account.units, market) * market.contract_value / market.leverage
    return account.cost / market.leverage


@scalar
def entry_units(
    mode: int, size: float, equity: float, free: float, price: float, stop: float, market: Market
) -> float:
    """Lots to enter with at `price`; NaN when risk sizing lacks a stop.

    `size` is a quantity, an amount of margin in quote currency, or a fraction of `equity`
    (G1 to G4). Leverage multiplies the margin committed. `stop` is the distance to the stop.
    """
    if mode == at.SIZE_FIXED:
        return whole_units(size, market)
    value = price * market.contract_value
    if mode == at.SIZE_RISK:
        risk = round_digits(equity * size, market.money_digits)
        wanted = whole_units(risk / (stop * market.contract_value), market)
        return min(wanted, whole_units(free * market.leverage / value, market))
    if mode == at.SIZE_CASH:
        # G4: a cash order does not set its fee aside.
        return whole_units(size * market.leverage / value, market)
    budget = round_digits(equity * size * market.leverage, market.money_digits)
    # G3: an order in percent of equity pays its fee out of the budget.
    budget -= market.fee_per_order
    return whole_units(
        budget / (value * (1.0 + market.taker_fee_rate) + market.fee_per_contract), market
    )


@scalar
def check_entry(units: float, equity: float, free: float, price: float, market: Market) -> int:
    """0 if the entry may go to the market, else the code of its refusal."""
    if math.isnan(units):
        return _NO_STOP
    if equity <= 0.0:
        return _NO_EQUITY
    if not units > 0.0:
        return _QTY_ZERO
    qty = quantity(units, market)
    notional = qty * price * market.contract_value
    if qty < market.min_qty:
        return _MIN_QTY
    if notional < market.min_notional:
        return _MIN_NOTIONAL
    if market.check_margin and notional / market.leverage > free * _MARGIN_SLACK:
        return _NO_MARGIN
    return _ACCEPTED
