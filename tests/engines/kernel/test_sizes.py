"""How much do a target volatility, the Kelly share and the limits of a size buy?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engines.kernel import layout as at
from engines.orders import Refusal
from tests.engines.kernel.conftest import Play

NAN = float("nan")
FLAT = (100.0, 100.0, 100.0, 100.0)
CASH = {"initial_cash": 10_000.0}
VOLATILITY: dict[str, Any] = {
    "choices": {at.SIZE_MODE: at.SIZE_VOLATILITY, at.SIZE_COLUMN: 0, at.SIZE_COLUMN + 1: 0},
    "broker": CASH,
}


def refusals(result: Any) -> list[str]:
    return [Refusal(one).name for one in result.refusals["reason"]]


def test_a_volatility_target_moves_its_share_of_the_equity(play: Play) -> None:
    # 1 % of 10,000 over a volatility of 3 is 33.333 pieces.
    result = play(
        [FLAT] * 3, enter_long=[0], params={at.SIZE: 0.01}, levels=[[3.0] * 3], **VOLATILITY
    )
    assert result.fills["qty"].tolist() == [33.333]


@pytest.mark.parametrize("volatility", [NAN, 0.0, -1.0])
def test_without_a_volatility_nothing_is_entered(play: Play, volatility: float) -> None:
    levels = [[volatility] * 3]
    result = play([FLAT] * 3, enter_long=[0], params={at.SIZE: 0.01}, levels=levels, **VOLATILITY)
    assert len(result.fills["bar"]) == 0
    assert refusals(result) == ["NO_VOLATILITY"]


def test_a_tiny_volatility_meets_the_cap(play: Play) -> None:
    params = {at.SIZE: 0.01, at.SIZE_CAP: 0.5}
    result = play([FLAT] * 3, enter_long=[0], params=params, levels=[[0.001] * 3], **VOLATILITY)
    assert result.fills["qty"].tolist() == [50.0]


def waves(n_wins: int, n_losses: int) -> tuple[list[tuple[float, float, float, float]], list[int]]:
    """Bars on which longs from each even signal win 4 or lose 2, and the bars of the signals."""
    bars, signals = [FLAT], []
    for profit in [4.0] * n_wins + [-2.0] * n_losses:
        signals.append(len(bars) - 1)
        out = 100.0 + profit
        bars += [FLAT, (out, out, out, out), FLAT]
    return [*bars, FLAT, FLAT], signals


def kelly(play: Play, n_wins: int, n_losses: int, **params: float) -> Any:
    bars, signals = waves(n_wins, n_losses)
    named = {at.SIZE: 0.5, at.KELLY_START: 0.01}
    named |= {getattr(at, name.upper()): value for name, value in params.items()}
    last = len(bars) - 2
    return play(
        bars,
        enter_long=[*signals, last],
        exit_long=[one + 1 for one in signals],
        choices={at.SIZE_MODE: at.SIZE_KELLY, at.KELLY_TRADES: n_wins + n_losses},
        params=named,
        broker=CASH,
    )


def test_half_the_kelly_share_of_the_closed_trades(play: Play) -> None:
    result = kelly(play, 3, 2)
    closed = result.trades["reason"] != 10
    pnl = result.trades["pnl"][closed]
    wins, losses = pnl[pnl > 0], -pnl[pnl < 0]
    share = 0.5 * (0.6 - 0.4 / (wins.mean() / losses.mean()))
    equity = 10_000.0 + pnl.sum()
    assert result.fills["qty"][0] == 1.0
    expected = np.floor(equity * share / 100.0 / 0.001 + 1e-9) * 0.001
    assert result.fills["qty"][-1] == pytest.approx(expected, abs=1e-9)


def test_only_wins_stake_the_whole_fraction(play: Play) -> None:
    result = kelly(play, 2, 0)
    assert result.fills["qty"][-1] == pytest.approx(
        result.fills["cash"][-1] * 0.5 / 100.0, abs=1e-3
    )


@pytest.mark.parametrize(("wins", "losses"), [(0, 3), (1, 5)])
def test_no_edge_enters_nothing(play: Play, wins: int, losses: int) -> None:
    result = kelly(play, wins, losses)
    assert refusals(result) == ["NO_EDGE"]


def test_a_least_size_is_entered_without_an_edge(play: Play) -> None:
    result = kelly(play, 0, 3, size_floor=0.02)
    assert refusals(result) == []
    # The floor also lifts the sizes of the start: 2 % of about 10,000.
    assert result.fills["qty"][0] == 2.0
    assert result.fills["qty"][-1] == pytest.approx(result.fills["cash"][-1] * 0.02 / 100, abs=1e-3)


@pytest.mark.parametrize(("wanted", "qty"), [(0.001, 1.0), (0.05, 5.0), (0.9, 20.0)])
def test_limits_raise_and_cut_any_size(play: Play, wanted: float, qty: float) -> None:
    params = {at.SIZE: wanted, at.SIZE_FLOOR: 0.01, at.SIZE_CAP: 0.2}
    choices = {at.SIZE_MODE: at.SIZE_EQUITY}
    result = play([FLAT] * 3, enter_long=[0], choices=choices, params=params, broker=CASH)
    assert result.fills["qty"].tolist() == [qty]


def test_a_size_that_is_no_number_is_refused(play: Play) -> None:
    params = {at.SIZE: NAN, at.SIZE_FLOOR: 0.01}
    choices = {at.SIZE_MODE: at.SIZE_EQUITY}
    result = play([FLAT] * 3, enter_long=[0], choices=choices, params=params, broker=CASH)
    assert len(result.fills["bar"]) == 0
    assert len(result.refusals["bar"]) == 1
