"""What does a perpetual cost while it is held? Funding at its times, and when it is taken away."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import numpy as np

from engines.broker import Broker, MarginMode
from engines.errors import InvalidInput, MissingData
from engines.event.account import Account
from engines.funding import FundingRates
from engines.instrument import Instrument
from engines.intervals import MINUTE_MS
from engines.margin import (
    Contract,
    Position,
    Tier,
    bankruptcy_price,
    bankruptcy_price_of,
    bounds_of,
    initial_margin,
    liquidation_price,
    order_cost,
    reduced_units,
    tiers_from,
)
from engines.margin.position import fee_to_close, value
from engines.orders import Refusal
from engines.payoff import payoff_of

_ZERO: Final = Fraction(0)
# Of Bybit's funding intervals: eight hours is the usual one, some symbols have four or one.
_LONGEST_MS: Final = 480 * MINUTE_MS
_LOWEST: Final = 5e-324
_HIGHEST: Final = 1.7976931348623157e308
_NOISE: Final = 1e-9
# Without tiers of the venue: its first tier for most contracts.
_ANY: Final = (Tier(None, Fraction(100), Fraction("0.005"), _ZERO),)


@dataclass
class Perpetual:
    """Bybit's rules for one perpetual, linear or inverse.

    `funding` of None pays none: a choice, not a gap.
    The mark price is the price of the bars. In cross margin the whole account stands for the
    position; isolated, its own initial margin; without a mode nothing is taken away.
    """

    contract: Contract
    leverage: Fraction
    lot: Fraction
    mode: MarginMode
    funding: FundingRates | None
    _level: tuple[tuple[float, ...], float] | None = field(default=None, init=False, repr=False)

    def settlements(self, start_ms: int, end_ms: int) -> list[tuple[int, float]]:
        """Times and rates of the settlements in `[start_ms, end_ms)`."""
        if self.funding is None:
            return []
        first, last = np.searchsorted(self.funding.time_ms, [start_ms, end_ms])
        times = self.funding.time_ms[first:last].tolist()
        return list(zip(times, self.funding.rate[first:last].tolist(), strict=True))

    def held(self, account: Account, side: int = 0) -> Position:
        """What is open, as one position at its average price, with its own margin alone.

        In hedge mode that of a `side`.
        """
        lots = [lot for lot in account.lots if side in (0, lot.side)]
        units = sum((Fraction(lot.units) for lot in lots), _ZERO)
        rates = (self.contract.rate(Fraction(lot.price)) * Fraction(lot.units) for lot in lots)
        entry = self.contract.price(sum(rates, _ZERO) / units)
        return Position(lots[0].side, units * self.lot, entry, self.leverage, isolated=True)

    def position(self, account: Account) -> Position:
        """The same with all that stands behind it: in cross margin the whole account."""
        held = self.held(account)
        if self.mode == "isolated":
            return held
        worth = value(self.contract, held, held.entry)
        margin = worth / self.leverage + fee_to_close(self.contract, held)
        added = Fraction(account.backing) - margin
        return Position(held.side, held.size, held.entry, self.leverage, True, added)

    def liquidates_at(self, account: Account) -> float:
        """Price at which the position is taken away; 0 for never. Found anew when it changed."""
        if self.mode == "none":
            return 0.0
        lots = (part for lot in account.lots for part in (lot.side * lot.units, lot.price))
        key = account.backing, *lots
        if self._level is None or self._level[0] != key:
            self._level = key, self._level_of(self.position(account))
        return self._level[1]

    def _level_of(self, position: Position) -> float:
        level = float(liquidation_price(self.contract, position))
        if level == 0.0 and self.contract.direction(position.side) < 0:
            # What loses as its value rises and has no level has nothing left: at any price.
            return _LOWEST if position.side < 0 else _HIGHEST
        return level

    def taken_away(self, account: Account, mark: float) -> tuple[float, float]:
        """Lots that a liquidation takes at `mark` and their price: the bankruptcy price, or mark.

        Above the lowest tier only what leads into the next lower one, at the market.
        """
        position = self.position(account)
        part = reduced_units(self.contract, position, Fraction(mark), self.lot)
        if 0 < part < position.size:
            return float(part / self.lot), mark
        if self.mode == "cross" and account.elsewhere:
            # Not settled by Bybit's pages: while others stand beside it, it goes at the market.
            return account.units, mark
        return account.units, float(bankruptcy_price(self.contract, position))

    def levels(self, account: Account) -> list[tuple[int, float]]:
        """Prices at which a position of each side is taken away; 0 for never."""
        if not account.hedged:
            return [(account.side, self.liquidates_at(account))]
        if self.mode == "none":
            return []
        sides = [side for side in (1, -1) if account.held(side)]
        positions = [self.held(account, side) for side in sides]
        if self.mode == "isolated":
            return [(one.side, self._level_of(one)) for one in positions]
        low, high = bounds_of(self.contract, positions, Fraction(account.cash))
        found = [(1, _never(low)), (-1, _never(high))]
        # Beyond a bound the side that loses there goes, or the only one there is.
        return [(side, level) for side, level in found if level > 0.0 and side in sides]

    def taken(
        self, account: Account, side: int, mark: float, last: float
    ) -> list[tuple[int, float, float]]:
        """Side, lots and price of what a liquidation of a side takes at `mark`.

        What goes at the market goes at the `last` price.

        In cross margin hedged positions go together, where closing both leaves nothing.
        """
        if not account.hedged:
            units, price = self.taken_away(account, mark)
            return [(side, units, last if price == mark else price)]
        position = self.held(account, side)
        part = reduced_units(self.contract, position, Fraction(mark), self.lot)
        if 0 < part < position.size:
            return [(side, float(part / self.lot), last)]
        if self.mode == "isolated":
            bankrupt = float(bankruptcy_price(self.contract, position))
            return [(side, account.held(side), bankrupt)]
        sides = [one for one in (1, -1) if account.held(one)]
        positions = [self.held(account, one) for one in sides]
        end = float(bankruptcy_price_of(self.contract, positions, Fraction(account.cash)))
        # Where no price on the way down (up) leaves nothing, they go at the market.
        price = end if end > 0.0 and side * end <= side * mark else last
        return [(one, account.held(one), price) for one in sides]

    def covers(self, account: Account, side: int, units: float, price: float) -> bool:
        """Whether an opening order may fill at `price`."""
        return self.refusal(account, side, units, price) is None

    def refusal(self, account: Account, side: int, units: float, price: float) -> Refusal | None:
        """Why an opening order may not fill: its tier's leverage, or its cost; None if it may.

        The cost is margin and both fees.
        """
        if units == 0.0:
            return None
        worth = self._with(account, side, units, price)
        tier = next((one for one in self.contract.tiers if _fits(one, worth)), None)
        if tier is None:
            return Refusal.RISK_LIMIT
        if self.leverage > tier.max_leverage:
            return Refusal.LEVERAGE
        size = self._size(units, account)
        cost = order_cost(self.contract, side, size, Fraction(price), self.leverage)
        # An order that reverses has closed the other side first: its margin is free again.
        adds = account.hedged or account.side == side
        used = self.used(account, price) if adds else _ZERO
        free = account.equity(price) - float(used) - account.held_back
        # What spends exactly what there is must not fail by the last bits of doubles.
        return None if float(cost) <= free + _NOISE * abs(free) else Refusal.NO_MARGIN

    def explained(self, account: Account, side: int, units: float, price: float) -> str:
        """The tier that an order would come into, and what is allowed there."""
        worth = self._with(account, side, units, price)
        tier = next((one for one in self.contract.tiers if _fits(one, worth)), None)
        if tier is None:
            top = float(self.contract.tiers[-1].limit or 0)
            return f"value {float(worth):.12g}, highest risk limit {top:.12g}"
        return f"tier up to {float(tier.limit or 0):.12g}: at most {float(tier.max_leverage):g}"

    def _with(self, account: Account, side: int, units: float, price: float) -> Fraction:
        """Value of the position together with an order: it decides the tier."""
        held = account.held(side)
        return self._size(held + units, account) * self.contract.rate(Fraction(price))

    def _size(self, units: float, account: Account) -> Fraction:
        """Points of price that so many lots are worth."""
        return Fraction(units) * self.lot * Fraction(account.market.contract_value)

    def used(self, account: Account, price: float) -> Fraction:
        """Margin that what is open holds back at `price`."""
        sides = [side for side in (1, -1) if account.held(side)]
        positions = (self.held(account, side) for side in sides)
        if self.mode == "isolated":
            margins = (initial_margin(self.contract, one, Fraction(price)) for one in positions)
            return sum(margins, _ZERO)
        # The whole account stands behind a cross position: only its own part is used.
        worth = (value(self.contract, one, Fraction(price)) for one in positions)
        return sum(worth, _ZERO) * Fraction(account.market.contract_value) / self.leverage


def _never(bound: Fraction | None) -> float:
    return 0.0 if bound is None else float(bound)


def _fits(tier: Tier, worth: Fraction) -> bool:
    return tier.limit is None or worth <= tier.limit


def perpetual_for(
    instrument: Instrument,
    broker: Broker,
    funding: FundingRates | None,
    span_ms: tuple[int, int],
) -> Perpetual | None:
    """Bybit's rules for an instrument over `[start_ms, end_ms)`; None if the broker wants none.

    Raises MissingData when settlements are missing in the funding history, and InvalidInput for
    a market that is no contract.
    """
    if broker.margin_mode == "none" and broker.funding == "none":
        return None
    if instrument.category == "spot":
        expected = "a contract, or margin_mode and funding of none"
        raise InvalidInput(f"category of {instrument.symbol}", instrument.category, expected)
    if broker.funding == "none":
        funding = None
    elif funding is None:
        raise MissingData(f"no funding of {instrument.symbol} is stored: sync it first")
    if funding is not None:
        check_funding(funding, instrument.funding_interval_minutes * MINUTE_MS, span_ms)
    fee = instrument.taker_fee_rate if broker.taker_fee_rate is None else broker.taker_fee_rate
    tiers = tiers_from(instrument.margin_tiers) if instrument.margin_tiers else _ANY
    if Fraction(broker.leverage) > tiers[0].max_leverage:
        most = f"at most {float(tiers[0].max_leverage):g}, the lowest tier's of {instrument.symbol}"
        raise InvalidInput("broker.leverage", broker.leverage, most)
    if broker.margin_mode != "none" and instrument.contract_value != 1:
        expected = "1, as every contract of Bybit's has, or a margin_mode of none"
        value = str(instrument.contract_value)
        raise InvalidInput(f"{instrument.symbol}.contract_value", value, expected)
    lot = Fraction(instrument.lot) or Fraction(1)
    contract = Contract(tiers, Fraction(fee), payoff_of(broker.profile))
    return Perpetual(contract, Fraction(broker.leverage), lot, broker.margin_mode, funding)


def check_funding(funding: FundingRates, interval_ms: int, span_ms: tuple[int, int]) -> None:
    """Raise MissingData, naming the first hole, unless settlements cover the span.

    The interval is that of the instrument, which may have had a longer one before: a gap of up to
    eight hours is none where the gap before or after it is as long.
    """
    start_ms, end_ms = span_ms
    inside = funding.between(start_ms, end_ms).time_ms
    marks = np.concatenate(([start_ms], inside, [end_ms]))
    gaps = np.diff(marks)
    beside = np.maximum(np.append(gaps[1:], 0), np.insert(gaps[:-1], 0, 0))
    regular = (gaps <= _LONGEST_MS) & (gaps <= beside)
    holes = np.flatnonzero((gaps > (interval_ms or _LONGEST_MS)) & ~regular)
    if len(holes):
        after = np.datetime64(int(marks[holes[0]]), "ms")
        raise MissingData(
            f"funding of {funding.symbol} is missing after {after}Z: fetch its history "
            "(bst data sync), or choose to pay none"
        )
