"""Pine's built-ins of the account as a script sees them, worked out by hand (I7, K3 to K6)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from engines.commands import Command, Entry, Exit
from engines.script import Statement, View
from tests.engines.reference.conftest import Bar, Play
from tests.engines.reference.test_order_rules import CALM, LONG, SHORT

Plan = dict[int, list[Command]]


def watched(plan: Plan, take: Callable[[Statement], Any]) -> tuple[list[Any], Any]:
    """What `take` finds at each close, and the script that looks."""
    seen: list[Any] = []

    def script(view: View) -> Sequence[Command]:
        assert view.statement is not None
        seen.append(take(view.statement))
        return plan.get(view.bar, ())

    return seen, script


def test_i7_the_price_of_the_margin_call_of_a_long_and_a_short(play: Play) -> None:
    # Long 2 at 120, 25 %: (2·120 − 100000) / (2·0.75) = −66506.67, floored to a tick of 0.1.
    # Closed at 160 with 80; short 4 at 180, 30 %: (100080 + 720) / (4·1.3) = 19384.6…, ceiled.
    bars: list[Bar] = [
        (100.0 + 10 * i, 110.0 + 10 * i, 95.0 + 10 * i, 105.0 + 10 * i) for i in range(10)
    ]
    plan: Plan = {
        1: [Entry("L", "long", qty=2)],
        5: [Exit("X", "L", limit=100.0)],
        7: [Entry("S", "short", qty=4)],
    }
    seen, script = watched(plan, lambda one: one.margin_liquidation_price)
    cash = {"initial_cash": 100_000.0}
    play(bars, script, cash, margin_long=25.0, margin_short=30.0)
    assert seen[2:6] == pytest.approx([-66506.7] * 4)
    assert seen[8:] == pytest.approx([19384.7] * 2)
    assert all(math.isnan(seen[i]) for i in (0, 1, 6, 7))


def test_i7_capital_held_is_the_value_at_the_entries(play: Play) -> None:
    plan: Plan = {0: [Entry("A", "long", qty=2)], 1: [Entry("B", "long", qty=1)]}
    bars: list[Bar] = [CALM, CALM, (110.0, 111.0, 109.0, 110.0)]
    seen, script = watched(plan, lambda one: one.capital_held)
    play(bars, script, pyramiding=2)
    assert seen == [0.0, 200.0, 310.0]
    seen, script = watched(plan, lambda one: one.capital_held)
    play(bars, script, margin_long=0.0, margin_short=0.0)
    assert all(math.isnan(one) for one in seen)


def test_k4_drawdown_and_runup_follow_the_path_of_the_position(play: Play) -> None:
    bars: list[Bar] = [
        CALM,
        # Low first: entered at 100, down to 96, up to 103.
        (100.0, 108.0, 96.0, 103.0),
        # Sold at 102 on the way down; 90 is not seen.
        (103.0, 103.5, 90.0, 95.0),
        CALM,
        # A second long from 100: realized 1002 is the peak, 1000 the trough.
        (100.0, 101.0, 97.0, 101.0),
    ]
    plan: Plan = {0: [LONG], 1: [Exit("X", "L", stop=102.0)], 3: [LONG]}
    seen, script = watched(plan, lambda one: (one.max_drawdown, one.max_runup))
    play(bars, script, {"initial_cash": 1000.0})
    assert seen == [(0.0, 0.0), (4.0, 8.0), (4.0, 8.0), (4.0, 8.0), (4.0, 8.0)]
    deeper: list[Bar] = [*bars[:4], (100.0, 101.0, 93.0, 101.0)]
    seen, script = watched(plan, lambda one: (one.max_drawdown, one.max_drawdown_percent))
    play(deeper, script, {"initial_cash": 1000.0})
    # From the peak of 1002 to 1002 − 7.
    assert seen[-1] == (7.0, pytest.approx(700 / 1002))


def test_k3_sums_and_counts_of_closed_trades(play: Play) -> None:
    up: Bar = (102.0, 102.4, 101.6, 102.0)
    plan: Plan = {0: [LONG], 1: [SHORT], 2: [LONG], 3: [SHORT]}
    # 100 → 102 long: +2; 102 → 100 short: +2; 100 → 100 long: 0.
    seen, script = watched(
        plan,
        lambda one: (
            *(one.wintrades, one.losstrades, one.eventrades),
            *(one.grossprofit, one.grossloss),
        ),
    )
    play([CALM, CALM, up, CALM, CALM], script)
    assert seen[-1] == (2, 0, 1, 4.0, 0.0)
    seen, script = watched(plan, lambda one: (one.wintrades, one.losstrades, one.grossloss))
    play([CALM, CALM, up, CALM, CALM], script, {"fee_per_order": 3.0})
    # One flat fee an order, a reversal's halved: 3 + 1.5, 1.5 + 1.5, 1.5 + 1.5 against 2, 2, 0.
    assert seen[-1] == (0, 3, 6.5)


def test_rows_of_open_and_closed_trades(play: Play) -> None:
    bars: list[Bar] = [CALM, (100.0, 104.0, 99.0, 103.0), (103.0, 106.0, 102.0, 105.0)]
    plan: Plan = {
        0: [
            Entry("L", "long", qty=2, comment="in"),
            Exit("X", "L", qty=1, limit=105.5, comment="out"),
        ]
    }
    seen, script = watched(plan, lambda one: [*one.opentrades, *one.closedtrades])
    play(bars, script, {"fee_per_contract": 0.5})
    (row,) = seen[1]
    assert (row.entry_id, row.entry_comment, row.entry_price) == ("L", "in", 100.0)
    assert (row.size, row.commission, row.profit, row.entry_bar_index) == (2.0, 1.0, 6.0, 1)
    assert (row.max_runup, row.max_drawdown, row.profit_percent) == (7.0, 3.0, 3.0)
    still, gone = seen[2]
    assert (still.size, still.commission, still.profit) == (1.0, 0.5, 5.0)
    assert (gone.exit_id, gone.exit_comment, gone.exit_price) == ("X", "out", 105.5)
    assert (gone.size, gone.commission, gone.exit_bar_index) == (1.0, 1.0, 2)
    assert (gone.profit, gone.profit_percent) == (4.5, 4.5)


def test_the_position_is_named_by_its_first_entry(play: Play) -> None:
    plan: Plan = {0: [Entry("A", "long")], 1: [Entry("B", "long")], 2: [Entry("C", "short")]}
    seen, script = watched(
        plan,
        lambda one: (
            *(one.position_entry_name, one.max_contracts_held_long),
            one.max_contracts_held_short,
        ),
    )
    play([CALM] * 4, script, pyramiding=2)
    assert seen == [("", 0.0, 0.0), ("A", 1.0, 0.0), ("A", 2.0, 0.0), ("C", 2.0, 1.0)]


@pytest.mark.parametrize(
    ("said", "quantities"),
    [
        ({"qty_value": 1.239}, [1.23, 1.23]),
        # 1,000 at a price of 80 or 125, and half of what there is.
        ({"qty_type": "cash", "qty_value": 1000.0}, [12.5, 8.0]),
        ({"qty_type": "percent_of_equity", "qty_value": 50.0}, [6.25, 4.0]),
    ],
)
def test_the_default_quantity_at_a_price_whatever_is_open(
    play: Play, said: dict[str, Any], quantities: list[float]
) -> None:
    def take(one: Statement) -> list[float]:
        return [one.default_entry_qty(80.0), one.default_entry_qty(125.0)]

    seen, script = watched({1: [Entry("S", "short", qty=3)]}, take)
    play([(100.0,) * 4] * 5, script, {"initial_cash": 1000.0}, **said)
    assert seen == [quantities] * 5
    nothing, script = watched({}, lambda one: one.default_entry_qty(math.nan))
    play([(100.0,) * 4], script)
    assert math.isnan(nothing[0])
