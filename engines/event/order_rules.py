"""Which orders does Bybit take, and at what price? What it checks before one rests or fills."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from engines.broker import Broker
from engines.commands import MarginRule
from engines.errors import InvalidInput
from engines.event.account import Account
from engines.event.events import Place
from engines.event.sizing import fee_of
from engines.event.working import Touch, Working
from engines.instrument import Instrument
from engines.kernel.money import quantity
from engines.kernel.rounding import round_down, round_up
from engines.orders import Refusal

# An order that spends exactly what there is must not fail by the last bit of a product.
_BALANCE_SLACK: Final = 1.0 + 1e-9


@dataclass(frozen=True)
class OrderRules:
    """Bybit's checks for one market; 0 is no limit.

    `max_qty` and `max_market_qty` bound an order that opens. `price_ratio` bounds what a buyer
    may bid above, and a seller ask below, the price where the order is sent or triggered:
    Min(Max(I, M(1 + x)), M(1 + y)) with index and mark price at that price, where y is above x.
    A contract's order is moved to the bound, on spot it is refused.
    """

    max_qty: float = 0.0
    max_market_qty: float = 0.0
    price_ratio: float = 0.0
    spot: bool = False

    def admit(self, order: Place, here: float, mark: float, account: Account) -> Place | Refusal:
        """The order as it comes to rest with the market at `here`, or why it does not."""
        if order.reduce_only:
            if account.held(-order.side) <= 0.0:
                return Refusal.REDUCE_ONLY
        elif order.units is not None and self.too_large(
            order, order.units + order.against, account
        ):
            return Refusal.MAX_QTY
        if order.limit is None:
            return order
        market_at = here if order.stop is None else order.stop
        bound_at = mark if order.stop is None else order.stop
        limit = self.within(order.limit, order.side, bound_at, account.market.tick)
        if limit != order.limit:
            if self.spot:
                return Refusal.PRICE_LIMIT
            order = replace(order, limit=limit)
        if order.post_only and order.side * market_at < order.side * limit:
            return Refusal.POST_ONLY
        return order

    def too_large(self, order: Place, units: float, account: Account) -> bool:
        """Whether so many lots are more than one order may be."""
        most = self.max_qty if order.limit is not None else self.max_market_qty
        return 0.0 < most < quantity(units, account.market)

    def within(self, price: float, side: int, here: float, tick: float) -> float:
        """A limit's price inside the venue's bounds."""
        if self.price_ratio == 0.0:
            return price
        if side > 0:
            return min(price, float(round_down(here * (1.0 + self.price_ratio), tick)))
        return max(price, float(round_up(here * (1.0 - self.price_ratio), tick)))

    def is_taker(self, working: Working, touch: Touch) -> bool:
        """Whether a fill takes from the book: all but a limit that had come to rest before.

        A limit that the market was through when it was sent takes, and so does one that its stop
        sends while the market is through it.
        """
        limit, side = working.limit, working.order.side
        if touch.slips or limit is None:
            return True
        return working.stop is not None or (working.took and side * touch.price < side * limit)

    def refusal_at_fill(
        self, order: Place, units: float, price: float, account: Account
    ) -> Refusal | None:
        """Why an order whose size its price has decided does not fill; None if it does.

        A sale of coins may be too small to be one; a contract may always be closed.
        """
        if order.units is None and not order.reduce_only and self.too_large(order, units, account):
            return Refusal.MAX_QTY
        worth = account.value(units, price)
        if account.wallet is None:
            return None
        if order.reduce_only:
            return Refusal.MIN_NOTIONAL if worth < account.market.min_notional else None
        if worth > account.balance * _BALANCE_SLACK:
            return Refusal.NO_BALANCE
        fee = fee_of(account, units, price, account.market.taker_fee_rate)
        left = account.wallet.received(units, price, fee, account.market)
        return Refusal.QTY_ZERO if left < 1.0 and account.market.lot > 0.0 else None


def check_mode(broker: Broker, margin: MarginRule) -> None:
    """Raise InvalidInput where long and short may not stand side by side."""
    if broker.position_mode == "hedge" and (
        margin == "checked" or broker.profile not in ("bybit_linear", "bybit_inverse")
    ):
        expected = "one_way, but for event strategies on Bybit's contracts"
        raise InvalidInput("broker.position_mode", broker.position_mode, expected)


def order_rules_for(
    instrument: Instrument, broker: Broker, margin: MarginRule = "called"
) -> OrderRules | None:
    """Bybit's checks under its profiles; TradingView has none.

    A graph that is checked as the kernel checks it, which has no margin mode, has the kernel's.
    Raises InvalidInput for a leverage on spot.
    """
    kernels = broker.profile == "bybit_linear" and broker.margin_mode == "none"
    if broker.profile == "tradingview" or (kernels and margin == "checked"):
        return None
    if broker.profile == "bybit_spot" and broker.leverage != 1.0:
        raise InvalidInput("broker.leverage", broker.leverage, "1 on spot")
    return OrderRules(
        float(instrument.max_qty),
        float(instrument.max_market_qty or instrument.max_qty),
        float(instrument.price_limit_ratio),
        broker.profile == "bybit_spot",
    )
