"""TA-Lib's functions behave like columns, and agree with ours where the definitions do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.errors import InvalidInput
from engines.indicators import registry, talib_backed

Floats = NDArray[np.float64]
Market = Callable[..., dict[str, Floats]]
N_BARS = 300
EVERY = pytest.mark.parametrize("name", talib_backed.names())


def columns(market: Market) -> dict[str, Floats]:
    return {**market(N_BARS, flat=0.0), "periods": np.full(N_BARS, 9.0)}


def assert_same_bits(left: Floats, right: Floats) -> None:
    patterns = [np.where(np.isnan(one), np.nan, one).view(np.int64) for one in (left, right)]
    np.testing.assert_array_equal(patterns[0], patterns[1])


@EVERY
def test_the_future_changes_nothing_up_to_now(name: str, market: Market) -> None:
    inputs = columns(market)
    poisoned = {one: column.copy() for one, column in inputs.items()}
    for column in poisoned.values():
        column[200:] = column[:100][::-1] * 1.3 + 2.0
        column[250] = np.nan
    whole, other = talib_backed.compute(name, inputs), talib_backed.compute(name, poisoned)
    assert_same_bits(whole[:, :200], other[:, :200])


@EVERY
def test_a_hole_starts_a_function_anew(name: str, market: Market) -> None:
    inputs = columns(market)
    broken = {one: column.copy() for one, column in inputs.items()}
    for column in broken.values():
        column[120] = np.inf
    parts = talib_backed.compute(name, broken)
    after = talib_backed.compute(name, {one: column[121:] for one, column in inputs.items()})
    assert_same_bits(parts[:, 121:], after)
    assert (np.isnan(parts[:, 120]) | (parts[:, 120] == 0.0)).all()


@EVERY
def test_the_warm_up_is_exact(name: str, market: Market) -> None:
    inputs = columns(market)
    if name in ("ACOS", "ASIN"):
        inputs["source"] = inputs["source"] / 1e6
    if name in ("COSH", "EXP", "SINH"):
        inputs["source"] = inputs["source"] / 1e3
    rows = talib_backed.compute(name, inputs)
    warm = talib_backed.describe(name).warm_up({})
    for row in rows:
        assert np.isfinite(row[warm:]).all()
        assert (np.isnan(row[:warm]) | (row[:warm] == 0.0)).all()


def test_there_are_many_functions_and_each_has_a_title() -> None:
    assert len(talib_backed.names()) > 150
    assert all(talib_backed.describe(name).title for name in talib_backed.names())


AGREEING: list[tuple[str, dict[str, float], int, str, dict[str, float], str]] = [
    ("SMA", {"timeperiod": 9}, 0, "sma", {"length": 9}, "value"),
    ("EMA", {"timeperiod": 9}, 0, "ema", {"length": 9}, "value"),
    ("WMA", {"timeperiod": 9}, 0, "wma", {"length": 9}, "value"),
    ("DEMA", {"timeperiod": 9}, 0, "dema", {"length": 9}, "value"),
    ("TEMA", {"timeperiod": 9}, 0, "tema", {"length": 9}, "value"),
    ("RSI", {"timeperiod": 9}, 0, "rsi", {"length": 9}, "value"),
    ("MOM", {"timeperiod": 9}, 0, "momentum", {"length": 9}, "value"),
    ("ROC", {"timeperiod": 9}, 0, "roc", {"length": 9}, "value"),
    ("BOP", {}, 0, "balance_of_power", {}, "value"),
    ("AD", {}, 0, "accumulation_distribution", {}, "value"),
    ("TRANGE", {}, 0, "true_range", {"from_first": 0}, "value"),
    ("WILLR", {"timeperiod": 9}, 0, "williams_r", {"length": 9}, "value"),
    ("STDDEV", {"timeperiod": 9}, 0, "stdev", {"length": 9}, "value"),
    ("LINEARREG", {"timeperiod": 9}, 0, "linreg", {"length": 9}, "value"),
    ("LINEARREG_SLOPE", {"timeperiod": 9}, 0, "linreg", {"length": 9}, "slope"),
    ("MAX", {"timeperiod": 9}, 0, "highest", {"length": 9}, "value"),
    ("MIN", {"timeperiod": 9}, 0, "lowest", {"length": 9}, "value"),
    ("BBANDS", {"timeperiod": 9}, 0, "bollinger", {"length": 9}, "upper"),
    ("STOCH", {"fastk_period": 9}, 1, "stochastic", {"length": 9}, "d"),
    ("CORREL", {"timeperiod": 9}, 0, "correlation", {"length": 9}, "value"),
]


@pytest.mark.parametrize("case", AGREEING, ids=[case[0] for case in AGREEING])
def test_ours_and_theirs_agree_once_both_are_warm(
    case: tuple[str, Mapping[str, float], int, str, Mapping[str, float], str], market: Market
) -> None:
    theirs, their_params, row, ours, our_params, output = case
    inputs = columns(market)
    expected = talib_backed.compute(theirs, inputs, their_params)[row]
    place = registry.find(ours).output_index(output)
    found = registry.compute(ours, inputs, our_params)[place]
    warm = talib_backed.describe(theirs).warm_up(their_params)
    np.testing.assert_allclose(found[warm:], expected[warm:], rtol=1e-9, atol=1e-8)


def test_an_unknown_function_is_told_the_close_names() -> None:
    with pytest.raises(InvalidInput, match="'CDLHAMER', should be one of CDLHAMMER"):
        talib_backed.describe("CDLHAMER")


def test_a_number_of_a_bar_is_not_on_offer() -> None:
    with pytest.raises(InvalidInput):
        talib_backed.describe("MAXINDEX")


def test_a_length_that_the_library_refuses_is_named() -> None:
    with pytest.raises(InvalidInput, match="'timeperiod': 1}, should be lengths that"):
        talib_backed.compute("RSI", {"source": [1.0, 2.0, 3.0]}, {"timeperiod": 1})


def test_a_fraction_for_a_length_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"RSI\.timeperiod was 14\.5, should be a whole number"):
        talib_backed.compute("RSI", {"source": [1.0, 2.0, 3.0]}, {"timeperiod": 14.5})


def test_a_missing_column_is_named_as_well() -> None:
    with pytest.raises(InvalidInput, match="CDLHAMMER inputs was"):
        talib_backed.compute("CDLHAMMER", {"open": [1.0], "high": [1.0]})


def test_no_bars_give_an_empty_column() -> None:
    assert talib_backed.compute("RSI", {"source": []}).shape == (1, 0)
