"""The data block of a page says what the run did, in fewer characters."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.bars import Bars
from serve.reports.decimation import candles
from serve.reports.payload import decimals, encode, payload
from tests.serve.reports import samples


@pytest.fixture(scope="module")
def rich() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(encode(payload(samples.rich())))
    return loaded


def _times(told: dict[str, Any]) -> NDArray[np.int64]:
    steps = np.concatenate([[0], np.cumsum(told["steps"])])
    times: NDArray[np.int64] = told["first"] + told["step"] * steps
    return times


def _candles(told: dict[str, Any]) -> tuple[NDArray[np.float64], ...]:
    moves = np.array(told["open"]) + np.array(told["close"])
    close = np.cumsum(moves)
    open_ = close - np.array(told["close"])
    high = np.maximum(open_, close) + np.array(told["high"])
    low = np.minimum(open_, close) - np.array(told["low"])
    return tuple(column / 10 ** told["digits"] for column in (open_, high, low, close))


def test_candles_read_back_as_they_were(rich: dict[str, Any]) -> None:
    bars = samples.rich().runs[1].bars
    assert bars is not None
    drawn, told = candles(bars), rich["runs"][1]["candles"]
    assert (_times(told["time"]) * 1000 == drawn.open_ms).all()
    columns = (drawn.open, drawn.high, drawn.low, drawn.close)
    for read, column in zip(_candles(told), columns, strict=True):
        assert read == pytest.approx(column, abs=1e-9)


def test_times_read_back_across_gaps() -> None:
    whole = samples.market(3_000, 1)
    kept = np.r_[0:700, 1_900:3_000]
    cut = {name: column[kept] for name, column in whole.columns().items()}
    bars = Bars.from_columns(whole.series, cut)
    run = replace(samples.without_trades(), bars=bars)
    told = payload(replace(samples.sparse(), runs=(run,)))["runs"][0]["candles"]["time"]
    assert (_times(told) * 1000 == bars.open_ms).all()


def test_equity_ends_where_the_run_ended(rich: dict[str, Any]) -> None:
    run, told = samples.rich().runs[0], rich["runs"][0]["equity"]
    assert told["equity"][-1] == pytest.approx(run.equity[-1], abs=0.01)
    assert _times(told["time"])[-1] * 1000 == run.open_ms[-1]
    assert len(told["equity"]) <= 4_000


def test_the_deepest_drawdown_is_the_one_of_all_bars(rich: dict[str, Any]) -> None:
    run = samples.rich().runs[0]
    peak, deepest = run.initial_cash, 0.0
    for equity in run.equity.tolist():
        peak = max(peak, equity)
        deepest = min(deepest, equity / peak - 1.0)
    assert min(rich["runs"][0]["equity"]["drawdown"]) == pytest.approx(deepest, abs=1e-6)


def test_trades_point_at_the_candles_that_contain_them(rich: dict[str, Any]) -> None:
    told = rich["runs"][0]
    open_s = _times(told["candles"]["time"])
    for moment, candle in (("entryTime", "entryCandle"), ("exitTime", "exitCandle")):
        inside = np.array(told["trades"][moment]) - open_s[told["trades"][candle]]
        assert ((inside >= 0) & (inside < 30 * 60)).all()


def test_reasons_are_told_in_words(rich: dict[str, Any]) -> None:
    trades = rich["runs"][0]["trades"]
    assert trades["reasons"][trades["reason"][-1]] == "still open"


def test_values_that_are_no_numbers_become_null() -> None:
    told = payload(samples.sparse())["sweep"]
    assert told["surfaces"][0]["values"] == [[None]]
    assert told["scatter"]["x"] == [None]


def test_many_runs_share_the_candles_of_a_page() -> None:
    run = samples.run(n_trades=5)
    told = payload(replace(samples.plain(), runs=(run,) * 12))
    drawn = [len(one["candles"]["open"]) for one in told["runs"]]
    assert sum(drawn) <= 60_000
    assert min(drawn) > 2_000


def test_no_character_can_end_the_script_element() -> None:
    text = encode({"name": samples.HOSTILE + "\u2028<!-- & -->"})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text)["name"].startswith("</script>")


@pytest.mark.parametrize(
    ("values", "digits"),
    [
        ([43_021.5, 43_022.0], 1),
        ([100.0, 200.0], 0),
        ([0.00001234, 0.00001], 8),
        ([1 / 3, 2 / 3], 6),
        ([43_000 / 7.0], 2),
        ([], 0),
    ],
)
def test_decimals_are_those_that_the_values_have(values: list[float], digits: int) -> None:
    assert decimals(np.array(values)) == digits
