"""A sweep whose rows share their signals looks exits up, however it is cut, and says so."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from engines.broker import Broker
from strategies.backtest import Means
from strategies.evaluation.dataset import Dataset
from strategies.graph import (
    Cash,
    CoolDown,
    PercentOfEquity,
    StopLoss,
    Strategy,
    TakeProfit,
    TrailingStop,
    close,
    param,
    rsi,
)
from tests.benchmarks.workloads import TICK_LOT, bars_of, closes
from tune.chunk import chunk_table, prepare
from tune.explanation import explain, explanation_text
from tune.search.guidance import Guidance
from tune.space import Axis, Space, rows_of
from tune.sweep_spec import SweepSpec, SweepWindow

LINE = rsi(close, param("length", 14, low=2, high=50))
AXES = (
    Axis("length", "choice", (8.0, 14.0)),
    Axis("stop", "float", (0.2, 0.5, 1.0)),
    Axis("target", "float", (0.3, 0.6, 1.0, 2.0)),
    Axis("trail", "float", (0.1, 0.5)),
)


def reversion(**more: Any) -> Strategy:
    exits = [
        StopLoss(percent=param("stop", 1.0, low=0.05, high=10.0)),
        TakeProfit(percent=param("target", 1.0, low=0.05, high=10.0)),
        TrailingStop(percent=param("trail", 1.0, low=0.05, high=10.0)),
    ]
    given = {"exits": exits, "sizing": PercentOfEquity(100), **more}
    return Strategy(
        "reversion",
        enter_long=LINE.crosses_above(30.0),
        enter_short=LINE.crosses_below(70.0),
        **given,
    )


@cache
def dataset() -> Dataset:
    return Dataset(bars_of(closes(5_000)))


def spec_of(axes: tuple[Axis, ...] = AXES, **more: Any) -> SweepSpec:
    bars = dataset().bars
    over = SweepWindow(
        bars.series, dataset().digest, len(bars), TICK_LOT.instrument,
        bars.start_ms, bars.start_ms, int(bars.open_ms[3_000]), bars.end_ms,
    )  # fmt: skip
    given = {"strategy": reversion(), "broker": TICK_LOT.broker, **more}
    space = Space(axes)
    return SweepSpec(space=space, fixed={}, n_rows=space.size, windows=(over,), **given)


def table(means: Means, first: int = 0, last: int = 48) -> pa.Table:
    spec = spec_of()
    rows = rows_of(spec.space, lambda block: np.ones(len(block["stop"]), dtype=bool))
    terms = spec.terms(0)
    part = {name: values[first:last] for name, values in rows.items()}
    made = prepare(spec.strategy, dataset(), rows, terms)
    return chunk_table(made, spec.strategy, part, terms, spec.windows[0], first, means)


def test_rows_that_share_their_signals_are_looked_up() -> None:
    spec = spec_of()
    assert (spec.alike, spec.path, spec.means) == (24.0, "lookup", "lookup")
    assert replace(spec, device="gpu").path == "gpu_bracket"
    few = spec_of((Axis("length", "int", low=5, high=34, step=1), AXES[1]))
    assert (few.alike, few.path, few.means) == (3.0, "bracket", "cpu")


def test_a_search_that_chooses_its_rows_is_not() -> None:
    spec = spec_of(guidance=Guidance("tpe", ("sharpe",), 8))
    assert (spec.alike, spec.path) == (1.0, "bracket")


@pytest.mark.parametrize(
    "changes",
    [
        {"strategy": reversion(sizing=Cash(100))},
        {"strategy": reversion(cool_down=CoolDown(3))},
        {"strategy": reversion(pyramiding=2)},
        {"strategy": reversion(exits=[StopLoss(ticks=param("stop", 5, low=1, high=9))])},
        {"strategy": reversion(exits=[TakeProfit(percent=1, portion=50), StopLoss(percent=1)])},
        {"strategy": reversion(exits=[TrailingStop(percent=1, activation_percent=1)])},
        {"broker": Broker(exits_from="next_bar")},
    ],
    ids=["cash", "cool-down", "pyramiding", "ticks", "part", "activation", "next bar"],
)
def test_what_cannot_be_looked_up_keeps_its_kernel_and_says_why(changes: dict[str, Any]) -> None:
    spec = spec_of(**changes)
    assert (spec.path, spec.means) == ("bracket", "cpu")


def test_a_table_does_not_hang_on_how_the_sweep_is_cut() -> None:
    whole = table("lookup")
    parts = [table("lookup", *cut) for cut in ((0, 1), (1, 13), (13, 48))]
    assert pa.concat_tables(parts).combine_chunks().equals(whole)


def test_only_sharpe_and_sortino_differ_from_the_kernels() -> None:
    looked_up, run = table("lookup"), table("cpu")
    assert min(looked_up["train_trades"].to_pylist()) > 20
    for name in looked_up.column_names:
        one, other = looked_up[name], run[name]
        if name.endswith(("sharpe", "sortino")):
            np.testing.assert_allclose(one.to_numpy(), other.to_numpy(), rtol=0.0, atol=1e-7)
        else:
            assert one.equals(other), name


def test_the_explanation_tells_what_is_looked_up() -> None:
    spec = spec_of()
    rows = rows_of(spec.space, lambda block: np.ones(len(block["stop"]), dtype=bool))
    found = explain(spec, rows, dataset())
    assert found.kernel == "lookup"
    assert "24 rows share their signals and differ in percentages of their exits" in found.because
    assert "looking it up" in explanation_text(found)
    other = spec_of(strategy=reversion(cool_down=CoolDown(3)))
    told = explain(other, rows, dataset()).because
    assert "a cool-down hangs on the last exit, so that exits cannot be looked up" in told
