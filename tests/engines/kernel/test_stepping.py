"""A run taken bar by bar, stopped and taken up again, is the run taken at once."""

from __future__ import annotations

import numpy as np
import pytest

from engines.batch.cpu import recording_tape, run_recorded
from engines.batch.stepping import Stepped, Stepper
from engines.decisions import unpack_bits
from engines.errors import InvalidInput
from engines.kernel import layout as at
from engines.kernel.layout import Tape
from engines.orders import Reason
from tests.engines.golden.corpus import Case, case

SIGNALS = (at.ENTER_LONG, at.ENTER_SHORT, at.EXIT_LONG, at.EXIT_SHORT)
STATS = [one for one in range(at.N_STATS) if one != at.STAT_BARS]


def actions_of(one: Case) -> np.ndarray:
    n_bars = len(one.bars)
    rows = [unpack_bits(one.table.bitmaps[one.table.choices[0, slot]], n_bars) for slot in SIGNALS]
    bits: np.ndarray = np.sum([row.astype(np.int32) << bit for bit, row in enumerate(rows)], axis=0)
    return bits


def stepper_of(one: Case, n_rows: int = 1) -> Stepper:
    params = np.repeat(one.table.params, n_rows, axis=0)
    choices = np.repeat(one.table.choices, n_rows, axis=0)
    return Stepper(one.ready, one.table.levels, params, choices, one.market)


def through(stepper: Stepper, state: Stepped, actions: np.ndarray, tape: Tape) -> Stepped:
    for bar in range(state.bar + 1, len(actions)):
        state = stepper.step(state, actions[bar : bar + 1], tape)
    return state


@pytest.mark.parametrize("seed", range(60))
def test_steps_give_the_ledger_of_the_run(seed: int) -> None:
    one = case(seed)
    whole = run_recorded(one.ready, one.table, one.market, one.start, len(one.bars))
    stepper, tape = stepper_of(one), recording_tape(4096)
    end = through(stepper, stepper.start(one.start), actions_of(one), tape)
    n_fills, n_trades = tape.counts[:2]
    np.testing.assert_array_equal(tape.fills[:n_fills], whole.tape.fills)
    np.testing.assert_array_equal(tape.fill_marks[:n_fills], whole.tape.fill_marks)
    # What is still open is listed at the end of a run only.
    closed = whole.tape.trade_marks[:, at.TRADE_REASON] != Reason.OPEN
    np.testing.assert_array_equal(tape.trades[:n_trades], whole.tape.trades[closed])
    np.testing.assert_allclose(stepper.sums(end)[0, STATS], whole.stats[STATS], rtol=1e-12)


def test_a_copy_goes_its_own_way_from_where_it_was_made() -> None:
    one = case(11)
    stepper, actions = stepper_of(one), actions_of(one)
    half = len(actions) // 2
    tape = recording_tape(4096)
    state = through(stepper, stepper.start(one.start), actions[:half], tape)
    kept = state.copy()
    first = through(stepper, state, actions, recording_tape(4096))
    other = through(stepper, kept.copy(), np.zeros_like(actions), recording_tape(4096))
    again = through(stepper, kept, actions, recording_tape(4096))
    np.testing.assert_array_equal(stepper.sums(first), stepper.sums(again))
    assert not np.array_equal(stepper.sums(first), stepper.sums(other))


def test_accounts_side_by_side_do_not_touch_each_other() -> None:
    one = case(5)
    actions = actions_of(one)
    alone, beside = stepper_of(one), stepper_of(one, 3)
    first, both = alone.start(one.start), beside.start(one.start)
    rng = np.random.default_rng(0)
    for bar in range(one.start, len(actions)):
        first = alone.step(first, actions[bar : bar + 1])
        others = rng.integers(0, 16, 2).astype(np.int32)
        both = beside.step(both, np.array([others[0], actions[bar], others[1]], np.int32))
    np.testing.assert_array_equal(both.equity[1], first.equity[0])
    np.testing.assert_array_equal(beside.sums(both)[1], alone.sums(first)[0])
    assert len(set(both.equity.tolist())) == 3


def test_what_is_wrong_is_named() -> None:
    one = case(5)
    stepper = stepper_of(one)
    with pytest.raises(InvalidInput, match="bar"):
        stepper.start(len(one.bars))
    state = stepper.start(len(one.bars) - 1)
    with pytest.raises(InvalidInput, match="actions"):
        stepper.step(state, np.array([16], np.int32))
    with pytest.raises(InvalidInput, match="1 numbers"):
        stepper.step(state, np.array([0, 0], np.int32))
    state = stepper.step(state, np.array([1], np.int32))
    with pytest.raises(InvalidInput, match="bar"):
        stepper.step(state, np.array([0], np.int32))
