"""When do the event engine and the oracle agree? Whole numbers exact, money to 1e-9."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import astuple, replace

import numpy as np
import pytest

from engines import event, reference
from engines.broker import PositionMode, Profile
from engines.commands import Command
from engines.doubts import Doubts
from engines.risk_rules import NO_RULES
from engines.script import Script, View
from tests.engines.event.random_scripts import ScriptRun, as_inverse, random_script_run

EXACT = (
    "number",
    "side",
    "entry_id",
    "entry_signal",
    "exit_signal",
    "exit_id",
    "entry_bar",
    "exit_bar",
)
PRICES = ("entry_price", "exit_price", "qty", "best", "worst")
BUILT_INS = (
    *("grossprofit", "grossloss", "wintrades", "losstrades", "max_drawdown", "max_runup"),
    *("max_drawdown_percent", "max_runup_percent", "capital_held", "position_entry_name"),
    *("max_contracts_held_long", "max_contracts_held_short", "margin_liquidation_price"),
)
MONEY = ("pnl", "entry_fee", "exit_fee", "mfe", "mae")


def on_oracle(run: ScriptRun, script: Script | None = None) -> reference.Outcome:
    return reference.simulate(
        script or run.script(),
        run.bars,
        run.instrument,
        run.broker,
        run.properties,
        run.finer,
        rates=run.rates,
    )


def on_event_engine(run: ScriptRun, script: Script | None = None) -> event.Outcome:
    return event.simulate(
        script or run.script(),
        run.bars,
        run.instrument,
        run.broker,
        run.properties,
        run.finer,
        rates=run.rates,
    )


def assert_same(ours: event.Outcome, witness: reference.Outcome) -> None:
    assert_same_rows(
        [*ours.trades, *ours.open], [*witness.trades, *witness.open], EXACT, PRICES, MONEY
    )
    marks, prices, money = ("bar", "side", "signal", "trade"), ("price", "qty"), ("fee", "cash")
    assert_same_rows(ours.fills, witness.fills, marks, prices, money)
    assert_same_doubts(ours.doubts, witness.doubts)
    assert [one.ambiguous for one in ours.trades] == [one.ambiguous for one in witness.trades]
    equity = [float(one) for one in witness.equity]
    np.testing.assert_allclose(ours.equity, equity, rtol=1e-9, atol=1e-8, err_msg="equity")


def assert_same_doubts(ours: Doubts | None, witness: Doubts | None) -> None:
    assert ours is not None
    assert witness is not None
    assert ours.exits == witness.exits, "exits in doubt"
    mine, other = (ours.worse, ours.better), (witness.worse, witness.better)
    np.testing.assert_allclose(mine, other, rtol=1e-9, atol=1e-8, err_msg="doubt")


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


class Watching:
    """A script, and everything that Pine's built-ins said to it at each of its runs."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.seen: list[list[float | str]] = []

    def on_close(self, view: View) -> Iterable[Command]:
        self.seen.append([view.bar, view.price, *_said(view)])
        return self._script.on_close(view)


def _said(view: View) -> Iterator[float | str]:
    statement = view.statement
    assert statement is not None
    yield from (view.position_size, view.position_avg_price, view.equity, view.netprofit)
    for name in BUILT_INS:
        yield getattr(statement, name)
    yield from (statement.rate, statement.default_entry_qty(view.price))
    for rows in (statement.opentrades, statement.closedtrades[-2:]):
        for row in rows:
            yield from astuple(row)


def assert_same_built_ins(ours: list[list[float | str]], witness: list[list[float | str]]) -> None:
    assert len(ours) == len(witness)
    for mine, other in zip(ours, witness, strict=True):
        assert len(mine) == len(other)
        for got, expected in zip(mine, other, strict=True):
            if isinstance(got, str):
                assert got == expected
            else:
                assert got == pytest.approx(expected, rel=1e-8, abs=1e-7, nan_ok=True), mine[:2]


def compare(
    seed: int,
    profile: Profile = "tradingview",
    mode: PositionMode = "one_way",
    watched: bool = False,
) -> None:
    """One random run on both, under a profile's rules."""
    run = random_script_run(seed)
    if profile == "bybit_inverse":
        run = as_inverse(run)
    run = replace(run, broker=replace(run.broker, profile=profile, position_mode=mode))
    if mode == "hedge":
        # TradingView has no hedge mode: what only its scripts say stays out.
        said = replace(run.properties, risk=NO_RULES, calc_on_order_fills=False)
        run = replace(run, properties=said, rates=None)
    scripts = Watching(run.script()), Watching(run.script())
    mine, other = scripts if watched else (run.script(), run.script())
    assert_same(on_event_engine(run, mine), on_oracle(run, other))
    assert_same_built_ins(scripts[0].seen, scripts[1].seen)
