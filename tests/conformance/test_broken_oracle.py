"""What the oracle knows of graphs, broken on purpose, is noticed; scripts in engines/reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from engines.orders import Reason
from engines.reference import market as oracle_market
from engines.reference.brackets import STOPPED, Rest
from engines.reference.desk import Desk
from engines.reference.doubt import Weighing
from engines.reference.ladders import Ladders
from engines.reference.market import Market
from engines.reference.pending import Touch
from engines.reference.sizing import Sizing
from engines.reference.statement import Statement
from strategies.scripting.counted_limits import CountedLimits
from tests.conformance import mutants

Wrap = Callable[[Any], Any]


def nothing(*_: Any) -> None:
    return None


def stops_only(right: Any) -> Any:
    def touches(self: Rest, *way: Any) -> Iterator[tuple[int, Touch]]:
        found = list(right(self, *way))
        yield from (one for one in found if one[0] == STOPPED or len(found) == 1)

    return touches


def no_trail(right: Any) -> Any:
    def due(self: Rest) -> Any:
        return None if self.stop is None else (self.stop, self.reason)

    return due


def one_reason(right: Any) -> Any:
    def due(self: Rest) -> Any:
        found = right(self)
        return found and (found[0], Reason.STOP_LOSS)

    return due


def without_taker_fee(right: Any) -> Any:
    def wanted(self: Sizing, *given: Any) -> Any:
        rate, self._taker = self._taker, Fraction(0)
        units = right(self, *given)
        self._taker = rate
        return units

    return wanted


def no_limits(right: Any) -> Any:
    return lambda self, units, price, free: units if units > 0 else right(self, units, price, free)


def from_the_first_bar(right: Any) -> Any:
    def rest(self: Desk, lot: Any, command: Any) -> None:
        right(self, lot, command)
        if lot.number in self.rests:
            self.rests[lot.number].live_from = 0

    return rest


def only_at_first(right: Any) -> Any:
    def measure(self: Rest, lots: Any, leverage: float, here: Any, anew: bool) -> None:
        if anew:
            right(self, lots, leverage, here, anew)

    return measure


def no_margins_stop(right: Any) -> Any:
    def due(self: Rest) -> Any:
        safety, self.safety = self.safety, None
        found = right(self)
        self.safety = safety
        return found

    return due


RULES: dict[str, tuple[Any, str, Wrap]] = {
    "C1 stops to the worse": (
        Rest,
        "_worse",
        lambda _: lambda self, level, way, base: self._better(level, base),
    ),
    "E1 live from the fill, or later": (Desk, "rest", from_the_first_bar),
    "E2 targets": (Rest, "_reserve", lambda _: nothing),
    "B6 nearest first": (Rest, "touches", stops_only),
    "E5 the nearer of two stops": (Rest, "due", no_trail),
    "why a stop was there": (Rest, "due", one_reason),
    "E6 a stop that follows": (Rest, "move_stop", lambda _: nothing),
    "E8 the water mark": (Rest, "follow", lambda _: nothing),
    "E10 where a trail starts": (Rest, "arm", lambda _: nothing),
    "break-even": (Rest, "lift", lambda _: nothing),
    "G3 fees in the budget": (Sizing, "_wanted", without_taker_fee),
    "I1 margin of what is open": (Sizing, "_held", lambda _: lambda self, price: Fraction(0)),
    "smallest orders and margin": (Sizing, "_limits", no_limits),
    "J3, J4 losses": (CountedLimits, "_loses", lambda _: nothing),
    "losses in a row": (CountedLimits, "_pauses", lambda _: lambda *__: False),
    "what limits refuse": (CountedLimits, "_refusal", lambda _: nothing),
    "J2 a day's last order": (Market, "_end_day", lambda _: nothing),
    "profits that exits ask for": (Statement, "earns", lambda _: lambda *__: True),
    "bounds of a size": (Sizing, "_bounded", lambda _: lambda self, units, *__: units),
    "a move that is risked": (Sizing, "_moved", lambda right: lambda *given: 2 * right(*given)),
    "anchors move": (Rest, "measure", only_at_first),
    "the margin's stop": (Rest, "due", no_margins_stop),
    "ladders follow closes": (Ladders, "close_bar", lambda _: nothing),
    "a ladder's window": (Ladders, "_rest_next", lambda _: nothing),
    "a ladder ends": (Ladders, "end_with_position", lambda _: nothing),
    "margin of what rested": (Sizing, "can_carry", lambda _: lambda *__: True),
    "G5 the signal's budget": (
        Sizing,
        "units_of_resting",
        lambda right: lambda self, order, *given: right(self, replace(order, equity=None), *given),
    ),
    "the order inside a bar": (Weighing, "weigh", lambda _: nothing),
    "the order of a gap": (Market, "_resting", lambda _: lambda self, *_: iter(())),
}


def never_waits(right: Any) -> Any:
    def call(self: Market, bar: int) -> None:
        close, self.close = self.close, None
        right(self, bar)
        self.close = close

    return call


def caught_only(kind: str) -> Wrap:
    """Exits that a gap is through are caught beside one kind of reversal only."""

    def wrap(right: Any) -> Any:
        def caught_by(order: Any, market: Any) -> Any:
            return right(order, market) if order.is_market == (kind == "market") else []

        return caught_by

    return wrap


SCRIPT_RULES: dict[str, tuple[Any, str, Wrap, Callable[[int], None]]] = {
    "B5 exits at a gap": (
        oracle_market,
        "caught_by",
        caught_only("market"),
        mutants.oracle_agrees_on_scripts,
    ),
    "E13 exits of a market reversal": (
        oracle_market,
        "caught_by",
        caught_only("stop"),
        mutants.oracle_agrees_on_scripts,
    ),
    "I4 calls that wait": (Market, "_call_margin", never_waits, mutants.oracle_agrees_on_calls),
}


@pytest.mark.parametrize("rule", SCRIPT_RULES)
def test_a_broken_rule_of_scripts_is_noticed(rule: str) -> None:
    place, name, wrap, compare = SCRIPT_RULES[rule]
    right = getattr(place, name)
    mutants.assert_noticed(rule, lambda patch: patch.setattr(place, name, wrap(right)), compare)


@pytest.mark.parametrize("rule", RULES)
def test_a_broken_rule_is_noticed(rule: str) -> None:
    kind, name, wrap = RULES[rule]
    right = getattr(kind, name)
    mutants.assert_noticed(
        rule, lambda patch: patch.setattr(kind, name, wrap(right)), mutants.oracle_agrees
    )


def test_nothing_is_noticed_when_nothing_is_broken() -> None:
    for seed in range(20):
        mutants.oracle_agrees(seed)
