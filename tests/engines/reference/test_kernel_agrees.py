"""Two independent engines, one ledger: the kernel and the oracle on random runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engines.bars import Bars
from engines.batch.cpu import run_recorded, window
from engines.batch.ledger import result_of
from engines.broker import TRADINGVIEW, Broker
from engines.commands import Close, Command, Entry, Exit, Properties
from engines.decisions import DecisionTable, pack_bits
from engines.instrument import Instrument
from engines.kernel import layout as at
from engines.kernel.market import market_for
from engines.kernel.rows import neutral_rows
from engines.orders import Reason
from engines.reference import Outcome, simulate
from engines.resampling import resample
from engines.result import Result
from engines.script import View
from engines.spec import Spec
from tests.engines.golden.corpus import random_bars
from tests.examples import examples

LONG, SHORT, LEAVE_LONG, LEAVE_SHORT = 1, 2, 3, 4
SIDES = {LONG: "long", SHORT: "short"}


@dataclass(frozen=True)
class Run:
    """A random strategy: at most one signal a bar, and one bracket in ticks."""

    bars: Bars
    finer: Bars | None
    signals: np.typing.NDArray[np.int64]
    instrument: Instrument
    broker: Broker
    properties: Properties
    bracket: dict[str, float]


def random_run(seed: int) -> Run:
    rng = np.random.default_rng(seed)
    fine = random_bars(rng, n_bars=int(rng.integers(20, 80)) * 15)
    bars = resample(fine, "15")
    share = float(rng.choice([0.05, 0.3]))
    signals = rng.integers(1, 5, len(bars)) * (rng.random(len(bars)) < share)
    tick, lot = (("0.5", "0.01"), ("0.1", "0.001"))[int(rng.integers(2))]
    instrument = Instrument("linear", "FUZZ", Decimal(tick), Decimal(lot))
    qty_type = ("fixed", "cash", "percent_of_equity")[int(rng.integers(3))]
    value = {"fixed": 1.234, "cash": 700.0, "percent_of_equity": 30.0}[qty_type]
    # The exits of a graph leave the entry that they belong to.
    pyramiding = int(rng.choice([0, 1, 3]))
    # A graph's entries are checked where they are sized, and not called for afterwards.
    properties = Properties(qty_type, value, pyramiding, "ANY", margin="checked")  # type: ignore[arg-type]
    fee = float(rng.choice([0.0, 0.0006]))
    broker = replace(
        TRADINGVIEW,
        # Small accounts come into the margin's reach.
        initial_cash=float(rng.choice([300.0, 10_000.0])),
        taker_fee_rate=fee,
        maker_fee_rate=fee / 3.0,
        fee_per_contract=float(rng.choice([0.0, 0.01])),
        fee_per_order=float(rng.choice([0.0, 0.5])),
        slippage_ticks=float(rng.integers(0, 3)),
        fill_at="close" if rng.random() < 0.3 else "next_open",
        check_margin=bool(rng.random() < 0.5),
    )
    finer = fine if rng.random() < 0.4 else None
    return Run(bars, finer, signals, instrument, broker, properties, random_bracket(rng))


def random_bracket(rng: np.random.Generator) -> dict[str, float]:
    chances = {
        "loss": float(rng.integers(2, 15)),
        "profit": float(rng.integers(2, 15)),
        "trail": float(rng.integers(1, 9)),
    }
    bracket = {name: ticks for name, ticks in chances.items() if rng.random() < 0.5}
    if "trail" in bracket:
        bracket["activation"] = float(rng.integers(1, 8))
    return bracket


def on_oracle(run: Run) -> Outcome:
    bracket = run.bracket
    levels: dict[str, Any] = {name: bracket.get(name) for name in ("loss", "profit")}
    if "trail" in bracket:
        levels |= {"trail_points": bracket["activation"], "trail_offset": bracket["trail"]}

    class Script:
        def on_close(self, view: View) -> Iterator[Command]:
            signal = int(run.signals[view.bar])
            if signal in SIDES:
                yield Entry(SIDES[signal], SIDES[signal])  # type: ignore[arg-type]
                yield Exit("X", SIDES[signal], **levels)
            elif signal:
                yield Close("long" if signal == LEAVE_LONG else "short")

    return simulate(Script(), run.bars, run.instrument, run.broker, run.properties, run.finer)


def on_kernel(run: Run) -> Result:
    params, choices = lowered(run)
    return kernel_result(run, params, choices, bool(run.bracket))


def lowered(run: Run) -> tuple[Any, Any]:
    """The run's row of parameters and choices."""
    params, choices = neutral_rows(1)
    choices[0, : at.EXIT_SHORT + 1] = [1, 2, 3, 4]
    choices[0, at.PYRAMIDING] = max(1, run.properties.pyramiding)
    modes = {"fixed": at.SIZE_FIXED, "cash": at.SIZE_CASH, "percent_of_equity": at.SIZE_EQUITY}
    choices[0, at.SIZE_MODE] = modes[run.properties.qty_type]
    percent = run.properties.qty_type == "percent_of_equity"
    params[0, at.SIZE] = run.properties.qty_value * (0.01 if percent else 1.0)
    place_bracket(run.bracket, params[0], choices[0])
    return params, choices


def kernel_result(
    run: Run, params: Any, choices: Any, has_exits: bool, full: bool = False
) -> Result:
    """What the kernel makes of a run's signals with a row of parameters and choices."""
    n_bars = len(run.bars)
    held = [run.signals == kind for kind in (0, LONG, SHORT, LEAVE_LONG, LEAVE_SHORT)]
    held[0] = np.zeros(n_bars, dtype=bool)
    table = DecisionTable(
        np.array([pack_bits(one) for one in held]),
        np.zeros((1, n_bars)),
        params,
        choices,
        has_exits,
        full,
    )
    market = market_for(run.broker, run.instrument)
    recorded = run_recorded(window(run.bars, market.tick, run.finer), table, market, 0, n_bars)
    bars = run.bars
    spec = Spec(
        "0" * 64,
        (),
        "0" * 64,
        run.instrument,
        run.broker,
        bars.start_ms,
        bars.start_ms,
        bars.end_ms,
        "-",
    )
    return result_of(spec, recorded, market, bars.open_ms, 0, "15")


def place_bracket(bracket: dict[str, float], params: Any, choices: Any) -> None:
    if "loss" in bracket:
        choices[at.STOP_KIND], params[at.STOP] = at.TICKS, bracket["loss"]
    if "profit" in bracket:
        choices[at.N_TARGETS] = 1
        choices[at.TARGET_KIND], params[at.TARGET] = at.TICKS, bracket["profit"]
        params[at.PORTION] = 1.0
    if "trail" in bracket:
        choices[at.TRAIL_KIND], params[at.TRAIL_DISTANCE] = at.TICKS, bracket["trail"]
        choices[at.ACTIVATION_KIND] = at.TICKS
        params[at.TRAIL_ACTIVATION] = bracket["activation"]


@examples(400)
@given(seed=st.integers(0, 2**32 - 1))
def test_kernel_and_oracle_agree(seed: int) -> None:
    run = random_run(seed)
    assert_same(on_kernel(run), on_oracle(run))


def assert_same(ours: Result, witness: Outcome) -> None:
    """Trades and equity: whole numbers and prices exactly, money to the oracle's tolerance."""
    closed = ours.trades["reason"] != int(Reason.OPEN)
    trades = {name: column[closed] for name, column in ours.trades.items()}
    for name in ("side", "entry_bar", "exit_bar"):
        assert trades[name].tolist() == [getattr(one, name) for one in witness.trades], name
    for name in ("entry_price", "exit_price", "qty"):
        expected = [getattr(one, name) for one in witness.trades]
        np.testing.assert_allclose(trades[name], expected, rtol=1e-12, err_msg=name)
    for name in ("pnl", "entry_fee", "exit_fee", "mfe", "mae"):
        expected = [float(getattr(one, name)) for one in witness.trades]
        np.testing.assert_allclose(trades[name], expected, rtol=1e-9, atol=1e-8, err_msg=name)
    equity = [float(one) for one in witness.equity]
    np.testing.assert_allclose(ours.equity, equity, rtol=1e-9, err_msg="equity")
