"""Every entry is complete, and a wrong request is told what would be right."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from engines.errors import InvalidInput
from engines.indicators.registry import INDICATORS, Indicator, Unit, compute, find

Market = Callable[..., dict[str, NDArray[np.float64]]]
EVERY = pytest.mark.parametrize("indicator", INDICATORS.values(), ids=list(INDICATORS))


@EVERY
def test_an_entry_says_what_it_computes(indicator: Indicator) -> None:
    assert len(indicator.source) > 30
    assert indicator.source.endswith(".")
    assert indicator.version >= 1
    assert set(indicator.units) <= set(get_args(Unit))
    assert len(set(indicator.outputs)) == len(indicator.outputs) == len(indicator.units)


@EVERY
def test_defaults_lie_within_their_limits(indicator: Indicator) -> None:
    defaults = tuple(param.default for param in indicator.params)
    assert indicator.check_params({}) == defaults


@EVERY
def test_limits_are_accepted_and_what_is_beyond_is_not(indicator: Indicator) -> None:
    for param in indicator.params:
        for limit, beyond in ((param.low, param.low - 1), (param.high, param.high + 1)):
            indicator.check_params({param.name: limit})
            with pytest.raises(InvalidInput, match=f"{indicator.name}.{param.name} was"):
                indicator.check_params({param.name: beyond})


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0, "sma.length was 0, should be a whole number from 1 to 5000"),
        (5001, "sma.length was 5001, should be a whole number from 1 to 5000"),
        (14.0, "sma.length was 14.0, should be a whole number from 1 to 5000"),
        ("14", "sma.length was '14', should be a whole number from 1 to 5000"),
        (True, "sma.length was True, should be a whole number from 1 to 5000"),
        (None, "sma.length was None, should be a whole number from 1 to 5000"),
    ],
)
def test_a_length_that_cannot_be_is_refused(value: object, told: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        compute("sma", {"source": [1.0, 2.0]}, {"length": value})
    assert str(caught.value) == told


@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0, "2", [2.0]])
def test_a_multiplier_that_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput, match="should be a number from"):
        find("bollinger").check_params({"multiplier": value})


def test_whole_numbers_are_taken_for_a_real_parameter() -> None:
    assert find("bollinger").check_params({"multiplier": np.int64(3)}) == (20, 3.0)


def test_an_unknown_indicator_is_told_the_close_names() -> None:
    with pytest.raises(InvalidInput, match="'bolinger', should be one of bollinger"):
        find("bolinger")


def test_an_unknown_parameter_is_told_the_names_there_are() -> None:
    with pytest.raises(InvalidInput, match="rsi parameter was 'period', should be one of length"):
        compute("rsi", {"source": [1.0]}, {"period": 14})


def test_an_unknown_output_is_told_the_names_there_are() -> None:
    with pytest.raises(InvalidInput, match="should be one of histogram"):
        find("macd").warm_up({}, "histgram")


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"atr inputs was \['close', 'low'\].*'high'"):
        compute("atr", {"low": [1.0], "close": [1.0]})


def test_columns_of_different_lengths_are_refused() -> None:
    columns = {"high": [2.0, 3.0], "low": [1.0], "close": [1.0, 2.0]}
    with pytest.raises(InvalidInput, match=r"input low was '1 bars', should be as long as high"):
        compute("atr", columns)


@pytest.mark.parametrize("column", [np.ones((3, 2)), 5.0, ["a", "b"], None])
def test_what_is_no_column_is_refused(column: object) -> None:
    with pytest.raises(InvalidInput, match="sma input source"):
        compute("sma", {"source": column})  # type: ignore[dict-item]


def test_whole_numbers_and_strided_columns_are_accepted() -> None:
    strided = np.arange(20)[::2]
    np.testing.assert_array_equal(compute("sma", {"source": strided}, {"length": 1})[0], strided)


@EVERY
def test_no_bars_give_an_empty_result(indicator: Indicator) -> None:
    empty = {name: np.array([]) for name in indicator.inputs}
    assert compute(indicator.name, empty).shape == (len(indicator.outputs), 0)


@EVERY
def test_one_bar_is_enough_to_ask(indicator: Indicator, market: Market) -> None:
    assert compute(indicator.name, market(1)).shape == (len(indicator.outputs), 1)


def test_a_result_is_written_where_it_is_wanted(market: Market) -> None:
    columns = market(50)
    out = np.full((3, 50), 7.0)
    assert compute("macd", columns, out=out) is out
    np.testing.assert_array_equal(out, compute("macd", columns))


@pytest.mark.parametrize("out", [np.empty((3, 49)), np.empty((50, 3)).T, np.empty((3, 50), "f4")])
def test_a_result_that_does_not_fit_is_refused(out: NDArray[np.float64], market: Market) -> None:
    with pytest.raises(InvalidInput, match="out was"):
        compute("macd", market(50), out=out)


def test_the_catalogue_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        INDICATORS["mine"] = find("sma")  # type: ignore[index]
