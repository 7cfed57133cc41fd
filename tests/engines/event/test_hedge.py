"""Hedge mode: a long and a short of one symbol side by side, by hand and against the oracle."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import pytest

from engines.broker import MarginMode, PositionMode, Profile
from engines.commands import Close, CloseAll, Command, Entry, Exit, Order
from engines.errors import InvalidInput
from engines.event import Outcome
from engines.orders import Reason, Refusal
from engines.script import View
from tests.engines.event.agreement import compare
from tests.engines.event.test_perpetual import FLAT, fall_to, taken, trade
from tests.engines.reference.conftest import Bar, Planned

RUNS = int(os.environ.get("BST_RUNS", "10000")) // 20
LONG = Entry("L", "long")
SHORT = Entry("S", "short")


def hedge(
    bars: Sequence[Bar],
    plan: Mapping[int, Sequence[Command]],
    mode: MarginMode = "isolated",
    cash: float = 1_000_000.0,
    funding: Mapping[int, float] | None = None,
) -> Outcome:
    return trade(bars, plan, mode=mode, cash=cash, fee=0.0, funding=funding, position_mode="hedge")


def test_an_entry_leaves_the_other_side_alone() -> None:
    out = hedge([FLAT] * 4, {0: [LONG], 1: [SHORT], 2: [Order("T", "short", qty=2.0)]})
    assert [(one.side, one.qty) for one in out.open] == [(1, 1.0), (-1, 1.0), (-1, 2.0)]
    assert out.trades == []


def test_equal_sides_earn_nothing_together() -> None:
    out = hedge([FLAT, FLAT, fall_to(46_000.0)], {0: [LONG, SHORT]})
    assert out.equity == pytest.approx([1_000_000.0] * 3)
    assert [one.pnl for one in out.open] == pytest.approx([-4_000.0, 4_000.0])


def test_a_side_is_left_by_its_own_orders() -> None:
    plan: dict[int, list[Command]] = {
        0: [LONG, SHORT],
        1: [Exit("X", "S", stop=51_000.0), Order("R", "short", qty=0.4, reduce_only=True)],
        3: [Close("L")],
    }
    rise = (50_000.0, 52_000.0, 50_000.0, 52_000.0)
    out = hedge([FLAT, FLAT, rise, fall_to(51_000.0, 52_000.0), fall_to(51_000.0, 51_000.0)], plan)
    assert [(one.side, one.exit_signal, one.qty) for one in out.trades] == [
        (1, "R", 0.4),
        (-1, "X", 1.0),
        (1, "Close entry(s) order L", 0.6),
    ]


def test_close_all_leaves_both_sides() -> None:
    out = hedge([FLAT] * 4, {0: [LONG, SHORT], 1: [CloseAll()]})
    assert sorted(one.side for one in out.trades) == [-1, 1]
    assert out.open == []


def test_a_script_sees_both_sides() -> None:
    seen: list[View] = []

    def plan(view: View) -> list[Command]:
        seen.append(view)
        return [LONG, Entry("S", "short", qty=3.0)] if view.bar == 0 else []

    trade([FLAT] * 2, {}, fee=0.0, position_mode="hedge", script=Planned(plan))
    assert (seen[-1].long_size, seen[-1].short_size) == (1.0, 3.0)
    assert seen[-1].position_size == -2.0
    assert seen[-1].position_avg_price != seen[-1].position_avg_price


def test_both_sides_hold_margin_back() -> None:
    # 5,000 each.
    assert len(hedge([FLAT] * 3, {0: [LONG, SHORT]}, cash=10_000.0).open) == 2
    out = hedge([FLAT] * 3, {0: [LONG, SHORT]}, cash=9_999.0)
    assert [one.reason for one in out.refusals] == [Refusal.NO_MARGIN]
    assert len(hedge([FLAT] * 3, {0: [LONG, SHORT]}, "cross", cash=9_999.0).open) == 1


def test_isolated_sides_are_taken_each_on_its_own() -> None:
    # The long goes at 45,000 / 0.995 = 45,226.1 for 45,000.
    out = hedge([FLAT, FLAT, fall_to(45_200.0)], {0: [LONG, SHORT]})
    assert taken(out) == [(1.0, 45_000.0)]
    assert [one.side for one in out.open] == [-1]
    assert out.equity[-1] == pytest.approx(1_000_000 - 5_000 + 4_800)


def test_in_cross_margin_one_balance_stands_for_both() -> None:
    # 20,000 + 2(P − 50,000) − (P − 50,000) = 0.005 × 3 P at 30,000 / 0.985 = 30,456.85.
    plan: dict[int, list[Command]] = {0: [Entry("L", "long", qty=2.0), SHORT]}
    assert taken(hedge([FLAT, FLAT, fall_to(30_457.0)], plan, "cross", cash=20_000.0)) == []
    out = hedge([FLAT, FLAT, fall_to(30_456.0)], plan, "cross", cash=20_000.0)
    # Both go where nothing is left: 20,000 + P − 50,000 = 0.
    assert sorted(taken(out)) == [(1.0, 30_000.0), (2.0, 30_000.0)]
    assert out.equity[-1] == pytest.approx(0.0, abs=1e-6)
    assert {one.reason for one in out.trades} == {Reason.LIQUIDATION}


def test_longs_pay_what_shorts_receive() -> None:
    out = hedge([FLAT] * 12, {0: [LONG, SHORT]}, funding={0: 0.01, 8: 0.0001})
    assert out.equity[-1] == 1_000_000.0
    assert [one.funding for one in out.open] == pytest.approx([5.0, -5.0])


def test_only_contracts_of_bybit_can_be_hedged() -> None:
    with pytest.raises(InvalidInput, match=r"broker.position_mode.*one_way"):
        trade([FLAT], {}, mode="none", profile="tradingview", position_mode="hedge")


@pytest.mark.parametrize("profile", ["bybit_linear", "bybit_inverse"])
@pytest.mark.parametrize("first", range(0, RUNS, 250))
def test_random_scripts_hedge_the_same_on_both(first: int, profile: Profile) -> None:
    mode: PositionMode = "hedge"
    for seed in range(first, min(first + 250, RUNS)):
        try:
            compare(seed, profile, mode)
        except AssertionError as differ:
            differ.add_note(f"seed {seed}")
            raise
