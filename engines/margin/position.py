"""What does a position hold back? Initial and maintenance margin, fee to close included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from engines.errors import InvalidInput
from engines.margin.tiers import ZERO, Tier, check_leverage, tier_of
from engines.payoff import LINEAR, Payoff


@dataclass(frozen=True)
class Contract:
    """The rules of one symbol: tiers lowest first, the taker's fee, and which way it is counted.

    A linear contract's value is size × price in quote currency, an inverse one's size / price in
    coin.
    """

    tiers: Sequence[Tier]
    taker_fee_rate: Fraction
    payoff: Payoff = LINEAR

    def rate(self, price: Fraction) -> Fraction:
        """Value of one unit of size at `price`. Raises InvalidInput for a price that is none."""
        if price <= 0:
            raise InvalidInput("price", float(price), "above zero")
        return self.payoff.worth(price)

    def price(self, rate: Fraction) -> Fraction:
        """The price at which a unit of size is worth `rate`; 0 for one that is never reached."""
        if rate <= 0:
            return ZERO
        return 1 / rate if self.payoff.inverse else rate

    def direction(self, side: int) -> int:
        """+1 where the position gains as the value of a unit rises."""
        return -side if self.payoff.inverse else side


@dataclass(frozen=True)
class Position:
    """An open position: `side` is +1 long, −1 short; `size` is unsigned.

    `added` is margin put in on top of the initial margin, isolated positions only.
    """

    side: int
    size: Fraction
    entry: Fraction
    leverage: Fraction
    isolated: bool = False
    added: Fraction = ZERO

    def __post_init__(self) -> None:
        if self.side not in (1, -1):
            raise InvalidInput("side of a position", self.side, "1 or -1")
        for name in ("size", "entry", "leverage"):
            if getattr(self, name) <= 0:
                raise InvalidInput(f"{name} price" if name == "entry" else name, 0, "above zero")


def value(contract: Contract, position: Position, price: Fraction) -> Fraction:
    """Position value at `price`."""
    return position.size * contract.rate(price)


def unrealised(contract: Contract, position: Position, mark: Fraction) -> Fraction:
    """Profit at the mark price, before fees."""
    moved = contract.rate(mark) - contract.rate(position.entry)
    return contract.direction(position.side) * position.size * moved


def own_margin(contract: Contract, position: Position) -> Fraction:
    """Margin of an isolated position without its fee to close: s·E/L and what was added.

    What was added also moves the bankruptcy price, and with it the fee to close: it counts as
    X = added / (1 ∓ f).
    """
    direction = contract.direction(position.side)
    added = position.added / (1 - direction * contract.taker_fee_rate)
    return value(contract, position, position.entry) / position.leverage + added


def bankruptcy_rate(contract: Contract, position: Position) -> Fraction:
    """Value of a unit of size at which the position's margin is gone: E(1 ∓ 1/L) for linear."""
    used = own_margin(contract, position) / position.size
    return contract.rate(position.entry) - contract.direction(position.side) * used


def fee_to_close(contract: Contract, position: Position) -> Fraction:
    """Taker's fee for leaving at the bankruptcy price: s·E·(1 ∓ 1/L)·f."""
    return position.size * bankruptcy_rate(contract, position) * contract.taker_fee_rate


def initial_margin(contract: Contract, position: Position, mark: Fraction) -> Fraction:
    """Cross: s·M/L and the fee to close. Isolated: s·E/L, the fee to close and what was added."""
    fee = fee_to_close(contract, position)
    if position.isolated:
        return own_margin(contract, position) + fee
    return value(contract, position, mark) / position.leverage + fee


def maintenance_margin(contract: Contract, position: Position, mark: Fraction) -> Fraction:
    """s·M·rate − deduction, by the tier of the value at mark, and the fee to close."""
    worth = value(contract, position, mark)
    tier = tier_of(contract.tiers, worth)
    return worth * tier.maintenance_rate - tier.deduction + fee_to_close(contract, position)


def order_cost(
    contract: Contract, side: int, size: Fraction, price: Fraction, leverage: Fraction
) -> Fraction:
    """What an opening order takes: its margin, the fee to open and the fee to close.

    Raises InvalidInput for a leverage above the tier's.
    """
    opened = Position(side, size, price, leverage)
    worth = value(contract, opened, price)
    check_leverage(contract.tiers, worth, leverage)
    fees = worth * contract.taker_fee_rate + fee_to_close(contract, opened)
    return worth / leverage + fees
