"""A rule broken on purpose makes the two engines disagree: the comparison can fail."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import pytest

from engines.reference import exits, path, pending
from engines.reference.account import Account, Lot, Ticket
from engines.reference.desk import Desk
from engines.reference.exits import Leg
from engines.reference.grid import Grid
from engines.reference.market import Market, Meeting
from engines.reference.path import Path
from engines.reference.pending import Touch
from engines.reference.sizing import Sizing
from tests.engines.reference.test_kernel_agrees import test_kernel_and_oracle_agree

Patch = Callable[[pytest.MonkeyPatch], None]
SEEDS = range(400)
# The comparison itself, without the search for examples.
compare: Callable[[int], None] = test_kernel_and_oracle_agree.hypothesis.inner_test  # type: ignore[attr-defined]


def orders_fill_a_tick_above_the_open(patch: pytest.MonkeyPatch) -> None:
    """A1"""
    right = Market.jump

    def wrong(self: Market, bar: int, price: Any) -> None:
        right(self, bar, price + 1)

    patch.setattr(Market, "jump", wrong)


def far_extreme_first(patch: pytest.MonkeyPatch) -> None:
    """B1"""
    right = path.path_of

    def wrong(*args: Any) -> Path:
        found = right(*args)
        return Path(found.open, found.far, found.near, found.close)

    patch.setattr(path, "path_of", wrong)


def gaps_fill_at_the_level(patch: pytest.MonkeyPatch) -> None:
    """B3"""
    right = pending.touch_of_stop

    def wrong(level: Any, side: int, here: Any, there: Any) -> Touch | None:
        touch = right(level, side, here, there)
        return touch and touch._replace(price=level)

    patch.setattr(exits, "touch_of_stop", wrong)


def farthest_first(patch: pytest.MonkeyPatch) -> None:
    """B6"""
    right = Market._meetings

    def wrong(self: Market, *args: Any) -> Iterator[Meeting]:
        found = list(right(self, *args))
        yield from (one for one in found if one.rank == max(each.rank for each in found))

    patch.setattr(Market, "_meetings", wrong)


def finer_bars_are_ignored(patch: pytest.MonkeyPatch) -> None:
    """B7"""
    right = path.paths_inside
    module = sys.modules["engines.reference.simulate"]
    patch.setattr(module, "paths_inside", lambda bars, finer, *rest: right(bars, None, *rest))


def limits_slip(patch: pytest.MonkeyPatch) -> None:
    """C4"""
    right = pending.touch_of_limit

    def wrong(*args: Any) -> Touch | None:
        touch = right(*args)
        return touch and touch._replace(slips=True)

    patch.setattr(exits, "touch_of_limit", wrong)


def market_orders_do_not_slip(patch: pytest.MonkeyPatch) -> None:
    """C4"""
    patch.setattr(Market, "slipped", lambda self, touch, side: touch.price)


def an_opposite_entry_only_closes(patch: pytest.MonkeyPatch) -> None:
    """D1, D2"""
    right = Desk._wait

    def wrong(
        self: Desk, command: Any, side: int, units: Any, budget: Any, against: Any, close: Any
    ) -> None:
        right(self, command, side, units, budget, 0, close)

    patch.setattr(Desk, "_wait", wrong)
    patch.setattr(Market, "_against", lambda self, order: order.against)


def one_entry_too_many(patch: pytest.MonkeyPatch) -> None:
    """D3"""
    right = Desk.entries_of
    patch.setattr(Desk, "entries_of", lambda self, side: right(self, side) - 1)


def quantities_are_rounded_up(patch: pytest.MonkeyPatch) -> None:
    """D12, G7"""
    right = Grid.whole
    patch.setattr(Grid, "whole", lambda self, qty: right(self, qty) + 1)


def exits_wait_for_the_next_bar(patch: pytest.MonkeyPatch) -> None:
    """E1"""
    right = Leg.touch

    def wrong(self: Leg, here: Any, there: Any, beyond: int) -> Touch | None:
        return right(self, here, there, beyond) if self.lot.best != self.lot.price else None

    patch.setattr(Leg, "touch", wrong)


def a_trail_ignores_its_path(patch: pytest.MonkeyPatch) -> None:
    """E8"""
    patch.setattr(Leg, "follow", lambda self, price: None)


def sized_without_its_fee(patch: pytest.MonkeyPatch) -> None:
    """G3"""
    right = Sizing._wanted

    def wrong(self: Sizing, *args: Any) -> Any:
        fee, self._taker = self._taker, Fraction(0)
        units = right(self, *args)
        self._taker = fee
        return units

    patch.setattr(Sizing, "_wanted", wrong)


def fees_on_one_side_only(patch: pytest.MonkeyPatch) -> None:
    """H1"""
    right = Account._take

    def wrong(
        self: Account, lot: Lot, bar: int, price: Any, units: Any, ticket: Ticket, fee: Any
    ) -> None:
        right(self, lot, bar, price, units, ticket, Fraction(0))

    patch.setattr(Account, "_take", wrong)


def a_reversal_pays_twice(patch: pytest.MonkeyPatch) -> None:
    """H3"""
    right = Account.fee
    patch.setattr(Account, "fee", lambda self, *args: 2 * right(self, *args))


def excursions_forget_the_open(patch: pytest.MonkeyPatch) -> None:
    """K2"""
    patch.setattr(Lot, "see", lambda self, price: None)


BROKEN: tuple[Patch, ...] = (
    orders_fill_a_tick_above_the_open,
    far_extreme_first,
    gaps_fill_at_the_level,
    farthest_first,
    finer_bars_are_ignored,
    limits_slip,
    market_orders_do_not_slip,
    an_opposite_entry_only_closes,
    one_entry_too_many,
    quantities_are_rounded_up,
    exits_wait_for_the_next_bar,
    a_trail_ignores_its_path,
    sized_without_its_fee,
    fees_on_one_side_only,
    a_reversal_pays_twice,
    excursions_forget_the_open,
)


@pytest.mark.parametrize("break_rule", BROKEN, ids=lambda patch: patch.__name__)
def test_a_broken_rule_is_noticed(break_rule: Patch, monkeypatch: pytest.MonkeyPatch) -> None:
    break_rule(monkeypatch)
    for seed in SEEDS:
        try:
            compare(seed)
        except AssertionError:
            return
    pytest.fail(f"{break_rule.__doc__} was broken, and {len(SEEDS)} runs did not notice")


def test_nothing_is_noticed_when_nothing_is_broken() -> None:
    for seed in range(40):
        compare(seed)
