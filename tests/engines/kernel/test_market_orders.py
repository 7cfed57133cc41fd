"""Market entries, signal exits, reversals, sizing, fees and refusals, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engines.kernel import layout as at
from engines.orders import Reason, Refusal
from engines.result import Result

Play = Callable[..., Result]
FLAT = [(100.0, 101.0, 99.0, 100.0)]
RISE = [(100.0 + i, 101.5 + i, 99.5 + i, 101.0 + i) for i in range(8)]


def test_a_signal_fills_at_the_next_open(play: Play) -> None:
    result = play(RISE, enter_long=[1], exit_long=[4])
    assert result.fills["bar"].tolist() == [2, 5]
    assert result.fills["price"].tolist() == [102.0, 105.0]
    assert result.trades["pnl"].tolist() == [3.0]
    assert result.fills["reason"].tolist() == [Reason.ENTRY, Reason.SIGNAL_EXIT]


def test_a_signal_fills_at_its_own_close_when_told(play: Play) -> None:
    result = play(RISE, enter_long=[1], exit_long=[4], broker={"fill_at": "close"})
    assert result.fills["bar"].tolist() == [1, 4]
    assert result.fills["price"].tolist() == [102.0, 105.0]


def test_a_signal_of_the_last_bar_finds_no_open_to_fill_at(play: Play) -> None:
    assert len(play(RISE, enter_long=[7]).fills["bar"]) == 0


def test_an_opposite_signal_reverses_with_one_order(play: Play) -> None:
    result = play(RISE, enter_long=[1], enter_short=[3])
    assert result.fills["side"].tolist() == [1, -1, -1]
    assert result.fills["order"].tolist() == [1, 2, 2]
    assert result.fills["reason"].tolist() == [Reason.ENTRY, Reason.REVERSAL, Reason.REVERSAL]
    assert result.trades["reason"].tolist() == [Reason.REVERSAL, Reason.OPEN]


def test_an_opposite_signal_only_closes_when_told(play: Play) -> None:
    result = play(RISE, enter_long=[1], enter_short=[3], choices={at.ON_OPPOSITE: at.CLOSE_ONLY})
    assert result.fills["side"].tolist() == [1, -1]


def test_an_opposite_signal_is_ignored_when_told_and_says_so(play: Play) -> None:
    result = play(RISE, enter_long=[1], enter_short=[3], choices={at.ON_OPPOSITE: at.IGNORE})
    assert result.fills["side"].tolist() == [1]
    assert result.refusals["reason"].tolist() == [Refusal.OPPOSITE_IGNORED]


def test_two_entry_signals_at_one_bar_are_refused(play: Play) -> None:
    result = play(RISE, enter_long=[2], enter_short=[2])
    assert len(result.fills["bar"]) == 0
    assert result.refusals["reason"].tolist() == [Refusal.CONFLICT]
    assert result.statistics["refusals"] == 1.0


def test_a_second_entry_adds_up_to_the_pyramiding_limit(play: Play) -> None:
    result = play(RISE, enter_long=[0, 1, 2], exit_long=[4], choices={at.PYRAMIDING: 2})
    assert result.fills["bar"].tolist() == [1, 2, 5, 5]
    assert result.trades["pnl"].tolist() == [4.0, 3.0]
    assert result.refusals["reason"].tolist() == [Refusal.POSITION_LIMIT]


def test_a_position_closes_after_its_bars(play: Play) -> None:
    result = play(RISE, enter_long=[0], choices={at.MAX_BARS: 3})
    assert result.fills["bar"].tolist() == [1, 5]
    assert result.fills["reason"].tolist() == [Reason.ENTRY, Reason.TIME_EXIT]


def test_entries_wait_until_the_cool_down_is_over(play: Play) -> None:
    signals = {"enter_long": [0, 3, 4, 5], "exit_long": [1]}
    result = play(RISE, choices={at.COOL_DOWN: 3}, **signals)
    assert result.fills["bar"].tolist() == [1, 2, 6]
    assert result.refusals["reason"].tolist() == [Refusal.COOL_DOWN] * 2


def test_a_cool_down_after_losses_does_not_follow_a_win(play: Play) -> None:
    choices = {at.COOL_DOWN: 5, at.COOL_DOWN_AFTER: at.AFTER_LOSS}
    result = play(RISE, enter_long=[0, 3], exit_long=[1], choices=choices)
    assert result.fills["bar"].tolist() == [1, 2, 4]


def test_slippage_goes_against_every_market_order(play: Play) -> None:
    result = play(RISE, enter_long=[1], exit_long=[4], broker={"slippage_ticks": 3})
    np.testing.assert_allclose(result.fills["price"], [102.3, 104.7], rtol=1e-12)


def test_each_leg_pays_its_share_of_the_notional(play: Play) -> None:
    result = play(RISE, enter_long=[1], exit_long=[4], broker={"taker_fee_rate": 0.001})
    np.testing.assert_allclose(result.fills["fee"], [0.102, 0.105], rtol=1e-12)
    np.testing.assert_allclose(result.trades["pnl"], [3.0 - 0.207], rtol=1e-12)
    np.testing.assert_allclose(result.fills["cash"], [9_999.898, 10_002.793], rtol=1e-12)


def test_a_reversal_pays_one_flat_fee_split_by_quantity(play: Play) -> None:
    result = play(RISE, enter_long=[1], enter_short=[3], broker={"fee_per_order": 2.0})
    np.testing.assert_allclose(result.fills["fee"], [2.0, 1.0, 1.0], rtol=1e-12)


def test_fees_per_contract_follow_the_quantity(play: Play) -> None:
    result = play(RISE, enter_long=[1], params={at.SIZE: 2.5}, broker={"fee_per_contract": 0.4})
    np.testing.assert_allclose(result.fills["fee"], [1.0], rtol=1e-12)


@pytest.mark.parametrize(
    ("mode", "size", "leverage", "expected"),
    [
        pytest.param(at.SIZE_FIXED, 1.2349, 1.0, 1.234, id="fixed is floored to the lot"),
        pytest.param(at.SIZE_CASH, 1000.0, 1.0, 9.803, id="cash over the signal's close"),
        pytest.param(at.SIZE_CASH, 100.0, 10.0, 9.803, id="leverage multiplies the margin"),
        pytest.param(at.SIZE_EQUITY, 0.5, 1.0, 49.019, id="half of the equity"),
    ],
)
def test_sizes(play: Play, mode: int, size: float, leverage: float, expected: float) -> None:
    result = play(
        RISE,
        enter_long=[1],
        choices={at.SIZE_MODE: mode},
        params={at.SIZE: size},
        broker={"leverage": leverage},
    )
    assert result.fills["qty"].tolist() == pytest.approx([expected], rel=1e-12)


def test_an_order_in_percent_of_equity_pays_its_fee_out_of_the_budget(play: Play) -> None:
    broker = {"taker_fee_rate": 0.01}
    result = play(RISE, enter_long=[1], choices={at.SIZE_MODE: at.SIZE_EQUITY}, broker=broker)
    assert result.fills["qty"].tolist() == pytest.approx([97.068], rel=1e-12)


def test_size_found_at_the_fill_spends_all_cash(play: Play) -> None:
    broker = {"taker_fee_rate": 0.01, "size_at": "fill"}
    choices = {at.SIZE_MODE: at.SIZE_EQUITY}
    result = play(FLAT * 4, enter_long=[1], lot="0", tick="0", choices=choices, broker=broker)
    price, qty, fee = (result.fills[name][0] for name in ("price", "qty", "fee"))
    assert price * qty + fee == pytest.approx(10_000.0, rel=1e-12)


def test_risk_sizing_loses_the_risk_at_the_stop(play: Play) -> None:
    bars = [*FLAT * 3, (100.0, 100.5, 90.0, 91.0), (91.0, 92.0, 90.0, 91.0)]
    result = play(
        bars,
        enter_long=[0],
        choices={at.SIZE_MODE: at.SIZE_RISK, at.STOP_KIND: at.FRACTION},
        params={at.SIZE: 0.01, at.STOP: 0.05},
    )
    assert result.fills["qty"].tolist() == [20.0, 20.0]
    assert result.trades["pnl"].tolist() == [-100.0]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        pytest.param({"params": {at.SIZE: 0.0004}}, Refusal.QTY_ZERO, id="below a lot"),
        pytest.param({"min_notional": "500"}, Refusal.MIN_NOTIONAL, id="below the minimum"),
        pytest.param({"params": {at.SIZE: 101.0}}, Refusal.NO_MARGIN, id="more than there is"),
        pytest.param({"choices": {at.SIZE_MODE: at.SIZE_RISK}}, Refusal.NO_STOP, id="no stop"),
        pytest.param(
            {
                "choices": {at.STOP_KIND: at.PRICE, at.STOP_COLUMN: 0},
                "levels": [[np.nan] * 8],
            },
            Refusal.BAD_LEVEL,
            id="level not known",
        ),
    ],
)
def test_an_entry_that_cannot_be_is_refused_with_its_reason(
    play: Play, settings: dict[str, object], reason: Refusal
) -> None:
    result = play(RISE, enter_long=[1], **settings)
    assert len(result.fills["bar"]) == 0
    assert result.refusals["reason"].tolist() == [reason]
    assert result.refusals["bar"].tolist() == [1]


def test_an_account_without_equity_is_closed_out_for_good(play: Play) -> None:
    bars = [*FLAT * 2, (100.0, 250.0, 99.0, 240.0), (240.0, 241.0, 50.0, 60.0), *FLAT * 2]
    result = play(
        bars,
        enter_short=[0],
        enter_long=[3],
        choices={at.SIZE_MODE: at.SIZE_EQUITY},
    )
    assert result.trades["reason"].tolist() == [Reason.BANKRUPT]
    assert result.trades["exit_bar"].tolist() == [2]
    assert result.statistics["total_return"] == pytest.approx(-1.4)
    assert np.all(result.equity[2:] == result.equity[2])


def test_trading_begins_at_the_start_of_the_range(play: Play) -> None:
    result = play(RISE, enter_long=[1, 4], start=3)
    assert result.fills["bar"].tolist() == [5]
    assert len(result.equity) == 5


def test_equity_is_cash_plus_open_profit_at_every_close(play: Play) -> None:
    result = play(RISE, enter_long=[1], exit_long=[4])
    expected = [10_000, 10_000, 10_001, 10_002, 10_003, 10_003, 10_003, 10_003]
    assert result.equity.tolist() == expected
