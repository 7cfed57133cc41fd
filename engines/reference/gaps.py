"""What becomes of exits that an open is through, where an order turns their position around?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from engines.commands import ExitPart
from engines.orders import Reason
from engines.reference.account import Ticket
from engines.reference.exits import Leg
from engines.reference.grid import Ticks, Units
from engines.reference.pending import Pending, touch_of_stop

if TYPE_CHECKING:
    from engines.reference.market import Market


class Caught(NamedTuple):
    """An exit of a position that was turned around: for how much, and by which of its levels."""

    leg: Leg
    units: Units
    part: ExitPart


def caught_by(order: Pending, market: Market) -> list[Caught]:
    """Exits that the open is through beside a reversal, in the order of their calls."""
    desk = market.desk
    if not market.opens or desk.broker.profile != "tradingview" or order.limit is not None:
        return []
    if order.is_market and desk.properties.gapped_exits == "dropped":
        # PyneCore measured it 18 times of 18: a market reversal takes them with it.
        return []
    return list(_through(order, market))


def _through(order: Pending, market: Market) -> Iterator[Caught]:
    legs = sorted(
        market.desk.legs.values(), key=lambda leg: (leg.standing.sequence, leg.lot.number)
    )
    for leg in legs:
        units = min(leg.reserved, leg.lot.claim)
        part = _part(order, leg, market)
        if leg.lot.side == -order.side and not leg.done and units > 0 and part is not None:
            yield Caught(leg, units, part)


def _part(order: Pending, leg: Leg, market: Market) -> ExitPart | None:
    here, stop = market.here, leg.levels.stop
    if not order.is_market:
        # B5 is of two stops.
        met = stop is not None and touch_of_stop(stop, order.side, here, here) is not None
        return "stop" if met else None
    touch = leg.touch(here, here, market.desk.properties.limit_verification_ticks)
    return None if touch is None else touch.part


def fill_caught(one: Caught, order: Pending, bar: int, price: Ticks, market: Market) -> bool:
    """Fill such an exit at the reversal's own price; whether it did.

    B5: beside a stop entry it goes the same way and opens a position under its own id. E13:
    beside a market order it leaves the new position, a trade of nothing.
    """
    command, account = one.leg.standing.command, market.account
    signal, rate = command.signal(one.part), market.desk.taker_fee_rate
    if order.is_market:
        units = min(one.units, account.open_on(order.side))
        if units <= 0:
            return False
        ticket = Ticket(command.id, signal, rate, Reason.STOP_LOSS)
        fee = account.fee(ticket, price, units)
        account.close(bar, price, units, ticket, fee, (), order.side)
    else:
        # Not settled by the rules: it needs margin, as every order does that opens.
        if not market.affordable(order, price, one.units):
            return False
        ticket = Ticket(command.id, signal, rate, Reason.ENTRY)
        fee = account.fee(ticket, price, one.units)
        lot = account.open(bar, order.side, price, one.units, ticket, fee)
        market.desk.tidy()
        market.desk.cover(lot)
    market.desk.tidy()
    return True
