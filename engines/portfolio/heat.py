"""How much would be lost if every stop were met? The heat of positions and of entries to come."""

from __future__ import annotations

from engines.event import Trader
from engines.event.account import Lot
from engines.event.exits import levels_of, reserved_lots
from engines.event.levels import price_of
from engines.kernel.layout import Market
from engines.kernel.money import quantity
from engines.kernel.rounding import round_against

# What a stop protects: its lots, and its price.
Guarded = tuple[float, float]


def heat_of_position(trader: Trader) -> float:
    """Quote currency at risk in a trader's open lots, from their entry prices to their stops."""
    market = trader.account.market
    total = 0.0
    for lot in trader.account.lots:
        guarded = [
            (min(leg.reserved, lot.claim), leg.levels["stop"])
            for leg in trader.exits.legs.values()
            if leg.lot_number == lot.number and not leg.done and "stop" in leg.orders
        ]
        resting = trader.brackets.resting.get(lot.number)
        stop = None if resting is None else resting.levels.due[0]
        if stop is not None:
            guarded.append((lot.units, stop))
        total += _heat(lot, guarded, market)
    return total


def heat_of_entry(trader: Trader, entry_id: str, side: int, units: float, price: float) -> float:
    """Quote currency at risk in an entry that would fill at `price`, by the exits called for it."""
    market = trader.account.market
    lot = Lot(-1, entry_id, "", side, units, units, price, 0.0, -1, price, price, units, "")
    guarded: list[Guarded] = []
    reserved = 0.0
    for standing in trader.exits.standing.values():
        if standing.covers(lot):
            part = reserved_lots(standing.command, lot, reserved, market)
            reserved += part
            levels = levels_of(standing.command, lot, market)
            if "stop" in levels:
                guarded.append((part, levels["stop"]))
    guarded += _by_bracket(trader, lot)
    return _heat(lot, guarded, market)


def _by_bracket(trader: Trader, lot: Lot) -> list[Guarded]:
    bracket = trader.entries.waiting[lot.entry_id].command.bracket
    if bracket is None or bracket.stop is None:
        return []
    side, market = float(lot.side), trader.account.market
    raw = price_of(bracket.stop, lot.price, -side, market)
    return [(lot.units, float(round_against(raw, side, market.tick)))]


def _heat(lot: Lot, guarded: list[Guarded], market: Market) -> float:
    """What stops leave to lose, and the margin of what none protects."""
    left, total = lot.units, 0.0
    for units, stop in guarded:
        part = min(units, left)
        left -= part
        risk = max(lot.side * (lot.price - stop), 0.0)
        total += risk * quantity(part, market) * market.contract_value
    margin = lot.price * market.contract_value / market.leverage
    return total + margin * quantity(left, market)
