"""Which exits hang on the order inside a bar, and what would the other order have brought?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.bars import frozen
from engines.kernel import layout as at
from engines.orders import Reason
from tests.engines.golden.corpus import case
from tests.engines.kernel.conftest import Play
from tests.examples import examples

FLAT = (100.0, 100.0, 100.0, 100.0)
BRACKET: dict[str, Any] = {
    "choices": {at.STOP_KIND: at.TICKS, at.N_TARGETS: 1, at.TARGET_KIND: at.TICKS},
    "params": {at.STOP: 20.0, at.TARGET: 30.0, at.PORTION: 1.0},
}
DOUBT = ("ambiguous_exits", "net_profit", "pessimistic_profit", "optimistic_profit")


def doubt(result: Any) -> list[float]:
    return [result.statistics[name] for name in DOUBT]


def test_a_bar_over_stop_and_target_is_counted_with_both_profits(play: Play) -> None:
    # 100 - 20 ticks of 0.1 and 100 + 30: low 98 comes first on the path, the target was as near.
    bars = [FLAT, FLAT, (100.0, 103.0, 97.9, 101.0), FLAT]
    result = play(bars, enter_long=[0], **BRACKET)
    assert result.trades["reason"].tolist() == [Reason.STOP_LOSS]
    assert result.trades["ambiguous"].tolist() == [1]
    assert doubt(result) == [1, -2.0, -2.0, 3.0]


def test_a_short_mirrors_it(play: Play) -> None:
    bars = [FLAT, FLAT, (100.0, 102.0, 96.9, 99.0), FLAT]
    result = play(bars, enter_short=[0], **BRACKET)
    assert result.trades["reason"].tolist() == [Reason.STOP_LOSS]
    assert doubt(result) == [1, -2.0, -2.0, 3.0]


@pytest.mark.parametrize(
    "bar",
    [
        (100.0, 102.9, 97.9, 101.0),  # the target is not reached
        (100.0, 103.0, 98.1, 101.0),  # the stop is not
        (98.0, 103.0, 97.9, 101.0),  # the open is at the stop
        (103.0, 103.5, 97.9, 101.0),  # the open is at the target
    ],
)
def test_what_only_one_order_can_have_made_is_not_counted(
    play: Play, bar: tuple[float, float, float, float]
) -> None:
    result = play([FLAT, FLAT, bar, FLAT], enter_long=[0], **BRACKET)
    exits, assumed, worse, better = doubt(result)
    assert exits == 0
    assert assumed == worse == better


def test_finer_bars_settle_the_order(play: Play) -> None:
    bars = [FLAT, FLAT, (100.0, 103.0, 97.9, 101.0), FLAT]
    inside = [FLAT] * 8 + [
        (100.0, 103.0, 100.0, 102.0),
        (102.0, 102.0, 97.9, 98.0),
        (98.0, 101.0, 98.0, 101.0),
        (101.0, 101.0, 101.0, 101.0),
    ]
    result = play(bars, enter_long=[0], finer=inside + [FLAT] * 4, **BRACKET)
    assert result.trades["reason"].tolist() == [Reason.TAKE_PROFIT]
    assert doubt(result) == [0, 3.0, 3.0, 3.0]


def test_half_a_target_and_the_stop_of_the_rest(play: Play) -> None:
    # High first: half leaves at 103, the rest at 98. Low first: all leaves at 98.
    bars = [FLAT, FLAT, (100.5, 103.0, 97.9, 101.0), FLAT]
    params = {**BRACKET["params"], at.PORTION: 0.5}
    result = play(bars, enter_long=[0], choices=BRACKET["choices"], params=params)
    assert [Reason(one).name for one in result.trades["reason"]] == ["TAKE_PROFIT", "STOP_LOSS"]
    assert result.trades["ambiguous"].tolist() == [1, 1]
    assert doubt(result) == [1, 1.5 - 1.0, -2.0, 0.5]


def test_a_trailing_stop_that_the_high_may_have_raised(play: Play) -> None:
    # Low first: the stop stands at 99 and is met. High first: raised to 102, met on the way down.
    bars = [FLAT, FLAT, (100.0, 103.0, 98.9, 99.5), FLAT]
    choices = {at.TRAIL_KIND: at.TICKS}
    result = play(bars, enter_long=[0], choices=choices, params={at.TRAIL_DISTANCE: 10.0})
    assert doubt(result) == [1, -1.0, -1.0, 2.0]


def test_break_even_that_the_low_may_have_missed(play: Play) -> None:
    # High first: the stop moves to 100 and is met. Low first: nothing, worth 101 at the close.
    bars = [FLAT, FLAT, (100.5, 102.0, 98.5, 101.0), FLAT]
    choices = {at.BREAK_EVEN_KIND: at.TICKS, at.OFFSET_KIND: at.TICKS}
    params = {at.BREAK_EVEN_TRIGGER: 15.0, at.BREAK_EVEN_OFFSET: 0.0}
    result = play(bars, enter_long=[0], choices=choices, params=params)
    assert result.trades["reason"].tolist() == [Reason.BREAK_EVEN]
    assert doubt(result) == [1, 0.0, 0.0, 1.0]


def test_an_exit_that_only_the_other_order_makes_is_not_counted(play: Play) -> None:
    # Low first, nothing leaves; an exit that did not happen is none.
    bars = [FLAT, FLAT, (100.0, 102.0, 98.5, 101.0), (101.0, 101.0, 101.0, 101.0)]
    choices = {at.BREAK_EVEN_KIND: at.TICKS, at.OFFSET_KIND: at.TICKS}
    params = {at.BREAK_EVEN_TRIGGER: 15.0, at.BREAK_EVEN_OFFSET: 0.0}
    result = play(bars, enter_long=[0], choices=choices, params=params)
    assert result.trades["reason"].tolist() == [Reason.OPEN]
    assert doubt(result)[0] == 0


def test_fees_and_slippage_are_in_both_profits(play: Play) -> None:
    bars = [FLAT, FLAT, (100.0, 103.0, 97.9, 101.0), FLAT]
    broker = {"taker_fee_rate": 0.001, "maker_fee_rate": 0.0005, "slippage_ticks": 1.0}
    result = play(bars, enter_long=[0], broker=broker, **BRACKET)
    # In at 100.1; out at 98.1 - 0.1, or at 103.1 as a maker (not reached: 103 is the high).
    assert doubt(result)[0] == 0
    bars = [FLAT, FLAT, (100.0, 103.1, 97.9, 101.0), FLAT]
    result = play(bars, enter_long=[0], broker=broker, **BRACKET)
    entry = 100.1 * 0.001
    assumed = 98.0 - 100.1 - 98.0 * 0.001 - entry
    better = 103.1 - 100.1 - 103.1 * 0.0005 - entry
    assert doubt(result) == pytest.approx([1, assumed, assumed, better], abs=1e-9)


@examples(60)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_assumed_profit_lies_between_the_two(seed: int) -> None:
    result = case(seed).run()
    exits, assumed, worse, better = doubt(result)
    slack = 1e-9 * (1.0 + abs(assumed))
    assert worse <= assumed + slack
    assert assumed <= better + slack
    marked = result.trades["ambiguous"] == 1
    assert exits <= marked.sum()
    assert (exits == 0) == (not marked.any())
    if exits == 0:
        assert worse == assumed == better


def test_finer_bars_leave_fewer_in_doubt() -> None:
    coarse, fine = 0.0, 0.0
    for seed in range(300):
        one = case(seed)
        if len(one.ready.finer.open) > 0 and one.table.has_exits:
            fine += one.run().statistics["ambiguous_exits"]
            none = frozen(np.zeros(len(one.bars)), np.int64)
            nothing = one.ready.finer._replace(first=none, end=none)
            object.__setattr__(one.ready, "finer", nothing)
            coarse += one.run().statistics["ambiguous_exits"]
    assert coarse > 100
    assert fine < coarse / 2
