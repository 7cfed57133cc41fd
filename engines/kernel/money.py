"""What does the account hold? Equity, fees and the cash chain of a fill."""

from __future__ import annotations

from engines.compile import scalar
from engines.kernel.layout import Account, Market
from engines.kernel.rounding import round_digits, round_price


@scalar
def quantity(units: float, market: Market) -> float:
    """Quantity in base currency of a whole number of lots."""
    return units * market.lot_unit


@scalar
def equity_at(account: Account, price: float, market: Market) -> float:
    """Cash plus the open position's profit at `price`, quote currency (K3)."""
    held = account.side * quantity(account.units, market) * market.contract_value
    return (account.cash - account.side * account.cost) + held * price


@scalar
def order_fee(price: float, qty: float, fee_rate: float, market: Market) -> float:
    """Fee of one order (H1 to H4): a share of the notional, per contract, and flat."""
    notional = price * qty * market.contract_value
    fee = fee_rate * notional + market.fee_per_contract * qty + market.fee_per_order
    return round_digits(fee, market.money_digits)


@scalar
def market_price(raw: float, side: float, market: Market) -> float:
    """Fill price of a market or stop order that buys (+1) or sells (−1) at `raw` (C3, C4)."""
    return round_price(raw + side * market.slippage_ticks * market.tick, market.tick)


@scalar
def gross_profit(side: float, entry: float, price: float, qty: float, market: Market) -> float:
    """Profit before fees of `qty` that was entered at `entry` and leaves at `price` (C7)."""
    return side * (price - entry) * qty * market.contract_value


@scalar
def share_of(fee: float, part: float, whole: float) -> float:
    """The part of a fee that falls to `part` of `whole` units (H3)."""
    if part < whole:
        return fee * (part / whole)
    return fee
