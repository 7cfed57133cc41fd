"""Margin calls on the oracle (rules I), by the manual's example and by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engines.commands import Close, Command, Entry
from engines.reference import Outcome
from engines.script import View
from tests.engines.reference.conftest import Bar, Play

CALM: Bar = (100.0, 100.4, 99.6, 100.0)


def called(outcome: Outcome) -> list[tuple[int, float, float]]:
    calls = [one for one in outcome.trades if one.exit_signal == "Margin call"]
    return [(one.exit_bar, round(one.exit_price, 9), one.qty) for one in calls]


def test_i2_the_example_of_the_manual(play: Play) -> None:
    # 682,438 at 4.43, the price falls to 3.9, a margin of 25 %: 111,052 are sold. Prices here
    # are ten times theirs to lie on the grid, quantities a tenth.
    bars = [(44.3, 44.3, 44.3, 44.3)] * 2 + [(39.0, 39.0, 39.0, 39.0)]
    out = play(bars, {0: [Entry("L", "long", qty=68_243.8)]}, {"leverage": 4.0})
    # Four times 2,776.32, cut to a hundredth.
    assert called(out) == [(2, 39.0, 11_105.28)]


def test_i4_a_short_is_checked_at_the_high(play: Play) -> None:
    cash = {"initial_cash": 1_000.0}
    rises = (100.0, 110.0, 99.0, 101.0)
    out = play([CALM, (100.0, 100.0, 99.6, 100.0), rises], {0: [Entry("S", "short", qty=9)]}, cash)
    # At 110: equity 910, needed 990, short of 80: 0.72 contracts, four times that.
    assert called(out) == [(2, 110.0, 2.88)]


def test_i3_a_cover_of_nothing_takes_one_contract(play: Play) -> None:
    cash = {"initial_cash": 1_000.0}
    rises = (100.0, 100.1, 99.9, 100.0)
    out = play(
        [CALM, (100.0, 100.0, 99.6, 100.0), rises], {0: [Entry("S", "short", qty=9.99)]}, cash
    )
    # At 100.1: equity 999.001, needed 999.999, short of 0.998, less than a hundredth of one.
    assert called(out) == [(2, 100.1, 1.0)]


def test_there_is_one_call_a_bar_and_none_without_checks(play: Play) -> None:
    cash = {"initial_cash": 1_000.0}
    rises = (100.0, 140.0, 99.0, 140.0)
    plan = {0: [Entry("S", "short", qty=9)]}
    bars = [CALM, (100.0, 100.0, 99.6, 100.0), rises]
    assert len(called(play(bars, plan, cash))) == 1
    assert called(play(bars, plan, {**cash, "check_margin": False})) == []


def test_i6_a_waiting_order_that_became_too_dear_is_cancelled(play: Play) -> None:
    cash = {"initial_cash": 1_000.0}
    bars = [CALM, (100.0, 101.5, 99.0, 101.0), (101.0, 101.0, 90.0, 95.0)]
    plan = {0: [Entry("L", "long", qty=10, limit=95.0)]}
    assert play(bars, plan, cash).fills == []
    assert len(play(bars, {0: [Entry("L", "long", qty=9.9, limit=95.0)]}, cash).fills) == 1


def test_i6_j1_an_order_that_may_only_leave_needs_no_margin(play: Play) -> None:
    plan: dict[int, list[Command]] = {
        0: [Entry("L", "long", qty=9)],
        1: [Entry("S", "short", limit=110.0)],
        2: [Close("L")],
        4: [Entry("L", "long", qty=5)],
    }
    bars = [*[CALM] * 6, (100.0, 111.0, 99.9, 105.0)]
    said = {"allow_entry_in": "long", "margin_short": 200.0}
    out = play(bars, plan, {"initial_cash": 1000.0}, **said)
    assert [(one.side, one.price, one.qty) for one in out.fills][2:] == [
        (1, 100.0, 5.0),
        (-1, 110.0, 5.0),
    ]


@pytest.mark.parametrize(
    ("bar", "price"),
    [
        # Missed at the first extreme it waits for the close, if it is missed there too.
        ((100.0, 100.5, 99.0, 100.3), 100.3),
        ((100.0, 100.5, 99.0, 100.2), 100.5),
        # At the second extreme nothing waits.
        ((100.0, 100.5, 99.8, 100.3), 100.5),
    ],
)
def test_i4_a_call_of_one_contract_may_wait_for_the_close(
    play: Play, bar: Bar, price: float
) -> None:
    seen = {}

    def script(view: View) -> Iterator[Command]:
        seen[view.bar] = view.position_size
        if view.bar == 0:
            yield Entry("S", "short")

    calm = (100.0, 100.1, 99.9, 100.0)
    out = play([calm, calm, bar, calm], script, {"initial_cash": 401.0}, margin_short=400.0)
    # 401 + 100 − P carry 4 P up to 100.2; 1.5 are missing at 100.5, less than a hundredth of one.
    assert called(out) == [(2, price, 1.0)]
    # The script has run before what waited is sold.
    assert seen[2] == (-1.0 if price == 100.3 else 0.0)
