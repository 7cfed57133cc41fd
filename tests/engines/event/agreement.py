"""When do the event engine and the oracle agree? Whole numbers exact, money to 1e-9."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engines import event, reference
from engines.broker import PositionMode, Profile
from tests.engines.event.random_scripts import ScriptRun, as_inverse, random_script_run

EXACT = ("number", "side", "entry_id", "entry_signal", "exit_signal", "entry_bar", "exit_bar")
PRICES = ("entry_price", "exit_price", "qty", "best", "worst")
MONEY = ("pnl", "entry_fee", "exit_fee", "mfe", "mae")


def on_oracle(run: ScriptRun) -> reference.Outcome:
    return reference.simulate(
        run.script(), run.bars, run.instrument, run.broker, run.properties, run.finer
    )


def on_event_engine(run: ScriptRun) -> event.Outcome:
    return event.simulate(
        run.script(), run.bars, run.instrument, run.broker, run.properties, run.finer
    )


def assert_same(ours: event.Outcome, witness: reference.Outcome) -> None:
    assert_same_rows(
        [*ours.trades, *ours.open], [*witness.trades, *witness.open], EXACT, PRICES, MONEY
    )
    marks, prices, money = ("bar", "side", "signal", "trade"), ("price", "qty"), ("fee", "cash")
    assert_same_rows(ours.fills, witness.fills, marks, prices, money)
    equity = [float(one) for one in witness.equity]
    np.testing.assert_allclose(ours.equity, equity, rtol=1e-9, atol=1e-8, err_msg="equity")


def assert_same_rows(
    ours: list[event.Trade] | list[event.Fill],
    witness: list[reference.Trade] | list[reference.Fill],
    exact: tuple[str, ...],
    prices: tuple[str, ...],
    money: tuple[str, ...],
) -> None:
    for name in exact:
        assert [getattr(one, name) for one in ours] == [getattr(one, name) for one in witness], name
    for name in (*prices, *money):
        got = [getattr(one, name) for one in ours]
        expected = [float(getattr(one, name)) for one in witness]
        rtol, atol = (1e-12, 0.0) if name in prices else (1e-9, 1e-8)
        np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol, err_msg=name)


def compare(seed: int, profile: Profile = "tradingview", mode: PositionMode = "one_way") -> None:
    """One random run on both, under a profile's rules."""
    run = random_script_run(seed)
    if profile == "bybit_inverse":
        run = as_inverse(run)
    run = replace(run, broker=replace(run.broker, profile=profile, position_mode=mode))
    assert_same(on_event_engine(run), on_oracle(run))
