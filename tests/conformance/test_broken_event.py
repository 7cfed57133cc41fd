"""A rule of the event engine broken on purpose is noticed, rule by rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from engines.event.account import Account
from engines.event.brackets import BracketDesk
from engines.event.day_orders import DayCount
from engines.event.doubt import Weighing
from engines.event.entry_desk import EntryDesk
from engines.event.events import Place, Prices
from engines.event.exchange import Exchange
from engines.event.exit_desk import ExitDesk
from engines.event.ladders import LadderDesk
from engines.event.statement import Statement
from engines.event.working import Touch, Working
from engines.kernel import rounding
from engines.kernel.sizing import entry_units
from strategies.scripting.graph_limits import GraphLimits
from strategies.scripting.resting_entries import RestingEntries
from tests.conformance import mutants

Patch = pytest.MonkeyPatch
EVENT = "engines.event"
right_units: Callable[..., Any] = entry_units


def function(name: str, wrong: Callable[..., Any]) -> Callable[[Patch], None]:
    return lambda patch: mutants.everywhere(patch, EVENT, name, wrong)


def method(kind: type, name: str, wrap: Callable[[Any], Any]) -> Callable[[Patch], None]:
    """A method replaced by what `wrap` makes of it."""
    return lambda patch: patch.setattr(kind, name, wrap(getattr(kind, name)))


def nothing(*_: Any) -> None:
    return None


def no_instruction(*_: Any) -> Iterator[Any]:
    return iter(())


def late(right: Any) -> Any:
    def jump(self: Exchange, price: float) -> None:
        # What waits for the open is looked at after the jump, at the old price.
        here, self.here = self.here, price
        right(self, here or price)

    return jump


def far_first(prices: Prices, tick: float, of: Prices | None = None) -> tuple[float, float, float]:
    low_first = prices.high - prices.open < prices.open - prices.low
    goals = of or prices
    ends = (goals.low, goals.high) if low_first else (goals.high, goals.low)
    return (*ends, goals.close)


def at_the_level(right: Any) -> Any:
    def stop(self: Working, level: float, here: float, there: float) -> Touch | None:
        touch: Touch | None = right(self, level, here, there)
        return touch and touch._replace(price=level)

    return stop


def slipping(right: Any) -> Any:
    def limit(self: Working, *args: Any) -> Touch | None:
        touch: Touch | None = right(self, *args)
        return touch and touch._replace(slips=True)

    return limit


def no_trail_beside_a_stop(right: Any) -> Any:
    def placed(self: BracketDesk, one: Any, *rest: Any) -> Iterator[Any]:
        if one.levels.stop is not None:
            one.bracket = replace(one.bracket, trail=None)
        yield from right(self, one, *rest)

    return placed


def without(**changes: Any) -> Callable[[Any], Any]:
    """A desk's orders with other fields."""

    def wrap(right: Any) -> Any:
        def placed(*args: Any, **given: Any) -> Any:
            found = right(*args, **given)
            if isinstance(found, Place):
                return replace(found, **changes)
            return (replace(x, **changes) if isinstance(x, Place) else x for x in found)

        return placed

    return wrap


def with_a_part_of_a_tick(right: Any) -> Any:
    def trail(*given: Any) -> Any:
        placed = right(*given)
        return replace(placed, offset=placed.offset * 1.2)

    return trail


def free_of_fees(*given: Any) -> Any:
    rest, market = given[:-1], given[-1]
    return right_units(*rest, market._replace(taker_fee_rate=0.0))


def free_closing(right: Any) -> Any:
    def leave(self: Account, ticket: Any, units: float, fee: float, *rest: Any) -> Any:
        right(self, ticket, units, 0.0, *rest)
        return fee

    return leave


def fee_later(right: Any) -> Any:
    def enter(self: Account, ticket: Any, side: int, units: float, fee: float) -> Any:
        lot = right(self, ticket, side, units, fee)
        self.cash += fee
        return lot

    return enter


RULES: dict[str, tuple[Callable[[Patch], None], Callable[[int], None]]] = {
    "A1 fill at the open": (method(Exchange, "jump", late), mutants.event_agrees),
    "B1 nearer extreme first": (function("way_of", far_first), mutants.event_agrees),
    "B3 gaps": (method(Working, "_stop", at_the_level), mutants.event_agrees),
    "B6 nearest first": (
        function("_first", lambda ahead, one, other: one[1].at != other[1].at),
        mutants.event_agrees,
    ),
    "B5 exits at a gap": (
        lambda patch: patch.setattr(EntryDesk, "open_caught", no_instruction),
        mutants.event_agrees_on_scripts,
    ),
    "C1 stops to the worse": (
        function("round_against", rounding.round_in_favour),
        mutants.event_agrees,
    ),
    "C1 targets to the better": (
        function("round_in_favour", rounding.round_against),
        mutants.event_agrees,
    ),
    "C4 slippage": (
        function("market_price", lambda raw, side, market: raw),
        mutants.event_agrees,
    ),
    "C4 limits do not slip": (method(Working, "_limit", slipping), mutants.event_agrees),
    "C5 limit verification": (
        method(EntryDesk, "_place", without(verified_by=0)),
        mutants.event_agrees_on_scripts,
    ),
    "D1 one order reverses": (
        method(EntryDesk, "_place", without(against=0.0, flips=False)),
        mutants.event_agrees,
    ),
    "D6 cancel": (
        lambda patch: patch.setattr(ExitDesk, "cancel", no_instruction),
        mutants.event_agrees_on_scripts,
    ),
    "D12 whole lots": (
        function("whole_units", lambda qty, market: rounding.whole_units(qty, market) + 1.0),
        mutants.event_agrees,
    ),
    "E1 exits from the fill on": (
        method(BracketDesk, "_order", without(rests_from=10**6)),
        mutants.event_agrees,
    ),
    "E2 the last target takes the rest": (
        lambda patch: patch.setattr("engines.event.levels.WHOLE", 2.0),
        mutants.event_agrees,
    ),
    "E5 the nearer of two stops": (
        method(BracketDesk, "_place", no_trail_beside_a_stop),
        mutants.event_agrees,
    ),
    "E8 the water mark": (
        lambda patch: patch.setattr(Working, "pass_by", nothing),
        mutants.event_agrees,
    ),
    "E9 whole ticks of a trail": (
        method(BracketDesk, "_trail", with_a_part_of_a_tick),
        mutants.event_agrees,
    ),
    "break-even": (
        lambda patch: patch.setattr(BracketDesk, "_lift", no_instruction),
        mutants.event_agrees,
    ),
    "a stop that follows": (
        lambda patch: patch.setattr(BracketDesk, "move_stops", no_instruction),
        mutants.event_agrees,
    ),
    "E13 exits of a market reversal": (
        lambda patch: patch.setattr(ExitDesk, "close_caught", no_instruction),
        mutants.event_agrees_on_scripts,
    ),
    "F1 groups": (
        lambda patch: patch.setattr(EntryDesk, "_in_group", no_instruction),
        mutants.event_agrees_on_scripts,
    ),
    "G3 fees in the budget": (
        function("entry_units", free_of_fees),
        mutants.event_agrees,
    ),
    "H1 commission": (function("order_fee", lambda *_: 0.0), mutants.event_agrees),
    "H3 a reversal's fee": (method(Account, "leave", free_closing), mutants.event_agrees),
    "H5 the entry's fee at once": (method(Account, "enter", fee_later), mutants.event_agrees),
    "I1 margin of what is open": (
        function("margin_held", lambda *_: 0.0),
        mutants.event_agrees,
    ),
    "I3 margin calls": (
        function("lots_to_call", lambda *_: 0.0),
        mutants.event_agrees_on_scripts,
    ),
    "I4 calls that wait": (
        function("call_waits", lambda *_: False),
        mutants.event_agrees_on_calls,
    ),
    "I5 margin at the fill": (
        function("affords", lambda *_: True),
        mutants.event_agrees_on_scripts,
    ),
    "orders are given up": (
        lambda patch: patch.setattr(RestingEntries, "give_up", no_instruction),
        mutants.event_agrees,
    ),
    "margin of what rested": (function("can_carry", lambda *_: True), mutants.event_agrees),
    "ladders follow closes": (
        lambda patch: patch.setattr(LadderDesk, "close_bar", no_instruction),
        mutants.event_agrees,
    ),
    "a ladder's window": (
        lambda patch: patch.setattr(LadderDesk, "_rest_next", no_instruction),
        mutants.event_agrees,
    ),
    "a ladder ends": (
        lambda patch: patch.setattr(LadderDesk, "tidy", no_instruction),
        mutants.event_agrees,
    ),
    "J2 a day's last order": (
        lambda patch: patch.setattr(DayCount, "over", False),
        mutants.event_agrees,
    ),
    "J3, J4 losses": (
        lambda patch: patch.setattr(GraphLimits, "_losses", nothing),
        mutants.event_agrees,
    ),
    "limits of trades": (
        lambda patch: patch.setattr(GraphLimits, "_counted", nothing),
        mutants.event_agrees,
    ),
    "losses in a row, and re-entry": (
        lambda patch: patch.setattr(GraphLimits, "_read_trades", nothing),
        mutants.event_agrees,
    ),
    "the clock": (
        lambda patch: patch.setattr(GraphLimits, "strikes", False),
        mutants.event_agrees,
    ),
    "profits that exits ask for": (
        lambda patch: patch.setattr(Statement, "earns", lambda *_: True),
        mutants.event_agrees,
    ),
    "bounds of a size": (
        function("bounded", lambda units, *_: units),
        mutants.event_agrees,
    ),
    "the Kelly share": (
        function("share_of_wins", lambda fraction, *_: fraction),
        mutants.event_agrees,
    ),
    "anchors move": (
        lambda patch: patch.setattr(BracketDesk, "_anchor", no_instruction),
        mutants.event_agrees,
    ),
    "the margin's stop": (
        function("margin_stop", lambda average, side, *_: average * (1.0 - side * 0.5)),
        mutants.event_agrees,
    ),
    "the order inside a bar": (
        lambda patch: patch.setattr(Weighing, "_may_matter", lambda *_: False),
        mutants.event_agrees,
    ),
    "K2 excursions": (lambda patch: patch.setattr(Account, "see", nothing), mutants.event_agrees),
    "K3 equity": (
        method(Account, "equity", lambda right: lambda self, price: self.cash),
        mutants.event_agrees,
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_is_noticed(rule: str) -> None:
    mutants.assert_noticed(rule, *RULES[rule])


def test_nothing_is_noticed_when_nothing_is_broken() -> None:
    assert len(RULES) >= 20
    for seed in range(20):
        mutants.event_agrees(seed)
        mutants.event_agrees_on_scripts(seed)
